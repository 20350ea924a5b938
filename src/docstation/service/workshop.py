"""Children that make things when somebody asks: killable, bounded in time and memory, ended when nobody needs them.

What they make is the affair of whoever names their target; see `docstation.intake.sandbox`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docstation.errors import Interrupted
from docstation.intake.limits import Limits
from docstation.intake.outcome import of_file

if TYPE_CHECKING:
    from docstation.intake.sandbox import WorkerPool

IDLE_SECONDS = 60.0
"""After this long without work a child is ended."""
LOOK_SECONDS = 0.2
"""How often whoever waits for a child looks whether it is still worth it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What children do: see `docstation.intake.sandbox.WorkerPool`."""

    target: str
    initial: tuple[object, ...]


class Workshop:
    """Children that make things, a few at a time.

    Args:
        kind: what the children do.
        seats: how many children.
        seconds: that one thing may take.
        limits: of memory and rasters.
        idle: seconds after which an unused child is ended.
    """

    def __init__(self, kind: Kind, seats: int, seconds: float, limits: Limits, *, idle: float = IDLE_SECONDS) -> None:
        self.seats = seats
        self._benches = [_Bench(kind, seconds, limits, idle) for _seat in range(seats)]
        self._free: queue.LifoQueue[_Bench] = queue.LifoQueue()
        for bench in self._benches:
            self._free.put(bench)

    def make(self, task: object) -> Any:
        """Do the task in a child that is free; blocks, for the child too.

        Raises:
            InputError: it took too long, needed too much memory or crashed.
            Interrupted: the workshop is closed.
            DocStationError: the file or the page cannot be used.
        """
        bench = self._free.get()
        try:
            return bench.make(task)
        finally:
            self._free.put(bench)

    def close(self) -> None:
        """End all children now, whatever they do."""
        for bench in self._benches:
            bench.end()


class _Bench:
    """One child and its end; used by one thread at a time."""

    def __init__(self, kind: Kind, seconds: float, limits: Limits, idle: float) -> None:
        self._kind = kind
        self._seconds = seconds
        self._limits = limits
        self._idle = idle
        self._pool: WorkerPool | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._ending = False

    def make(self, task: object) -> object:
        with self._lock, self._working() as pool:
            pool.submit(task)
            while (outcome := pool.next(LOOK_SECONDS)) is None:
                if self._ending:
                    raise Interrupted
        if outcome.error is not None:
            raise of_file(outcome.error)
        return outcome.value

    @contextmanager
    def _working(self) -> Iterator[WorkerPool]:
        from docstation.intake.sandbox import WorkerPool

        if self._timer is not None:
            self._timer.cancel()
        if self._pool is None:
            self._pool = WorkerPool(
                1, self._kind.target, limits=self._limits, initial=self._kind.initial, seconds=self._seconds
            )
        try:
            yield self._pool
        finally:
            self._timer = threading.Timer(self._idle, self.close)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """Close, and do not wait for what is being made."""
        self._ending = True
        self.close()
        self._ending = False

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._pool is not None:
                self._pool.close()
                self._pool = None
