"""A table's grid as an HTML table: heading rows apart, spans kept, cells with their own boxes."""

from __future__ import annotations

from collections.abc import Sequence, Set

from lxml.etree import _Element

from docstation.document.table import Cell, Table
from docstation.export.html.elements import made, on_a_line, with_text
from docstation.export.html.places import cell_attributes
from docstation.export.table_heads import head_rows


def table_element(
    table: Table, attributes: dict[str, str], row_pages: Sequence[int], numbers: Set[tuple[int, int]]
) -> _Element:
    """The table.

    Args:
        table: with at least one cell.
        attributes: of the table itself.
        row_pages: the page of each row, empty where they need not be told apart.
        numbers: row and column of the cells that are numbers.
    """
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell)
    head = head_rows(table)
    element = made("table", attributes)
    for tag, first, last in (("thead", 0, head), ("tbody", head, table.rows)):
        if first < last:
            group = made(tag)
            for index in range(first, last):
                page = {"data-page": str(row_pages[index])} if row_pages else {}
                group.append(on_a_line(made("tr", page, *(_cell(cell, tag, numbers) for cell in rows[index]))))
            element.append(group)
    return element


def _cell(cell: Cell, group: str, numbers: Set[tuple[int, int]]) -> _Element:
    attributes = {name: str(n) for name, n in (("rowspan", cell.rowspan), ("colspan", cell.colspan)) if n > 1}
    if cell.header and (group == "thead" or cell.column == 0):
        attributes["scope"] = "col" if group == "thead" else "row"
    if (cell.row, cell.column) in numbers:
        attributes["class"] = "number"
    return with_text(made("th" if cell.header else "td", attributes | cell_attributes(cell)), cell.text)
