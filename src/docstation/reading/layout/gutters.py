"""White strips that run down between words of several lines: column gutters, told from chance gaps of one line.

Justified text in a narrow column has gaps as wide as a gutter, but they do not stand below each other. Pure geometry on
runs of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from docstation.document.text import Word

MIN_ROWS = 4
"""A strip through fewer rows than this is chance."""
MIN_GAP_EM = 0.8
MIN_STRIP_EM = 0.55
MAX_PITCH_EM = 3.0

Place = tuple[int, int]
"""Index of a run and of the word in it before the gap."""


@dataclass(slots=True)
class _Strip:
    """A strip that grows downwards while rows leave it white."""

    x0: float
    x1: float
    y: float
    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Gap:
    x0: float
    x1: float
    y: float
    em: float
    place: Place


def gutter_gaps(runs: Sequence[Sequence[Word]]) -> frozenset[Place]:
    """The gaps inside `runs` that lie in a gutter."""
    gaps = sorted(_gaps(runs), key=lambda gap: gap.y)
    strips: list[_Strip] = []
    done: list[_Strip] = []
    for gap in gaps:
        alive: list[_Strip] = []
        for strip in strips:
            (alive if gap.y - strip.y <= MAX_PITCH_EM * gap.em else done).append(strip)
        strips = alive
        matching = [s for s in strips if min(s.x1, gap.x1) - max(s.x0, gap.x0) >= MIN_STRIP_EM * gap.em]
        for strip in matching:
            strip.x0, strip.x1, strip.y = max(strip.x0, gap.x0), min(strip.x1, gap.x1), gap.y
            strip.places.append(gap.place)
        if not matching:
            strips.append(_Strip(gap.x0, gap.x1, gap.y, [gap.place]))
    return frozenset(place for strip in done + strips if len(strip.places) >= MIN_ROWS for place in strip.places)


def _gaps(runs: Sequence[Sequence[Word]]) -> list[_Gap]:
    found = []
    for number, run in enumerate(runs):
        for i, (a, b) in enumerate(pairwise(run)):
            em = max(min(a.font_size or a.box.height, b.font_size or b.box.height), 1.0)
            if b.box.x0 - a.box.x1 > MIN_GAP_EM * em:
                found.append(_Gap(a.box.x1, b.box.x0, (a.box.y0 + a.box.y1) / 2, em, (number, i)))
    return found
