"""One worker process seen from its parent: started, watched and killed, never waited for.

The worker is started by a plain command, or forked by a nursery that was, in a session of its own: a Ctrl-C in the
terminal reaches only the parent, and nothing of the parent's threads, locks or open files is inherited.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from docstation.intake.nursery import NURSERIES, Ward
from docstation.intake.worker import THREAD_VARIABLES, Hello


class Child:
    """A running worker.

    Args:
        target: see `docstation.intake.worker.Hello`, as are `initial` and `memory`.
        preload: what the nursery that forks it has loaded; empty to start it by itself. Whoever names one has joined
            it.

    Attributes:
        connection: carries tasks there and answers back; unreadable once the worker is dead.
        pid: 0 until the worker has told it.
        peak: highest resident size seen, bytes.
        killed: whether it was ended by us.

    Raises:
        OSError: no process is to be had.
    """

    def __init__(self, target: str, initial: tuple[object, ...], *, memory: int, preload: str = "") -> None:
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        environment = _environment()
        try:
            if preload:
                self._start: _Started | Ward = NURSERIES.bear(preload, theirs.fileno(), lifeline, environment)
            else:
                self._start = _Started(theirs.fileno(), lifeline, environment)
        except OSError:
            ours.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self.connection = Connection(ours.detach())
        self.pid = 0
        self.peak = 0
        self.killed = False
        # A worker that died already shows as a closed socket to whoever listens.
        with contextlib.suppress(OSError):
            self.connection.send(Hello(target, initial, tuple(sys.path), memory, environment, _folder()))

    def resident(self) -> int:
        """Its resident memory in bytes, 0 while it is not there."""
        import psutil

        if not self.pid:
            return 0
        try:
            size: int = psutil.Process(self.pid).memory_info().rss
        except psutil.Error:
            return 0
        self.peak = max(self.peak, size)
        return size

    def kill(self) -> None:
        """End it and whatever it started, now. The connection stays open until `close`: others may be waiting on it."""
        if self.killed:
            return
        self.killed = True
        # The kernel ends it by that alone, wherever it is; a nursery that still loads finds it so.
        os.close(self._lifeline)
        self._start.kill(born=self.pid != 0)

    def close(self) -> None:
        """Give back the connection of a killed worker."""
        self.connection.close()


class _Started:
    """A worker that was started by a command."""

    def __init__(self, connection: int, lifeline: int, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "docstation.intake.worker", str(connection), str(lifeline)],
            pass_fds=(connection, lifeline),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )

    def kill(self, *, born: bool) -> None:
        """End it; returns when it is gone, which is soon, `born` or not."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _environment() -> dict[str, str]:
    """The parent's, but one thread each: workers share the cores among themselves."""
    environment = dict(os.environ)
    environment.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return environment


def _folder() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return ""
