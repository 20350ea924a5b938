"""The journal as it grows: what other processes write there is seen by looking at the file, cheaply and often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from docstation.station.journal import FILE, Record, read_records, replay_newest
from docstation.station.words import State

EVERY = 0.2
"""Seconds between two looks."""


class Growth:
    """Sees whether the journal in `folder` was written to since the last look; it need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._last = self._look()

    def seen(self) -> bool:
        """Whether there is anything new."""
        before, self._last = self._last, self._look()
        return self._last != before

    def _look(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size


def follow(folder: Path, after: int) -> Iterator[Record]:
    """Records with a higher number than `after`, then those that come; it never ends by itself."""
    while True:
        growth = Growth(folder)
        for record in read_records(folder):
            if record.number > after:
                after = record.number
                yield record
        while not growth.seen():
            time.sleep(EVERY)


def state_of(folder: Path) -> State:
    """The station's state by its journal."""
    return replay_newest(folder).state
