"""The fields of one object of a layout answer, by whatever names and spellings models give them.

Knows dots.ocr's ``bbox``, ``category`` and ``text``, and what Qwen models say instead. Pure: values in, a block out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from docstation.document.model import Category

Quad = tuple[float, float, float, float]

BOX_KEYS = frozenset({"bbox", "bbox_2d", "box", "box_2d", "bounding_box", "coordinates"})
CATEGORY_KEYS = frozenset({"category", "label", "type", "class"})
TEXT_KEYS = frozenset({"text", "text_content", "content", "html", "latex", "markdown"})
KNOWN_KEYS = BOX_KEYS | CATEGORY_KEYS | TEXT_KEYS

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_NAMES = {_NOT_LETTERS.sub("", category.lower()): category for category in Category}
_OTHER_NAMES = {
    **dict.fromkeys(("image", "figure", "chart", "graphic", "photo", "logo", "stamp", "seal", "diagram"), "picture"),
    **dict.fromkeys(("equation", "math", "interlineequation", "isolateformula"), "formula"),
    **dict.fromkeys(("header", "runninghead"), "pageheader"),
    **dict.fromkeys(("footer", "pagenumber", "pagenum"), "pagefooter"),
    **dict.fromkeys(("heading", "sectiontitle", "paragraphtitle", "subtitle", "sectionheading"), "sectionheader"),
    **dict.fromkeys(("list", "listing", "bullet", "bulletlist"), "listitem"),
    **dict.fromkeys(("figurecaption", "tablecaption", "imagecaption", "picturecaption"), "caption"),
    **dict.fromkeys(("tablefootnote", "note", "pagefootnote"), "footnote"),
    **dict.fromkeys(("doctitle", "documenttitle"), "title"),
    **dict.fromkeys(("paragraph", "plaintext", "textblock", "body", "other", "unknown", "abstract"), "text"),
}  # fmt: skip
_ALL_NAMES = {**_NAMES, **{name: _NAMES[meant] for name, meant in _OTHER_NAMES.items()}}
_CLOSE = 0.75


class Note(StrEnum):
    """Why a parsed block is not quite as the model should have written it."""

    UNKNOWN_CATEGORY = "unknown-category"
    """The category is a guess by its name, or Text."""
    NO_BOX = "no-box"
    """There are not four numbers."""
    BROKEN = "broken-json"
    """A delimiter, quote or bracket was missing or too many."""
    CUT = "cut"
    """The stream ended inside."""


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """One block of an answer.

    Attributes:
        box: (x0, y0, x1, y1) in the model's own coordinates, x0 <= x1 and y0 <= y1; None without four numbers.
        category: one of the eleven.
        text: as the model wrote it: Markdown, HTML for tables, LaTeX for formulas.
        start: offset in the answer, characters, of the object's opening brace.
        end: offset behind its closing brace, or where it was cut.
        notes: what had to be mended, each once.
        partial: whether the stream ended inside the object.
    """

    box: Quad | None
    category: Category
    text: str
    start: int
    end: int
    notes: tuple[Note, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """What an object said, unread: each of the three in the model's own words, None where it said nothing."""

    box: Sequence[str] | None = None
    category: str | None = None
    text: str | None = None

    @property
    def is_block(self) -> bool:
        """Whether there is anything to make a block of: a place, or words."""
        return bool(self.text) or quad_of(self.box or ()) is not None


def block_of(fields: Fields, start: int, end: int, notes: Sequence[Note], *, partial: bool = False) -> ParsedBlock:
    """The block that an object's fields mean; `start`, `end`, `notes` and `partial` as in `ParsedBlock`."""
    box = quad_of(fields.box or ())
    category, known = category_of(fields.category or "")
    found = [*notes]
    if not known:
        found.append(Note.UNKNOWN_CATEGORY)
    if box is None:
        found.append(Note.NO_BOX)
    return ParsedBlock(box, category, fields.text or "", start, end, tuple(dict.fromkeys(found)), partial)


def quad_of(values: Sequence[str]) -> Quad | None:
    """Four numbers as a box; the corners of a polygon (eight or more) as the box around them; else None."""
    numbers = [float(match) for value in values for match in _NUMBER.findall(value)]
    if any(not math.isfinite(number) for number in numbers) or len(numbers) < 4 or len(numbers) % 2:
        return None
    if len(numbers) == 6:
        return None
    xs, ys = numbers[0::2], numbers[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def category_of(name: str) -> tuple[Category, bool]:
    """The category that a name means, and whether the name is a known one; an unknown one is the nearest, or Text."""
    letters = _NOT_LETTERS.sub("", name.lower())[:40]
    if letters in _ALL_NAMES:
        return _ALL_NAMES[letters], True
    close = get_close_matches(letters, _ALL_NAMES, 1, _CLOSE)
    return (_ALL_NAMES[close[0]] if close else Category.TEXT), False
