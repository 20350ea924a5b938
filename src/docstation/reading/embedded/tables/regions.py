"""Where on a page a table without any line may stand: where rows leave the same strips free.

Proposes regions; whether one is a table, and with which columns, `unruled` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.reading.embedded.tables.fill import Placed
from docstation.reading.embedded.tables.rows import Row, is_text, median_chunks, rows_of, size_of

_SET_APART = 1.25
"""Distances of the rows above from which a row without a first cell no longer belongs to the table."""


@dataclass(frozen=True, slots=True)
class Region:
    """Rows that may be a table, and the y of the rules over, in and under them (empty where there are none).

    `above` are the rows over it, from the top; the last of them may be headings that stand over the columns. `frame` is
    the box that the rules span, None without them.
    """

    rows: tuple[Row, ...]
    rules: tuple[float, ...] = ()
    above: tuple[Row, ...] = ()
    frame: Box | None = None


def aligned_regions(words: Sequence[Placed], width: float) -> list[Region]:
    """Runs of rows of several chunks each, on a page of `width` points."""
    return [region for zone in _zones(words, width) for region in _runs(rows_of(zone))]


def _zones(words: Sequence[Placed], width: float) -> list[list[Placed]]:
    """The words, apart for the left and the right half where the page is set in two columns."""
    rows = rows_of(words)
    split = width / 2
    both = [r for r in rows if r.box.x0 < split - 40 and r.box.x1 > split + 40]
    gutters = [r for r in both if not any(c.box.x0 < split - 4 and c.box.x1 > split + 4 for c in r.chunks)]
    prose = [
        r for r in gutters if len(r.chunks) == 2 and min(len(c.words) for c in r.chunks) >= 3 and len(r.words) >= 8
    ]
    if len(prose) < 10:
        return [list(words)]
    crossing = {w.index for r in both if r not in gutters for w in r.words}
    sides = [w for w in words if w.index not in crossing]
    return [
        [w for w in words if w.index in crossing],
        [w for w in sides if w.box.center[0] < split],
        [w for w in sides if w.box.center[0] >= split],
    ]


def _runs(rows: Sequence[Row]) -> list[Region]:
    """Runs of rows with several chunks each; up to two rows of one chunk may stand between."""
    runs: list[tuple[int, list[Row]]] = []
    run: list[Row] = []
    single = 0
    for i, row in enumerate(rows):
        far = bool(run) and row.box.y0 - run[-1].box.y1 > 2.2 * size_of(row.words)
        single = 0 if len(row.chunks) > 1 else single + 1
        if far or single > 2:
            run = []
        if len(row.chunks) > 1 and not run:
            runs.append((i, run))
        if len(row.chunks) > 1 or run:
            run.append(row)
    regions = []
    for first, run in runs:
        whole = trimmed(run)
        start = _body_start(whole)
        kept = _without_afterword(whole[start:])
        if len(kept) >= 3:
            regions.append(Region(tuple(kept), above=tuple(rows[max(0, first + start - 4) : first + start])))
    return regions


def _body_start(run: Sequence[Row]) -> int:
    """Index of the first row that keeps to the columns: labels with a line of text beside them often stand before."""
    start = next((index for index, row in enumerate(run) if len(row.chunks) >= 3), 0)
    if not any(map(is_text, run[:start])):
        return 0
    return start if len(run[start].chunks) >= 4 or median_chunks(run) >= 3 else 0


def _without_afterword(run: Sequence[Row]) -> list[Row]:
    """The rows less sums set apart below them: they begin right of the first column, after a wider space."""
    left = min((row.chunks[0].box.x1 for row in run if len(row.chunks) >= 3), default=0.0)
    steps = sorted(b.middle - a.middle for a, b in pairwise(run))
    pitch = steps[len(steps) // 2] if steps else 0.0
    for index, (above, row) in enumerate(pairwise(run), 1):
        rest = run[index:]
        apart = row.middle - above.middle >= _SET_APART * pitch
        if apart and index >= 3 and all(len(r.chunks) <= 2 and r.box.x0 > left for r in rest):
            return list(run[:index])
    return list(run)


def trimmed(run: Sequence[Row]) -> list[Row]:
    """`run` without the rows at its end that are no rows of cells."""
    rows = list(run)
    while rows and (len(rows[-1].chunks) < 2 or is_text(rows[-1])):
        rows.pop()
    return rows
