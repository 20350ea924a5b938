"""The tables of a document as they are written alone: with their titles, and the habits of those who read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from docstation.document.model import Document
from docstation.document.table import Table
from docstation.export.captions import captions_of
from docstation.export.cleaning import one_line
from docstation.export.flow import Piece, flow
from docstation.export.request import ExportOptions
from docstation.export.values import Conventions, document_conventions


@dataclass(frozen=True, slots=True)
class NamedTable:
    """One table.

    Attributes:
        title: its caption on one line, empty where it has none.
        table: the grid, joined over pages.
        pages: that it stands on.
    """

    title: str
    table: Table
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DocumentTables:
    """Tables of one document, all or some of them.

    Attributes:
        tables: in reading order.
        conventions: of the readers of the whole document, however few of its tables are here.
    """

    tables: tuple[NamedTable, ...]
    conventions: Conventions

    def one_by_one(self) -> Iterator[DocumentTables]:
        """Each table alone, under the same conventions."""
        for table in self.tables:
            yield replace(self, tables=(table,))


def tables_of(document: Document, language: str | None = None) -> DocumentTables:
    """All tables of the document; their captions name them.

    Args:
        document: read or put together from other sources.
        language: of its text, None to tell it by the text and the tables themselves.
    """
    pieces = [piece for piece in flow(document, ExportOptions()) if isinstance(piece, Piece)]
    pages = {block.id: page.number for page in document.pages for block in page.blocks}
    titles = {owner: one_line(pieces[caption].text) for caption, owner in captions_of(pieces).items()}
    found = []
    for index, piece in enumerate(pieces):
        if piece.table and piece.table.cells:
            on = tuple(sorted({pages[block.id] for block in piece.blocks})) or (piece.page,)
            found.append(NamedTable(titles.get(index, ""), piece.table, on))
    return DocumentTables(tuple(found), document_conventions(document, [named.table for named in found], language))
