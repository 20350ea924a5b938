"""The running service: the station, its gateway and the HTTP application, started and ended together.

What serves outlives the service, and so does nothing else: the gateway ends with it in order, and goes on alone only
when the service dies.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts
from docstation.errors import DocStationError
from docstation.jobs.database import Database
from docstation.jobs.keys import KeyStore
from docstation.jobs.station_events import StationHistory
from docstation.messages.marking import N_
from docstation.service.gate import GatewayGate
from docstation.service.gateway.allocation import return_blocks
from docstation.service.gateway.words import Limits, Orders, Way
from docstation.service.gateway_keeper import GatewayKeeper
from docstation.service.health import Health
from docstation.service.key_watch import KeyWatch
from docstation.service.link import GatewayLink
from docstation.service.names import Names, planned, written
from docstation.service.wishes import Wishes
from docstation.settings.folders import state_folder
from docstation.station.deployment import Deployment
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.journal import replay_newest
from docstation.station.words import Mode

if TYPE_CHECKING:
    from docstation.service.app import HealthSeen
    from docstation.settings import Settings

SOCKET = "service.sock"
CONTROL = "gateway.sock"
STARTING = N_("The service is starting.")


@contextmanager
def serving(settings: Settings, config: str = "") -> Iterator[ServiceParts]:
    """Run station, gateway link and gateway until the block ends; the application is the caller's to run.

    Raises:
        Locked: another process owns the station.
        UsageError: the gateway's port is taken by somebody else.
        InputError: the database cannot be opened.
    """
    return_blocks()
    station.refuse_if_owned()
    parts = Parts(settings.station, config)
    state = state_folder()
    state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(state, settings.service.database or None)))
        store = KeyStore(database)
        keys = KeyWatch(store)
        # A gateway that outlived its service is there at once: it must not hear of a service without keys.
        first = replace(first_orders(Orders(), settings, parts), keys=keys.now())
        link = GatewayLink(state / CONTROL, first)
        stack.callback(link.close)
        parts.gate = GatewayGate(link, Names(lambda: planned(parts), link).serving)
        # Before anybody can ask for a model: where the port is taken there is no service.
        log = parts.folder / "logs" / "gateway.log"
        gateway = GatewayKeeper(gateway_words(settings, state, log), log, link)
        gateway.start(settings.service.host, settings.service.port)
        stack.callback(gateway.close)
        stack.enter_context(keys.telling(link))
        desk = stack.enter_context(station.managing(parts))
        history = StationHistory(database, parts.folder)
        stack.enter_context(history.following())
        wishes = Wishes(link)
        wishes.start(desk)
        stack.callback(wishes.close)
        keep_to_owner(state / SOCKET)
        yield ServiceParts(parts, desk, link, state / SOCKET, history, store)


class ServiceParts:
    """What the application is built on.

    Attributes:
        parts: of the station.
        desk: where changes are asked for.
        link: to the gateway.
        socket: that the application listens on.
        history: of the station.
        keys: of clients.
    """

    def __init__(
        self,
        parts: Parts,
        desk: OwnersDesk,
        link: GatewayLink,
        socket: Path,
        history: StationHistory,
        keys: KeyStore,
    ) -> None:
        self.parts = parts
        self.desk = desk
        self.link = link
        self.socket = socket
        self.history = history
        self.keys = keys
        self._health = Health(desk.state, link, parts, small_question, parts.settings.hang_seconds)

    def begin(self, models: Sequence[str]) -> None:
        """Start `models` where nothing is wanted yet; in the background, and told by the journal."""
        if self.desk.state().mode is not Mode.IDLE:
            return

        def start() -> None:
            with contextlib.suppress(DocStationError):
                for _told in self.desk.change(Order(Wish.SWITCH, tuple(models), wait=True)):
                    pass

        threading.Thread(target=start, name="first-model", daemon=True).start()

    def health(self) -> HealthSeen:
        """How the active model is; see `docstation.service.health`."""
        return self._health.look()


def small_question(deployment: Deployment, seconds: float) -> bool:
    """Whether a model answers one token in time."""
    from docstation.station.signs import HttpSigns

    return HttpSigns().small_question(deployment, seconds=seconds)


def first_orders(now: Orders, settings: Settings, parts: Parts) -> Orders:
    """What the gateway is told before anything serves."""
    from docstation.bootstrap.parts import catalogue

    own = settings.service
    names = written(catalogue(parts.config))
    limits = Limits(
        waiting=own.waiting,
        waiting_seconds=own.waiting_seconds,
        body_bytes=own.body_bytes,
        # A form is a little larger than the file that it carries.
        upload_bytes=settings.limits.file_bytes + 1_000_000,
    )
    was = replay_newest(parts.folder).state
    # What serves goes on while the service restarts: who asks waits until it is taken over.
    way: Way = "hold" if was.serving or was.transaction else "closed"
    return replace(now, way=way, known=names, on_other=own.on_other, reason=STARTING, limits=limits)


def keep_to_owner(path: Path) -> None:
    """Leave a socket that nobody listens on and only its owner may open: uvicorn keeps the rights of what it replaces.

    Behind the gateway no key is asked for.
    """
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    path.chmod(0o600)


def gateway_words(settings: Settings, state: Path, log: Path) -> list[str]:
    """The gateway's command line."""
    own = settings.service
    hosts = [word for name in own.hosts for word in ("--allow-host", name)]
    sockets = ["--control", str(state / CONTROL), "--service", str(state / SOCKET)]
    where = ["--host", own.host, "--port", str(own.port)]
    where += ["--log", str(log), "--log-format", own.log_format]
    return [sys.executable, "-m", "docstation.service.gateway", *where, *sockets, *hosts]
