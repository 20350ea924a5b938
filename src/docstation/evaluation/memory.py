"""Peak memory of this process and all that it starts, sampled in a thread while something runs."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

_PERIOD = 0.2


class PeakMemory:
    """Measures between ``with`` and its end; `largest` is of one process, `tree` of all at one moment, bytes."""

    def __init__(self) -> None:
        self.largest = 0
        self.tree = 0
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        root = psutil.Process()
        while True:
            sizes = [_size(process) for process in [root, *root.children(recursive=True)]]
            self.largest = max(self.largest, *sizes)
            self.tree = max(self.tree, sum(sizes))
            if self._over.wait(_PERIOD):
                return


def _size(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
