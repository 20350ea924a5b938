"""Straight lines of a page as strokes, joined from the pieces in which files and scans deliver them.

A stroke knows both of its ends, so that a scan's residual tilt is kept until a table is levelled. Pure data; where
the pieces come from (a PDF's drawing or a raster) is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box

THIN = 3.0
"""Points: a ruling's greatest thickness; a double line is taken for one ruling when its parts are no farther apart."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A nearly horizontal or nearly vertical line, in the coordinates of its own direction.

    For a horizontal stroke `start` and `end` are x and `at_start`, `at_end` the y of its ends; for a vertical one
    the two are exchanged. Points, ``start <= end``.
    """

    start: float
    end: float
    at_start: float
    at_end: float

    @property
    def length(self) -> float:
        """Extent along its direction."""
        return self.end - self.start

    @property
    def at(self) -> float:
        """Where its middle lies across its direction."""
        return (self.at_start + self.at_end) / 2

    @property
    def slope(self) -> float:
        """Tilt: drift across per length along, 0 for a level stroke."""
        return (self.at_end - self.at_start) / self.length if self.length > 0 else 0.0

    def scaled(self, factor: float) -> Stroke:
        """The stroke in another unit."""
        return Stroke(self.start * factor, self.end * factor, self.at_start * factor, self.at_end * factor)

    def at_position(self, along: float) -> float:
        """Where the stroke, prolonged if need be, passes at `along`."""
        return self.at_start + self.slope * (along - self.start)


@dataclass(frozen=True, slots=True)
class Strokes:
    """The strokes of a page or of one table, by direction."""

    horizontal: tuple[Stroke, ...]
    vertical: tuple[Stroke, ...]

    def __bool__(self) -> bool:
        return bool(self.horizontal or self.vertical)

    @property
    def box(self) -> Box:
        """The box around all ends; raises ValueError when there is no stroke."""
        level = ((s.start, s.at_start, s.end, s.at_end) for s in self.horizontal)
        upright = ((s.at_start, s.start, s.at_end, s.end) for s in self.vertical)
        ends = [*level, *upright]
        return Box.of_points([(x, y) for x, y, _, _ in ends] + [(x, y) for _, _, x, y in ends])


def from_rulings(rulings: Iterable[Box], *, shortest: float = 4.0) -> Strokes:
    """Strokes of a PDF's rulings: thin boxes become lines, collinear pieces are joined.

    Args:
        rulings: thin boxes in points; those that are thick both ways are ignored.
        shortest: strokes of less length, in points, are dropped after joining.
    """
    level: list[Stroke] = []
    upright: list[Stroke] = []
    for box in rulings:
        if box.height <= THIN and box.width >= box.height:
            y = (box.y0 + box.y1) / 2
            level.append(Stroke(box.x0, box.x1, y, y))
        elif box.width <= THIN:
            x = (box.x0 + box.x1) / 2
            upright.append(Stroke(box.y0, box.y1, x, x))
    return Strokes(joined(level, shortest=shortest), joined(upright, shortest=shortest))


def joined(
    pieces: Sequence[Stroke], *, gap: float = 2.0, apart: float = 1.5, shortest: float = 4.0
) -> tuple[Stroke, ...]:
    """Join pieces that lie on one line: no farther apart than `gap` along and `apart` across; drop what stays short.

    Pieces are taken in bands across their direction, so the work grows as n log n and not as n².
    """
    runs: list[Stroke] = []
    for band in bands([piece.at for piece in pieces], apart):
        runs.extend(_joined_along([pieces[i] for i in band], gap))
    return tuple(run for run in runs if run.length >= shortest)


def bands(values: Sequence[float], width: float) -> list[list[int]]:
    """Indices of `values` grouped in ascending order so that a group spans no more than `width`."""
    groups: list[list[int]] = []
    for index in sorted(range(len(values)), key=values.__getitem__):
        if groups and values[index] - values[groups[-1][0]] <= width:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _joined_along(pieces: Iterable[Stroke], gap: float) -> list[Stroke]:
    runs: list[Stroke] = []
    for piece in sorted(pieces, key=lambda s: s.start):
        if runs and piece.start - runs[-1].end <= gap:
            last = runs[-1]
            if piece.end > last.end:
                runs[-1] = Stroke(last.start, piece.end, last.at_start, piece.at_end)
        else:
            runs.append(piece)
    return runs
