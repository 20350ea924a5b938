"""Blocks of a model with a place for each word and each cell, as far as the page's ink tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word
from docstation.intake.page import Pixels
from docstation.reading.vision.places.flowing import placed
from docstation.reading.vision.places.grid import grid_of
from docstation.reading.vision.places.ink import PageInk, page_ink
from docstation.reading.vision.places.rows import Row, letter_height, rows_of

_WORDLESS = frozenset({Category.PICTURE, Category.FORMULA})
"""Whose text is a description or a source, not what is printed."""
_SLACK = 2.0
"""Points by which boxes of models are too tight."""
_WORST = 1.5
"""Cost of an average word from which nothing is believed; right ones cost 0.1 to 0.8."""
_WORST_GRID = 0.6
"""Share of a table's ink that is elsewhere than its text, from which its cells are not believed."""
_MOST_WORDS = 4000
"""Of one block; what is longer is no print of one page."""

_Where = tuple[int, Box]
"""The number of a word's row of print, and its box."""


def with_places(blocks: Sequence[Block], pixels: Pixels, scale: float) -> tuple[Block, ...]:
    """The blocks with lines of words where the page's ink shows them; the others stay as they are.

    Args:
        blocks: in reading order, points of the upright frame.
        pixels: of the page in the same frame, height x width x 3, RGB.
        scale: pixels per point.
    """
    wanting = [block for block in blocks if _wants(block)]
    if not wanting:
        return tuple(blocks)
    ink = page_ink(pixels, scale)
    result: list[Block] = []
    for items in _together(blocks):
        if not _wants(items[0]):
            result.extend(items)
        elif items[0].table is not None:
            result.append(_with_cells(items[0], items[0].table, ink))
        else:
            result.extend(_with_words(items, ink))
    return tuple(result)


def _wants(block: Block) -> bool:
    return not block.lines and block.category not in _WORDLESS and 0 < len(block.text.split()) <= _MOST_WORDS


def _together(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks one by one; entries of one list together, between which its box was only shared out."""
    groups: list[list[Block]] = []
    for block in blocks:
        last = groups[-1][-1] if groups else None
        if last is not None and _is_shared(last, block):
            groups[-1].append(block)
        else:
            groups.append([block])
    yield from groups


def _is_shared(last: Block, block: Block) -> bool:
    both = last.category is block.category is Category.LIST_ITEM and _wants(last) and _wants(block)
    return both and (last.box.x0, last.box.x1, last.box.y1) == (block.box.x0, block.box.x1, block.box.y0)


def _with_words(blocks: Sequence[Block], ink: PageInk) -> list[Block]:
    """The blocks, which share one place, with the words of each."""
    words = [block.text.split() for block in blocks]
    around = Box.around(block.box for block in blocks)
    found = _where([word for some in words for word in some], _rows(ink, around))
    if found is None:
        return list(blocks)
    result, at = [], 0
    for block, some in zip(blocks, words, strict=True):
        lines = _lines(some, found[at : at + len(some)], block.confidence)
        at += len(some)
        box = block.box if len(blocks) == 1 else Box.around(line.box for line in lines).rounded()
        result.append(replace(block, lines=lines, box=box))
    return result


def _rows(ink: PageInk, box: Box) -> list[Row]:
    shapes = ink.inside(Box(box.x0 - _SLACK, box.y0, box.x1 + _SLACK, box.y1))
    height = letter_height(shapes)
    return rows_of(shapes, height) if height else []


def _with_cells(block: Block, table: Table, ink: PageInk) -> Block:
    """A table with the place of each cell and the words in it."""
    rows = _rows(ink, block.box.expanded(_SLACK))
    grid = grid_of(table, rows, block.box, ink.level, ink.upright)
    if grid is None or grid.off > _WORST_GRID:
        return block
    cells: list[Cell] = []
    lines: list[Line] = []
    for cell in table.cells:
        place = grid.box(cell)
        cells.append(replace(cell, box=place.rounded()))
        words = cell.text.split()
        if not words:
            continue
        first, last = grid.rows[cell.row][0], grid.rows[cell.row + cell.rowspan - 1][1]
        found = _where(words, [part for row in rows[first:last] if (part := row.between(place.x0, place.x1))])
        lines.extend(_lines(words, found or _spread(words, place), cell.confidence))
    return replace(block, table=replace(table, cells=tuple(cells)), lines=tuple(lines))


def _where(words: Sequence[str], rows: Sequence[Row]) -> list[_Where] | None:
    """Where the words stand; None where the ink is not theirs."""
    if not rows:
        return None
    found = placed(words, rows)
    if found.cost > _WORST or not any(found.boxes):
        return None
    return _filled(found.boxes)


def _filled(boxes: Sequence[_Where | None]) -> list[_Where]:
    """The places, and for words without ink of their own one between their neighbours'."""
    first = next(where for where in boxes if where is not None)
    last = (first[0], replace(first[1], x1=first[1].x0))
    result = []
    for index, where in enumerate(boxes):
        last = where or _after(last, boxes[index + 1 :])
        result.append(last)
    return result


def _after(last: _Where, rest: Sequence[_Where | None]) -> _Where:
    """A place behind a word, up to the next one that has a place in the same row."""
    row, box = last
    following = next((where[1].x0 for where in rest if where is not None and where[0] == row), box.x1)
    return row, replace(box, x0=box.x1, x1=max(following, box.x1))


def _spread(words: Sequence[str], place: Box) -> list[_Where]:
    """The words side by side over a place, each as wide as it is long."""
    letters = sum(map(len, words)) + len(words) - 1
    result, at = [], 0
    for word in words:
        left, right = (place.x0 + place.width * part / letters for part in (at, at + len(word)))
        result.append((0, Box(left, place.y0, right, place.y1)))
        at += len(word) + 1
    return result


def _lines(words: Sequence[str], places: Sequence[_Where], confidence: float) -> tuple[Line, ...]:
    told = (
        (row, Word(word, box.rounded(), confidence, Origin.ENGINE))
        for word, (row, box) in zip(words, places, strict=True)
    )
    return tuple(Line(tuple(word for _, word in some)) for _, some in groupby(told, key=lambda one: one[0]))
