"""Headings of several lines over columns without a grid: lines put together, groups over their columns.

Takes the rows of an unruled table as words per columns; returns them with the heading lines joined into one row, or
into two where headings stand over several columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.reading.embedded.tables.columns import column_at
from docstation.reading.embedded.tables.fill import Placed, cell_text
from docstation.reading.embedded.tables.headers import is_number

_DEEPEST = 5
_YEAR = re.compile(r"(19|20)\d\d")

GridRow = dict[tuple[int, int], list[Placed]]
"""(first column, columns covered) → the words of that cell, for one row."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """Rows with their headings joined.

    Attributes:
        rows: of the table.
        heads: how many leading ones are headings.
        tall: columns whose heading reaches over both heading rows.
    """

    rows: tuple[GridRow, ...]
    heads: int
    tall: frozenset[int] = frozenset()


def leading_heads(rows: Sequence[GridRow]) -> int:
    """Lines before the first one that holds a number, where they can be one heading; else 0.

    The heading of the first column stands on one line: a second line that begins there is a row of the table.
    """
    begun = False
    for count, row in enumerate(rows):
        begins = (0, 1) in row
        if (begun and begins) or any(is_value(cell_text(words)) for words in row.values()):
            return count if 0 < count <= _DEEPEST else 0
        begun = begun or begins
    return 0


def is_value(text: str) -> bool:
    """Whether a text is a number and not a year, which stands in headings too."""
    return is_number(text) and _YEAR.fullmatch(text) is None


def parted(line: GridRow, edges: Sequence[float], extents: Sequence[Box | None]) -> GridRow:
    """Headings that only came close to one another, apart: each part stands over the middle of its own column.

    Args:
        line: a heading line.
        edges: of the columns, in points.
        extents: of what each column holds below the headings, None for an empty one.
    """
    made: GridRow = {}
    for (first, count), words in line.items():
        parts: GridRow = {}
        for word in words:
            parts.setdefault((column_at(edges, word.box.center[0]), 1), []).append(word)
        if count > 1 and len(parts) == count and all(_is_centred(k, held, extents, 4) for k, held in parts.items()):
            made.update(parts)
        else:
            made[(first, count)] = words
    return made


def evenly_spread(line: GridRow, extents: Sequence[Box | None]) -> GridRow:
    """Group headings that part the columns right of the first (or those after it) evenly, each over its share.

    Args:
        line: the highest heading line.
        extents: of what each column holds below that line, None for an empty one.
    """
    columns, count = len(extents), len(line)
    for first in range(1, min(4, columns)):
        width, rest = divmod(columns - first, count)
        if rest or width < 2:
            continue
        spread = {(first + i * width, width): words for i, (_, words) in enumerate(sorted(line.items()))}
        if all(_is_centred(key, words, extents) for key, words in spread.items()):
            return spread
    return line


def column_extents(rows: Sequence[GridRow], columns: int) -> list[Box | None]:
    """The box around the words of each column, cells over several columns aside."""
    held = [[w.box for row in rows for w in row.get((c, 1), ())] for c in range(columns)]
    return [Box.around(boxes) if boxes else None for boxes in held]


def _is_centred(key: tuple[int, int], words: Sequence[Placed], extents: Sequence[Box | None], part: int = 8) -> bool:
    """Whether the words' middle is off the columns' middle by less than that part of the wider one."""
    under = [box for box in extents[key[0] : key[0] + key[1]] if box is not None]
    if not under:
        return False
    below, box = Box.around(under), Box.around(w.box for w in words)
    return abs(box.center[0] - below.center[0]) < max(below.width, box.width) / part


def stacked(rows: Sequence[GridRow], lines: int, columns: int) -> Stacked:
    """Join the first `lines` rows into heading rows.

    Args:
        rows: of the whole table.
        lines: how many leading rows are heading lines.
        columns: of the table.
    """
    if lines < 1:
        return Stacked(tuple(rows), 0)
    head, body = rows[:lines], tuple(rows[lines:])
    groups = sorted({key for row in head for key in row if key[1] > 1})
    if any(a[0] + a[1] > b[0] for a, b in pairwise(groups)):
        return Stacked(tuple(rows), lines)
    if not groups:
        return Stacked((_joined(head), *body), 1)
    if lines == 1:
        return Stacked(tuple(rows), 1)
    return _two_rows(head, body, groups, columns)


def _joined(head: Sequence[GridRow]) -> GridRow:
    row: GridRow = {}
    for line in head:
        for key, words in line.items():
            row.setdefault(key, []).extend(words)
    return row


def _two_rows(
    head: Sequence[GridRow], body: tuple[GridRow, ...], groups: Sequence[tuple[int, int]], columns: int
) -> Stacked:
    upper: GridRow = {}
    lower: GridRow = {}
    level = {g: max(i for i, row in enumerate(head) if g in row) for g in groups}
    for i, row in enumerate(head):
        for key, words in row.items():
            over = next((g for g in groups if g[0] <= key[0] < g[0] + g[1]), None)
            if over is None:
                upper.setdefault(key, []).extend(words)
            elif i <= level[over]:
                upper.setdefault(over, []).extend(words)
            else:
                lower.setdefault(key, []).extend(words)
    if not lower:
        return Stacked((upper, *body), 1)
    covered = {c for first, count in groups for c in range(first, first + count)}
    tall = frozenset(c for c in range(columns) if c not in covered and (c, 1) in upper)
    return Stacked((upper, lower, *body), 2, tall)
