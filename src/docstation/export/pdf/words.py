"""Which text a page's invisible layer gets, line by line, with a box for each piece of it.

Pure. Words that stand in the page's own layer already are left out; corrected blocks have their new text laid over the
places of the old words; blocks without words (models that tell only regions) have their text spread over their box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from docstation.document.geometry import Affine, Box
from docstation.document.model import Block, Page, TextLayer
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word
from docstation.export.cleaning import cleaned, one_line
from docstation.export.pdf.corrections import corrected

DISCARDED = frozenset({TextLayer.BROKEN, TextLayer.BAD_OCR})
"""Verdicts on layers whose text must not be found any more."""

_LETTER_WIDTH, _LEADING = 0.5, 1.2
"""In type sizes: how wide letters are on the average, and how far lines stand apart."""
_INK = 0.8
"""Share of the height of a line, leading included, that its letters take."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one line: a word, seldom several.

    Attributes:
        text: not empty, without control characters.
        box: points of the page turned upright by its `rotation` (its skew is still there).
    """

    text: str
    box: Box


Row = tuple[Piece, ...]
"""The pieces of one line in the order of reading."""


def rows_of(page: Page) -> Iterator[Row]:
    """The lines to be written, in reading order."""
    upright = Affine.quarter_turns(page.rotation, page.width, page.height)
    width, height = (page.height, page.width) if page.rotation % 180 else (page.width, page.height)
    for block in page.blocks:
        for row in _rows_of_block(block, page, upright):
            pieces = (Piece(one_line(p.text), p.box.clipped(width, height)) for p in row if _is_finite(p.box))
            if written := tuple(piece for piece in pieces if piece.text):
                yield written


def _rows_of_block(block: Block, page: Page, upright: Affine) -> Iterator[Sequence[Piece]]:
    keeps_own = page.text_layer not in DISCARDED
    if block.lines:
        lines = corrected(block.lines, block.text) if block.origin is Origin.CORRECTION else block.lines
        for line in lines:
            yield [Piece(word.text, upright.box(word.box)) for word in line.words if _is_new(word, line, keeps_own)]
    elif not (keeps_own and block.origin is Origin.TEXT_LAYER):
        yield from _spread_block(block, upright)


def _is_new(word: Word, line: Line, keeps_own: bool) -> bool:
    """Whether the page's own layer does not say this word already."""
    if not keeps_own or word.origin is Origin.ENGINE:
        return True
    # A corrected word of a line that the layer says is in that layer too, uncorrected; twice would be worse.
    return word.origin is Origin.CORRECTION and all(other.origin is not Origin.TEXT_LAYER for other in line.words)


def _spread_block(block: Block, upright: Affine) -> Iterator[Row]:
    box = upright.box(block.box)
    if block.table is None or not block.table.cells:
        yield from _spread(block.text, box)
        return
    for cell in block.table.cells:
        place = upright.box(cell.box) if cell.box else _slot(cell, block.table, box)
        yield from _spread(cell.text, place)


def _slot(cell: Cell, table: Table, box: Box) -> Box:
    """Where a cell stands in a table of equal rows and columns."""
    wide, high = box.width / table.columns, box.height / table.rows
    x, y = box.x0 + cell.column * wide, box.y0 + cell.row * high
    return Box(x, y, x + cell.colspan * wide, y + cell.rowspan * high)


def _spread(text: str, box: Box) -> Iterator[Row]:
    """`text` in as many lines as fill the box with letters of common proportions."""
    if box.width <= 0 or box.height <= 0 or not _is_finite(box):
        return
    given = [line for line in map(one_line, cleaned(text).split("\n")) if line]
    letters = sum(map(len, given))
    fitting = math.sqrt(letters * _LETTER_WIDTH / _LEADING * box.height / box.width)
    room = max(math.ceil(letters / max(round(fitting), 1)), 1)
    lines = given if len(given) >= fitting else [part for line in given for part in _wrapped(line, room)]
    longest = max(map(len, lines), default=0)
    pitch = box.height / max(len(lines), 1)
    for index, line in enumerate(lines):
        top = box.y0 + pitch * (index + (1 - _INK) / 2)
        yield tuple(_side_by_side(line, box.x0, box.width / longest, top, pitch * _INK))


def _wrapped(line: str, room: int) -> list[str]:
    return wrap(line, room, break_long_words=False, break_on_hyphens=False)


def _side_by_side(line: str, left: float, letter: float, top: float, height: float) -> Iterator[Piece]:
    for word in line.split():
        width = len(word) * letter
        yield Piece(word, Box(left, top, left + width, top + height))
        left += width + letter


def _is_finite(box: Box) -> bool:
    return all(map(math.isfinite, (box.x0, box.y0, box.x1, box.y1)))
