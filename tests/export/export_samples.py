"""Small documents for the tests of exports."""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Element, Page, PageStatus, Picture, Source
from docstation.document.table import Table
from docstation.document.text import Line, Word

SOURCE = Source("проба.pdf", "0" * 64, "application/pdf", 1)
WIDTH, HEIGHT = 595.0, 842.0


def element(
    category: Category, text: str, *, level: int = 0, table: Table | None = None, picture: Picture | None = None
) -> Element:
    return Element(category, text, (), (1,), level, table, picture)


def page_of(
    number: int, blocks: Sequence[tuple[str, Category]], *, status: PageStatus = PageStatus.OK, width: float = WIDTH
) -> Page:
    made = tuple(
        Block(f"p{number}-b{index}", category, Box(50, 40 * index, 500, 40 * index + 20), text, lines_of(text, index))
        for index, (text, category) in enumerate(blocks, 1)
    )
    return Page(number, width, HEIGHT, made, status)


def lines_of(text: str, index: int) -> tuple[Line, ...]:
    words = tuple(
        Word(word, Box(50 + 60 * n, 40 * index, 100 + 60 * n, 40 * index + 20)) for n, word in enumerate(text.split())
    )
    return (Line(words),) if words else ()


def document_of(*body: Element, furniture: Sequence[tuple[str, Category]] = ()) -> Document:
    """A document of one page: the body's elements as blocks on it, furniture before them."""
    page = page_of(1, [*furniture, *((item.text, item.category) for item in body)])
    named = []
    blocks = list(page.blocks)
    for index, item in enumerate(body):
        place = len(furniture) + index
        block = blocks[place]
        blocks[place] = Block(
            block.id, item.category, block.box, item.text, block.lines, item.table, item.picture, item.level
        )
        named.append(Element(item.category, item.text, (block.id,), (1,), item.level, item.table, item.picture))
    return Document(SOURCE, (Page(1, WIDTH, HEIGHT, tuple(blocks)),), tuple(named))
