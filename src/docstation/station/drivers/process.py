"""Model servers as processes of this machine, for bare metal and for the CPU; each has a shepherd (`shepherd`).

The driver keeps nothing in memory: what runs is told by the records in its folder, so that any process, at any time,
finds what another one started. A record is believed only while the process that it names is the same one.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

import docstation
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, DriverKind
from docstation.station.driver import Instance
from docstation.station.drivers.disk import check_disk
from docstation.station.drivers.flags import check_flags, version_of_program
from docstation.station.drivers.logfile import follow_lines, last_lines
from docstation.station.drivers.process_records import Record, read_record
from docstation.station.drivers.processes import send
from docstation.station.drivers.shepherd import RECORD, TAKEN
from docstation.station.drivers.weights import check_weights

_SHEPHERD = "import sys; sys.path.insert(0, {root!r}); from docstation.station.drivers.shepherd import main; main()"
_LAUNCH_SECONDS = 20.0
_KILL_SECONDS = 15.0
_OUTDATED_GRACE = 30.0
_LOOK_SECONDS = 0.01


class ProcessDriver:
    """Starts ``vllm serve`` as a process of this machine. See `docstation.station.driver.Driver`.

    Args:
        folder: for records, logs and working folders of the servers.
        program: what is run before a deployment's arguments; the first word is looked up in PATH.
        hub: folder of the downloaded checkpoints, as ``HF_HUB_CACHE`` names it; None means huggingface_hub's own.
        free_bytes: of the disk that must be free, for logs and what the server compiles.
        log_bytes: of one log file; there are at most two of each server.
        stop_seconds: until a server that was asked to end is killed by its shepherd, if nobody else does it before.
    """

    kind: DriverKind = "process"

    def __init__(
        self,
        folder: Path,
        *,
        program: tuple[str, ...] = ("vllm", "serve"),
        hub: Path | None = None,
        free_bytes: int = 1_000_000_000,
        log_bytes: int = 8_000_000,
        stop_seconds: float = 300.0,
    ) -> None:
        self._folder = folder.resolve()
        self._program = program
        self._hub = hub
        self._free_bytes = free_bytes
        self._log_bytes = log_bytes
        self._stop_seconds = stop_seconds

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        """Check system, program, flags, weights, disk and port.

        Raises:
            Fault: ``ENGINE_UNSUPPORTED``, ``PROGRAM_MISSING``, ``BAD_FLAG``, ``WEIGHTS_MISSING``, ``DISK_FULL`` or
                ``PORT_TAKEN``.
        """
        if sys.platform != "linux":
            raise Fault(Cause.ENGINE_UNSUPPORTED, sys.platform)
        program = Path(self._argv(deployment)[0])
        check_flags(deployment.arguments, version_of_program(program))
        check_weights(deployment, self._hub or _default_hub())
        check_disk([self._folder], self._free_bytes)
        self._check_port(deployment, {*replacing, deployment.instance})

    def start(self, deployment: Deployment) -> Instance:
        """Start it, or find it running; see `docstation.station.driver.Driver.start`.

        Raises:
            Fault: ``PROGRAM_MISSING``; ``START_FAILED`` where the system does not start it; ``NAME_TAKEN`` where
                somebody else is starting another spec of it at this moment; ``STOP_TIMEOUT`` where an outdated one
                stays.
        """
        name = deployment.instance
        found = self.find(name)
        if found is not None:
            if found.running and found.spec == deployment.spec:
                return found
            self.stop(name, grace=_OUTDATED_GRACE)
        trouble, detail = self._launch(deployment)
        if trouble not in (0, TAKEN):
            self.stop(name, grace=0.0)
            raise Fault(Cause.START_FAILED, detail)
        return self._started(deployment)

    def stop(self, name: str, *, grace: float) -> None:
        """End it and forget it; see `docstation.station.driver.Driver.stop`.

        Raises:
            Fault: ``STOP_TIMEOUT``, the detail names the processes that stay.
        """
        record = read_record(self._home(name))
        if record is None:
            return
        # The second time is for a server that lost its shepherd.
        for process, kill in ((record.shepherd, signal.SIGUSR1), (record.server, signal.SIGKILL)):
            if process is not None and process.lives:
                if grace > 0.0:
                    send(process.pid, process.who, signal.SIGTERM)
                if not process.ended_within(grace):
                    send(process.pid, process.who, kill)
                    process.ended_within(_KILL_SECONDS)
        _sweep(record)
        shutil.rmtree(record.home, ignore_errors=True)

    def find(self, name: str) -> Instance | None:
        """The instance of that name, running or ended."""
        record = read_record(self._home(name))
        return None if record is None else _instance(record)

    def instances(self) -> list[Instance]:
        """Every instance of this folder."""
        return [_instance(record) for record in self._records()]

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        """Last lines of its log, oldest first; empty where there is none."""
        return last_lines(self._home(name), lines)

    def follow(self, name: str) -> Iterator[str]:
        """Lines of its log as they come, history first; ends when the instance does."""
        record = read_record(self._home(name))
        if record is None:
            return iter(())
        return follow_lines(record.home, lambda: record.shepherd.lives)

    def _home(self, name: str) -> Path:
        return self._folder / quote(name, safe="")

    def _records(self) -> list[Record]:
        found = [read_record(path.parent) for path in sorted(self._folder.glob(f"*/{RECORD}"))]
        return [record for record in found if record is not None]

    def _argv(self, deployment: Deployment) -> list[str]:
        """Program and arguments; where it listens is ours to say, and the last word counts."""
        program = shutil.which(self._program[0], path=_environment(deployment).get("PATH"))
        if program is None:
            raise Fault(Cause.PROGRAM_MISSING, self._program[0])
        listening = ("--host", "127.0.0.1", "--port", str(deployment.port))
        # The server has another working folder than we.
        return [str(Path(program).absolute()), *self._program[1:], *deployment.arguments, *listening]

    def _launch(self, deployment: Deployment) -> tuple[int, str]:
        """Start a shepherd, and with it the server: its error number, 0 where all went well, and words."""
        name = deployment.instance
        job = {
            "folder": str(self._home(name)),
            "argv": self._argv(deployment),
            "label": {"name": name, "spec": deployment.spec, "deployment": asdict(deployment)},
            "grace": self._stop_seconds,
            "log_limit": self._log_bytes,
        }
        code = _SHEPHERD.format(root=str(Path(docstation.__file__).parents[1]))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", code, name],
                input=json.dumps(job).encode(),
                capture_output=True,
                env=_environment(deployment),
                timeout=_LAUNCH_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return errno.EIO, str(error)
        try:
            number, detail = json.loads(done.stdout) or (0, "")
        except ValueError:
            return errno.EIO, done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return int(number), str(detail)

    def _started(self, deployment: Deployment) -> Instance:
        """The instance that was started just now, perhaps by somebody else, whose record may still be on its way."""
        until = time.monotonic() + _LAUNCH_SECONDS
        while (found := self.find(deployment.instance)) is None and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        if found is None or found.spec != deployment.spec:
            raise Fault(Cause.NAME_TAKEN, deployment.instance)
        return found

    def _check_port(self, deployment: Deployment, leaving: set[str]) -> None:
        records = self._records()
        holders = [record.name for record in records if record.running and record.port == deployment.port]
        staying = [name for name in holders if name not in leaving]
        if staying:
            raise Fault(Cause.PORT_TAKEN, f"{deployment.port} ({', '.join(staying)})")
        # What another driver runs may hold the port now, and is known by its name alone.
        elsewhere = leaving - {record.name for record in records} - {deployment.instance}
        if not holders and not elsewhere and _is_taken(deployment.port):
            raise Fault(Cause.PORT_TAKEN, str(deployment.port))


def _instance(record: Record) -> Instance:
    running = record.running
    if not running and record.exit_code is None:
        # It may have ended after its record was read; what the shepherd wrote before it went is the last word.
        record = read_record(record.home) or record
    return Instance(
        name=record.name,
        model=record.model,
        spec=record.spec,
        running=running,
        exit_code=record.exit_code,
        oom_killed=record.oom_killed,
        started_at=record.started_at,
        pids=tuple(process.pid for process in record.family()),
    )


def _sweep(record: Record) -> None:
    """Kill what a shepherd could not, or did not live to kill, and a shepherd that hangs."""
    send(record.shepherd.pid, record.shepherd.who, signal.SIGKILL)
    end = time.monotonic() + _KILL_SECONDS
    while family := record.family():
        if time.monotonic() > end:
            raise Fault(Cause.STOP_TIMEOUT, ", ".join(str(process.pid) for process in family))
        for process in family:
            send(process.pid, process.identity, signal.SIGKILL)
        time.sleep(_LOOK_SECONDS)


def _environment(deployment: Deployment) -> dict[str, str]:
    """Variables of the server: ours, and its own over them. What it prints is to be in the log at once.

    A key to our own service is no business of a model server.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "DOCSTATION_KEY"}
    return {**inherited, "PYTHONUNBUFFERED": "1", **dict(deployment.environment)}


def _default_hub() -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # A port whose last connections are still being closed is free for a server too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
