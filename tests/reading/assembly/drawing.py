"""Blocks and pages for tests of assembly: as the embedded engine gives them, and as a model does."""

from __future__ import annotations

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import Table
from docstation.document.text import Line, Word

SENTENCE = "целое предложение о чём-то важном для всех."


def block(
    page: int,
    index: int,
    text: str,
    y: float,
    category: Category = Category.TEXT,
    *,
    x: float = 50,
    right: float = 500,
    size: float = 10,
    level: int = 0,
    table: Table | None = None,
) -> Block:
    """A block of one line."""
    width = (right - x) / max(len(text.split()), 1)
    spots = [(x + i * width, word) for i, word in enumerate(text.split())]
    line = Line(tuple(Word(w, Box(a, y, a + width - 3, y + size), font_size=size) for a, w in spots)) if spots else None
    lines = (line,) if line else ()
    return Block(f"p{page}-b{index}", category, Box(x, y, right, y + 2 * size), text, lines, table=table, level=level)


def said(
    page: int,
    index: int,
    text: str,
    y: float,
    category: Category = Category.TEXT,
    *,
    height: float = 14,
    right: float = 500,
    level: int = 0,
) -> Block:
    """A block as a model tells of it: no words with places."""
    return Block(f"p{page}-b{index}", category, Box(50, y, right, y + height), text, level=level, confidence=0.9)


def pages_of(*contents: list[Block]) -> list[Page]:
    """Pages of A4, one for each list of blocks."""
    return [Page(number, 595, 842, tuple(blocks)) for number, blocks in enumerate(contents, start=1)]


def table_block(
    page: int, index: int, rows: list[list[str]], y: float, header_rows: int = 0, right: float = 500, bottom: float = 0
) -> Block:
    """A table, low on its page where its bottom is given."""
    table = Table.from_rows(rows, header_rows=header_rows)
    made = block(page, index, table.to_text(), y, Category.TABLE, right=right, table=table)
    if not bottom:
        return made
    return Block(made.id, made.category, Box(50, y, right, bottom), made.text, made.lines, table=table)
