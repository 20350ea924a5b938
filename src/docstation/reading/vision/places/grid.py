"""Cells of a table that a model wrote → where each stands on the page. Pure.

The model says how many rows and columns there are and what each cell holds; the page says where ink is. Rows of print
are shared out to the table's rows, and places between letters to the borders of its columns, so that each cell's ink is
as wide as its text should be; rules count as borders. Rows and columns are found in turns, each with the other's help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.document.table import Cell, Table
from docstation.reading.vision.places.ink import Shapes
from docstation.reading.vision.places.rows import Row
from docstation.reading.vision.places.widths import SPACE, width

_Numbers = npt.NDArray[np.float64]

_MOST_POSITIONS, _MOST_LINES, _MOST_EDGES = 1500, 250, 300
"""Larger tables than stand on a page are left alone, and so many borders are weighed: the cost is their product."""
_LINES_OF_ROW = 16
_ALWAYS, _TOLERANCE, _WORST = 0.5, 0.15, 9.0
"""Ems, and share of a text's width, by which typefaces differ: a cell whose ink is off by that costs 1, none costs more
than the last. All other costs are on the same scale."""
_ROUNDS = 3
_RULED, _UNRULED = -2.0, 2.5
"""Of a border where a rule is, and of a rule within a row."""
_APART = 1.0
"""What a border in a wide gap between two rows of print saves, for each letter's height of it."""
_CROSSED = 1.5
"""Of a border of columns, for each row of print that it goes through."""
_GAPPED = 0.25
"""What a border of columns saves for each letter's height of each row's gap, of which the first three count."""
_MOST_CROSSED = 0.34
"""Share of the rows of print that run over a border of columns, as headings of several columns do, at most."""
_LONG = 0.25
"""Share of the table's side that a rule covers at least to be a border of it."""


@dataclass(frozen=True)
class Grid:
    """Where a table's rows and columns are, points.

    Attributes:
        tops: of the rows, and the foot of the last.
        lefts: of the columns, and the right of the last.
        rows: for each of the table's rows the numbers of its rows of print, first and after the last.
        off: share of the ink that is not where the text says.
    """

    tops: tuple[float, ...]
    lefts: tuple[float, ...]
    rows: tuple[tuple[int, int], ...]
    off: float

    def box(self, cell: Cell) -> Box:
        """The place of a cell."""
        return Box(
            self.lefts[cell.column],
            self.tops[cell.row],
            self.lefts[cell.column + cell.colspan],
            self.tops[cell.row + cell.rowspan],
        )


def grid_of(table: Table, rows: Sequence[Row], box: Box, level: Shapes, upright: Shapes) -> Grid | None:
    """Where the rows and columns are; None where that cannot be told.

    Args:
        table: as the model wrote it.
        rows: of print inside the table, from the top.
        box: of the table, points.
        level: straight level lines on the page, points.
        upright: straight upright lines.
    """
    if not (0 < table.rows * table.columns <= _MOST_POSITIONS and 0 < len(rows) <= _MOST_LINES):
        return None
    search = _Search(table, rows, box, level, upright)
    return search.found() if search.em > 0 else None


def _misfit(ink: _Numbers, words: _Numbers | float) -> _Numbers:
    """How badly ink is as wide as words should be, ems; 1 where they differ as much as typefaces do."""
    off = (ink - words) / (_ALWAYS + _TOLERANCE * np.asarray(words))
    return np.minimum(off * off, _WORST)


def _crossing(rows: Sequence[Row], edges: _Numbers, height: float) -> _Numbers:
    """How many runs of letters each edge goes through, the words' spaces among them."""
    crossing = np.zeros(len(edges))
    for row in rows:
        left, right = row.runs[0].x0, row.runs[0].x1
        spans = []
        for run in row.runs[1:]:
            if run.x0 - right <= 0.9 * height:
                right = run.x1
            else:
                spans.append((left, right))
                left, right = run.x0, run.x1
        for start, end in (*spans, (left, right)):
            crossing += (edges > start + 0.1) & (edges < end - 0.1)
    return crossing


