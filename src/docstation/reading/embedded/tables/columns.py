"""Columns among the chunks of a table's rows: strips of white that nearly all rows leave free.

Pure geometry over chunks; what the columns hold is looked at only where a column is a lone sign of its neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from docstation.reading.embedded.tables.headers import is_number
from docstation.reading.embedded.tables.rows import Row

CROSSED = 0.12
"""Share of the rows whose chunks may cross a strip between two columns (headings over several columns do)."""
_BEFORE = frozenset({"$", "€", "£", "₽", "(", "-", "–", "−", "±", "+"})
_AFTER = frozenset({"%", ")", "*", "**", "***", "†", "‡"})


def column_edges(rows: Sequence[Row], *, narrowest: float) -> list[float]:
    """Left border, separators and right border of the columns, ascending, in points.

    Args:
        rows: with at least one chunk each; those of a single chunk do not count.
        narrowest: least width of white between columns, in points.
    """
    core = [row for row in rows if len(row.chunks) > 1]
    data = [row for row in core if any(is_number(chunk.text) for chunk in row.chunks)]
    across = CROSSED * len(core)
    if len(data) >= max(3, len(core) / 2):
        # Headings over several columns and section rows hold no numbers; they hide no column from those that do.
        core, across = data, CROSSED * len(data)
        # A total row may lie across: its word stands in a column that is narrower than it.
        across = max(across, 1 if len(core) >= 5 else 0)
    if len(core) < 2:
        return []
    left = min(row.box.x0 for row in core)
    right = max(row.box.x1 for row in core)
    crossings = np.zeros(int((right - left) * 2) + 2, dtype=np.int32)
    for row in core:
        for chunk in row.chunks:
            crossings[int((chunk.box.x0 - left) * 2) : int((chunk.box.x1 - left) * 2) + 1] += 1
    free = crossings <= across
    edges = [left + (a + b) / 4 for a, b in _runs(free) if a > 0 and b < len(free) and (b - a) / 2 >= narrowest]
    return _without_signs(core, [left - 1, *edges, right + 1])


def _runs(free: np.typing.NDArray[np.bool_]) -> list[tuple[int, int]]:
    marks = np.flatnonzero(np.diff(np.concatenate(([0], free.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(marks[::2], marks[1::2], strict=True)]


def column_at(edges: Sequence[float], x: float) -> int:
    """Index of the column that holds `x`; what lies outside belongs to the nearest."""
    return min(max(sum(edge <= x for edge in edges) - 1, 0), len(edges) - 2)


def _without_signs(rows: Sequence[Row], edges: list[float]) -> list[float]:
    """Columns that hold nothing but a currency sign join the right neighbour; percent signs and notes the left one."""
    texts: list[set[str]] = [set() for _ in pairwise(edges)]
    for row in rows:
        for chunk in row.chunks:
            texts[column_at(edges, chunk.box.center[0])].add(chunk.text)
    drop = set()
    for i, held in enumerate(texts):
        if not held or (held <= _BEFORE and i + 1 < len(texts)):
            drop.add(i + 1)
        elif held <= _AFTER and i > 0:
            drop.add(i)
    return [edge for i, edge in enumerate(edges) if i not in drop or i in (0, len(edges) - 1)]
