"""The heading rows with which a table's paper or screen pages begin. Pure: tables only."""

from __future__ import annotations

from docstation.document.table import Table


def head_rows(table: Table) -> int:
    """How many leading rows are a heading of their own: heading cells only, and no cell reaches from them below."""
    count = table.header_row_count()
    for cell in reversed(table.cells):
        if cell.row < count < cell.row + cell.rowspan:
            count = cell.row
    return count
