"""Tells glibc what to do with freed blocks: the gateway keeps them, the service gives them back.

Page images are larger than what glibc would otherwise map and unmap each time: a page fault for every 4 kB of a body is
a third to two thirds of what the gateway costs. The service has many threads that come and go, each of which would get
a heap of its own, and holes in it: it was measured to grow by a fifth in a thousand documents and two hundred switches.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEEP_BELOW = 32 << 20
_TRIM_ABOVE = 64 << 20
_HEAPS = 2
_MAP_ABOVE = 256 << 10
_GIVE_BACK_ABOVE = 1 << 20


def keep_blocks() -> bool:
    """Have this process keep them; whether the C library knows how."""
    return _set({_MMAP_THRESHOLD: _KEEP_BELOW, _TRIM_THRESHOLD: _TRIM_ABOVE})


def return_blocks() -> bool:
    """Have this process give them back, and its threads share heaps; before they begin. Whether the C library can."""
    return _set({_ARENA_MAX: _HEAPS, _MMAP_THRESHOLD: _MAP_ABOVE, _TRIM_THRESHOLD: _GIVE_BACK_ABOVE})


def _set(options: dict[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(mallopt(name, value) for name, value in options.items())
