"""The workbook: a sheet for each table, and bytes that depend on nothing but the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.writer.excel import ExcelWriter

from docstation.document.table import Table
from docstation.export.cleaning import one_line
from docstation.export.named_tables import DocumentTables, tables_of
from docstation.export.request import ExportInput, ExportOptions
from docstation.export.sheets.names import SheetNames
from docstation.export.sheets.sheet import TableSheet
from docstation.export.values import Conventions, table_values

MAX_COLUMNS = 16_384
"""What a sheet can hold; a wider table is cut."""

_UNDATED = datetime(1980, 1, 1)
"""The earliest time that a ZIP file can name; a workbook tells no time, so that it stays the same."""
_LONGEST_CAPTION = 120
_NUMBERED = {True: "Таблица", False: "Table"}
_NONE = {True: ("Нет таблиц", "В документе нет таблиц."), False: ("No tables", "There are no tables in the document.")}


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write all tables of the document; a document without any gives one sheet that says so."""
    write_tables(tables_of(item.document, options.language), target)


def write_tables(found: DocumentTables, target: IO[bytes]) -> None:
    """Write these tables; no table at all gives one sheet that says so."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties = DocumentProperties(creator="DocStation", created=_UNDATED, modified=_UNDATED)
    names = SheetNames(_NUMBERED[bool(found.conventions.cyrillic)])
    for named in found.tables:
        sheet = workbook.create_sheet(names.next(named.title))
        # The sheet's name may be too short for the caption: paper shows the whole of it.
        sheet.oddHeader.center.text = one_line(named.title)[:_LONGEST_CAPTION].replace("&", "&&") or None
        table = _fitting(named.table)
        TableSheet(sheet, table, table_values(table, found.conventions)).fill()
    if not found.tables:
        _say_none(workbook, found.conventions)
    with _Archive(target, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(workbook, archive).write_data()


def _say_none(workbook: Workbook, document: Conventions) -> None:
    languages = [True, False] if document.cyrillic is None else [document.cyrillic]
    sheet = workbook.create_sheet(_NONE[bool(document.cyrillic)][0])
    sheet.column_dimensions["A"].width = 40
    for language in languages:
        sheet.append([_NONE[language][1]])


def _fitting(table: Table) -> Table:
    """The table cut to the columns that a sheet has."""
    if table.columns <= MAX_COLUMNS:
        return table
    return Table.of_cells(
        replace(cell, colspan=min(cell.colspan, MAX_COLUMNS - cell.column))
        for cell in table.cells
        if cell.column < MAX_COLUMNS
    )


class _Archive(ZipFile):
    """A ZIP file whose members bear no time and no owner: what goes in alone decides the bytes."""

    def open(
        self, name: str | ZipInfo, mode: str = "r", pwd: bytes | None = None, *, force_zip64: bool = False
    ) -> IO[bytes]:
        if isinstance(name, ZipInfo) and mode == "w":
            name.date_time = _UNDATED.timetuple()[:6]
            name.external_attr = 0
            name.create_system = 0
        return super().open(name, mode, pwd, force_zip64=force_zip64)  # type: ignore[arg-type]
