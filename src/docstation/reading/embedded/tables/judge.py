"""Whether a lattice of lines is a table, and what is left of one that frames a page.

Frames around a page, boxed paragraphs, charts and hatching draw lattices too. Judged by the shape of the lattice and
by where the words stand; texts are not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.document.table import Table
from docstation.reading.embedded.tables.fill import Placed
from docstation.reading.embedded.tables.grid import Lattice, Span

FRAME_SHARE = 0.4
"""A cell with more of the lattice's area than this, and much text or nothing but other drawings in it, is a frame."""
_FRAME_LINES = 8
_SMALLEST_ROW = 5.0
_WORDS_ACROSS = 0.2
_FILLED = 0.15
_OF_CHART = 0.34


def without_frame(lattice: Lattice, words: Sequence[Placed]) -> list[Lattice]:
    """The lattice itself or, where one of its cells frames a page's content, the blocks of cells around that one."""
    frame = next((span for span in lattice.spans if _is_frame(lattice, span, words)), None)
    if frame is None:
        return [lattice]
    blocks = _blocks([span for span in lattice.spans if span != frame])
    return [part for block in blocks if (part := _cut_out(lattice, block)) is not None]


def _is_frame(lattice: Lattice, span: Span, words: Sequence[Placed]) -> bool:
    box = lattice.cell_box(span)
    if box.area < FRAME_SHARE * lattice.box.area or box.height < 72:
        return False
    if span.rowspan == 1 and span.colspan < lattice.columns:
        return False
    inside = [w for w in words if box.contains(*w.box.center)]
    return not inside or _line_count(inside) >= _FRAME_LINES


def _line_count(words: Sequence[Placed]) -> int:
    return len({w.index[0] for w in words})


def _blocks(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans grouped so that those that share a piece of border are together."""
    left = list(spans)
    blocks = []
    while left:
        block, border = [], [left.pop(0)]
        while border:
            span = border.pop()
            block.append(span)
            near = [other for other in left if _adjacent(span, other)]
            left = [other for other in left if other not in near]
            border.extend(near)
        blocks.append(sorted(block))
    return blocks


def _adjacent(a: Span, b: Span) -> bool:
    rows = min(a.row + a.rowspan, b.row + b.rowspan) - max(a.row, b.row)
    columns = min(a.column + a.colspan, b.column + b.colspan) - max(a.column, b.column)
    return (rows > 0 and columns == 0) or (rows == 0 and columns > 0)


def _cut_out(lattice: Lattice, spans: Sequence[Span]) -> Lattice | None:
    """A lattice of these spans only; None where they do not fill a rectangle."""
    rows = sorted({edge for s in spans for edge in (s.row, s.row + s.rowspan)})
    columns = sorted({edge for s in spans for edge in (s.column, s.column + s.colspan)})
    if sum(s.rowspan * s.colspan for s in spans) != (rows[-1] - rows[0]) * (columns[-1] - columns[0]):
        return None
    made = [
        Span(
            rows.index(s.row),
            columns.index(s.column),
            rows.index(s.row + s.rowspan) - rows.index(s.row),
            columns.index(s.column + s.colspan) - columns.index(s.column),
        )
        for s in spans
    ]
    return Lattice(tuple(lattice.xs[c] for c in columns), tuple(lattice.ys[r] for r in rows), tuple(sorted(made)))


def confidence_of(lattice: Lattice, words: Sequence[Placed]) -> float:
    """How sure it is that the lattice is a table, 0 to 1; 0 where it is not.

    Args:
        lattice: to be judged.
        words: those inside the lattice's box.
    """
    if lattice.rows < 2 or lattice.columns < 2 or len(lattice.spans) < 3 or not words:
        return 0.0
    if _median_row(lattice) < _SMALLEST_ROW:
        return 0.0
    owners = lattice.owners
    holders = [owners[lattice.position(*w.box.center)] for w in words]
    across = sum(_crosses(lattice.cell_box(s), w.box) for s, w in zip(holders, words, strict=True)) / len(words)
    if across > _WORDS_ACROSS:
        return 0.0
    written = set(holders)
    filled = [span in written for span in lattice.spans]
    share = sum(filled) / len(filled)
    if share < _FILLED and not _headed(lattice, filled):
        return 0.0
    return min(1.0, 0.7 + 0.3 * share) * (1 - across)


def is_chart(found: Table) -> bool:
    """Whether a table is the grid of a chart: few cells are written, and neither its first row nor column is."""
    cells = found.cells
    written = [bool(cell.text) for cell in cells]
    top = [bool(cell.text) for cell in cells if cell.row == 0]
    left = [bool(cell.text) for cell in cells if cell.column == 0]
    return sum(written) < _OF_CHART * len(cells) and sum(top) * 2 <= len(top) and sum(left) * 2 <= len(left)


def _median_row(lattice: Lattice) -> float:
    heights = sorted(b - a for a, b in zip(lattice.ys, lattice.ys[1:], strict=False))
    return heights[len(heights) // 2]


def _crosses(cell: Box, box: Box) -> bool:
    """Whether the inner part of a word's box reaches over its cell's left or right border."""
    inner = box.expanded(-0.25 * box.width, 0)
    return inner.x0 < cell.x0 - 1 or inner.x1 > cell.x1 + 1


def _headed(lattice: Lattice, filled: Sequence[bool]) -> bool:
    """Whether the first row or the first column is written in most of its cells: a form to be filled in."""
    top = [f for s, f in zip(lattice.spans, filled, strict=True) if s.row == 0]
    left = [f for s, f in zip(lattice.spans, filled, strict=True) if s.column == 0]
    return sum(top) * 2 > len(top) or sum(left) * 2 > len(left)
