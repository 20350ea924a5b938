"""Drawn pages as a vision-language model tells of them: no words with places, no boxes of cells, and its usual slips.

The truth's blocks go in, blocks as `docstation.reading.vision` would make them come out, from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from docstation.document.geometry import Box
from docstation.document.model import FURNITURE, Block, Category, Page
from docstation.document.table import Cell, Table
from docstation.document.text import Origin

_SLACK = 4.0
"""Points by which an edge of a box may be off."""
_CONFIDENCE = 0.9
_MISREAD = {"о": "0", "е": "c", "и": "н", "o": "0", "e": "c", "l": "1"}


def seen_by_model(pages: Sequence[Page], seed: int) -> tuple[Page, ...]:
    """The pages as a model gives them; one that knows no headings of tables, or no running headers, never does.

    Args:
        pages: as drawn.
        seed: chooses the model's habits and slips.
    """
    random = Random(seed)
    marks_heads, knows_furniture = random.random() < 0.5, random.random() < 0.5
    return tuple(
        replace(
            page,
            blocks=tuple(_block(block, random, marks_heads, knows_furniture) for block in page.blocks),
            engine="model",
        )
        for page in pages
    )


def _block(block: Block, random: Random, marks_heads: bool, knows_furniture: bool) -> Block:
    table = _table(block.table, random, marks_heads) if block.table else None
    category = block.category
    if category in FURNITURE and not knows_furniture:
        category = Category.TEXT
    return replace(
        block,
        category=category,
        box=_off(block.box, random),
        text=table.to_text() if table else block.text,
        lines=(),
        table=table,
        confidence=_CONFIDENCE,
        origin=Origin.ENGINE,
    )


def _off(box: Box, random: Random) -> Box:
    edges = (edge + random.uniform(-_SLACK, _SLACK) for edge in (box.x0, box.y0, box.x1, box.y1))
    x0, y0, x1, y1 = edges
    return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)).rounded()


def _table(table: Table, random: Random, marks_heads: bool) -> Table:
    slip = random.random() < 0.3
    cells: list[Cell] = []
    for cell in table.cells:
        text = cell.text
        if slip and cell.header and len(text) > 5:
            text, slip = _misread(text), False
        cells.append(replace(cell, text=text, box=None, header=cell.header and marks_heads, confidence=_CONFIDENCE))
    return Table(table.rows, table.columns, tuple(cells))


def _misread(text: str) -> str:
    for right, wrong in _MISREAD.items():
        if right in text:
            return text.replace(right, wrong, 1)
    return text
