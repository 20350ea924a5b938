"""Shapes of ink → rows of print, as they stand one below the other. Pure.

A row is followed from left to right, so that it may slant or bend: what comes next stands at the height of the last few
letters. Dots, accents and commas go to the row that they are nearest to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from docstation.reading.vision.places.ink import Shapes

_LEAST_LETTER, _MOST_LETTER = 0.55, 2.7
"""Of the usual letter's height: what is lower is a mark, what is higher holds letters of several rows."""
_STICK, _THIN = 1.7, 0.12
"""From so many letters' heights, a shape that is so much narrower than high is a piece of a rule."""
_COMMON = 0.4
"""Share of the lower one's height that two letters of a row have in common."""
_PIECE, _BESIDE = 4, 0.3
"""So few shapes are a piece of a row beside them, with which they have that share of their height in common."""
_REACH = 0.9
"""Letters' heights over which a mark stands off its row at most."""
_REMEMBERED = 6
_FAINT = 2.0
"""Points: lower shapes say nothing of how high letters are."""


@dataclass(frozen=True)
class Run:
    """Shapes that stand above or touch each other: a letter, or several that hang together. Points."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Row:
    """One row of print.

    Attributes:
        runs: from the left, none of them over another.
        height: of its usual letter, points.
    """

    runs: tuple[Run, ...]
    height: float

    @cached_property
    def y0(self) -> float:
        """Top of its letters."""
        return min(run.y0 for run in self.runs)

    @cached_property
    def y1(self) -> float:
        """Foot of its letters."""
        return max(run.y1 for run in self.runs)

    @cached_property
    def middle(self) -> float:
        """Where most of its ink is, points from the top of the page."""
        middles = sorted((run.y0 + run.y1) / 2 for run in self.runs)
        return middles[len(middles) // 2]

    def between(self, left: float, right: float) -> Row | None:
        """Its part whose letters' middles are between two places; None where there are none."""
        runs = tuple(run for run in self.runs if left <= (run.x0 + run.x1) / 2 <= right)
        return Row(runs, self.height) if runs else None

    @property
    def ink(self) -> float:
        """Width of its print; of wide gaps only as much as a space takes."""
        gaps = (right.x0 - left.x1 for left, right in zip(self.runs, self.runs[1:], strict=False))
        return sum(run.x1 - run.x0 for run in self.runs) + sum(min(gap, 0.6 * self.height) for gap in gaps)


def letter_height(shapes: Shapes) -> float:
    """Of the usual letter, points; 0 where there is none."""
    heights = shapes[:, 3] - shapes[:, 1]
    heights = heights[heights >= _FAINT]
    return float(np.percentile(heights, 55)) if heights.size else 0.0


def rows_of(shapes: Shapes, height: float) -> list[Row]:
    """The rows, from the top.

    Args:
        shapes: from the left.
        height: of the usual letter.
    """
    tall = shapes[:, 3] - shapes[:, 1]
    sticks = (tall >= _STICK * height) & (shapes[:, 2] - shapes[:, 0] <= _THIN * tall)
    shapes, tall = shapes[~sticks], tall[~sticks]
    letters = shapes[(tall >= _LEAST_LETTER * height) & (tall <= _MOST_LETTER * height)]
    marks = shapes[tall < _LEAST_LETTER * height]
    followed = _followed(letters)
    _marked(followed, marks, height)
    made = [Row(tuple(_runs(one.shapes)), height) for one in _merged(followed)]
    return sorted(made, key=lambda row: row.middle)


class _Open:
    """A row that is being followed."""

    def __init__(self, shape: tuple[float, ...]) -> None:
        self.shapes = [shape]
        self.top, self.foot = shape[1], shape[3]

    def add(self, shape: tuple[float, ...]) -> None:
        self.shapes.append(shape)
        last = self.shapes[-_REMEMBERED:]
        self.top = sum(one[1] for one in last) / len(last)
        self.foot = sum(one[3] for one in last) / len(last)

    def beside(self, other: _Open) -> float:
        """Share of its shapes' heights that they have in common with the other row's nearest ones."""
        if len(self.shapes) > _PIECE:
            return 0.0
        shared = 0.0
        for shape in self.shapes:
            near = min(other.shapes, key=lambda one: abs(one[0] - shape[0]))
            if near[0] < shape[2] and shape[0] < near[2]:
                return 0.0
            shared += max(0.0, min(near[3], shape[3]) - max(near[1], shape[1])) / (shape[3] - shape[1])
        return shared / len(self.shapes)

    def common(self, shape: tuple[float, ...]) -> float:
        low = min(self.foot - self.top, shape[3] - shape[1])
        return (min(self.foot, shape[3]) - max(self.top, shape[1])) / max(low, 0.1)


def _followed(letters: Shapes) -> list[_Open]:
    rows: list[_Open] = []
    for shape in map(tuple, letters.tolist()):
        best = max(rows, key=lambda row: row.common(shape), default=None)
        if best is not None and best.common(shape) >= _COMMON:
            best.add(shape)
        else:
            rows.append(_Open(shape))
    return rows


def _merged(rows: Sequence[_Open]) -> list[_Open]:
    """The rows; a piece that stands at the height of another one, such as raised figures, is part of it."""
    result: list[_Open] = []
    for row in sorted(rows, key=lambda row: -len(row.shapes)):
        home = max(result, key=row.beside, default=None)
        if home is not None and row.beside(home) >= _BESIDE:
            home.shapes.extend(row.shapes)
        else:
            result.append(row)
    return result


def _marked(rows: Sequence[_Open], marks: Shapes, height: float) -> None:
    """Give each mark to the row that it is nearest to."""
    for mark in map(tuple, marks.tolist()):
        near = min(rows, key=lambda row: _distance(row, mark), default=None)
        if near is not None and _distance(near, mark) <= _REACH * height:
            near.shapes.append(mark)


def _distance(row: _Open, mark: tuple[float, ...]) -> float:
    """Points between a mark and the row's letter that is nearest to its left, or the first one."""
    last = row.shapes[0]
    for shape in row.shapes:
        if shape[0] > mark[2]:
            break
        last = shape
    return max(last[1] - mark[3], mark[1] - last[3], 0.0)


def _runs(shapes: Iterable[tuple[float, ...]]) -> list[Run]:
    runs: list[Run] = []
    for x0, y0, x1, y1 in sorted(shapes):
        last = runs[-1] if runs else None
        if last is not None and x0 < last.x1:
            runs[-1] = Run(last.x0, min(last.y0, y0), max(last.x1, x1), max(last.y1, y1))
        else:
            runs.append(Run(x0, y0, x1, y1))
    return runs
