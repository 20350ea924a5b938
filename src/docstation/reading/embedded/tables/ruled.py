"""Tables that lines draw: strokes of a page to lattices, judged and filled with words.

The strokes may come from a PDF's drawing or from a raster; a scan's residual tilt is taken out per table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from docstation.document.geometry import Affine, Box
from docstation.document.table import Cell, Table
from docstation.reading.embedded.tables.fill import Placed, cell_confidence, cell_text, words_inside
from docstation.reading.embedded.tables.found import FoundTable
from docstation.reading.embedded.tables.grid import WALL, Evidence, Lattice, Span, connected, lattice_of
from docstation.reading.embedded.tables.headers import with_headers
from docstation.reading.embedded.tables.judge import confidence_of, without_frame
from docstation.reading.embedded.tables.strokes import Stroke, Strokes

Seen = Callable[[bool, tuple[float, float], tuple[float, float]], float]
"""Share of the way between two points on which a raster shows a line: (upright, from, to) → 0 to 1."""
_SEEN = 0.5
_LEAST_SEEN = 2.5
_WHOLE = 0.9
_SAME_ON_RASTER = 4.5


def ruled_tables(strokes: Strokes, words: Sequence[Placed], seen: Seen | None = None) -> list[FoundTable]:
    """The tables that `strokes` draw, from the largest; one inside another's cell is left to that cell's text.

    Args:
        strokes: of the page.
        words: of the page.
        seen: looks at the raster where strokes leave doubt; None for drawn (vector) lines.
    """
    found: list[FoundTable] = []
    groups = sorted(connected(strokes), key=lambda group: -group.box.area)
    for group in groups:
        if any(group.box.share_inside(table.box) > 0.8 for table in found):
            continue
        found.extend(_tables_of(group, words, seen))
    return found


def _tables_of(group: Strokes, words: Sequence[Placed], seen: Seen | None) -> list[FoundTable]:
    level, to_level = levelled(group)
    near = words_inside(words, group.box.expanded(3))
    moved = [Placed(w.index, w.word, to_level.box(w.word.box)) for w in near]
    if seen is None:
        lattice = lattice_of(level)
    else:
        lattice = lattice_of(level, _evidence(seen, to_level.inverse(), moved), same=_SAME_ON_RASTER)
    if lattice is None or len(lattice.spans) < 3:
        return []
    tables = []
    for part in without_frame(lattice, moved):
        inside = words_inside(moved, part.box)
        confidence = confidence_of(part, inside)
        if confidence > 0:
            tables.append(_filled(part, inside, confidence, to_level.inverse()))
    return tables


def _evidence(seen: Seen, back: Affine, words: Sequence[Placed]) -> Evidence:
    """Asks the raster about a wall in doubt; where a word runs across, there is none.

    A word recognised over two columns does not undo a line that is drawn nearly whole.
    """

    def is_wall(upright: bool, at: float, low: float, high: float, share: float) -> bool:
        across = [_across(w.box, upright) for w in words]
        if any(_runs_over(box, at, low, high) for box in across):
            return upright and share >= _WHOLE
        if share >= WALL:
            return True
        free = _free_parts(low + 1, high - 1, [b for b in across if b.y0 - 1.5 < at < b.y1 + 1.5])
        total = sum(end - start for start, end in free)
        if total < _LEAST_SEEN:
            return False
        hits = sum((end - start) * seen(upright, *_ends(upright, at, start, end, back)) for start, end in free)
        return hits >= _SEEN * total

    return is_wall


def _across(box: Box, upright: bool) -> Box:
    """The box in the coordinates of a wall: x along it, y across."""
    return Box(box.y0, box.x0, box.y1, box.x1) if upright else box


def _runs_over(word: Box, at: float, low: float, high: float) -> bool:
    return low < word.center[0] < high and word.y0 + 1.2 < at < word.y1 - 1.2


def _free_parts(low: float, high: float, words: Sequence[Box]) -> list[tuple[float, float]]:
    """What is left of a wall's extent beside the words that stand at it: letters look like pieces of lines."""
    parts = []
    for word in sorted(words, key=lambda box: box.x0):
        if word.x0 > low:
            parts.append((low, min(word.x0, high)))
        low = max(low, word.x1)
    parts.append((low, high))
    return [(start, end) for start, end in parts if end - start > 1.0]


def _ends(
    upright: bool, at: float, start: float, end: float, back: Affine
) -> tuple[tuple[float, float], tuple[float, float]]:
    if upright:
        return back.point(at, start), back.point(at, end)
    return back.point(start, at), back.point(end, at)


def levelled(group: Strokes) -> tuple[Strokes, Affine]:
    """The group's strokes without their common tilt, and the map of points into that level frame."""
    lean_h, lean_v = _lean(group.horizontal), _lean(group.vertical)
    if lean_h == 0 == lean_v:
        return group, Affine()
    cx, cy = group.box.center
    to_level = Affine(1, -lean_v, lean_v * cy, -lean_h, 1, lean_h * cx)
    level = tuple(_straightened(s, lean_h, cx) for s in group.horizontal)
    upright = tuple(_straightened(s, lean_v, cy) for s in group.vertical)
    return Strokes(level, upright), to_level


def _lean(strokes: Sequence[Stroke]) -> float:
    """Median slope, each stroke counted by its length."""
    ordered = sorted(strokes, key=lambda s: s.slope)
    half, seen = sum(s.length for s in ordered) / 2, 0.0
    for stroke in ordered:
        seen += stroke.length
        if seen >= half:
            return stroke.slope
    return 0.0


def _straightened(stroke: Stroke, lean: float, about: float) -> Stroke:
    return Stroke(
        stroke.start,
        stroke.end,
        stroke.at_start - lean * (stroke.start - about),
        stroke.at_end - lean * (stroke.end - about),
    )


def _filled(lattice: Lattice, words: Sequence[Placed], confidence: float, back: Affine) -> FoundTable:
    contents: dict[Span, list[Placed]] = {span: [] for span in lattice.spans}
    owners = lattice.owners
    for word in words:
        contents[owners[lattice.position(*word.box.center)]].append(word)
    cells = [_cell(span, contents[span], back.box(lattice.cell_box(span))) for span in lattice.spans]
    taken = frozenset(word.index for inside in contents.values() for word in inside)
    table = with_headers(Table.of_cells(cells), contents_bold(contents))
    return FoundTable(back.box(lattice.box), table, True, taken, confidence)


def _cell(span: Span, words: Sequence[Placed], box: Box) -> Cell:
    return Cell(
        span.row,
        span.column,
        span.rowspan,
        span.colspan,
        text=cell_text(words),
        box=box,
        confidence=cell_confidence(words),
    )


def contents_bold(contents: dict[Span, list[Placed]]) -> frozenset[tuple[int, int]]:
    """Positions of the cells whose words are all bold."""
    return frozenset((s.row, s.column) for s, words in contents.items() if words and all(w.word.bold for w in words))
