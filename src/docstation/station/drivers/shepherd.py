"""The shepherd: a small process that starts one model server, keeps its log, and ends everything it leaves behind.

vLLM is a family of processes. When its main process is killed the others live on and hold the GPU's memory; the
shepherd is their next parent (a "child subreaper"), so it finds and kills them whatever they call themselves. It
outlives the program that started it, and what it knows lies in a record that others read.

The process driver runs it in an interpreter without third-party libraries. Signals: SIGTERM asks the server to end,
SIGUSR1 kills everything at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from docstation.station.drivers.logfile import PREVIOUS_LOG, Log
from docstation.station.drivers.processes import PR_SET_CHILD_SUBREAPER, control, descendants, identity, read, spawn

RECORD = "record.json"

TAKEN = -1
"""Error number of the answer where another shepherd tends an instance of that name."""

_CHUNK = 1 << 16
_OOM_SECONDS = 10.0
_KILL_SECONDS = 10.0
_DRAIN_SECONDS = 1.0


def write_whole(path: str, content: Mapping[str, object]) -> None:
    """Replace a JSON file at one stroke: whoever reads it, after a crash too, finds the old one or the new one.

    It is not forced to the disk, for nothing that it tells of outlives the machine.
    """
    part = f"{path}.part"
    with open(part, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(content, file, ensure_ascii=False, indent=1)
    os.replace(part, path)  # noqa: PTH105


class OomWatch:
    """Whether the kernel killed anything for memory lately; it counts such kills for the whole machine."""

    def __init__(self, path: str = "/proc/vmstat") -> None:
        self._path = path
        self._before = self._now = self._count()
        self._sampled = time.monotonic()

    def sample(self) -> None:
        """To be called often: `killed` looks back by `_OOM_SECONDS` to twice as long."""
        if time.monotonic() - self._sampled >= _OOM_SECONDS:
            self._before, self._now = self._now, self._count()
            self._sampled = time.monotonic()

    def killed(self) -> bool:
        """Whether the count rose lately."""
        return self._count() > self._before

    def _count(self) -> int:
        try:
            lines = read(self._path).splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith(b"oom_kill ")), 0)


class Shepherd:
    """One server from its start to the end of its last process.

    Args:
        folder: of the instance: record and logs, and the server's working folder.
        argv: program and arguments.
        label: what the record says of the server beside its life.
        grace: seconds between being asked to end and being killed, unless SIGUSR1 comes first.
        log_limit: bytes of one log file; there are at most two.
    """

    def __init__(
        self, folder: str, argv: Sequence[str], label: Mapping[str, object], *, grace: float, log_limit: int
    ) -> None:
        self._folder = folder
        self._argv = argv
        self._grace = grace
        self._log = Log(folder, log_limit)
        self._oom = OomWatch()
        self._record: dict[str, object] = {
            **label,
            "shepherd": [os.getpid(), identity(os.getpid())],
            "server": None,
            "started_at": time.time(),
            "exit_code": None,
            "oom_killed": False,
        }
        self._server = 0
        self._status: int | None = None
        self._signals: set[int] = set()
        self._asked = False
        self._kill_at: float | None = None
        self._output, self._server_output = os.pipe()
        self._woken, self._wake = os.pipe()

    def start(self) -> None:
        """Start the server; a record is there before and after, so that a crash of ours leaves no unknown process.

        Raises:
            OSError: the program cannot be started.
        """
        self._save()
        self._hear_signals()
        self._server = spawn(self._argv, self._server_output)
        os.close(self._server_output)
        self._save(server=[self._server, identity(self._server)])

    def tend(self) -> None:
        """Stay until the server and everything it started have ended."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(self._output, select.POLLIN)
        while self._status is None:
            for descriptor, _ in poll.poll(self._patience() * 1000.0):
                data = os.read(descriptor, _CHUNK)
                if descriptor == self._output:
                    self._log.write(data)
                    if not data:
                        poll.unregister(self._output)
            self._obey()
            self._reap()
            self._oom.sample()
        oom_killed = not self._asked and self._oom.killed()
        self._kill_everything()
        self._drain()
        self._save(exit_code=os.waitstatus_to_exitcode(self._status), oom_killed=oom_killed)

    def _save(self, **news: object) -> None:
        self._record |= news
        write_whole(f"{self._folder}/{RECORD}", self._record)

    def _hear_signals(self) -> None:
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals.add(number)

    def _patience(self) -> float:
        """Seconds until something is to be done that no signal tells of."""
        if self._kill_at is None:
            return _OOM_SECONDS
        return max(0.0, min(_OOM_SECONDS, self._kill_at - time.monotonic()))

    def _obey(self) -> None:
        if signal.SIGTERM in self._signals and not self._asked:
            self._asked = True
            self._kill_at = time.monotonic() + self._grace
            os.kill(self._server, signal.SIGTERM)
        if signal.SIGUSR1 in self._signals:
            self._asked = True
            self._kill_at = time.monotonic()
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_everything()
        self._signals.clear()

    def _reap(self) -> None:
        """Take note of every child that ended: the server, and whatever lost its parent and became ours."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._server:
                    self._status = status

    def _kill_everything(self) -> None:
        """What cannot be killed within `_KILL_SECONDS` sits in the kernel, and nobody can kill it."""
        end = time.monotonic() + _KILL_SECONDS
        while (family := descendants([os.getpid()])) and time.monotonic() < end:
            for process in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.002)
            self._reap()
        self._reap()

    def _drain(self) -> None:
        """Keep the last words: all writers are gone, so the end of the pipe comes at once."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while poll.poll(_DRAIN_SECONDS * 1000.0):
            data = os.read(self._output, _CHUNK)
            if not data:
                return
            self._log.write(data)


def _lock(path: str) -> None:
    """Hold a file as long as this process lives; the server does not inherit it.

    Raises:
        BlockingIOError: another process holds it.
    """
    import fcntl

    fcntl.flock(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _begin(folder: str, argv: Sequence[str], label: Mapping[str, object], grace: float, log_limit: int) -> Shepherd:
    _lock(f"{folder}.lock")
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    for name in (RECORD, PREVIOUS_LOG):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{folder}/{name}")  # noqa: PTH108
    os.chdir(folder)
    control(PR_SET_CHILD_SUBREAPER, 1)
    shepherd = Shepherd(folder, argv, label, grace=grace, log_limit=log_limit)
    shepherd.start()
    return shepherd


def main() -> None:
    """Read the job from stdin, say on stdout whether the server was started, and go on in the background."""
    job = json.load(sys.stdin)
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    answer: list[object] = []
    try:
        shepherd = _begin(**job)
    except BlockingIOError:
        answer = [TAKEN, ""]
    except OSError as error:
        answer = [error.errno, str(error)]
    # Who asked may be gone; the server is there for whoever comes next.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode())
    if answer:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    shepherd.tend()


if __name__ == "__main__":
    main()
