"""The station as doors see it: a quick look, the desk where changes are asked for, and the manager that watches.

What is heavy (settings, the container engine's library) is loaded only by those that need it, so that `status` answers
in an instant.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.bootstrap.parts import Parts, station_folder
from docstation.errors import Locked, NoEngine, UsageError
from docstation.messages.marking import N_
from docstation.settings.peeking import setting
from docstation.settings.sizes import parse_size
from docstation.station import journal
from docstation.station.deployment import Deployment
from docstation.station.journal import Record, read_records
from docstation.station.lock import HeldByOther, holder_of
from docstation.station.nvml import NvmlGpu
from docstation.station.status import PATIENCE, Status, look

if TYPE_CHECKING:
    from docstation.station.desk import Desk, OwnersDesk
    from docstation.station.owner import Owner
    from docstation.station.watch import Watch

DEFAULT_BUDGET = 12 * 10**9
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
MANAGER_PATIENCE = 30.0
"""Seconds that the service may take to listen."""


def status(config: str = "", *, patience: float = PATIENCE) -> Status:
    """What the station is doing now, within `patience` seconds; see `docstation.station.status`."""
    from docstation.station.signs import shown

    wish = setting("station", "gpu", config, os.environ)
    gpu = NvmlGpu(wish if isinstance(wish, str) else "")
    return look(station_folder(), budget_bytes=_budget(config), gpu=gpu, shown=shown, patience=patience)


def _budget(config: str) -> int:
    stated = setting("station", "budget", config, os.environ)
    try:
        return parse_size(str(stated)) if stated else DEFAULT_BUDGET
    except ValueError:
        return DEFAULT_BUDGET


def records() -> Iterator[Record]:
    """The journal, oldest first."""
    return read_records(station_folder())


def newest_records() -> Iterator[Record]:
    """The journal, newest first."""
    return journal.newest_records(station_folder())


def present(parts: Parts) -> tuple[Deployment, ...]:
    """Servers of ours that may be running, by the journal."""
    return journal.replay_newest(parts.folder).state.present


@contextmanager
def owning(parts: Parts) -> Iterator[tuple[Owner, OwnersDesk]]:
    """Own the station in this process.

    Raises:
        Locked: another process owns it.
    """
    from docstation.station.desk import OwnersDesk
    from docstation.station.owner import Owner

    try:
        owner = Owner(parts.folder, parts.steps, stable_seconds=parts.settings.stable_seconds)
    except HeldByOther as held:
        raise locked(held) from held
    parts.note_with(owner.note)
    with owner:
        yield owner, OwnersDesk(owner, parts.resolver)


def locked(held: HeldByOther) -> Locked:
    """The refusal, with the holder's name."""
    holder = held.holder
    named = f"{holder.command} (pid {holder.pid})" if holder else "?"
    return Locked(holder=named)


@contextmanager
def desk(parts: Parts, *, manager: bool = True) -> Iterator[Desk]:
    """The desk of whoever owns the station.

    Args:
        parts: of the station.
        manager: whether the service is started in the background where nobody owns the station; otherwise this process
            owns it until the block ends, and nothing is watched afterwards.

    Raises:
        Locked: somebody owns it and does not listen.
        NoEngine: the manager did not come up.
    """
    from docstation.station.control import DistantDesk

    distant = DistantDesk(parts.folder)
    if distant.listens():
        yield distant
    elif manager:
        start_manager(parts)
        yield distant
    else:
        with owning(parts) as (_owner, own):
            yield own


def service_log() -> Path:
    """The log of a service in the background."""
    return station_folder() / "logs" / "service.log"


def start_manager(parts: Parts) -> int:
    """Start the service in the background, which starts no model by itself, and wait until it listens; its process id.

    Raises:
        Locked: another process owns the station.
        UsageError: another program listens on the service's port.
        NoEngine: it ended or did not listen in time; its log is named.
    """
    from docstation.station.control import DistantDesk

    log = service_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "docstation", "serve", "--idle"]
    words += ["--config", parts.config] if parts.config else []
    with log.open("ab") as stream:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
    distant, last = DistantDesk(parts.folder), time.monotonic() + MANAGER_PATIENCE
    while time.monotonic() < last:
        if distant.listens():
            return process.pid
        if process.poll() == Locked.exit_code:
            raise Locked(holder=_holder(parts.folder))
        if process.poll() is not None:
            break
        time.sleep(0.02)
    if process.poll() == UsageError.exit_code and (refusal := _port_taken(parts.config)):
        raise refusal
    raise NoEngine(NO_MANAGER, remedy=NO_MANAGER_REMEDY, log=str(log))


def _port_taken(config: str) -> UsageError | None:
    """Why a service of these settings cannot listen, None where its address is free."""
    from docstation.bootstrap.port_holder import taken

    host, port = (setting("service", name, config, os.environ) for name in ("host", "port"))
    return taken(str(host or DEFAULT_HOST), int(str(port or DEFAULT_PORT)))


NO_MANAGER = N_("The manager of the models did not come up.")
NO_MANAGER_REMEDY = N_("See its log: {log}")


def _holder(folder: Path) -> str:
    holder = holder_of(folder)
    return f"{holder.command} (pid {holder.pid})" if holder else "?"


def refuse_if_owned() -> None:
    """Before anything is loaded: raise Locked where another process owns the station."""
    if holder_of(station_folder()) is not None:
        raise Locked(holder=_holder(station_folder()))


@contextmanager
def managing(parts: Parts) -> Iterator[OwnersDesk]:
    """Own the station, watch what serves, and listen for other processes, until the block ends.

    Raises:
        Locked: another process owns it.
    """
    from docstation.station.control import ControlServer

    with ExitStack() as stack:
        owner, own = stack.enter_context(owning(parts))
        watch = _watch(parts, owner)
        watch.start()
        stack.callback(watch.close)
        server = ControlServer(parts.folder, own)
        stack.callback(server.close)
        yield own


def _watch(parts: Parts, owner: Owner) -> Watch:
    from docstation.station.liveness import Liveness
    from docstation.station.signs import HttpSigns
    from docstation.station.watch import Watch

    seconds = parts.settings.hang_seconds
    return Watch(
        owner,
        parts.steps.driver,
        HttpSigns(),
        parts.gpu,
        parts.pids,
        liveness=Liveness(still=seconds, probe_after=seconds / 2),
        budget_bytes=parts.settings.budget,
        baseline_bytes=lambda: parts.room.baseline_bytes,
        smaller=parts.smaller,
        admit=lambda _open: None,
    )
