"""Lines of one column → groups that stand for one paragraph, item, heading or caption each.

Evidence: spacing, type size and weight, a first-line indent (the Russian norm) or a hanging one, a last line that ends
although the next word had room, list marks. Categories are given later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstation.reading.layout.marks import is_sure_caption, names_section, opens_bullet, opens_item
from docstation.reading.layout.rows import Row, Usual, usual_pitch

INDENT_EM = 0.75
"""A line that starts this much further right opens a paragraph."""

_ENDED = re.compile(r"[.!?…:;]['\"»”’)\]]*(?:\d{1,3})?$")
_CONTENTS_ENTRY = re.compile(r"(?:(?:\.\s?){4,}|…{2,}|_{4,})\s*\d{1,4}$")
_FOOTNOTE_MARK = re.compile(r"^(?:\d{1,3}|\*{1,3}|[†‡§])\s?[^\W\d_«\"“]")


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together.

    Attributes:
        rows: from top to bottom, at least one.
        ended: indices of rows after which the line was ended on purpose (addresses, verse).
    """

    rows: tuple[Row, ...]
    ended: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Measure:
    """Edges and line distance of one column, points."""

    left: float
    right: float
    pitch: float
    em: float
    exact: bool

    @property
    def middle(self) -> float:
        """The column's axis."""
        return (self.left + self.right) / 2

    def is_centred(self, row: Row) -> bool:
        """Whether a row stands on the axis, with room on both sides."""
        inset = min(row.box.x0 - self.left, self.right - row.box.x1)
        off = abs((row.box.x0 + row.box.x1) / 2 - self.middle)
        return inset > 1.5 * self.em and off < max(0.6 * self.em, 0.02 * (self.right - self.left))


def groups_of(rows: Sequence[Row], usual: Usual) -> list[Group]:
    """Split the rows of one column, top to bottom, into groups."""
    if not rows:
        return []
    measure = measure_of(rows, usual)
    zones = _zone_rights(rows, measure)
    found: list[Group] = []
    current: list[Row] = [rows[0]]
    ended: set[int] = set()
    for i, (above, below) in enumerate(pairwise(rows)):
        short = _has_room(above, below, zones[i])
        if _is_break(rows, i, current, measure, short=short, narrow=zones[i] < measure.right - 3 * measure.em):
            found.append(Group(tuple(current), frozenset(ended)))
            current, ended = [below], set()
        else:
            if short and not measure.is_centred(above):
                ended.add(len(current) - 1)
            current.append(below)
    found.append(Group(tuple(current), frozenset(ended)))
    return found


def measure_of(rows: Sequence[Row], usual: Usual) -> Measure:
    """Edges that several rows share (an outlier does not move them) and the usual line distance."""
    em = usual.size
    lefts = sorted(row.box.x0 for row in rows)
    rights = sorted((row.box.x1 for row in rows), reverse=True)
    left = next((a for a, b in pairwise(lefts) if b - a <= 0.5 * em), lefts[0])
    right = next((a for a, b in pairwise(rights) if a - b <= em), rights[0])
    # A single long line is an edge as well: everything else of the column may be centred or short.
    left = lefts[0] if left - lefts[0] > 6 * em else left
    right = rights[0] if rights[0] - right > 6 * em else right
    pitch = usual_pitch(rows, usual.pitch)
    return Measure(left, right, pitch, em, usual.exact)


def _zone_rights(rows: Sequence[Row], measure: Measure) -> list[float]:
    """For each row the right edge of the stretch of alike rows it stands in."""
    rights: list[float] = []
    start = 0
    for i in range(1, len(rows) + 1):
        if i < len(rows) and _same_zone(rows[i - 1], rows[i], measure):
            continue
        edge = max(row.box.x1 for row in rows[start:i])
        # Rows that nearly reach the column's edge are measured by it; a stretch of short ones by itself.
        reaches = edge > measure.right - 2 * measure.em or i - start == 1
        rights.extend([max(edge, measure.right) if reaches else edge] * (i - start))
        start = i
    return rights


def _same_zone(above: Row, below: Row, measure: Measure) -> bool:
    step = below.middle - above.middle
    alike = abs(above.size - below.size) < 0.2 * max(above.size, below.size)
    return alike and step < 1.5 * measure.pitch and abs(above.box.x0 - below.box.x0) < 4 * measure.em


def _has_room(above: Row, below: Row, right: float) -> bool:
    """Whether the first word of `below` had found room at the end of `above`: the line was ended on purpose."""
    first = below.line.words[0].box.width
    slack = 0.6 * max(above.size, 1.0)
    return above.box.x1 + first + slack < right


def has_ended(text: str) -> bool:
    """Whether a text ends like a sentence or an enumeration's member."""
    return bool(_ENDED.search(text.rstrip()))


