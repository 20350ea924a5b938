"""The tables of a document with the titles under which they are written."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.document.model import Category, Document
from docstation.document.table import Table
from docstation.export.cleaning import one_line
from docstation.export.flow import Piece, flow
from docstation.export.request import ExportOptions


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


def tables_of(document: Document) -> list[NamedTable]:
    """All tables in reading order; a caption right before a table names it, else the one right after it."""
    pieces = [piece for piece in flow(document, ExportOptions()) if isinstance(piece, Piece)]
    pages = {block.id: page.number for page in document.pages for block in page.blocks}
    taken: set[int] = set()
    found = []
    for index, piece in enumerate(pieces):
        if piece.table and piece.table.cells:
            on = tuple(sorted({pages[block.id] for block in piece.blocks})) or (piece.page,)
            found.append(NamedTable(_title(pieces, index, taken), piece.table, on))
    return found


def _title(pieces: list[Piece], index: int, taken: set[int]) -> str:
    for neighbour in (index - 1, index + 1):
        if 0 <= neighbour < len(pieces) and neighbour not in taken:
            piece = pieces[neighbour]
            if piece.category is Category.CAPTION and piece.text.strip():
                taken.add(neighbour)
                return one_line(piece.text)
    return ""
