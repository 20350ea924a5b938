"""Hypothesis strategies for documents and their parts, for every room's property tests.

Values are as they are written to files: coordinates with two decimals, confidences with three.
"""

from __future__ import annotations

from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import (
    FURNITURE,
    Block,
    Category,
    Document,
    Element,
    Page,
    PageStatus,
    Picture,
    Source,
    TextLayer,
)
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗabcdefghXYZ0123456789"
MARKS = r""" .,:;!?-—–«»"'()[]{}<>&*_#+=|\`~$%№/@^""" + "\u00a0"
hostile_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
"""Any text at all, control characters and line breaks included."""
texts = st.text(st.sampled_from(LETTERS + MARKS), max_size=60)
"""Russian and English letters, digits, and all that any markup takes for itself."""
word_texts = st.text(st.sampled_from(LETTERS + MARKS.replace(" ", "").replace("\u00a0", "")), min_size=1, max_size=12)
shares = st.integers(0, 1000).map(lambda n: n / 1000)


@st.composite
def boxes(draw: st.DrawFn, width: float = PAGE_WIDTH, height: float = PAGE_HEIGHT) -> Box:
    xs = sorted(draw(st.integers(0, int(width * 100))) for _ in range(2))
    ys = sorted(draw(st.integers(0, int(height * 100))) for _ in range(2))
    return Box(xs[0] / 100, ys[0] / 100, xs[1] / 100, ys[1] / 100)


words = st.builds(
    Word,
    word_texts,
    boxes(),
    shares,
    st.sampled_from(Origin),
    st.integers(0, 7200).map(lambda n: n / 100),
    st.booleans(),
    st.booleans(),
)
lines = st.builds(Line, st.lists(words, min_size=1, max_size=4).map(tuple))
spans = st.integers(1, 3)
cells = st.builds(
    Cell,
    st.integers(0, 4),
    st.integers(0, 4),
    spans,
    spans,
    st.one_of(texts, st.lists(texts, max_size=3).map("\n".join)),
    st.booleans(),
    st.none() | boxes(),
    shares,
)
tables = st.lists(cells, min_size=1, max_size=8).map(Table.of_cells)
plain_tables = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(texts, min_size=columns, max_size=columns), min_size=1, max_size=4).map(
        lambda rows: Table.from_rows(rows, header_rows=1)
    )
)
pictures = st.builds(Picture, st.sampled_from(["", "p1-1.png", "p2-1.png"]), st.integers(0, 999), st.integers(0, 999))


@st.composite
def blocks(draw: st.DrawFn, block_id: str = "p1-b1", text: st.SearchStrategy[str] = texts) -> Block:
    category = draw(st.sampled_from(Category))
    levelled = category in (Category.TITLE, Category.SECTION_HEADER, Category.LIST_ITEM)
    table = draw(tables) if category is Category.TABLE else None
    return Block(
        block_id,
        category,
        draw(boxes()),
        table.to_text() if table else draw(text),
        tuple(draw(st.lists(lines, max_size=2))),
        table,
        draw(pictures) if category is Category.PICTURE else None,
        draw(st.integers(1, 6)) if levelled else 0,
        draw(shares),
        draw(st.sampled_from(Origin)),
    )


@st.composite
def pages(draw: st.DrawFn, number: int = 1, text: st.SearchStrategy[str] = texts) -> Page:
    count = draw(st.integers(0, 4))
    return Page(
        number,
        PAGE_WIDTH,
        PAGE_HEIGHT,
        tuple(draw(blocks(f"p{number}-b{index}", text)) for index in range(1, count + 1)),
        draw(st.sampled_from(PageStatus)),
        draw(st.sampled_from(["", "page.mended"])),
        draw(st.sampled_from([0, 90, 180, 270])),
        draw(st.integers(-9000, 9000).map(lambda n: n / 1000)),
        draw(st.sampled_from(TextLayer)),
        draw(st.booleans()),
        draw(st.sampled_from(["", "embedded"])),
    )


def body_of(pages: tuple[Page, ...]) -> tuple[Element, ...]:
    """The simplest assembly: each block that is no furniture is an element."""
    return tuple(
        Element(block.category, block.text, (block.id,), (page.number,), block.level, block.table, block.picture)
        for page in pages
        for block in page.blocks
        if block.category not in FURNITURE
    )


@st.composite
def documents(draw: st.DrawFn, text: st.SearchStrategy[str] = texts, max_pages: int = 3) -> Document:
    count = draw(st.integers(1, max_pages))
    read = tuple(draw(pages(number, text)) for number in range(1, count + 1))
    body = body_of(read) if draw(st.booleans()) else ()
    return Document(Source("проба.pdf", "0" * 64, "application/pdf", count), read, body)
