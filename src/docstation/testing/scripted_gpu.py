"""A graphics card without a card: a ledger of who holds how much of its memory, read as NVML would show it.

For tests of whatever watches memory or waits until it came back. It passes the same contract tests as the real reader;
it holds nothing and refuses what does not fit, as CUDA would.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Literal

from docstation.station.gpu import (
    REFERENCE_BOARD,
    REFERENCE_RESERVE,
    Absence,
    GpuProcess,
    GpuReading,
    NoReading,
    attribute,
)

Told = Literal["figures", "processes", "nothing"]
"""What the driver tells of single processes: their memory, only that they are there, or nothing (as under WSL 2)."""


class ScriptedGpu:
    """A `docstation.station.gpu.Gpu` whose memory tests hand out. All methods may be called from any thread.

    Args:
        board_bytes: all memory; the reference card's where it is not said.
        reserved_bytes: what its driver keeps for itself.
        told: see `Told`; may be changed at any time.
    """

    def __init__(
        self,
        *,
        board_bytes: int = REFERENCE_BOARD,
        reserved_bytes: int = REFERENCE_RESERVE,
        told: Told = "figures",
    ) -> None:
        self.told: Told = told
        self._board = board_bytes
        self._reserved = reserved_bytes
        self._guard = threading.Lock()
        self._held: dict[int, int] = {}
        self._unlisted = 0
        self._series: list[int] = []
        self._failure: NoReading | None = None
        self._failures_left = 0

    @property
    def used_bytes(self) -> int:
        """What all hold by the ledger."""
        with self._guard:
            return self._ledger()

    def take(self, pid: int, amount: int) -> None:
        """Give a process so many bytes more; MemoryError where they are not free."""
        with self._guard:
            self._check(self._ledger() + amount)
            self._held[pid] = self._held.get(pid, 0) + amount

    def release(self, pid: int) -> None:
        """End a process: all that it holds is free again. Unknown is fine."""
        with self._guard:
            self._held.pop(pid, None)

    def others(self, amount: int) -> None:
        """Let what the driver never lists, such as a desktop, hold so many bytes in all."""
        with self._guard:
            self._check(self._ledger() - self._unlisted + amount)
            self._unlisted = amount

    def follow(self, *used_bytes: int) -> None:
        """Show these figures as used, one for each reading, the last one for ever; none: the ledger again."""
        with self._guard:
            self._series = list(used_bytes)

    def fail(self, absence: Absence, *, readings: int = -1, detail: str = "") -> None:
        """Answer so many readings, or all, with this; 0 mends it."""
        with self._guard:
            self._failure = NoReading(absence, detail)
            self._failures_left = readings

    def read(self, ours: Collection[int] | None = None) -> GpuReading | NoReading:
        """See `Gpu.read`."""
        with self._guard:
            if self._failure is not None and self._failures_left != 0:
                self._failures_left -= self._failures_left > 0
                return self._failure
            return self._reading(ours)

    def _reading(self, ours: Collection[int] | None) -> GpuReading:
        used = self._next_used()
        processes = self._listed()
        ours_bytes, others_bytes, attribution = attribute(used, processes, ours)
        return GpuReading(
            name="NVIDIA GeForce RTX 5070 Ti",
            uuid="GPU-00000000-0000-4000-8000-000000000000",
            driver="580.95.05",
            cuda="13.0",
            capability=(12, 0),
            board_bytes=self._board,
            reserved_bytes=self._reserved,
            reserved_estimated=False,
            used_bytes=used,
            free_bytes=self._board - self._reserved - used,
            ours_bytes=ours_bytes,
            others_bytes=others_bytes,
            attribution=attribution,
            processes=processes,
            temperature=61,
            load=97,
            power=250.0,
        )

    def _next_used(self) -> int:
        if len(self._series) > 1:
            return self._series.pop(0)
        return self._series[0] if self._series else self._ledger()

    def _listed(self) -> tuple[GpuProcess, ...]:
        if self.told == "nothing":
            return ()
        return tuple(
            GpuProcess(pid, held if self.told == "figures" else None) for pid, held in sorted(self._held.items())
        )

    def _ledger(self) -> int:
        return sum(self._held.values()) + self._unlisted

    def _check(self, wanted: int) -> None:
        if wanted > self._board - self._reserved:
            raise MemoryError(wanted)
