"""Groups of lines → categories: title, heading, item, caption, footnote, formula or plain text.

Weighs wording, type and place of one group against what is usual on the page. Levels given here hold for the page;
the assembly sets them anew over the whole document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.reading.layout.furniture import Sheet
from docstation.reading.layout.marks import (
    is_capitals,
    is_sure_caption,
    item_depth,
    names_deed,
    names_section,
    opens_bullet,
    opens_caption,
    opens_item,
    title_depth,
)
from docstation.reading.layout.paragraphs import Group, Measure, has_ended
from docstation.reading.layout.rows import Row

MAX_HEADING_ROWS = 5
MAX_HEADING_LENGTH = 220
HEADING_POINTS = 2.5

_MATHS = re.compile(r"[=∑∏∫√≤≥≠±×÷∈∉∀∃∂∞→⇒⇔≈≡⊂⊆∪∩∇∝·∗−<>{}|^_\u0370-\u03ff\u2070-\u209f\U0001d400-\U0001d7ff+/]")
_PLAIN_WORD = re.compile(r"[^\W\d_]{4,}")
_EQUATION_NUMBER = re.compile(r"\(\d{1,3}(?:\.\d{1,3}){0,2}[a-zа-я]?\)\s*$")
_FOOTNOTE = re.compile(r"^(?:\d{1,3}|\*{1,3}|[†‡§¹²³⁴⁵⁶⁷⁸⁹]+)\s?[)]?\s?[^\W\d_«\"“(]")
_LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}|_{3,}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands in its column.

    Attributes:
        above: white space to what stands above it in the column, points; infinite at its top.
        below: the same downwards.
        measure: of the column.
        near_figure: whether a table or picture is the next neighbour above or below.
        last: whether only groups of small type follow in the column.
        ruled: whether a short thin line stands above it.
        follows_item: whether the group before it opens like an item.
    """

    above: float
    below: float
    measure: Measure
    near_figure: bool
    last: bool
    ruled: bool
    follows_item: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A category and its level (heading level on this page, list depth), 0 where it has none."""

    category: Category
    level: int = 0


def verdict_of(group: Group, place: Place, sheet: Sheet) -> Verdict:
    """Give one group its category."""
    text = " ".join(row.text for row in group.rows)
    if _is_caption(group, text, place):
        return Verdict(Category.CAPTION)
    if is_formula(text) and not opens_item(text):
        return Verdict(Category.FORMULA)
    if heading_points(group, text, place, sheet) >= HEADING_POINTS:
        return Verdict(Category.SECTION_HEADER, max(1, title_depth(text)))
    if _is_footnote(group, text, place, sheet):
        return Verdict(Category.FOOTNOTE)
    if opens_item(text) and not _LEADERS.search(text):
        return Verdict(Category.LIST_ITEM, item_depth(text))
    return Verdict(Category.TEXT)


def is_formula(text: str) -> bool:
    """Whether a text is a displayed formula: signs and single letters, hardly a word."""
    bare = _EQUATION_NUMBER.sub("", text).replace(" ", "")
    signs = len(_MATHS.findall(bare))
    if len(bare) < 3 or signs < 2 or not re.search(r"[=∑∏∫√≤≥≈≡∈→⇒∂<>]", bare):
        return False
    words = sum(len(word) for word in _PLAIN_WORD.findall(bare))
    return signs >= 0.12 * len(bare) and words < 0.35 * len(bare) and "http" not in text and "@" not in text


def heading_points(group: Group, text: str, place: Place, sheet: Sheet) -> float:
    """How much speaks for a heading; `HEADING_POINTS` and above is one."""
    letters = sum(char.isalpha() for char in text)
    if len(group.rows) > MAX_HEADING_ROWS or len(text) > MAX_HEADING_LENGTH or letters < 3 or _LEADERS.search(text):
        return 0.0
    if (
        text[0].islower()
        or not (text[0].isalnum() or is_capitals(text))
        or opens_bullet(text)
        or letters < 0.45 * len(text.replace(" ", ""))
    ):
        return 0.0
    return _type_points(group.rows, text, sheet) + _place_points(group.rows, place) + _wording_points(text, place)


def _type_points(rows: tuple[Row, ...], text: str, sheet: Sheet) -> float:
    usual = sheet.usual
    ratio = min(row.size for row in rows) / max(usual.size, 1.0)
    points = 0.0
    if rows[0].exact:
        points += 2.5 if ratio >= 1.18 else 1.5 if ratio >= 1.06 else -1.0 if ratio < 0.88 else 0.0
    else:
        points += 2.5 if ratio >= 1.45 else 1.0 if ratio >= 1.22 else 0.0
    if all(row.bold for row in rows) and not usual.bold:
        points += 2.0
    if len(rows) > 1 and ratio < 1.4 and not rows[0].bold and len(text) > 80:
        points -= 1.5
    if is_capitals(text):
        points += 1.5 if len(text) < 120 else 0.5
    if rows[0].exact and all(row.italic for row in rows):
        points += 0.5
    return points


def _place_points(rows: tuple[Row, ...], place: Place) -> float:
    points = 0.0
    pitch = place.measure.pitch
    if all(place.measure.is_centred(row) for row in rows):
        points += 1.0
    if place.above > 0.75 * pitch and place.below > 0.3 * pitch:
        points += 0.5
    if len(rows) > 2:
        points -= 0.5
    full = rows[-1].box.x1 > place.measure.right - 1.5 * place.measure.em and rows[0].box.x0 < place.measure.left + 1
    if full and len(rows) == 1 and len(rows[0].text) > 60:
        points -= 0.5
    return points


def _wording_points(text: str, place: Place) -> float:
    points = 0.0
    if names_section(text):
        points += 2.0
    elif names_deed(text) and len(text) < 90:
        points += 1.0
    if title_depth(text) and not text.rstrip().endswith((".", ";", ",")) and len(text) < 120:
        points += 1.0
    if place.follows_item and opens_item(text):
        points -= 1.0
    ending = text.rstrip()[-1:]
    if ending in ",;-":
        points -= 2.0
    elif ending == ":":
        points -= 1.0
    elif ending == "." and len(text) > 40 and not names_section(text):
        points -= 1.5
    if len(text) > 120:
        points -= 0.5
    return points


def _is_caption(group: Group, text: str, place: Place) -> bool:
    if not opens_caption(text) or len(group.rows) > 12:
        return False
    return is_sure_caption(text) or (place.near_figure and len(text) < 300)


def _is_footnote(group: Group, text: str, place: Place, sheet: Sheet) -> bool:
    usual = sheet.usual
    low = group.rows[0].box.y0 > 0.45 * sheet.height
    small = max(row.size for row in group.rows) < (0.93 if usual.exact else 0.85) * usual.size
    if not (low and place.last and small):
        return False
    return place.ruled or bool(_FOOTNOTE.match(text)) or group.rows[0].text[:1] in "*†‡"


def is_title(group: Group, verdict: Verdict, best: float, sheet: Sheet) -> bool:
    """Whether a heading is the document's title: on the first page, of the largest type, in the upper two thirds."""
    if sheet.number != 1 or verdict.category is not Category.SECTION_HEADER:
        return False
    size = max(row.size for row in group.rows)
    box = Box.around(row.box for row in group.rows)
    large = size >= (1.15 if group.rows[0].exact else 1.4) * sheet.usual.size and size >= 0.97 * best
    return large and box.y1 < 0.7 * sheet.height and not _is_numbered(group)


def _is_numbered(group: Group) -> bool:
    text = group.rows[0].text
    return title_depth(text) > 0 or (names_section(text) and not has_ended(text))
