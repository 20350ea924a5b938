"""From level strokes to a lattice: row and column boundaries, the walls between positions, and merged spans.

Pure geometry: strokes in, lattice out. It does not know words; whether a lattice is a table is judged elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.reading.embedded.tables.strokes import Stroke, Strokes, bands

TOUCH = 3.5
"""Points that a stroke may end before, or reach beyond, the stroke that it meets."""
SAME = 3.0
"""Points within which parallel strokes are one boundary."""
WALL = 0.5
"""Share of an edge that strokes must cover to make it a wall."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The grid positions of one cell: `rowspan` x `colspan` from (`row`, `column`)."""

    row: int
    column: int
    rowspan: int = 1
    colspan: int = 1


@dataclass(frozen=True, slots=True)
class Lattice:
    """Boundaries of columns and rows, ascending, in points, and the spans that fill the grid without overlap."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    spans: tuple[Span, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.ys) - 1

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.xs) - 1

    @property
    def box(self) -> Box:
        """The outer border."""
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    @property
    def owners(self) -> dict[tuple[int, int], Span]:
        """The span that covers each position (row, column)."""
        return {
            (row, column): span
            for span in self.spans
            for row in range(span.row, span.row + span.rowspan)
            for column in range(span.column, span.column + span.colspan)
        }

    def position(self, x: float, y: float) -> tuple[int, int]:
        """Row and column at a point; for one outside the border, the nearest."""
        row = min(max(bisect_right(self.ys, y) - 1, 0), self.rows - 1)
        return row, min(max(bisect_right(self.xs, x) - 1, 0), self.columns - 1)

    def cell_box(self, span: Span) -> Box:
        """Where the cell of `span` stands."""
        return Box(
            self.xs[span.column],
            self.ys[span.row],
            self.xs[span.column + span.colspan],
            self.ys[span.row + span.rowspan],
        )


def connected(strokes: Strokes, *, touch: float = TOUCH) -> list[Strokes]:
    """Groups of strokes that cross or touch one another; each has strokes of both directions."""
    level, upright = strokes.horizontal, strokes.vertical
    if not level or not upright:
        return []
    meets = _meetings(level, upright, touch)
    group = _labels(meets)
    count = len(level)
    made = []
    for label in dict.fromkeys(group[i] for i in range(count) if meets[i].any()):
        made.append(
            Strokes(
                tuple(s for i, s in enumerate(level) if group[i] == label),
                tuple(s for j, s in enumerate(upright) if group[count + j] == label),
            )
        )
    return made


def _meetings(level: Sequence[Stroke], upright: Sequence[Stroke], touch: float) -> Bools:
    h = np.array([(s.start, s.end, s.at_start, s.slope) for s in level])
    v = np.array([(s.start, s.end, s.at_start, s.slope) for s in upright])
    # Slopes are tiny: where two strokes cross is found with one step from the other's first end.
    x = v[None, :, 2] + v[None, :, 3] * (h[:, None, 2] - v[None, :, 0])
    y = h[:, None, 2] + h[:, None, 3] * (x - h[:, None, 0])
    x = v[None, :, 2] + v[None, :, 3] * (y - v[None, :, 0])
    across = (x >= h[:, None, 0] - touch) & (x <= h[:, None, 1] + touch)
    along = (y >= v[None, :, 0] - touch) & (y <= v[None, :, 1] + touch)
    met: Bools = across & along
    return met


def _labels(meets: Bools) -> list[int]:
    """A label per stroke, horizontal ones first; strokes of one connected group share it."""
    rows, columns = meets.shape
    parent = list(range(rows + columns))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in zip(*np.nonzero(meets), strict=True):
        parent[root(int(i))] = root(rows + int(j))
    return [root(i) for i in range(rows + columns)]


Evidence = Callable[[bool, float, float, float, float], bool]
"""Whether there is a wall: (upright, where across, from, to, share that strokes cover) → answer."""


def lattice_of(strokes: Strokes, evidence: Evidence | None = None, *, same: float = SAME) -> Lattice | None:
    """The lattice that level strokes of one group draw; None when they enclose no row or no column.

    A border that is not drawn (tables open at the left and right, or above) is taken from where at least two strokes
    of the other direction end together.

    Args:
        strokes: level, of one group.
        evidence: asked about every edge; without it a wall is where strokes cover half of the edge.
        same: points within which parallel strokes are one boundary.
    """
    if evidence is None:
        firm = strokes
    else:
        firm = Strokes(
            anchored(strokes.horizontal, strokes.vertical), anchored(strokes.vertical, strokes.horizontal, pieces=True)
        )
    xs = _boundaries(firm.vertical, firm.horizontal, same)
    ys = _boundaries(firm.horizontal, firm.vertical, same)
    if len(xs) < 2 or len(ys) < 2:
        return None
    right = _walls(strokes.vertical, xs, ys, same, partial(evidence, True) if evidence else None)
    below = _walls(strokes.horizontal, ys, xs, same, partial(evidence, False) if evidence else None).T
    xs, ys, right, below = _without_unused(xs, ys, right, below)
    return Lattice(tuple(xs), tuple(ys), tuple(_spans(right, below)))


def anchored(own: Sequence[Stroke], other: Sequence[Stroke], *, pieces: bool = False) -> tuple[Stroke, ...]:
    """Strokes that end at strokes of the other direction, and long ones; the rest are letters, stamps and dirt.

    With `pieces`, short strokes on one line count together: a broken line. Letters stand on one line as well, but
    not under one another.
    """
    if not own or not other:
        return tuple(own)
    extent = max(s.end for s in own) - min(s.start for s in own)
    long = max(24.0, 0.35 * extent) if pieces else max(60.0, 0.25 * extent)

    def is_firm(stroke: Stroke) -> bool:
        if stroke.length >= long or ends_meet(stroke, other):
            return True
        return pieces and sum(s.length for s in own if abs(s.at - stroke.at) <= SAME / 2) >= long

    return tuple(s for s in own if is_firm(s))


def ends_meet(stroke: Stroke, other: Sequence[Stroke]) -> bool:
    """Whether both ends of a stroke lie at strokes of the other direction."""
    return _meets(stroke.start, stroke.at_start, other) and _meets(stroke.end, stroke.at_end, other)


def _meets(along: float, at: float, other: Sequence[Stroke]) -> bool:
    return any(o.start - TOUCH <= at <= o.end + TOUCH and abs(o.at_position(at) - along) <= TOUCH for o in other)


def _boundaries(own: Sequence[Stroke], other: Sequence[Stroke], same: float) -> list[float]:
    values = [s.at for s in own]
    lengths = [s.length for s in own]
    found = []
    for band in bands(values, same):
        weight = sum(lengths[i] for i in band)
        found.append(sum(values[i] * lengths[i] for i in band) / weight)
    first, last = _common_end([s.start for s in other]), _common_end([-s.end for s in other])
    if found and first is not None and first < found[0] - 2 * same:
        found.insert(0, first)
    if found and last is not None and -last > found[-1] + 2 * same:
        found.append(-last)
    return found


def _common_end(ends: Sequence[float]) -> float | None:
    """The lowest value that at least two, and half, of `ends` share within a few points."""
    for band in bands(ends, 2 * SAME):
        if len(band) >= 2 and 2 * len(band) >= len(ends):
            return ends[band[0]]
    return None


def _walls(
    own: Sequence[Stroke],
    at: Sequence[float],
    along: Sequence[float],
    same: float,
    judge: Callable[[float, float, float, float], bool] | None,
) -> Bools:
    """Whether boundary ``at[k]`` is drawn from ``along[i]`` to ``along[i + 1]``: array [i, k]; borders always are."""
    drawn = np.zeros((len(along) - 1, len(at)), dtype=bool)
    for k, value in enumerate(at):
        mine = [(s.start, s.end) for s in own if abs(s.at - value) <= same]
        for i, (low, high) in enumerate(pairwise(along)):
            share = _covered(mine, low, high) / (high - low)
            drawn[i, k] = share >= WALL if judge is None else judge(value, low, high, share)
    drawn[:, 0] = drawn[:, -1] = True
    return drawn


def _covered(pieces: Iterable[tuple[float, float]], low: float, high: float) -> float:
    total, reached = 0.0, low
    for start, end in sorted(pieces):
        first, last = max(start, reached), min(end, high)
        if last > first:
            total += last - first
            reached = last
    return total


def _without_unused(
    xs: list[float], ys: list[float], right: Bools, below: Bools
) -> tuple[list[float], list[float], Bools, Bools]:
    """Boundaries at which no position has a wall are left out."""
    # right is [row, x boundary], below is [y boundary, column].
    keep_x: Bools = np.any(right, axis=0)
    keep_y: Bools = np.any(below, axis=1)
    rows = np.flatnonzero(keep_y)[:-1]
    columns = np.flatnonzero(keep_x)[:-1]
    # A row that absorbs its neighbour has a wall where any of its parts has one.
    right = np.array([right[a:b].any(axis=0) for a, b in _parts(rows, right.shape[0])])[:, keep_x]
    below = np.array([below[:, a:b].any(axis=1) for a, b in _parts(columns, below.shape[1])]).T[keep_y]
    kept_x = [x for x, keep in zip(xs, keep_x.tolist(), strict=True) if keep]
    kept_y = [y for y, keep in zip(ys, keep_y.tolist(), strict=True) if keep]
    return kept_x, kept_y, right, below


def _parts(starts: npt.NDArray[np.intp], end: int) -> list[tuple[int, int]]:
    marks = [*(int(s) for s in starts), end]
    return list(pairwise(marks))


def _spans(right: Bools, below: Bools) -> list[Span]:
    """Cut the grid into rectangles without inner walls, greedily from the top left: first to the right, then down.

    Where a piece of a line is missing, the region without walls is not a rectangle; it then falls into several.
    """
    rows, columns = right.shape[0], below.shape[1]
    taken = np.zeros((rows, columns), dtype=bool)
    spans = []
    for row in range(rows):
        for column in range(columns):
            if taken[row, column]:
                continue
            span = _grown(row, column, right, below, taken)
            taken[row : row + span.rowspan, column : column + span.colspan] = True
            spans.append(span)
    return spans


def _grown(row: int, column: int, right: Bools, below: Bools, taken: Bools) -> Span:
    rows, columns = taken.shape
    end = column + 1
    while end < columns and not right[row, end] and not taken[row, end]:
        end += 1
    bottom = row + 1
    while (
        bottom < rows
        and not below[bottom, column:end].any()
        and not right[bottom, column + 1 : end].any()
        and not taken[bottom, column:end].any()
    ):
        bottom += 1
    return Span(row, column, bottom - row, end - column)
