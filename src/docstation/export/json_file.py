"""The document's own JSON form as a file (see `document.codec`), and its tables alone."""

from __future__ import annotations

import io
from typing import IO

from docstation.document import codec
from docstation.document.json_reader import Value
from docstation.export.named_tables import DocumentTables
from docstation.export.request import ExportInput, ExportOptions


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write the whole document; no option changes it."""
    _write_value(codec.to_json(item.document), target)


def write_tables(found: DocumentTables, target: IO[bytes]) -> None:
    """Write ``{"format", "version", "tables": [{"title", "pages", "table"}]}``."""
    listed: list[Value] = [
        {"title": named.title, "pages": list(named.pages), "table": codec.table_to_json(named.table)}
        for named in found.tables
    ]
    _write_value({"format": "docstation.tables", "version": codec.FORMAT_VERSION, "tables": listed}, target)


def _write_value(value: codec.Json, target: IO[bytes]) -> None:
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="\n")
    text.writelines(codec.pretty(value))
    text.flush()
    text.detach()
