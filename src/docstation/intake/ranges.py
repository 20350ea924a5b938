"""Page ranges as people type them: ``1-3,7,-2`` → the page numbers that they name.

Grammar: parts are separated by commas or semicolons; spaces may stand around these and around a dash. A part is a
page (``7``), a page counted from the end (``-2`` is the last but one), a range (``3-5``, ``2--2`` up to the last but
one, ``-3--1`` the last three) or a range open at its right end (``5-``, ``-3-``). An en dash works like a hyphen. Pure.
"""

from __future__ import annotations

import re

from docstation.errors import PageRangeError
from docstation.messages.marking import N_

_SEPARATOR = re.compile(r"\s*([,;-])\s*")
_PART = re.compile(r"(?P<first>-?\d{1,9})(?:(?P<dash>-)(?P<last>-?\d{1,9})?)?")
_HOW_TO_WRITE = N_(
    "Write 7 for a page, 3-5 for a range, 5- for all from page 5 and -2 for the last page but one, with commas between."
)


def parse_pages(pages: str, count: int, *, name: str = "") -> tuple[int, ...]:
    """The page numbers that `pages` names in a file of `count` pages: ascending, each once, from 1.

    An empty text names all pages. A range that reaches beyond the last page is cut there; a single page or a range
    wholly outside is an error, because whoever asks for page 40 of 12 has the wrong file or a slip of the pen.

    Raises:
        PageRangeError: the text is not understood, a range runs backwards, or a part names no page.
    """
    if not pages.strip():
        return tuple(range(1, count + 1))
    numbers: set[int] = set()
    plain = pages.strip().replace("\u2013", "-").replace("\u2212", "-")
    for part in re.split(r"[,;]", _SEPARATOR.sub(r"\1", plain)):
        match = _PART.fullmatch(part)
        if match is None:
            raise PageRangeError(
                N_("The page range {pages} is not understood."), pages=pages, name=name, remedy=_HOW_TO_WRITE
            )
        named = _numbers(match, count)
        if not named:
            raise PageRangeError(pages=pages, name=name)
        numbers.update(named)
    return tuple(sorted(numbers))


def _numbers(match: re.Match[str], count: int) -> range:
    first = _from_start(int(match["first"]), count)
    if match["dash"] is None:
        return range(first, first + 1) if 1 <= first <= count else range(0)
    last = count if match["last"] is None else _from_start(int(match["last"]), count)
    if 0 in (int(match["first"]), int(match["last"] or 1)):
        return range(0)
    return range(max(first, 1), min(last, count) + 1)


def _from_start(number: int, count: int) -> int:
    """The page number, counted from the end where it is negative; below 1 where it lies before the first page."""
    return number if number >= 0 else count + 1 + number
