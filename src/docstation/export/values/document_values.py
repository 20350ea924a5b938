"""Tables judged within their document: by what all of it tells of its readers, its language, letters and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from docstation.document.model import Document
from docstation.document.table import Table
from docstation.export.values.conventions import Conventions, conventions_of
from docstation.export.values.typed_values import TypedValue, corrected, typed_values


def document_conventions(document: Document, tables: Iterable[Table], language: str | None) -> Conventions:
    """Those of `language` where it is given and known, else those that the document's texts and tables tell."""
    texts = (block.text for page in document.pages for block in page.blocks)
    told = conventions_of(texts, language)
    return told if told.asked_for else corrected(told, tables)


def table_values(table: Table, document: Conventions) -> dict[tuple[int, int], TypedValue]:
    """The typed cells of one of the document's tables by row and column of their top left position.

    Args:
        table: whose own letters may say otherwise than the document's.
        document: its `document_conventions`.
    """
    own = conventions_of(cell.text for cell in table.cells)
    return typed_values(table, own.within(document))


def number_cells(table: Table, document: Conventions) -> frozenset[tuple[int, int]]:
    """The positions of the cells that are numbers: these stand at the right of their columns."""
    values = table_values(table, document).items()
    return frozenset(place for place, typed in values if isinstance(typed.value, Decimal))
