"""Extractions written as files: JSON with everything, JSON Lines with values, CSV and XLSX as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO

from docstation.document.table import Table
from docstation.export.cleaning import one_line
from docstation.export.saving import complete_copy, replacing
from docstation.export.values import Conventions, TypedValue
from docstation.extraction.printed import Scalar, day, decimal
from docstation.extraction.result import Extraction
from docstation.extraction.rows import Column, RowTable, tables_of_extractions
from docstation.extraction.schema import Kind
from docstation.extraction.titles import extraction_in
from docstation.messages import N_, active, translate

FILE = N_("File")
FORMATS = ("json", "jsonl", "csv", "xlsx")
_CODES = {Kind.DATE: "dd.mm.yyyy", Kind.MONEY: "#,##0.00", Kind.NUMBER: "General", Kind.INTEGER: "0"}


def write_extractions(
    extractions: Sequence[Extraction],
    target: Path | IO[bytes],
    form: str,
    *,
    stem: Callable[[str], str] = lambda name: name,
) -> list[str]:
    """Write extractions by one schema in one of `FORMATS`; the paths written, none for a stream.

    In a file CSV holds one table: that of a list goes into a file of its own, ``NAME-LIST.csv``.

    Args:
        extractions: all by one schema.
        target: a file, or a stream.
        form: one of `FORMATS`.
        stem: makes a list's name one that files may have.

    Raises:
        InputError: when the target cannot be written.
    """
    extractions = [extraction_in(one, active()) for one in extractions]
    if form == "csv":
        return _csv(extractions, target, stem)
    makers: dict[str, Callable[[IO[bytes]], None]] = {
        "json": lambda stream: _json(extractions, stream),
        "jsonl": lambda stream: _json_lines(extractions, stream),
        "xlsx": lambda stream: _workbook(tables_of_extractions(extractions, translate(FILE)), stream),
    }
    return _saved(target, makers[form])


def _saved(target: Path | IO[bytes], make: Callable[[IO[bytes]], None]) -> list[str]:
    if isinstance(target, Path):
        with replacing(target) as stream:
            make(stream)
        return [str(target)]
    with complete_copy(target) as stream:
        make(stream)
    return []


def _json(extractions: Sequence[Extraction], stream: IO[bytes]) -> None:
    made = [one.as_json(translate) for one in extractions]
    stream.write((json.dumps({"documents": made}, ensure_ascii=False, indent=2) + "\n").encode())


def _json_lines(extractions: Sequence[Extraction], stream: IO[bytes]) -> None:
    for one in extractions:
        line = {"source": one.source, "values": one.values, "missing": [leaf.field.name for leaf in one.missing]}
        stream.write((json.dumps(line, ensure_ascii=False) + "\n").encode())


def _csv(extractions: Sequence[Extraction], target: Path | IO[bytes], stem: Callable[[str], str]) -> list[str]:
    from docstation.export.comma_separated import write_tables
    from docstation.export.named_tables import DocumentTables, NamedTable

    conventions = _conventions()
    tables = [
        (made, NamedTable(made.title, _table(made, conventions.decimal), ()))
        for made in tables_of_extractions(extractions, translate(FILE))
    ]
    if not isinstance(target, Path):
        return _saved(
            target, lambda stream: write_tables(DocumentTables(tuple(t for _, t in tables), conventions), stream)
        )
    paths = []
    for made, table in tables:
        path = target if not made.name else target.with_name(f"{target.stem}-{stem(made.name)}{target.suffix}")
        alone = DocumentTables((table,), conventions)
        paths += _saved(path, lambda stream, alone=alone: write_tables(alone, stream))  # type: ignore[misc]
    return paths


def _conventions() -> Conventions:
    return Conventions(",", True) if active() == "ru" else Conventions(".", False)


def _workbook(tables: Sequence[RowTable], stream: IO[bytes]) -> None:
    from openpyxl import Workbook

    from docstation.export.sheets.names import SheetNames
    from docstation.export.sheets.sheet import TableSheet

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    names = SheetNames(translate(FILE))
    for made in tables:
        sheet = workbook.create_sheet(names.next(made.title or translate(N_("Files"))))
        TableSheet(sheet, _table(made, _conventions().decimal), _typed(made)).fill()
    if not tables:
        workbook.create_sheet(names.next(translate(N_("Files"))))
    workbook.save(stream)


def _table(made: RowTable, mark: str) -> Table:
    rows = [[_shown(value, column, mark) for value, column in zip(row, made.columns, strict=True)] for row in made.rows]
    return Table.from_rows([[one_line(column.title) for column in made.columns], *rows], header_rows=1)


def _shown(value: Scalar, column: Column, mark: str) -> str:
    """A value as a reader of the table writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"))
    if (number := decimal(value)) is not None:
        text = f"{number:.2f}" if column.kind is Kind.MONEY else f"{number:f}"
        return text.replace(".", mark)
    if column.kind is Kind.DATE and mark == "," and (said := day(value)):
        return said.strftime("%d.%m.%Y")
    return str(value)


def _typed(made: RowTable) -> dict[tuple[int, int], TypedValue]:
    """The cells that are numbers and dates; digits of registers stay text."""
    found = {}
    for row, values in enumerate(made.rows, 1):
        for index, (value, column) in enumerate(zip(values, made.columns, strict=True)):
            typed: Decimal | date | None = day(value) if column.kind is Kind.DATE else decimal(value)
            if typed is not None and column.kind in _CODES:
                found[row, index] = TypedValue(typed, _CODES[column.kind])
    return found
