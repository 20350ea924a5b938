"""Facts about a cell and its neighbours: what stands above, below, beside it, and under which headings it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docstation.document.table import Cell, Table
from docstation.evaluation.normalising import normalised


@dataclass(frozen=True, slots=True)
class TableFact:
    """What is said of a cell; texts in normal form, empty where nothing is said.

    Attributes:
        cell: its text.
        up: text of the cell above.
        down: below.
        left: on the left.
        right: on the right.
        top_heading: text of a heading over its column.
        left_heading: text of a heading of its row.
        max_diffs: characters that may differ in each text.
    """

    cell: str
    up: str = ""
    down: str = ""
    left: str = ""
    right: str = ""
    top_heading: str = ""
    left_heading: str = ""
    max_diffs: int = 0


def holds_in(fact: TableFact, table: Table) -> bool:
    """Whether some cell of the table fulfils everything that the fact says."""
    grid = table.grid
    return any(
        _same(fact.cell, cell.text, fact.max_diffs) and _neighbours_agree(fact, cell, grid) for cell in table.cells
    )


def _same(wanted: str, text: str, max_diffs: int) -> bool:
    from rapidfuzz.fuzz import ratio

    least = max(0.5, 1 - max_diffs / max(len(wanted), 1)) - 1e-9
    return ratio(wanted, normalised(text)) / 100 >= least


def _neighbours_agree(fact: TableFact, cell: Cell, grid: list[list[Cell]]) -> bool:
    last_row, last_column = cell.row + cell.rowspan, cell.column + cell.colspan
    rows, columns = range(cell.row, last_row), range(cell.column, last_column)
    places = (
        (fact.up, [(cell.row - 1, c) for c in columns]),
        (fact.down, [(last_row, c) for c in columns]),
        (fact.left, [(r, cell.column - 1) for r in rows]),
        (fact.right, [(r, last_column) for r in rows]),
        (fact.top_heading, [(r, c) for c in columns for r in range(cell.row)]),
        (fact.left_heading, [(r, c) for r in rows for c in range(cell.column)]),
    )
    return all(
        any(_same(wanted, text, fact.max_diffs) for text in _texts(grid, positions))
        for wanted, positions in places
        if wanted
    )


def _texts(grid: list[list[Cell]], positions: list[tuple[int, int]]) -> Iterator[str]:
    for row, column in positions:
        if 0 <= row < len(grid) and 0 <= column < len(grid[0]):
            yield grid[row][column].text
