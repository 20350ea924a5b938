"""The order in which text formats write a document: the assembled body, or page by page.

Pure: a document and options in, pieces out. Writers of Markdown, HTML, DOCX and plain text differ only in how they
spell a piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from docstation.document.model import FURNITURE, Block, Category, Document, Element, Page, Picture
from docstation.document.table import Table
from docstation.export.request import ExportOptions


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to write: a heading, paragraph, list item, table, picture, formula, caption or footnote.

    Attributes:
        category: one of the eleven.
        text: its whole text.
        level: heading level or list depth, from 1; 0 for others.
        table: the grid, for tables that have one.
        picture: the cut-out, for pictures.
        blocks: the blocks that it was made of, in order.
        page: number of the page on which it begins.
    """

    category: Category
    text: str
    level: int
    table: Table | None
    picture: Picture | None
    blocks: tuple[Block, ...]
    page: int


@dataclass(frozen=True, slots=True)
class PageBreak:
    """The pieces that follow stand on this page; only where pages are kept apart."""

    page: Page


def flow(document: Document, options: ExportOptions) -> Iterator[Piece | PageBreak]:
    """All pieces in the order of writing.

    With `page_separators`, or without an assembled body, blocks are given page by page; else the body's elements.
    With `furniture`, headers stand before the first and footers after the last piece that begins on their page.
    """
    if options.page_separators:
        for page in document.pages:
            yield PageBreak(page)
            yield from _page_pieces(page, _levels(document), options.furniture)
    elif not document.body:
        for page in document.pages:
            yield from _page_pieces(page, {}, options.furniture)
    elif options.furniture:
        yield from _with_furniture(document)
    else:
        yield from _body_pieces(document)


def _body_pieces(document: Document) -> Iterator[Piece]:
    blocks = {block.id: block for page in document.pages for block in page.blocks}
    for element in document.body:
        parts = tuple(blocks[name] for name in element.blocks if name in blocks)
        yield Piece(
            element.category,
            element.text,
            _level(element.category, element.level),
            element.table,
            element.picture,
            parts,
            element.pages[0] if element.pages else 0,
        )


def _page_pieces(page: Page, elements: dict[str, Element], furniture: bool) -> Iterator[Piece]:
    for block in page.blocks:
        if furniture or block.category not in FURNITURE:
            piece = _of_block(block, page)
            # Levels and categories are settled over the whole document; the page alone knows them less well.
            if element := elements.get(block.id):
                piece = replace(piece, category=element.category, level=_level(element.category, element.level))
            yield piece


def _with_furniture(document: Document) -> Iterator[Piece]:
    waiting = list(document.pages)
    open_page: Page | None = None
    for piece in _body_pieces(document):
        while waiting and waiting[0].number <= piece.page:
            yield from _furniture(open_page, Category.PAGE_FOOTER)
            open_page = waiting.pop(0)
            yield from _furniture(open_page, Category.PAGE_HEADER)
        yield piece
    yield from _furniture(open_page, Category.PAGE_FOOTER)
    for page in waiting:
        yield from _furniture(page, Category.PAGE_HEADER)
        yield from _furniture(page, Category.PAGE_FOOTER)


def _furniture(page: Page | None, category: Category) -> Iterator[Piece]:
    for block in page.blocks if page else ():
        if block.category is category and page:
            yield _of_block(block, page)


def _of_block(block: Block, page: Page) -> Piece:
    level = _level(block.category, block.level)
    return Piece(block.category, block.text, level, block.table, block.picture, (block,), page.number)


def _levels(document: Document) -> dict[str, Element]:
    return {name: element for element in document.body for name in element.blocks}


def _level(category: Category, level: int) -> int:
    """Level as written: 1 to 6 for headings (a title without one is 1, a header 2), from 1 for list items, else 0."""
    match category:
        case Category.TITLE:
            return min(max(level, 1), 6)
        case Category.SECTION_HEADER:
            return min(level, 6) if level > 0 else 2
        case Category.LIST_ITEM:
            return max(level, 1)
    return 0
