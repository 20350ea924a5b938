"""How wide the columns and how high the rows of a sheet are: from the texts alone, in characters and in points."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from docstation.document.table import Cell, Table

_WIDEST, _NARROWEST = 60.0, 5.0
_LINE_HEIGHT = 15.0
_BOLD = 1.15
"""How much wider bold letters are."""
_MOST_LINES = 27
"""Excel's highest row."""


def column_widths(table: Table) -> list[float]:
    """Widths of the columns in characters, wide enough for their own cells; headings may break between words."""
    widths = [_NARROWEST] * table.columns
    for cell in table.cells:
        if cell.colspan == 1:
            pieces = cell.text.split() if cell.header else cell.text.splitlines()
            needed = max(map(len, pieces), default=0) * (_BOLD if cell.header else 1.05) + 1.5
            widths[cell.column] = max(widths[cell.column], min(needed, _WIDEST))
    return [round(width, 1) for width in widths]


def row_heights(table: Table, widths: Sequence[float]) -> dict[int, float]:
    """Heights in points of the rows that need more than one line.

    Only some programs fit heights to texts when they open a file, and none to merged cells.
    """
    lines = [1] * table.rows
    for cell in sorted(table.cells, key=lambda cell: cell.rowspan):
        width = sum(widths[cell.column : cell.column + cell.colspan])
        lacking = _line_count(cell, width) - sum(lines[cell.row : cell.row + cell.rowspan])
        lines[cell.row + cell.rowspan - 1] += max(0, lacking)
    return {row: min(count, _MOST_LINES) * _LINE_HEIGHT for row, count in enumerate(lines) if count > 1}


def _line_count(cell: Cell, width: float) -> int:
    """How many lines a cell's text takes, broken between words, in a column of so many characters."""
    room = max(1, int((width - 1) / (_BOLD if cell.header else 1)))
    lines = cell.text.splitlines() or [""]
    return sum(1 if len(line) <= room else len(wrap(line, room)) for line in lines)