class _Search:
    """The search for the rows and columns of one table.

    Args:
        table: as the model wrote it.
        rows: of print.
        box: of the table.
        level: straight level lines.
        upright: straight upright lines.
    """

    def __init__(self, table: Table, rows: Sequence[Row], box: Box, level: Shapes, upright: Shapes) -> None:
        self.table, self.rows, self.box = table, rows, box
        self.expected = np.zeros((table.rows, table.columns))
        self.tall = np.zeros((table.rows, table.columns), bool)
        self.wide = np.zeros((table.rows, table.columns), bool)
        for cell in table.cells:
            words = cell.text.split()
            self.expected[cell.row, cell.column] = sum(map(width, words)) + SPACE * max(len(words) - 1, 0)
            for row, column in cell.positions:
                self.tall[row, column] |= cell.rowspan > 1
                self.wide[row, column] |= cell.colspan > 1
        ink = sum(row.ink for row in rows)
        total = float(self.expected.sum())
        self.em = ink / total if total else 0.0
        self.height = rows[0].height or 1.0
        self.edges = self._edges()
        self.ink = self._ink()
        self.columns_ruled = self._columns_ruled(upright)
        self.rows_ruled = self._rows_ruled(level)

    def found(self) -> Grid | None:
        """The grid, found in a few rounds."""
        shared, borders = self._share_rows(None), None
        for _ in range(_ROUNDS):
            borders = self._share_columns(shared) if shared else None
            if shared is None or borders is None:
                return None
            again = self._share_rows(borders)
            if again is None or again == shared:
                break
            shared = again
        return self._grid(shared, borders) if shared and borders else None

    def _edges(self) -> _Numbers:
        """Places at which a border between columns may stand: the table's sides, and between letters."""
        xs = sorted({round(edge, 1) for row in self.rows for run in row.runs for edge in (run.x0 - 0.3, run.x1 + 0.3)})
        edges = np.array([self.box.x0 - self.height, *xs, self.box.x1 + self.height])
        crossing = _crossing(self.rows, edges, self.height)
        free: _Numbers = edges[crossing <= max(1.0, _MOST_CROSSED * len(self.rows))]
        few: _Numbers = free[np.linspace(0, len(free) - 1, min(len(free), _MOST_EDGES)).round().astype(int)]
        return few

    def _ink(self) -> _Numbers:
        """Ems of ink to the left of each edge, for each row of print."""
        ink = np.zeros((len(self.rows), len(self.edges)))
        for index, row in enumerate(self.rows):
            for place, run in enumerate(row.runs):
                gap = run.x0 - row.runs[place - 1].x1 if place else 0.0
                # A space belongs to the letter after it.
                wide = run.x1 - run.x0 + (gap if gap <= 0.9 * self.height else 0.0)
                ink[index] += wide * (self.edges >= (run.x0 + run.x1) / 2)
        return ink / self.em

    def _gaps(self) -> _Numbers:
        """Letters' heights of white around each edge, summed over the rows that have ink on both sides of it."""
        gaps = np.zeros(len(self.edges))
        for row in self.rows:
            for left, right in zip(row.runs, row.runs[1:], strict=False):
                wide = min((right.x0 - left.x1) / self.height, 3.0)
                gaps += wide * ((self.edges > left.x1) & (self.edges < right.x0))
        return gaps

    def _columns_ruled(self, upright: Shapes) -> _Numbers:
        """Where long upright rules stand, points."""
        inside = (upright[:, 0] >= self.box.x0 - 3) & (upright[:, 2] <= self.box.x1 + 3)
        common = np.minimum(upright[:, 3], self.box.y1) - np.maximum(upright[:, 1], self.box.y0)
        found = upright[inside & (common >= _LONG * self.box.height)]
        return np.sort((found[:, 0] + found[:, 2]) / 2).astype(np.float64)

    def _rows_ruled(self, level: Shapes) -> list[bool]:
        """Whether a long rule stands above each row of print but the first."""
        inside = (level[:, 1] >= self.box.y0 - 3) & (level[:, 3] <= self.box.y1 + 3)
        common = np.minimum(level[:, 2], self.box.x1) - np.maximum(level[:, 0], self.box.x0)
        ys = ((level[:, 1] + level[:, 3]) / 2)[inside & (common >= _LONG * self.box.width)]
        return [
            bool(((ys > upper.middle) & (ys < lower.middle)).any())
            for upper, lower in zip(self.rows, self.rows[1:], strict=False)
        ]

    def _border(self, at: int) -> float:
        """What it costs that a row of the table begins with this row of print."""
        if at == 0:
            return 0.0
        upper, lower = self.rows[at - 1], self.rows[at]
        gap = (lower.middle - upper.middle) / self.height - 1.5
        apart = -_APART * min(max(gap, 0.0), 1.5)
        if any(self.rows_ruled):
            apart += _RULED if self.rows_ruled[at - 1] else _UNRULED / 2
        return apart

    def _share_rows(self, borders: Sequence[int] | None) -> list[tuple[int, int]] | None:
        """For each row of the table its rows of print."""
        rows = self.table.rows
        if borders is None:
            per_line = self.ink[:, -1:]
            wanted = np.where(self.tall, 0.0, self.expected).sum(axis=1, keepdims=True)
            counted = np.ones((rows, 1))
        else:
            ink = self.ink[:, list(borders)]
            per_line = np.diff(ink, axis=1)
            wanted = self.expected
            counted = np.where(self.tall | self.wide, 0.0, 1.0)
        cost, came = self._cheapest_rows(per_line, wanted, counted)
        # Rows of print below the last one are not the table's.
        left_over = np.concatenate([np.cumsum(per_line.sum(axis=1)[::-1])[::-1], [0.0]])
        ends = cost + left_over
        if not np.isfinite(ends).any():
            return None
        shared: list[tuple[int, int]] = []
        end = int(np.argmin(ends))
        for row in range(rows, 0, -1):
            start = int(came[row, end])
            shared.append((start, end))
            end = start
        return shared[::-1]

    def _cheapest_rows(
        self, per_line: _Numbers, wanted: _Numbers, counted: _Numbers
    ) -> tuple[_Numbers, npt.NDArray[np.intp]]:
        """What it costs that the table ends before each row of print, and where each of its rows then begins.

        Args:
            per_line: ems of ink in each row of print, in each column or in all.
            wanted: ems of text in each row of the table, the same way.
            counted: 1 where the two are to agree.
        """
        lines, rows = len(self.rows), self.table.rows
        before = np.vstack([np.zeros((1, per_line.shape[1])), np.cumsum(per_line, axis=0)])
        ruled = np.concatenate([[0], np.cumsum(np.array([*self.rows_ruled, False], float))])
        border = np.array([*(self._border(at) for at in range(lines)), 0.0])
        inked = np.array(
            [some.any() and not tall.any() for some, tall in zip(self.expected, self.tall, strict=True)], bool
        )
        to_come = np.concatenate([np.cumsum(inked[::-1])[::-1], [0]])
        cost = np.full(lines + 1, np.inf)
        cost[0] = 0.0
        came = np.zeros((rows + 1, lines + 1), np.intp)
        for row in range(rows):
            following = np.full(lines + 1, np.inf)
            for start in map(int, np.flatnonzero(np.isfinite(cost))):
                last = min(start + _LINES_OF_ROW, lines - int(to_come[row + 1]))
                ends = np.arange(start + int(inked[row]), last + 1)
                off = (_misfit(before[ends] - before[start], wanted[row]) * counted[row]).sum(axis=1)
                inner = _UNRULED * (ruled[np.maximum(ends - 1, start)] - ruled[start])
                total = cost[start] + off + inner + np.where(ends > start, border[start], 0.0)
                better = total < following[ends]
                following[ends[better]], came[row + 1, ends[better]] = total[better], start
            cost = following
        return cost, came

    def _share_columns(self, shared: Sequence[tuple[int, int]]) -> list[int] | None:
        """Borders of the columns, as numbers of edges; None where there are too few of those."""
        columns, edges = self.table.columns, len(self.edges)
        ink = np.stack([self.ink[start:end].sum(axis=0) for start, end in shared])
        counted = np.where(self.tall | self.wide, 0.0, 1.0)
        crossed = _CROSSED * _crossing(self.rows, self.edges, self.height) - _GAPPED * self._gaps()
        if self.columns_ruled.size:
            near = np.abs(self.edges[:, None] - self.columns_ruled[None, :]).min(axis=1) <= 0.4 * self.height
            crossed = crossed + np.where(near, _RULED, 0.0)
        cost = np.full(edges, np.inf)
        cost[0] = 0.0
        came: list[npt.NDArray[np.intp]] = []
        for column in range(columns):
            rows = counted[:, column] > 0
            some, wanted = ink[rows], self.expected[rows, column]
            off = np.zeros((edges, edges))
            for line, words in zip(some, wanted, strict=True):
                off += _misfit(line[None, :] - line[:, None], words)
            off[np.tril_indices(edges)] = np.inf
            total = cost[:, None] + off
            came.append(total.argmin(axis=0))
            cost = total.min(axis=0) + crossed
        if not np.isfinite(cost[-1]):
            return None
        borders = [edges - 1]
        for column in range(columns - 1, -1, -1):
            borders.append(int(came[column][borders[-1]]))
        return borders[::-1]

    def _grid(self, shared: Sequence[tuple[int, int]], borders: Sequence[int]) -> Grid:
        tops = [self.box.y0]
        for start, _ in shared[1:]:
            if start == 0:
                tops.append(self.box.y0)
            elif start >= len(self.rows):
                tops.append(self.box.y1)
            else:
                tops.append((self.rows[start - 1].y1 + self.rows[start].y0) / 2)
        tops.append(self.box.y1)
        for place in range(1, len(tops)):
            tops[place] = max(tops[place], tops[place - 1])
        lefts = [float(self.edges[at]) for at in borders]
        lefts[0], lefts[-1] = min(self.box.x0, lefts[1]), max(self.box.x1, lefts[-2])
        return Grid(tuple(tops), tuple(lefts), tuple(shared), self._off(shared, borders))

    def _off(self, shared: Sequence[tuple[int, int]], borders: Sequence[int]) -> float:
        ink = np.stack([self.ink[start:end].sum(axis=0) for start, end in shared])
        found = np.diff(ink[:, list(borders)], axis=1)
        counted = ~(self.tall | self.wide)
        wanted = float(self.expected[counted].sum())
        return float(np.abs(found - self.expected)[counted].sum()) / wanted if wanted else 0.0
