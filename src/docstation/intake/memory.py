"""Gives memory back to the system: after work on rasters the C library keeps most of what was freed for itself.

A worker that then waits for a model for seconds would hold tens of megabytes that nobody uses. Heaps cannot be trimmed
so on every system; where they cannot, nothing happens.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def trim() -> None:
    """Return freed memory of this process to the system; takes some milliseconds."""
    release = _release()
    if release is not None:
        release(0)


@cache
def _release() -> Callable[[int], int] | None:
    """``malloc_trim`` of the GNU C library."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
