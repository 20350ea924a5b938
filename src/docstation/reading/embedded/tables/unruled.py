"""Tables without a grid of lines: rows of chunks that share columns, with or without horizontal rules.

Where to look, `between_rules` and `regions` say. Prose in columns, lists, contents with leaders and forms of label and
value are left to the running text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.document.table import Cell, Table
from docstation.reading.embedded.tables.between_rules import ruled_regions
from docstation.reading.embedded.tables.columns import column_at, column_edges, with_heads, with_lone_heads
from docstation.reading.embedded.tables.fill import Placed, cell_confidence, cell_text
from docstation.reading.embedded.tables.found import FoundTable
from docstation.reading.embedded.tables.headers import is_number, with_headers
from docstation.reading.embedded.tables.joined_rows import joined_rows, without_overlap
from docstation.reading.embedded.tables.regions import Region, aligned_regions, trimmed
from docstation.reading.embedded.tables.rows import Row, rows_of, size_of, with_centred_heads, word_space
from docstation.reading.embedded.tables.stacked_heads import (
    GridRow,
    Stacked,
    column_extents,
    evenly_spread,
    is_value,
    leading_heads,
    parted,
    stacked,
)
from docstation.reading.embedded.tables.strokes import Stroke

_LEADERS = re.compile(r"(\.\s?){4,}|…{2,}|_{4,}")
_BULLET = re.compile(r"[-–—•·▪*]|\(?[\dа-яa-zivx]{1,4}[.)]+|(\d+\.)+\d*", re.IGNORECASE)
_WORDS_PER_CELL = 7.0
_SHORT_WORDS = 3.0
_FINE_GAP, _WIDE_GAP = 0.45, 0.7
_OVER_SPACE = 1.5
"""Times the space between words that white between columns is wider than."""


def unruled_tables(words: Sequence[Placed], level: Sequence[Stroke], width: float) -> list[FoundTable]:
    """Tables among `words`.

    Args:
        words: those of the page that stand in no ruled table.
        level: horizontal strokes of the page.
        width: of the page, points.
    """
    found: list[FoundTable] = []
    for box, region in ruled_regions(words, level):
        if any(box.share_inside(table.box) > 0.3 for table in found):
            continue
        if (table := _table(region)) is not None:
            found.append(table)
    taken = {index for table in found for index in table.words}
    left = [w for w in words if w.index not in taken]
    found.extend(t for region in aligned_regions(left, width) if (t := _table(region)) is not None)
    return found


def _table(region: Region) -> FoundTable | None:
    # What stands over the last rule belongs to the table; where there is none, the running text begins somewhere.
    words = [w for row in (region.rows if region.rules else trimmed(region.rows)) for w in row.words]
    if len(region.rows) < 2 or not words:
        return None
    size = size_of(words)
    # Spaces of a few rows may fall on one another by chance; those of many rows do not.
    fine = min(_WIDE_GAP, max(_FINE_GAP, _OVER_SPACE * word_space(region.rows)))
    gap = fine if len(region.rows) >= 5 else _WIDE_GAP
    rows = with_centred_heads(rows_of(words, gap), size)
    edges = column_edges(rows, narrowest=0.9 * gap * size)
    if len(edges) >= 3:
        edges = with_lone_heads(rows, with_heads(rows, edges))
    if len(edges) < 3:
        return None
    grid = [_cells(row, edges) for row in rows]
    if not _plausible(grid, len(edges) - 1, region):
        return None
    over = [_cells(row, edges) for row in _heads_above(region.above, rows[0], edges, size)]
    lines = leading_heads(grid)
    if len(region.rules) > 2:
        lines = min(_lines_over_rule(rows, region.rules), lines) or (0 if over else lines)
    elif region.rules and (over or not _holds_value(grid[lines])):
        # Without a rule under them only values below tell headings from a row of names.
        lines = 0
    if lines:
        grid[lines - 1] = _cells(rows[lines - 1], edges, leaf=True)
    below = column_extents(grid[lines:], len(edges) - 1)
    heads = [*over, *(parted(line, edges, below) for line in grid[:lines])]
    if len(heads) >= 2:
        heads[0] = evenly_spread(heads[0], column_extents([*heads[1:], *grid[lines:]], len(edges) - 1))
    body = joined_rows(grid[lines:], rows[lines:], region.rules)
    return _found(stacked([*heads, *body], len(heads), len(edges) - 1), edges, region)


def _holds_value(row: GridRow) -> bool:
    return any(is_value(cell_text(words)) for words in row.values())


def _heads_above(above: Sequence[Row], first: Row, edges: Sequence[float], size: float) -> list[Row]:
    """Rows close over the table whose chunks stand over its columns, none over the first one alone."""
    heads: list[Row] = []
    for row in reversed(above):
        box = row.box
        if first.box.y0 - box.y1 > 1.3 * size or box.x0 < edges[1] - 1 or box.x1 > edges[-1] + size:
            break
        if len(row.chunks) == 1 and box.width > 0.7 * (edges[-1] - edges[0]):
            break
        heads.insert(0, row)
        first = row
    return heads


def _cells(row: Row, edges: Sequence[float], *, leaf: bool = False) -> GridRow:
    cells: GridRow = {}
    data = leaf or any(is_number(chunk.text) for chunk in row.chunks)
    for chunk in row.chunks:
        # Beside numbers, and in the lowest headings, neighbours came close; no cell reaches into the next column.
        for words in [[w] for w in chunk.words] if data else [list(chunk.words)]:
            box = Box.around(w.box for w in words)
            inner = min(1.5, box.width / 4)
            ends = (box.center[0],) * 2 if leaf else (box.x0 + inner, box.x1 - inner)
            first, last = (column_at(edges, x) for x in ends)
            cells.setdefault((first, last - first + 1), []).extend(words)
    return without_overlap(cells)


def _plausible(grid: Sequence[GridRow], columns: int, region: Region) -> bool:
    cells = [(key, cell_text(words)) for row in grid for key, words in row.items()]
    texts = [text for _, text in cells]
    if any(_LEADERS.search(text) for text in texts):
        return False
    full = [row for row in grid if len(row) > 1]
    if sum(len(text.split()) for text in texts) / len(texts) > _WORDS_PER_CELL:
        return False
    if columns == 2 and all(_BULLET.fullmatch(text) for (column, _), text in cells if column == 0):
        return False
    numbers = sum(is_number(text) for text in texts) / len(texts)
    if _is_prose(texts, numbers, ruled=bool(region.rules)) and not (
        region.rules and _has_short_columns(cells, columns)
    ):
        return False
    if len(region.rules) >= 3 or (len(region.rules) == 2 and numbers > 0.2):
        return len(full) >= 2
    filled = sum(count for row in full for _, count in row) / (columns * len(full))
    if columns == 2:
        right = [text for (column, _), text in cells if column == 1]
        return len(full) >= 4 and len(full) * 4 >= 3 * len(grid) and sum(map(is_number, right)) * 3 >= 2 * len(right)
    return len(full) >= 3 and filled >= 0.5 and (numbers >= 0.15 or filled >= 0.75)


def _is_prose(texts: Sequence[str], numbers: float, *, ruled: bool) -> bool:
    """Whether cells read like lines of prose set in columns: many words, hardly a number, words divided at the end."""
    divided = sum(text.endswith("-") and text[-2:-1].isalpha() for text in texts)
    words = sum(len(text.split()) for text in texts) / len(texts)
    many = len(texts) >= (60 if ruled else 24) and words >= 2.5
    return numbers < 0.15 and (divided * (10 if ruled else 20) > len(texts) or many)


def _has_short_columns(cells: Sequence[tuple[tuple[int, int], str]], columns: int) -> bool:
    """Whether all columns but one hold short texts, unlike prose that is set in columns."""
    texts = [[text for (column, count), text in cells if (column, count) == (place, 1)] for place in range(columns)]
    long = [held for held in texts if sum(len(text.split()) for text in held) > _SHORT_WORDS * len(held)]
    return columns >= 3 and all(texts) and len(long) <= 1


def _found(parts: Stacked, edges: Sequence[float], region: Region) -> FoundTable:
    grid = parts.rows
    words = [w for row in grid for held in row.values() for w in held]
    box = Box.around([w.box for w in words] if region.frame is None else [region.frame, *(w.box for w in words)])
    edges = [min(edges[0], box.x0), *edges[1:-1], max(edges[-1], box.x1)]
    ys = _row_edges(grid, box)
    cells, bold = [], set()
    for r, row in enumerate(grid):
        for (column, count), held in row.items():
            deep = 2 if r == 0 and column in parts.tall and count == 1 else 1
            place = Box(edges[column], ys[r], edges[column + count], ys[r + deep])
            text, sure = cell_text(held), cell_confidence(held)
            cells.append(Cell(r, column, deep, count, text=text, box=place, confidence=sure))
            if all(w.word.bold for w in held):
                bold.add((r, column))
    table = Table.of_cells(cells)
    if parts.heads and parts.heads < table.rows:
        marked = tuple(replace(cell, header=cell.row < parts.heads) for cell in table.cells)
        table = Table(table.rows, table.columns, marked)
    else:
        # Tables whose rows no rules part have one under their headings, where they have rules at all.
        table = with_headers(table, frozenset(bold), by_place=not region.rules)
    confidence = 0.9 if region.rules else 0.75
    return FoundTable(box, table, False, frozenset(w.index for w in words), confidence)


def _row_edges(grid: Sequence[GridRow], box: Box) -> list[float]:
    extents = [Box.around(w.box for held in row.values() for w in held) for row in grid]
    between = [(a.y1 + b.y0) / 2 for a, b in pairwise(extents)]
    # Superscripts and the like overlap their neighbours; edges never run backwards.
    edges = [box.y0]
    for y in [*between, box.y1]:
        edges.append(max(y, edges[-1]))
    return edges


def _lines_over_rule(rows: Sequence[Row], rules: Sequence[float]) -> int:
    """How many leading rows stand over the first rule inside the table; 0 where that is most of it."""
    for y in rules[1:-1]:
        over = sum(row.middle < y for row in rows)
        if over:
            return over if over * 2 <= len(rows) or over <= 2 < len(rows) else 0
    return 0
