"""Tables that go on over pages: whether two parts are one table, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docstation.document.geometry import Box
from docstation.document.table import MAX_CELLS, Cell, Table
from docstation.reading.assembly.split_rows import row_joined
from docstation.reading.assembly.table_heads import has_own_heading, hold_alike, repeated_rows, said_rows

EDGE_TOLERANCE = 0.1
"""Edges of the parts may differ by less than this share of the table's width."""
TOP_SHARE = 0.4
"""Of the page's height, within which the rest of a table begins."""
MOST_WHITE = 0.3
"""Of the page's height, that a table which goes on may leave free below it: a tall row moves to the next page whole."""

MAX_SPAN = 60
"""Rows above the last one in which a cell that reaches it is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """What of a table stands on one page.

    Attributes:
        table: its grid.
        box: where it stands, points.
        width: of the page, points.
        height: of the page, points.
        floor: where the page's body ends: the upper edge of its footnotes and footers, points.
    """

    table: Table
    box: Box
    width: float
    height: float
    floor: float


def go_together(first: Table, last: Part, part: Part, *, said: bool) -> bool:
    """Whether a table at the top of a page continues the one at the bottom of the page before.

    Args:
        first: the table's first part, with its heading.
        last: its last part so far.
        part: the one in question.
        said: whether a line above it says that it is a continuation.
    """
    if first.columns != part.table.columns or not _lie_alike(last, part):
        return False
    rest = _rest(part.table)
    if rest is None:
        return False
    repeated = repeated_rows(first, rest)
    if repeated >= rest.rows or rest.to_rows() == first.to_rows():
        # The same table once more, or a heading with nothing under it.
        return said and rest.rows < first.rows
    if said or said_rows(part.table):
        return True
    if part.box.y0 > TOP_SHARE * part.height:
        return False
    if repeated:
        return True
    is_broken_off = last.floor - last.box.y1 <= MOST_WHITE * last.height
    return not has_own_heading(last.table, rest) and (is_broken_off or hold_alike(last.table, rest))


def joined(parts: Sequence[Table]) -> Table:
    """The rows of all parts; headings that later parts repeat are left out, rows cut by the page's end made whole."""
    first = parts[0]
    cells = list(first.cells)
    rows = first.rows
    for part in parts[1:]:
        rest = _rest(part)
        repeated = repeated_rows(first, rest) if rest else 0
        if rest is None or repeated >= rest.rows:
            continue
        body = _unmarked(rest.without_rows(repeated) if repeated else rest)
        whole = row_joined(_last_row(cells, rows), body, first)
        if whole is not None:
            cells = [cell for cell in cells if cell.row != rows - 1]
            cells.extend(replace(cell, row=rows - 1) for cell in whole)
            if body.rows == 1:
                continue
            body = body.without_rows(1)
        cells.extend(replace(cell, row=cell.row + rows) for cell in body.cells)
        rows += body.rows
    return Table.of_cells(cells)


def fits(parts: Sequence[Table], part: Table) -> bool:
    """Whether the table with one more part is not larger than tables may be."""
    return (sum(one.rows for one in parts) + part.rows) * part.columns <= MAX_CELLS


def _rest(table: Table) -> Table | None:
    """The table without leading rows that only say that it goes on; None where nothing else is left."""
    said = said_rows(table)
    return table.without_rows(said) if said else table if table.rows else None


def _last_row(cells: Sequence[Cell], rows: int) -> list[Cell]:
    """The cells of the last row; none where one reaches into it from above."""
    found: list[Cell] = []
    for cell in reversed(cells):
        if cell.row + cell.rowspan == rows and cell.row == rows - 1:
            found.append(cell)
        elif cell.row + cell.rowspan >= rows:
            return []
        elif cell.row < rows - MAX_SPAN:
            break
    return sorted(found, key=lambda cell: cell.column)


def _unmarked(table: Table) -> Table:
    """The table with no heading in front: rows in the middle of a table are none."""
    marked = table.header_row_count()
    cells = (replace(cell, header=False) if cell.row < marked else cell for cell in table.cells)
    return Table(table.rows, table.columns, tuple(cells)) if marked else table


def _lie_alike(last: Part, part: Part) -> bool:
    """Whether both are about as wide, and their columns lie under each other."""
    if abs(last.width - part.width) > 0.05 * last.width:
        return False
    tolerance = EDGE_TOLERANCE * max(last.box.width, part.box.width)
    if abs(last.box.x0 - part.box.x0) > tolerance or abs(last.box.x1 - part.box.x1) > tolerance:
        return False
    upper, lower = dict(_column_edges(last.table)), dict(_column_edges(part.table))
    return all(abs(upper[column] - lower[column]) <= tolerance for column in upper.keys() & lower.keys())


def _column_edges(table: Table) -> Iterator[tuple[int, float]]:
    """Each column's left edge, where a cell of its own has a box; the last row's is told last."""
    for cell in table.cells:
        if cell.box is not None and cell.colspan == 1:
            yield cell.column, cell.box.x0
