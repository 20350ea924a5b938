"""Where pieces stand, as ``data-`` attributes: pages, boxes in page points, categories, block ids, confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docstation.document.geometry import Box
from docstation.document.model import Block, Document, Page
from docstation.document.table import Cell, Table
from docstation.export.flow import Piece

MAX_REPEATED_ROWS = 6
"""Heading rows that a table's part on a next page may repeat."""


class Places:
    """Knows the page of each block."""

    def __init__(self, document: Document) -> None:
        self._pages = {block.id: page.number for page in document.pages for block in page.blocks}

    def attributes(self, piece: Piece) -> dict[str, str]:
        """The attributes of a piece; ``data-boxes`` where it was made of several blocks."""
        values = {"data-page": str(piece.page), "data-category": piece.category.value}
        if piece.blocks:
            first = piece.blocks[0]
            values["data-bbox"] = box_text(first.box)
            values["data-block"] = " ".join(block.id for block in piece.blocks)
            values["data-confidence"] = number_text(min(block.confidence for block in piece.blocks), 3)
        if len(piece.blocks) > 1:
            values["data-boxes"] = "; ".join(f"{self._page(b, piece)}:{box_text(b.box)}" for b in piece.blocks)
        return values

    def row_pages(self, piece: Piece) -> list[int]:
        """The page of each row of a piece's table, empty where all are on one page or that is not known."""
        if piece.table is None or len({self._page(block, piece) for block in piece.blocks}) < 2:
            return []
        rows = _rows(piece.table)
        pages: list[int] = []
        for block in piece.blocks:
            if block.table is not None:
                pages += [self._page(block, piece)] * _rows_taken(block.table, rows[len(pages) :])
        return pages if len(pages) == piece.table.rows else []

    def _page(self, block: Block, piece: Piece) -> int:
        return self._pages.get(block.id, piece.page)


def page_attributes(page: Page) -> dict[str, str]:
    """A page's number, size in points as a viewer shows it, how its reading ended and how it has to be turned."""
    values = {
        "data-page": str(page.number),
        "data-width": number_text(page.width),
        "data-height": number_text(page.height),
        "data-status": page.status.value,
    }
    if page.rotation:
        values["data-rotation"] = str(page.rotation)
    return values


def cell_attributes(cell: Cell) -> dict[str, str]:
    """A cell's own box where it is known, and its confidence where that is not 1."""
    values = {} if cell.box is None else {"data-bbox": box_text(cell.box)}
    if cell.confidence < 1:
        values["data-confidence"] = number_text(cell.confidence, 3)
    return values


def box_text(box: Box) -> str:
    """``x0 y0 x1 y1`` in page points, rounded to hundredths."""
    return " ".join(map(number_text, (box.x0, box.y0, box.x1, box.y1)))


def number_text(value: float, digits: int = 2) -> str:
    """The number rounded, without idle zeros."""
    # Adding zero turns minus zero into zero.
    text = f"{round(value, digits) + 0.0:.{digits}f}"
    return text.rstrip("0").rstrip(".")


_Row = frozenset[tuple[int, str, Box | None]]


def _rows(table: Table) -> list[_Row]:
    """What tells rows apart: column, text and box of the cells that begin in them."""
    rows: list[set[tuple[int, str, Box | None]]] = [set() for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].add((cell.column, cell.text, cell.box))
    return [frozenset(row) for row in rows]


def _rows_taken(part: Table, whole: Sequence[_Row]) -> int:
    """How many rows of `part` the rows of the `whole` that are still open begin with.

    A part's repeated heading was left out when the parts were joined.
    """
    if not whole:
        return 0
    for repeated in range(min(MAX_REPEATED_ROWS, part.rows - 1) + 1):
        rows = _rows(part.without_rows(repeated))
        if rows[0] == whole[0]:
            return min(len(rows), len(whole))
    return 0


def pages_text(pages: Sequence[Page]) -> Iterator[str]:
    """Per page ``number:width height``, sizes in points."""
    for page in pages:
        yield f"{page.number}:{number_text(page.width)} {number_text(page.height)}"