def _is_break(
    rows: Sequence[Row], i: int, current: Sequence[Row], measure: Measure, *, short: bool, narrow: bool
) -> bool:
    above, below = rows[i], rows[i + 1]
    if _CONTENTS_ENTRY.search(above.text):
        return True
    if _has_initial(above, len(current)):
        return _is_far(above, below, measure)
    if _styles_differ(above, below, measure) or _is_far(above, below, measure):
        return True
    shift = below.box.x0 - above.box.x0
    indent = INDENT_EM * max(measure.em, below.size * 0.8)
    both_centred = _are_centred(above, below, measure)
    if _opens_something(above, below, short=short, shifted=abs(shift) > 0.4 * measure.em):
        return True
    if both_centred:
        return has_ended(above.text) and names_section(below.text)
    if abs(shift) > 5 * measure.em and not (len(current) == 1 and shift < 0):
        return True
    if shift > indent:
        return not _hangs(rows, i, current, measure, short=short)
    if shift < -indent:
        return len(current) > 1 and _was_hanging(current, indent)
    if short and not narrow:
        return len(current) == 1 or has_ended(above.text) or not _joins(above, below)
    return short and has_ended(above.text) and above.box.x1 < measure.right - 8 * measure.em and not narrow


def _are_centred(above: Row, below: Row, measure: Measure) -> bool:
    """Whether both rows stand on one axis; the longer of them may reach the column's edges."""
    first, second = measure.is_centred(above), measure.is_centred(below)
    if first and second:
        return True
    narrower, wider = sorted((above, below), key=lambda row: row.box.width)
    off = abs(narrower.box.center[0] - wider.box.center[0])
    return (first or second) and off < 0.5 * measure.em and wider.box.x1 - narrower.box.x1 > 1.5 * measure.em


def _has_initial(row: Row, depth: int) -> bool:
    """Whether the paragraph's first line opens with a letter drawn over several lines."""
    first = row.line.words[0]
    return depth == 1 and len(row.line.words) > 2 and first.font_size > 1.8 * row.size and len(first.text) <= 12


def _joins(above: Row, below: Row) -> bool:
    """Whether the wording goes on in spite of a short line."""
    return below.text[:1].islower() or above.text[-1:] in ",-–—("


def _styles_differ(above: Row, below: Row, measure: Measure) -> bool:
    ratio = max(above.size, below.size) / max(min(above.size, below.size), 1.0)
    if above.exact and below.exact:
        short = min(len(above.text), len(below.text)) < 4
        return (ratio > 1.08 and not short) or ratio > 1.6 or _weight_changes(above, below, measure)
    return ratio > 1.35 and min(len(above.text), len(below.text)) >= 6


def _weight_changes(above: Row, below: Row, measure: Measure) -> bool:
    """Whether bold type ends or begins between paragraphs; emphasis inside a sentence is no border."""
    if abs(above.weight - below.weight) < 0.7:
        return False
    full = above.box.x1 > measure.right - 2 * measure.em
    level = abs(below.box.x0 - measure.left) < 0.5 * measure.em
    return not (full and level and not has_ended(above.text))


def _is_far(above: Row, below: Row, measure: Measure) -> bool:
    step = below.middle - above.middle
    scale = max(1.0, max(above.size, below.size) / max(measure.em, 1.0))
    tolerance = 1.28 if measure.exact else 1.4
    if min(above.size, below.size) > 1.2 * measure.em:
        # Large type, often in several lines, is set wider than the body that the pitch was measured on.
        tolerance = 1.5
    return step > tolerance * measure.pitch * scale + 0.1 * measure.em


def _opens_something(above: Row, below: Row, *, short: bool, shifted: bool) -> bool:
    """Whether the wording of `below` opens an item, a caption, a section or a footnote."""
    ended = has_ended(above.text)
    if opens_bullet(below.text):
        return ended or short or shifted or opens_bullet(above.text) or above.text.endswith(",")
    if opens_item(below.text) or names_section(below.text):
        return ended or short or (shifted and not above.text[-1:].islower())
    if is_sure_caption(below.text):
        return ended or short
    return bool(_FOOTNOTE_MARK.match(below.text) and _FOOTNOTE_MARK.match(above.text)) and (ended or short)


def _hangs(rows: Sequence[Row], i: int, current: Sequence[Row], measure: Measure, *, short: bool) -> bool:
    """Whether a row further right goes on with the paragraph: a hanging indent under a mark or a first line."""
    above, below = rows[i], rows[i + 1]
    first = current[0]
    if len(current) == 1 and opens_item(first.text):
        return not short or below.text[:1].islower()
    if len(current) > 1 or short or has_ended(above.text):
        return False
    after = rows[i + 2] if i + 2 < len(rows) else None
    same = after is not None and abs(after.box.x0 - below.box.x0) < 0.4 * measure.em
    return same or below.text[:1].islower()


def _was_hanging(current: Sequence[Row], indent: float) -> bool:
    """Whether the paragraph's later rows stand right of its first one, so that a row at its edge opens the next."""
    return current[-1].box.x0 - current[0].box.x0 > 0.5 * indent
