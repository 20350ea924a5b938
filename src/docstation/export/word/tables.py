"""A table's grid as Word tables: every span kept, heading rows repeated over pages, as wide as the text.

Rows are made one after the other, so that a table of thousands of rows takes seconds. Widths are in twips.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from copy import deepcopy
from dataclasses import replace
from itertools import accumulate, pairwise
from statistics import median

from lxml.etree import _Element

from docstation.document.table import Cell, Table
from docstation.export.cleaning import cleaned
from docstation.export.languages import Languages
from docstation.export.table_heads import head_rows
from docstation.export.word.elements import TWIPS_PER_POINT, add, add_text, made, paragraph
from docstation.export.word.styles import GAP, TABLE, TABLE_TEXT, language_tag

MAX_COLUMNS = 63
MAX_ROWS = 32_000
"""Word refuses files with wider tables, and takes no more than 32 767 rows."""

_CELL_MARGIN = 60
_HEADING_SHADE = "F2F2F2"
_FONT_SIZES = ((80, 20), (60, 18), (45, 16), (32, 14), (22, 12))
"""Mean width of a column in points → size of its letters in half points; narrower ones get `_SMALLEST`."""
_SMALLEST = 10
_MIN_WEIGHT, _MAX_WEIGHT = 4, 40


def add_tables(body: _Element, table: Table, width: int, languages: Languages, numbers: Set[tuple[int, int]]) -> None:
    """Append the table to `body`, in parts only where Word could not hold it in one, each with a gap after it.

    Args:
        body: of the Word document.
        table: with at least one cell.
        width: of the text, in twips.
        languages: of the document.
        numbers: row and column of the cells that are numbers.
    """
    for top in range(0, table.rows, MAX_ROWS):
        for left in range(0, table.columns, MAX_COLUMNS):
            within = {(row - top, column - left) for row, column in numbers}
            _add_table(body, _part(table, top, left), width, languages, within)
            # Tables that touch would be one table.
            body.append(paragraph(GAP, []))


def _part(table: Table, top: int, left: int) -> Table:
    """What lies within Word's limits from that position on; spans are cut at its edges."""
    if table.rows <= MAX_ROWS and table.columns <= MAX_COLUMNS:
        return table
    bottom, right = min(top + MAX_ROWS, table.rows), min(left + MAX_COLUMNS, table.columns)
    kept = []
    for cell in table.cells:
        first_row, last_row = max(cell.row, top), min(cell.row + cell.rowspan, bottom)
        first, last = max(cell.column, left), min(cell.column + cell.colspan, right)
        if first_row < last_row and first < last:
            kept.append(
                replace(
                    cell, row=first_row - top, column=first - left, rowspan=last_row - first_row, colspan=last - first
                )
            )
    return Table.of_cells(kept)


def _add_table(body: _Element, table: Table, width: int, languages: Languages, numbers: Set[tuple[int, int]]) -> None:
    edges = _column_edges(table, width)
    size = _font_size(width / table.columns / TWIPS_PER_POINT)
    heads = head_rows(table)
    cells = _Cells(edges, size, languages, heads, numbers)
    if heads == table.rows:
        heads = 0  # nothing is left to repeat it over
    # Made where it stays: a large tree is slow to move into another.
    element = add(body, "tbl")
    element.append(_properties(width))
    element.append(made("tblGrid", *(made("gridCol", w=right - left) for left, right in pairwise(edges))))
    for index, row in enumerate(_rows(table)):
        made_row = add(element, "tr")
        if index < heads:
            properties = add(made_row, "trPr")
            add(properties, "cantSplit")
            add(properties, "tblHeader")
        made_row.extend(cells.element(cell, index) for cell in row)


def _properties(width: int) -> _Element:
    sides = ("left", "right")
    return made(
        "tblPr",
        made("tblStyle", val=TABLE),
        made("tblW", w=width, type="dxa"),
        made("tblLayout", type="fixed"),
        made("tblCellMar", *(made(side, w=_CELL_MARGIN, type="dxa") for side in sides)),
    )


