"""Lines of a table without a grid put together into its rows: cells of several lines, sums that reach over columns.

Takes lines as words per columns, and where they stand; knows nothing of what lies around the table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from docstation.reading.embedded.tables.fill import cell_text
from docstation.reading.embedded.tables.headers import is_number
from docstation.reading.embedded.tables.rows import Row
from docstation.reading.embedded.tables.stacked_heads import GridRow

_SUM = re.compile(r"(итого?|всего|total|subtotal|sum)\b", re.IGNORECASE)
_ROW_APART = 1.15
"""Times that two rows are farther apart than two lines of one cell, where this tells them apart."""
_WITHIN_ROW = 0.88
"""Share of the distance of two rows below which two lines belong to one."""


def joined_rows(grid: Sequence[GridRow], rows: Sequence[Row], rules: Sequence[float]) -> list[GridRow]:
    """Lines of cells of several lines put together: a line that only continues cells of the row above it."""
    reach = _reach(grid, rows)
    joined: list[GridRow] = []
    previous: Row | None = None
    for cells, row in zip(grid, rows, strict=True):
        total = _sum_row(cells)
        if total is not None:
            joined.append(total)
            previous = None
            continue
        if previous is not None and not _rule_between(previous, row, rules):
            near = row.middle - previous.middle < reach
            if _continues(joined[-1], cells, near=near):
                for key, words in cells.items():
                    joined[-1].setdefault(_under(joined[-1], key), []).extend(words)
                previous = row
                continue
        joined.append({key: list(words) for key, words in cells.items()})
        previous = row
    return [without_overlap(row) for row in joined]


def _sum_row(row: GridRow) -> GridRow | None:
    """The row of a sum: its words («Итого:») reach over all columns before the number. None for any other row."""
    cells = sorted(row.items())
    count = len(cells)
    while count and is_number(cell_text(cells[count - 1][1])):
        count -= 1
    words, numbers = [word for _, held in cells[:count] for word in held], cells[count:]
    text = cell_text(words)
    if not words or not numbers or not (_SUM.match(text) or (text.endswith(":") and cells[0][0][0] > 0)):
        return None
    return dict([((0, numbers[0][0][0]), words), *numbers])


def _reach(grid: Sequence[GridRow], rows: Sequence[Row]) -> float:
    """How far apart two lines of one cell are less than.

    Where lines that only go on stand closer to the line above than most lines that begin a row do, it is what parts the
    two; else a little less than the distance of two neighbouring rows, a low quantile over those that fill half of the
    columns.
    """
    steps = [below.middle - above.middle for above, below in pairwise(rows)]
    goes_on = sorted(step for step, cells in zip(steps, grid[1:], strict=True) if (0, 1) not in cells)
    begins = sorted(step for step, cells in zip(steps, grid[1:], strict=True) if (0, 1) in cells and len(cells) > 1)
    if len(goes_on) >= 2:
        inside = goes_on[len(goes_on) // 2]
        apart = [step for step in begins if step > _ROW_APART * inside]
        if len(apart) * 2 > len(begins):
            return sqrt(inside * apart[len(apart) // 4])
    columns = max(c + n for cells in grid for c, n in cells)
    full = [row.middle for row, cells in zip(rows, grid, strict=True) if 2 * len(cells) >= columns]
    pitches = sorted(b - a for a, b in pairwise(full))
    return _WITHIN_ROW * pitches[len(pitches) // 5] if pitches else 0.0


def _rule_between(above: Row, below: Row, rules: Sequence[float]) -> bool:
    return any(above.middle < y < below.middle for y in rules)


def _continues(above: GridRow, cells: GridRow, *, near: bool) -> bool:
    """Whether every cell of a line lies under a cell of the row above and only goes on with its text."""
    if not all(any(a <= c and c + n <= a + w for a, w in above) for c, n in cells):
        return False
    numeric = [key for key, words in cells.items() if is_number(cell_text(words))]
    begins = any(column == 0 for column, _ in cells)
    if near and not begins:
        return True
    if any(is_number(cell_text(above[_under(above, key)])) for key in numeric):
        return False
    if near:
        return True
    return len(cells) < len(above) and not numeric and not begins


def _under(above: GridRow, key: tuple[int, int]) -> tuple[int, int]:
    return next((a, w) for a, w in above if a <= key[0] and key[0] + key[1] <= a + w)


def without_overlap(cells: GridRow) -> GridRow:
    """Cells of one row that claim the same column become one."""
    merged: GridRow = {}
    for (first, count), words in sorted(cells.items()):
        if merged:
            (before, width), held = next(reversed(merged.items()))
            if first < before + width:
                del merged[(before, width)]
                merged[(before, max(before + width, first + count) - before)] = held + words
                continue
        merged[(first, count)] = list(words)
    return merged
