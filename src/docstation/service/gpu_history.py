"""The card in the last hour, read every few seconds and kept in memory; nothing is decided by it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from anyio import to_thread

from docstation.station.gpu import GpuReading, NoReading

EVERY = 5.0
"""Seconds between two readings."""
KEPT = 720
"""Readings of an hour."""
ABSENT_EVERY = 60.0
"""Seconds between two looks whether there is a card."""


@dataclass(frozen=True, slots=True)
class GpuPoint:
    """The card at one moment.

    Attributes:
        at: seconds of the epoch.
        used_bytes: of its memory, by all processes.
        load: per cent of time in which it worked, None where the driver does not tell.
    """

    at: float
    used_bytes: int
    load: int | None


class GpuHistory:
    """The last hour of a card.

    Args:
        read: the card now.
        every: seconds between two readings.
        kept: readings that are kept.
        now: the clock, seconds of the epoch.
    """

    def __init__(
        self,
        read: Callable[[], GpuReading | NoReading],
        *,
        every: float = EVERY,
        kept: int = KEPT,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._every = every
        self._now = now
        self._points: deque[GpuPoint] = deque(maxlen=kept)
        self._ended = threading.Event()

    def points(self) -> tuple[GpuPoint, ...]:
        """The readings, the oldest first."""
        return tuple(self._points.copy())

    def look(self) -> bool:
        """Read the card now; whether there is one."""
        reading = self._read()
        if not isinstance(reading, GpuReading):
            return False
        self._points.append(GpuPoint(self._now(), reading.used_bytes, reading.load))
        return True

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Read again and again while an application runs."""
        thread = threading.Thread(target=self._run, name="gpu-history", daemon=True)
        thread.start()
        yield
        self._ended.set()
        await to_thread.run_sync(thread.join)

    def _run(self) -> None:
        wait = 0.0
        while not self._ended.wait(wait):
            wait = self._every if self.look() else ABSENT_EVERY
