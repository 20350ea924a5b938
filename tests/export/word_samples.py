"""Word files and what is read out of them, for the tests of DOCX."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import docx
from export_samples import element

from docstation.document.model import Category, Document, Element
from docstation.document.table import Table
from docstation.export import ExportInput, ExportOptions, write
from docstation.export.cleaning import one_line


def word_bytes(document: Document, options: ExportOptions | None = None, *, pictures: Path | None = None) -> bytes:
    stream = io.BytesIO()
    write(ExportInput(document, pictures=pictures), "docx", stream, options)
    return stream.getvalue()


def word(document: Document, options: ExportOptions | None = None, *, pictures: Path | None = None) -> Any:
    return docx.Document(io.BytesIO(word_bytes(document, options, pictures=pictures)))


def spelled(table: Table) -> list[tuple[int, int, int, int, str]]:
    return [(c.row, c.column, c.rowspan, c.colspan, one_line(c.text)) for c in table.cells]


def items(*texts: str, levels: tuple[int, ...] = ()) -> list[Element]:
    padded = levels or (1,) * len(texts)
    return [element(Category.LIST_ITEM, text, level=level) for text, level in zip(texts, padded, strict=True)]
