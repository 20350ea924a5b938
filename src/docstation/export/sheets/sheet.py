"""One sheet: a table's cells with their merges, looks and typed values. Nothing is ever a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from docstation.document.table import Cell, Table
from docstation.export.cleaning import cleaned
from docstation.export.sheets.layout import column_widths, row_heights
from docstation.export.sheets.names import cut
from docstation.export.table_heads import head_rows
from docstation.export.values import TypedValue

MAX_TEXT = 32_767
"""UTF-16 units that a cell can hold; a longer text is cut."""

_MOST_FROZEN_ROWS = 10
_UPRIGHT = 100
"""Characters that fit into the width of an upright page without shrinking much."""
_ESCAPE_ALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class _Look:
    """What cells differ in: heading or not, number format, and whether a sign at its start must stay a sign."""

    header: bool
    code: str = "General"
    quoted: bool = False


class TableSheet:
    """One sheet in the making."""

    def __init__(self, sheet: Worksheet, table: Table, values: Mapping[tuple[int, int], TypedValue]) -> None:
        self._sheet = sheet
        self._table = table
        self._values = values
        self._widths = column_widths(table)
        self._styles: dict[_Look, StyleArray] = {}

    def fill(self) -> None:
        """Write the cells and lay the sheet out."""
        for column, width in enumerate(self._widths, 1):
            self._sheet.column_dimensions[get_column_letter(column)].width = width
        for row, height in row_heights(self._table, self._widths).items():
            self._sheet.row_dimensions[row + 1].height = height
        for cells in self._rows():
            self._sheet.append(cells)
        # Merging range by range would compare each with all before it, and write the borders anew.
        self._sheet.merged_cells = MultiCellRange(list(self._merged()))
        self._freeze()
        self._set_paper()

    def _freeze(self) -> None:
        count = head_rows(self._table)
        if 0 < count < self._table.rows and count <= _MOST_FROZEN_ROWS:
            self._sheet.freeze_panes = f"A{count + 1}"
            self._sheet.print_title_rows = f"1:{count}"

    def _set_paper(self) -> None:
        """All columns side by side on A4, lying where they are many."""
        self._sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        self._sheet.page_setup.fitToHeight = 0
        self._sheet.page_setup.paperSize = self._sheet.PAPERSIZE_A4
        if sum(self._widths) > _UPRIGHT:
            self._sheet.page_setup.orientation = "landscape"

    def _merged(self) -> Iterator[CellRange]:
        for cell in self._table.cells:
            if cell.rowspan > 1 or cell.colspan > 1:
                yield CellRange(
                    min_col=cell.column + 1,
                    min_row=cell.row + 1,
                    max_col=cell.column + cell.colspan,
                    max_row=cell.row + cell.rowspan,
                )

    def _rows(self) -> Iterator[list[SheetCell]]:
        for number, row in enumerate(self._table.grid):
            yield [
                self._cell(cell, number, column)
                if (cell.row, cell.column) == (number, column)
                # What a merged cell covers carries its borders.
                else SheetCell(self._sheet, number + 1, column + 1, None, self._style(_Look(cell.header)))
                for column, cell in enumerate(row)
            ]

    def _cell(self, cell: Cell, row: int, column: int) -> SheetCell:
        if typed := self._values.get((row, column)):
            style = self._style(_Look(cell.header, typed.code))
            return SheetCell(self._sheet, row + 1, column + 1, typed.value, style)
        text = _ESCAPE_ALIKE.sub("_x005F_", cut(cleaned(cell.text).strip(), MAX_TEXT))
        style = self._style(_Look(cell.header, quoted=text.startswith(("=", "+", "-", "@"))))
        made = SheetCell(self._sheet, row + 1, column + 1, text or None, style)
        if text:
            # The library takes "=1+1" for a formula and "#N/A" for an error.
            made.data_type = "s"
        return made

    def _style(self, look: _Look) -> StyleArray:
        if look not in self._styles:
            self._styles[look] = _styled(self._sheet, look)._style  # type: ignore[attr-defined]
        return self._styles[look]


def _styled(sheet: Worksheet, look: _Look) -> SheetCell:
    """A cell that looks so; its style is shared by all that do."""
    cell = SheetCell(sheet, 1, 1)
    side = Side("thin", "FFA6A6A6")
    cell.border = Border(side, side, side, side)
    cell.alignment = Alignment("center" if look.header else None, "center" if look.header else "top", wrap_text=True)
    if look.header:
        cell.font = Font(name="Calibri", family=2, size=11, bold=True)
        cell.fill = PatternFill("solid", "FFF2F2F2")
    cell.number_format = look.code
    cell.quotePrefix = look.quoted
    return cell
