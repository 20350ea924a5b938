"""What an editor of rows changed in a table, by the places of its cells. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from docstation.document.table import Table


def headings(columns: int) -> list[str]:
    """Names of columns as in sheets: A, B … Z, AA, AB."""
    return [_letters(place) for place in range(columns)]


def changed_cells(table: Table, rows: Sequence[Sequence[object]]) -> dict[tuple[int, int], str]:
    """The new texts by the place (row, column) of their cells, of those that differ from `table`.

    What was typed at a position that a spanning cell covers becomes that cell's text.
    """
    grid, before = table.grid, table.to_rows()
    changed: dict[tuple[int, int], str] = {}
    for r, row in enumerate(rows[: table.rows]):
        for c, value in enumerate(row[: table.columns]):
            text = "" if value is None else str(value)
            if text != before[r][c]:
                changed[grid[r][c].row, grid[r][c].column] = text
    return changed


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(ascii_uppercase))
        letters = ascii_uppercase[rest] + letters
    return letters
