"""A process that has loaded what workers need and forks them: they start at once, and share what was loaded.

One nursery serves all pools of this process that load the same; it is started for the first worker and ends with the
last pool. A worker that it bears obeys as one that was started by a command, see `docstation.intake.child`.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import wait

from docstation.intake.nursery_process import BEAR, KILL

FAREWELL_SECONDS = 10.0
"""That the end of a killed worker is waited for; the kernel ends it in any case."""


class Nursery:
    """The process that forks.

    Args:
        preload: ``package.module:function`` that loads what workers need; it may start no thread.
        environment: of the process.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, preload: str, environment: dict[str, str]) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._numbers = itertools.count()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "docstation.intake.nursery_process", str(theirs.fileno()), preload],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=environment,
            )
        except OSError:
            self._orders.close()
            raise
        finally:
            theirs.close()

    def bear(self, connection: int, lifeline: int) -> Ward:
        """Order a worker that takes these descriptors; returns before it lives.

        Raises:
            OSError: the nursery is gone.
        """
        number = next(self._numbers)
        farewell, theirs = os.pipe()
        try:
            socket.send_fds(self._orders, [f"{BEAR} {number}".encode()], [connection, lifeline, theirs])
        except OSError:
            os.close(farewell)
            raise
        finally:
            os.close(theirs)
        return Ward(self, number, farewell)

    def kill(self, number: int) -> None:
        """Order the end of a worker; one that ended already is left alone."""
        with suppress(OSError):
            self._orders.send(f"{KILL} {number}".encode())

    @property
    def is_gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it; its workers live on until they are killed or lose their lifelines."""
        self._orders.close()
        self._process.kill()
        self._process.wait()


class Ward:
    """A worker that a nursery was told to bear."""

    def __init__(self, nursery: Nursery, number: int, farewell: int) -> None:
        self._nursery = nursery
        self._number = number
        self._farewell = farewell

    def kill(self, *, born: bool) -> None:
        """End it; returns when it is gone, where it is known to live."""
        self._nursery.kill(self._number)
        if born:
            wait([self._farewell], FAREWELL_SECONDS)
        os.close(self._farewell)


class Nurseries:
    """The nurseries of this process, by what they load."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[str] = Counter()
        self._living: dict[str, Nursery] = {}

    def join(self, preload: str) -> None:
        """Use that nursery until `leave`."""
        with self._lock:
            self._users[preload] += 1

    def leave(self, preload: str) -> None:
        """Use it no longer; the last who leaves ends it."""
        with self._lock:
            self._users[preload] -= 1
            last = self._living.pop(preload, None) if not self._users[preload] else None
        if last is not None:
            last.close()

    def bear(self, preload: str, connection: int, lifeline: int, environment: dict[str, str]) -> Ward:
        """Have a worker born; a nursery that is gone is replaced.

        Raises:
            OSError: none can be started.
        """
        with self._lock:
            living = self._living.get(preload)
            if living is not None and living.is_gone:
                living.close()
                living = None
            if living is None:
                living = self._living[preload] = Nursery(preload, environment)
            return living.bear(connection, lifeline)


NURSERIES = Nurseries()
