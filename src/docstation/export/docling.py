"""Documents as `DoclingDocument` JSON, for chunkers and other tools that read docling's form.

The body is the assembled flow with headings, nested lists, tables and pictures with their captions; running headers
and footers stand in it in the furniture layer, which docling's readers leave out by default. Every item says where it
is: page, box in points from the top left, range of characters. Pictures are boxes without pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import IO

from docling_core.types.doc.base import BoundingBox, CoordOrigin, Size
from docling_core.types.doc.common.content_layer import ContentLayer
from docling_core.types.doc.common.origin import DocumentOrigin
from docling_core.types.doc.common.reference import ProvenanceItem
from docling_core.types.doc.document import DoclingDocument
from docling_core.types.doc.items.group import ListGroup
from docling_core.types.doc.items.node import DocItem, FloatingItem, NodeItem
from docling_core.types.doc.items.table.table_data import TableCell, TableData
from docling_core.types.doc.items.text import ListItem
from docling_core.types.doc.labels import DocItemLabel

from docstation.document.geometry import Box
from docstation.document.model import FURNITURE, Block, Category, Document, Page, Source
from docstation.document.table import Cell, Table
from docstation.export.captions import captions_of
from docstation.export.cleaning import cleaned
from docstation.export.flow import Piece, flow
from docstation.export.formulas import latex_of
from docstation.export.list_entries import Lists
from docstation.export.request import ExportInput, ExportOptions

_LABELS = {
    Category.CAPTION: DocItemLabel.CAPTION,
    Category.FOOTNOTE: DocItemLabel.FOOTNOTE,
    Category.PAGE_FOOTER: DocItemLabel.PAGE_FOOTER,
    Category.PAGE_HEADER: DocItemLabel.PAGE_HEADER,
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OASIS = "application/vnd.oasis.opendocument."
_KNOWN_MEDIA = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/tiff", "image/gif", "image/bmp"}
    | {
        f"{_OFFICE}{kind}"
        for kind in ("wordprocessingml.document", "presentationml.presentation", "spreadsheetml.sheet")
    }
    | {f"{_OASIS}{kind}" for kind in ("text", "presentation", "spreadsheet")}
)
"""What docling takes on every machine; for others it asks a table that systems fill differently."""


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write the whole document, furniture in its layer; no option changes it."""
    made = _Builder(item.document).built().export_to_dict(coord_precision=2)
    target.write(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


class _Builder:
    """Adds piece by piece to a growing document."""

    def __init__(self, document: Document) -> None:
        self._source = document
        self._pieces = [piece for piece in flow(document, ExportOptions(furniture=True)) if isinstance(piece, Piece)]
        self._pages = {block.id: page for page in document.pages for block in page.blocks}
        # Docling counts the levels of section headers below the title.
        sections = [piece.level for piece in self._pieces if piece.category is Category.SECTION_HEADER]
        self._above = min(min(sections, default=1) - 1, 1)
        self._lists = Lists()
        self._open: list[tuple[ListGroup, ListItem]] = []
        """Per depth, the last item and the list that it is in."""
        self._made = DoclingDocument(name=PurePath(cleaned(document.source.name)).stem, origin=_origin(document.source))

    def built(self) -> DoclingDocument:
        """The finished document."""
        for page in self._source.pages:
            self._made.add_page(page.number, Size(width=page.width, height=page.height))
        named = captions_of(self._pieces)
        captions = {owner: self._pieces[index] for index, owner in named.items()}
        for index, piece in enumerate(self._pieces):
            if piece.category is not Category.LIST_ITEM and piece.category not in FURNITURE:
                self._lists.end()
                self._open.clear()
            if index not in named:
                self._add(piece, captions.get(index))
        return self._made

    def _add(self, piece: Piece, caption: Piece | None) -> None:
        if piece.category is Category.TABLE and piece.table and piece.table.cells:
            self._add_floating(self._made.add_table(self._table(piece, piece.table)), piece, caption)
        elif piece.category is Category.PICTURE:
            picture = self._made.add_picture()
            self._add_floating(picture, piece, caption)
            self._add_text(piece, DocItemLabel.TEXT, picture)
        elif text := cleaned(piece.text).strip():
            self._add_words(piece, text)

    def _add_words(self, piece: Piece, text: str) -> None:
        match piece.category:
            case Category.TITLE:
                self._place(self._made.add_title(text), piece, text)
            case Category.SECTION_HEADER:
                self._place(self._made.add_heading(text, level=piece.level - self._above), piece, text)
            case Category.LIST_ITEM:
                self._add_list_item(piece, text)
            case Category.FORMULA:
                latex = latex_of(text)
                self._place(self._made.add_formula(latex, orig=text), piece, latex)
            case category:
                self._add_text(piece, _LABELS.get(category, DocItemLabel.TEXT))

    def _add_text(self, piece: Piece, label: DocItemLabel, parent: NodeItem | None = None) -> DocItem | None:
        if not (text := cleaned(piece.text).strip()):
            return None
        layer = ContentLayer.FURNITURE if piece.category in FURNITURE else None
        made: DocItem = self._made.add_text(label, text, parent=parent, content_layer=layer)
        self._place(made, piece, text)
        return made

    def _add_floating(self, made: FloatingItem, piece: Piece, caption: Piece | None) -> None:
        self._place(made, piece, "")
        if caption and (text := self._add_text(caption, DocItemLabel.CAPTION, made)):
            made.captions.append(text.get_ref())

    def _add_list_item(self, piece: Piece, text: str) -> None:
        """An item at its depth, under its printed mark; a deeper list is a child of the item above it."""
        if (entry := self._lists.add(text, piece.level)) is None:
            return
        item = entry.item
        del self._open[entry.depth :]
        if len(self._open) == entry.depth:
            group = self._open.pop()[0]
        else:
            group = self._made.add_list_group(parent=self._open[-1][1] if self._open else None)
        made = self._made.add_list_item(item.text, bool(item.label), item.label or "-", orig=text, parent=group)
        self._open.append((group, made))
        self._place(made, piece, item.text)

    def _table(self, piece: Piece, table: Table) -> TableData:
        pages = {self._pages[block.id].number: self._pages[block.id] for block in piece.blocks}
        # A cell's box names no page: it says something only where all cells stand on one.
        page = next(iter(pages.values())) if len(pages) == 1 else None
        heads = _heading_rows(table)
        return TableData(
            num_rows=table.rows,
            num_cols=table.columns,
            table_cells=[_cell(cell, page, cell.header and cell.row in heads) for cell in table.cells],
        )

    def _place(self, made: DocItem, piece: Piece, text: str) -> None:
        for block, span in zip(piece.blocks, _spans(text, piece.blocks), strict=True):
            page = self._pages[block.id]
            made.prov.append(ProvenanceItem(page_no=page.number, bbox=_bounds(block.box, page), charspan=span))


def _cell(cell: Cell, page: Page | None, heads_column: bool) -> TableCell:
    return TableCell(
        bbox=_bounds(cell.box, page) if cell.box and page else None,
        row_span=cell.rowspan,
        col_span=cell.colspan,
        start_row_offset_idx=cell.row,
        end_row_offset_idx=cell.row + cell.rowspan,
        start_col_offset_idx=cell.column,
        end_col_offset_idx=cell.column + cell.colspan,
        text=cleaned(cell.text).strip(),
        column_header=heads_column,
        row_header=cell.header and not heads_column,
    )


def _heading_rows(table: Table) -> frozenset[int]:
    """The rows whose heading cells name columns: those that consist of such cells for the greater part."""
    covered = [0] * table.rows
    for cell in table.cells:
        if cell.header:
            for row in range(cell.row, cell.row + cell.rowspan):
                covered[row] += cell.colspan
    return frozenset(row for row, count in enumerate(covered) if 2 * count > table.columns)


def _bounds(box: Box, page: Page) -> BoundingBox:
    box = box.clipped(page.width, page.height)
    return BoundingBox(l=box.x0, t=box.y0, r=box.x1, b=box.y1, coord_origin=CoordOrigin.TOPLEFT)


def _spans(text: str, blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Which characters of `text` come from which block.

    Joining blocks changes spaces and hyphens only, so all other characters are counted.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for block in blocks:
        left = sum(map(_counts, cleaned(block.text)))
        end = start
        while end < len(text) and (left or not _counts(text[end])):
            left -= _counts(text[end])
            end += 1
        spans.append((start, end))
        start = end
    return [*spans[:-1], (spans[-1][0], len(text))] if spans else []


def _counts(character: str) -> bool:
    return not (character.isspace() or character in "-\u00ad\u2010")


def _origin(source: Source) -> DocumentOrigin | None:
    try:
        digest = int(source.sha256, 16) & (2**64 - 1)
    except ValueError:
        return None
    media = source.media_type if source.media_type in _KNOWN_MEDIA else "application/octet-stream"
    return DocumentOrigin(mimetype=media, binary_hash=digest, filename=cleaned(source.name))