def _rows(table: Table) -> list[list[Cell]]:
    """Per row the cells that cover it, left to right; a cell over several rows stands in each."""
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.rowspan):
            rows[row].append(cell)
    for found in rows:
        found.sort(key=lambda cell: cell.column)
    return rows


class _Cells:
    """Makes cells; those of one kind are copies of one, which is many times quicker than making each anew."""

    def __init__(
        self, edges: Sequence[int], size: int, languages: Languages, heads: int, numbers: Set[tuple[int, int]]
    ) -> None:
        self._edges = edges
        self._size = size
        self._languages = languages
        self._heads = heads
        self._numbers = numbers
        self._patterns: dict[tuple[int, int, str, bool, str], _Element] = {}

    def element(self, cell: Cell, row: int) -> _Element:
        """The cell as it stands in one of its rows: with its text in the first, else as what continues it."""
        merge = "" if cell.rowspan == 1 else "restart" if row == cell.row else "continue"
        kind = cell.column, cell.colspan, merge, cell.header, self._alignment(cell)
        if kind not in self._patterns:
            self._patterns[kind] = self._pattern(*kind)
        element = deepcopy(self._patterns[kind])
        if merge != "continue" and cell.text:
            run = element[-1][-1]
            if language := language_tag(self._languages.other(cell.text)):
                add(run[0], "lang", val=language)
            add_text(run, cell.text)
        return element

    def _alignment(self, cell: Cell) -> str:
        if cell.row < self._heads:
            return "center"
        return "right" if (cell.row, cell.column) in self._numbers else ""

    def _pattern(self, column: int, colspan: int, merge: str, header: bool, alignment: str) -> _Element:
        """A cell with a paragraph and a run, without text; the run's properties come first in it."""
        properties = [made("tcW", w=self._edges[column + colspan] - self._edges[column], type="dxa")]
        if colspan > 1:
            properties.append(made("gridSpan", val=colspan))
        if merge:
            properties.append(made("vMerge", val=merge))
        if header:
            properties.append(made("shd", val="clear", color="auto", fill=_HEADING_SHADE))
        letters = [made("sz", val=self._size), made("szCs", val=self._size)]
        run = made("r", made("rPr", *([made("b")] if header else []), *letters))
        if alignment == "center":
            properties.append(made("vAlign", val="center"))
        aligned = [made("jc", val=alignment)] if alignment else []
        return made("tc", made("tcPr", *properties), paragraph(TABLE_TEXT, [run], *aligned))


def _font_size(points: float) -> int:
    return next((size for least, size in _FONT_SIZES if points >= least), _SMALLEST)


def _column_edges(table: Table, width: int) -> list[int]:
    """From 0 to `width`: as on the page where all columns' cells have boxes, else by their texts."""
    weights = _weights_by_boxes(table) or _weights_by_texts(table)
    # No column is starved: a tenth of the width is shared out evenly.
    even = sum(weights) / len(weights) / 9
    scale = width / sum(weight + even for weight in weights)
    return [0, *(round(reached * scale) for reached in accumulate(weight + even for weight in weights))]


def _weights_by_boxes(table: Table) -> list[float]:
    found: list[list[float]] = [[] for _ in range(table.columns)]
    for cell in table.cells:
        if cell.colspan == 1 and cell.box is not None and cell.box.width > 0:
            found[cell.column].append(cell.box.width)
    return [median(widths) for widths in found] if all(found) else []


def _weights_by_texts(table: Table) -> list[float]:
    weights: list[float] = [_MIN_WEIGHT] * table.columns
    for cell in table.cells:
        if cell.colspan == 1:
            longest = max(map(len, cleaned(cell.text).split("\n")))
            weights[cell.column] = max(weights[cell.column], min(longest, _MAX_WEIGHT))
    return weights
