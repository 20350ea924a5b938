"""Where on a page rules begin and end together: what stands between them may be a table without a grid.

Rules of several tables, under titles and over signatures are told apart by what stands between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.reading.embedded.tables.fill import Placed, words_inside
from docstation.reading.embedded.tables.regions import Region
from docstation.reading.embedded.tables.rows import TEXT_WORDS, Row, is_text, median_chunks, rows_of, size_of
from docstation.reading.embedded.tables.strokes import Stroke
from docstation.reading.layout import marks

_SHORTEST = 60.0
"""Points of a rule at least."""
_TOGETHER = 6.0
"""Points within which the ends of a table's rules lie."""
_HEADS_ABOVE = 48.0
"""Points over the first rule in which headings may stand."""
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
"""Share of a table's width that a stretched line takes at least."""
_WIDEST_SPACE = 2.5
"""Font sizes between the words of a stretched line at most."""
_OPEN = 0.35
"""Share of a stretched line's width that its spaces take at most."""


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


def _rule_stacks(level: Sequence[Stroke]) -> list[tuple[Box, tuple[float, ...]]]:
    """Boxes between rules that begin and end together, and the rules' y."""
    long = sorted((s for s in level if s.length >= _SHORTEST), key=lambda s: s.at)
    stacks: list[list[Stroke]] = []
    for stroke in long:
        for stack in stacks:
            if _belongs(stroke, stack[-1]):
                stack.append(stroke)
                break
        else:
            stacks.append([stroke])
    return [
        (Box(s[0].start - _BESIDE, s[0].at - 1, s[0].end + _BESIDE, s[-1].at + 1), tuple(r.at for r in s))
        for s in stacks
        if s[-1].at - s[0].at > _LOWEST
    ]


def _belongs(rule: Stroke, above: Stroke) -> bool:
    """Whether a rule is as long as the one above it, and no more than a page below."""
    level = abs(above.start - rule.start) < _TOGETHER and abs(above.end - rule.end) < _TOGETHER
    return level and rule.at - above.at < _HIGHEST


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
    if len(words) < TEXT_WORDS or row.box.x0 > box.x0 + _INDENT:
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


def _runs_from(row: Row, box: Box) -> bool:
    """Whether a row is running text from the left border on, and not what goes on in a cell farther right."""
    return is_text(row) and row.box.x0 < box.x0 + _INDENT


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
    few, many = median_chunks(rows), median_chunks(others)
    # Cells of several lines: most lines hold one or two chunks, but each row begins with a line that holds all.
    wrapped = sum(len(row.chunks) >= max(many, 3) for row in rows) >= 2
    return len(rows) < _HIGHEST_HEAD or few >= 3 or few * 2 > many or wrapped
