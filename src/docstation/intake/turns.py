"""Turns at the processor among workers of one nursery: as many at a time as there are cores, the others wait.

Workers that mostly wait for a model outnumber the cores. Drawing all their pages at once would take all their memory
together and make the first page as late as the last; by turns, pages come one after the other.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Places:
    """A file without a name, inherited by every fork: one byte for each core, locked by the process at work there.

    Such locks belong to a process, not to the inherited descriptor, and the kernel gives back those of the dead.
    """

    descriptor: int | None = None


def open_places() -> None:
    """Have processes that are forked from this one take turns."""
    _Places.descriptor = os.memfd_create("turns", os.MFD_CLOEXEC)


@contextmanager
def turn() -> Iterator[float]:
    """Work within the block at one of the cores, together with nobody else there; gives the seconds waited.

    Without `open_places` in the process that forked this one nobody waits. Not to be nested.
    """
    descriptor, count = _Places.descriptor, len(os.sched_getaffinity(0))
    if descriptor is None:
        yield 0.0
        return
    began = time.monotonic()
    place = _take(descriptor, count)
    try:
        yield time.monotonic() - began
    finally:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)


def _take(descriptor: int, count: int) -> int:
    for place in range(count):
        with suppress(BlockingIOError, PermissionError):
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            return place
    place = os.getpid() % count
    fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, place)
    return place
