"""Plain text: paragraphs apart by a blank line, table cells by tab, pages by form feed where asked for."""

from __future__ import annotations

from typing import IO

from docstation.document.model import Category
from docstation.export.cleaning import cleaned, one_line
from docstation.export.flow import PageBreak, Piece, flow
from docstation.export.request import ExportInput, ExportOptions


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write UTF-8 text with line feeds."""
    previous: Piece | PageBreak | None = None
    for piece in flow(item.document, options):
        if isinstance(piece, PageBreak):
            target.write(b"\f" if previous else b"")
            previous = piece
        elif text := _text(piece):
            target.write((_gap(previous, piece) + text + "\n").encode())
            previous = piece


def _gap(previous: Piece | PageBreak | None, piece: Piece) -> str:
    if not isinstance(previous, Piece) or piece.category is previous.category is Category.LIST_ITEM:
        return ""
    return "\n"


def _text(piece: Piece) -> str:
    if piece.table:
        rows = ("\t".join(one_line(text) for text in row).rstrip("\t") for row in piece.table.to_rows())
        return "\n".join(rows)
    return cleaned(piece.text).strip("\n")
