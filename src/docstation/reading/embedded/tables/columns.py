"""Columns among the chunks of a table's rows: strips of white that nearly all rows leave free.

Pure geometry over chunks; what the columns hold is looked at only where a column is a lone sign of its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from docstation.reading.embedded.tables.headers import is_number
from docstation.reading.embedded.tables.rows import Row

CROSSED = 0.12
"""Share of the rows whose chunks may cross a strip between two columns (headings over several columns do)."""
_DEEPEST_HEAD = 3
"""Rows of headings, one that numbers the columns among them."""
_BEFORE = frozenset({"$", "€", "£", "₽", "(", "-", "–", "−", "±", "+"})
_AFTER = frozenset({"%", ")", "*", "**", "***", "†", "‡"})


def column_edges(rows: Sequence[Row], *, narrowest: float) -> list[float]:
    """Left border, separators and right border of the columns, ascending, in points.

    Args:
        rows: with at least one chunk each; those of a single chunk do not count.
        narrowest: least width of white between columns, in points.
    """
    core = _full([row for row in rows if len(row.chunks) > 1])
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
    strips = [(a, b) for a, b in _runs(free) if a > 0 and b < len(free) and (b - a) / 2 >= narrowest]
    edges = [left + _emptiest(crossings, a, b) / 2 for a, b in strips]
    return _without_signs(core, [left - 1, *edges, right + 1])


def _full(rows: Sequence[Row]) -> list[Row]:
    """The rows that fill the columns; sums below them have a word and a number only, and lie across."""
    counts = sorted(len(row.chunks) for row in rows)
    for many, fewest in ((counts[len(counts) // 2], 3), (len(rows[0].chunks), 2)) if rows else ():
        full = [row for row in rows if len(row.chunks) * 2 > many]
        if many >= 4 and len(full) >= fewest:
            return full
    return list(rows)


def with_heads(rows: Sequence[Row], edges: list[float]) -> list[float]:
    """`edges` without columns that have no heading where all others have one: numbers that stood over one another.

    Such a column joins the neighbour that its words come closer to.
    """
    heads = rows[0].chunks
    single = len(rows) > 1 and any(is_number(chunk.text) for chunk in rows[1].chunks)
    if len(heads) < 4 or not single or any(is_number(chunk.text) for chunk in heads):
        return edges
    headed = {column_at(edges, chunk.box.center[0]) for chunk in heads}
    kept = list(edges)
    for i in range(len(edges) - 2, 0, -1):
        if i in headed:
            continue
        nearer = _nearer_edge(rows[1:], edges[i], edges[i + 1])
        if nearer in kept[1:-1]:
            kept.remove(nearer)
    return kept


def with_lone_heads(rows: Sequence[Row], edges: list[float]) -> list[float]:
    """`edges` without columns that hold headings and nothing else, beside a column that has none.

    A heading in the middle of its column stands right of what is short and begins at the left.
    """
    held: list[dict[int, list[float]]] = [{} for _ in pairwise(edges)]
    for number, row in enumerate(rows):
        for chunk in row.chunks:
            held[column_at(edges, chunk.box.center[0])].setdefault(number, []).extend((chunk.box.x0, chunk.box.x1))
    drop = set()
    for column, own in enumerate(held):
        if not own or len(own) * 2 > len(rows) or max(own) >= min(len(own), _DEEPEST_HEAD):
            continue
        beside = [place for place in (column - 1, column + 1) if 0 <= place < len(held)]
        headless = [place for place in beside if held[place] and own.keys().isdisjoint(held[place])]
        if headless:
            near = min(headless, key=lambda place: _apart(_all(own), _all(held[place])))
            drop.add(max(column, near))
    return [edge for place, edge in enumerate(edges) if place not in drop]


def _all(held: Mapping[int, list[float]]) -> list[float]:
    return [x for xs in held.values() for x in xs]


def _apart(ends: Sequence[float], others: Sequence[float]) -> float:
    """White between two ranges, points; negative where they overlap."""
    return max(min(ends) - max(others), min(others) - max(ends))


def _nearer_edge(rows: Sequence[Row], left: float, right: float) -> float | None:
    """Of a column's two edges the one over which words come closest; None where the column is empty."""
    before, after = [], []
    for row in rows:
        words = row.words
        inside = [w.box for w in words if left <= w.box.center[0] < right]
        if inside:
            before += [inside[0].x0 - w.box.x1 for w in words if w.box.x1 <= inside[0].x0][-1:]
            after += [w.box.x0 - inside[-1].x1 for w in words if w.box.x0 >= inside[-1].x1][:1]
    if not before or not after:
        return left if before else right if after else None
    return left if min(before) <= min(after) else right


def _emptiest(crossings: npt.NDArray[np.int32], start: int, stop: int) -> float:
    """Middle of the longest stretch between `start` and `stop` that the fewest chunks cross."""
    part = crossings[start:stop]
    stretches = _runs(part == part.min())
    a, b = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return start + (a + b) / 2


def _runs(free: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
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
