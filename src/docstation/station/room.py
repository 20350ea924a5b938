"""Room on the GPU as the switch needs it: is there enough for what will start, and has the stopped model let go?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from threading import Event as Flag

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.gpu import Gpu, GpuReading

EVERY = 0.1
"""Seconds between two readings."""
TOLERANCE = 64 * 1024 * 1024
"""Bytes by which a reading may fall short: drivers round, desktops breathe."""


class GpuRoom:
    """The room on one card.

    Args:
        gpu: the card.
        pids: processes of the servers of these names, to tell their memory from that of others.

    Attributes:
        baseline_bytes: in use when the last start began, by others than us; None where that was not read.
    """

    def __init__(self, gpu: Gpu, pids: Callable[[Collection[str]], set[int]]) -> None:
        self._gpu = gpu
        self._pids = pids
        self.baseline_bytes: int | None = None

    def check(self, starting: Sequence[Deployment], stopping: Sequence[str]) -> None:
        """Raise `Fault` ``MEMORY_TAKEN`` when others than `stopping` hold what `starting` needs.

        Where the driver does not tell whose memory it is (WSL 2), only a card with nothing of ours on it is judged.
        """
        need = needed(starting)
        reading = self._reading(need, self._pids(stopping))
        self.baseline_bytes = None if stopping or reading is None else reading.used_bytes
        if reading is None or (stopping and reading.ours_bytes is None):
            return
        free = reading.free_bytes + (reading.ours_bytes or 0)
        if free + TOLERANCE < need:
            raise Fault(Cause.MEMORY_TAKEN, _gigabytes(free, need))

    def wait_for(self, starting: Sequence[Deployment], *, seconds: float, cancelled: Flag) -> None:
        """Return once `starting` has room; what those of them hold that never stopped is room of theirs.

        Raises:
            Fault: ``MEMORY_NOT_RETURNED`` after `seconds`, ``CANCELLED``.
        """
        need = needed(starting)
        ours = self._pids([one.instance for one in starting]) if need else None
        last = time.monotonic() + seconds
        self.baseline_bytes = None
        while (reading := self._reading(need, ours)) is not None:
            held = reading.ours_bytes if ours else 0
            free = reading.free_bytes + (held or 0)
            if free + TOLERANCE >= need:
                self.baseline_bytes = None if held is None else reading.used_bytes - held
                return
            if time.monotonic() > last:
                raise Fault(Cause.MEMORY_NOT_RETURNED, _gigabytes(free, need))
            if cancelled.wait(EVERY):
                raise Fault(Cause.CANCELLED)

    def _reading(self, need: int, ours: set[int] | None) -> GpuReading | None:
        reading = self._gpu.read(ours) if need else None
        return reading if isinstance(reading, GpuReading) else None


def needed(starting: Sequence[Deployment]) -> int:
    """GPU memory that must be free to start these, in bytes, by their plans."""
    return sum(one.planned_bytes for one in starting)


def _gigabytes(free: int, need: int) -> str:
    return f"{free / 10**9:.2f} GB free, {need / 10**9:.2f} GB needed"
