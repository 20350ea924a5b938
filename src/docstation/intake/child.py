"""One worker process seen from its parent: started, watched and killed, never waited for.

The worker is started by a plain command in a session of its own, so that a Ctrl-C in the terminal reaches only the
parent, and nothing of the parent's threads, locks or open files is inherited.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection

from docstation.intake.worker import THREAD_VARIABLES, Hello


class Child:
    """A running worker.

    Attributes:
        connection: carries tasks there and answers back; unreadable once the worker is dead.
        peak: highest resident size seen, bytes.
        killed: whether it was ended by us.
    """

    def __init__(self, target: str, initial: tuple[object, ...], *, memory: int) -> None:
        ours, theirs = socket.socketpair()
        lifeline_out, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "docstation.intake.worker", str(theirs.fileno()), str(lifeline_out)],
                pass_fds=(theirs.fileno(), lifeline_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        except OSError:
            ours.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline_out)
        self.connection = Connection(ours.detach())
        self.peak = 0
        self.killed = False
        # A worker that died already shows as a closed socket to whoever listens.
        with contextlib.suppress(OSError):
            self.connection.send(Hello(target, initial, tuple(sys.path), memory))

    def resident(self) -> int:
        """Its resident memory in bytes, 0 when it is gone."""
        import psutil

        try:
            size: int = psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return 0
        self.peak = max(self.peak, size)
        return size

    def kill(self) -> None:
        """End it and whatever it started, now. The connection stays open until `close`: others may be waiting on it."""
        if self.killed:
            return
        self.killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Give back the connection of a killed worker."""
        self.connection.close()
        os.close(self._lifeline)


def _environment() -> dict[str, str]:
    """The parent's, but one thread each: workers share the cores among themselves."""
    environment = dict(os.environ)
    environment.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return environment
