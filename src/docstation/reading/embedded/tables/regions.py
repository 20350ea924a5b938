"""Where on a page a table without a grid of lines may stand: between rules, or where rows leave the same strips free.

Proposes regions; whether one is a table, and with which columns, `unruled` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.reading.embedded.tables.fill import Placed, words_inside
from docstation.reading.embedded.tables.rows import Row, rows_of, size_of
from docstation.reading.embedded.tables.strokes import Stroke
from docstation.reading.layout import marks

_TEXT_WORDS = 7
"""Words side by side from which a row is text and no cell."""
_HEADS_ABOVE = 48.0
_HIGHEST_HEAD = 5
"""Lines that a heading has at most."""
_HIGHEST = 760.0
"""Points between two rules of a table at most: the printed height of a page."""
_LOWEST = 18.0
"""Points from the first rule of a table to its last at least."""
_BESIDE = 3.0
"""Points by which words may stand out beside a table's rules."""
_INDENT = 18.0
"""Points from a table's left border within which its first column begins."""
_MOST_WIDTH = 0.7
"""Share of a table's width from which a line of text is none of its cells."""
_EVEN = 1.5
"""Times the median space between words that the widest of a stretched line is less than."""
_STRETCHED_WIDTH = 0.96
_WIDEST_SPACE = 2.5
"""Font sizes between the words of a stretched line at most."""
_OPEN = 0.35
"""Share of a stretched line's width that its spaces take at most."""
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


def ruled_regions(words: Sequence[Placed], level: Sequence[Stroke]) -> list[tuple[Box, Region]]:
    """Boxes between rules that begin and end together, the largest first, and what stands in them."""
    found = []
    parts = (part for stack in _rule_stacks(level) for part in _parted(words, *stack))
    for whole, stack in sorted(parts, key=lambda part: -part[0].area):
        box, rules = _without_outer_rules(words, whole, stack)
        above = words_inside(words, Box(box.x0, box.y0 - _HEADS_ABOVE, box.x1, box.y0))
        frame = Box(box.x0 + _BESIDE, rules[0], box.x1 - _BESIDE, rules[-1])
        region = Region(tuple(rows_of(words_inside(words, box))), rules, tuple(rows_of(above)), frame)
        # A title's underline and a closing rule frame a whole letter; its table is found among its rows.
        if len(rules) > 2 or not any(_runs_from(row, box) for row in region.rows):
            found.append((box, region))
    return found


def aligned_regions(words: Sequence[Placed], width: float) -> list[Region]:
    """Runs of rows of several chunks each, on a page of `width` points."""
    return [region for zone in _zones(words, width) for region in _runs(rows_of(zone))]


def _rule_stacks(level: Sequence[Stroke]) -> list[tuple[Box, tuple[float, ...]]]:
    """Boxes between rules that begin and end together, and the rules' y."""
    long = sorted((s for s in level if s.length >= 60), key=lambda s: s.at)
    stacks: list[list[Stroke]] = []
    for stroke in long:
        for stack in stacks:
            top = stack[-1]
            if abs(top.start - stroke.start) < 6 and abs(top.end - stroke.end) < 6 and stroke.at - top.at < _HIGHEST:
                stack.append(stroke)
                break
        else:
            stacks.append([stroke])
    return [
        (Box(s[0].start - _BESIDE, s[0].at - 1, s[0].end + _BESIDE, s[-1].at + 1), tuple(r.at for r in s))
        for s in stacks
        if s[-1].at - s[0].at > _LOWEST
    ]


def _parted(words: Sequence[Placed], box: Box, rules: tuple[float, ...]) -> list[tuple[Box, tuple[float, ...]]]:
    """The stack, apart where running text or a caption stands between two of its rules: those are two tables' rules."""
    parts: list[list[float]] = [[]]
    for above, below in pairwise(rules):
        parts[-1].append(above)
        rows = rows_of(words_inside(words, Box(box.x0, above, box.x1, below)))
        if _parts_tables(rows, box):
            parts.append([])
    parts[-1].append(rules[-1])
    return [
        (Box(box.x0, part[0] - 1, box.x1, part[-1] + 1), tuple(part)) for part in parts if part[-1] - part[0] > _LOWEST
    ]


