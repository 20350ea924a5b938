"""The nursery's side: ``python -m docstation.intake.nursery_process FD PRELOAD``.

Loads once what all workers need, and then forks one for each order that comes over the inherited socket. It stays on
one thread, so that a fork copies no lock that another thread holds, and opens nothing that two workers might share.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

from docstation.errors import DocStationError
from docstation.intake.turns import open_places

ORDER_BYTES = 64
"""Of the longest order: ``bear`` or ``kill``, and the worker's number."""
BEAR, KILL = "bear", "kill"


@dataclass(frozen=True, slots=True)
class _Born:
    """A worker that was not reaped yet; its number stays its own until then.

    Attributes:
        pid: of it and of its process group.
        exit: readable once it has ended.
        farewell: closed when it was reaped; the parent waits for that.
    """

    pid: int
    exit: int
    farewell: int


class _Nursery:
    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._born: dict[int, _Born] = {}

    def serve(self) -> None:
        """Carry out orders until the parent hangs up; workers die by their own lifelines then."""
        while True:
            exits = {one.exit: number for number, one in self._born.items()}
            orders = self._orders.fileno()
            for ready in select.select([orders, *exits], [], [])[0]:
                if ready != orders:
                    self._reap(exits[ready])
                elif not self._order():
                    return

    def _order(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._orders, ORDER_BYTES, 3)
        if not message:
            return False
        verb, _, number = message.decode("ascii").partition(" ")
        if verb == BEAR:
            self._bear(int(number), *descriptors)
        elif int(number) in self._born:
            os.kill(self._born[int(number)].pid, signal.SIGKILL)
        return True

    def _bear(self, number: int, connection: int, lifeline: int, farewell: int) -> None:
        try:
            pid = os.fork()
        except OSError:
            # The parent sees its ends of all three close.
            for one in (connection, lifeline, farewell):
                os.close(one)
            return
        if pid == 0:
            self._become_worker(connection, lifeline, farewell)
        os.close(connection)
        os.close(lifeline)
        self._born[number] = _Born(pid, os.pidfd_open(pid), farewell)

    def _become_worker(self, connection: int, lifeline: int, farewell: int) -> None:
        """In the new process; never returns."""
        from docstation.intake.worker import main

        ended = 1
        try:
            os.setsid()
            self._orders.close()
            os.close(farewell)
            for one in self._born.values():
                os.close(one.exit)
                os.close(one.farewell)
            ended = main([str(connection), str(lifeline)])
        finally:
            os._exit(ended)

    def _reap(self, number: int) -> None:
        one = self._born.pop(number)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(one.pid, signal.SIGKILL)  # what it started goes with it, however it ended
        os.waitpid(one.pid, 0)
        os.close(one.exit)
        os.close(one.farewell)


def main(arguments: list[str]) -> int:
    """Load, then serve until the parent hangs up."""
    from docstation.intake.worker import resolve

    orders = socket.socket(fileno=int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker that needs what cannot be loaded says so itself, in better words.
    with suppress(ImportError, OSError, DocStationError):
        resolve(arguments[1])()
    open_places()
    # What was loaded stays as it is: collections in the workers would else write to, and so copy, all its pages.
    gc.collect()
    gc.freeze()
    _Nursery(orders).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