def _runs_from(row: Row, box: Box) -> bool:
    """Whether a row is running text from the left border on, and not what goes on in a cell farther right."""
    return _is_text(row) and row.box.x0 < box.x0 + _INDENT


def _parts_tables(rows: Sequence[Row], box: Box) -> bool:
    """Whether rows are what stands between two tables: running text or a caption, and hardly a row of cells.

    A long line by itself may also head a part of a table; rows of cells are under it then.
    """
    text = [row for row in rows if _fills(row, box)]
    cells = [row for row in rows if len(row.chunks) > 1 and row not in text]
    return len(cells) < len(text) or (_is_captioned(rows) and len(cells) <= 1)


def _fills(row: Row, box: Box) -> bool:
    """Whether a row is a line of text over most of the table's width, or one that is stretched to all of it."""
    words = sorted(row.words, key=lambda w: w.box.x0)
    if len(words) < _TEXT_WORDS or row.box.x0 > box.x0 + _INDENT:
        return False
    if len(row.chunks) == 1:
        return row.box.width > _MOST_WIDTH * box.width
    spaces = sorted(b.box.x0 - a.box.x1 for a, b in pairwise(words))
    widest = min(_EVEN * spaces[len(spaces) // 2], _WIDEST_SPACE * size_of(words))
    stretched = spaces[-1] < widest and sum(spaces) < _OPEN * row.box.width
    return stretched and row.box.width > _STRETCHED_WIDTH * box.width


def _is_captioned(rows: Sequence[Row]) -> bool:
    """Whether a line by itself names a table."""
    alone = [row.chunks[0].text for row in rows if len(row.chunks) == 1]
    return any(marks.is_sure_caption(text) and marks.caption_is_of_table(text) for text in alone)


def _without_outer_rules(words: Sequence[Placed], box: Box, rules: tuple[float, ...]) -> tuple[Box, tuple[float, ...]]:
    """The stack less rules at its ends that belong to something else: a title's underline, a line for signatures.

    Between such a rule and the next one stand no words, or lines that keep to none of the table's columns.
    """
    while len(rules) > 2 and not _is_columnar(words, box, rules[:2], rules[1:]):
        rules = rules[1:]
    while len(rules) > 2 and not _is_columnar(words, box, rules[-2:], rules[:-1]):
        rules = rules[:-1]
    return Box(box.x0, rules[0] - 1, box.x1, rules[-1] + 1), rules


def _is_columnar(words: Sequence[Placed], box: Box, part: tuple[float, ...], rest: tuple[float, ...]) -> bool:
    """Whether the lines between the two rules `part` may be rows of the table between the rules `rest`."""
    rows, others = (rows_of(words_inside(words, Box(box.x0, ys[0], box.x1, ys[-1]))) for ys in (part, rest))
    text = [row for row in rows if _runs_from(row, box)]
    if not rows or (text and len(text) >= sum(len(row.chunks) > 1 for row in rows if row not in text)):
        return False
    few, many = _median_chunks(rows), _median_chunks(others)
    # Cells of several lines: most lines hold one or two chunks, but each row begins with a line that holds all.
    wrapped = sum(len(row.chunks) >= max(many, 3) for row in rows) >= 2
    return len(rows) < _HIGHEST_HEAD or few >= 3 or few * 2 > many or wrapped


def _median_chunks(rows: Sequence[Row]) -> int:
    counts = sorted(len(row.chunks) for row in rows)
    return counts[len(counts) // 2] if counts else 0


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
    if not any(map(_is_text, run[:start])):
        return 0
    return start if len(run[start].chunks) >= 4 or _median_chunks(run) >= 3 else 0


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


def _is_text(row: Row) -> bool:
    """Whether a row is running text, perhaps with a label before it, and no row of cells."""
    return len(row.chunks) <= 2 and max(len(chunk.words) for chunk in row.chunks) >= _TEXT_WORDS


def trimmed(run: Sequence[Row]) -> list[Row]:
    """`run` without the rows at its end that are no rows of cells."""
    rows = list(run)
    while rows and (len(rows[-1].chunks) < 2 or _is_text(rows[-1])):
        rows.pop()
    return rows
