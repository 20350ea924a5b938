"""Cuts a page into parts that overlap, and puts what was read in them together again.

What stands in an overlap is read twice and kept once; a block that a cut goes through is read in pieces and joined at
the words, or table rows, that both pieces have. Where nothing tells that two pieces are one, both are kept: a doubled
line is seen by a reader, a lost one is not. Pure; boxes are in pixels of the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from docstation.document.geometry import Box
from docstation.document.model import Category

_NARROWEST = 4.0
"""Pixels of a tile."""
_SAME = 0.6
"""Share of the smaller box inside the larger from which two may be the same block."""
_ALIKE = 0.8
"""Share of a text's words that another must have for it to say the same."""
_NEAR_CUT = 0.5
"""Share of the overlap within which a box that ends there counts as cut."""
_SPARE = 3
"""Words, beyond those that the overlap may hold, among which the seam is looked for."""
_LEAST_SEAM = 6
"""Letters of the words that two pieces must have in common."""
_WORD = re.compile(r"\S+\s*")
_TAG = re.compile(r"<[^<>]*>")
_ROW_END = "</tr>"


@dataclass(frozen=True, slots=True)
class Seen:
    """A block as it was read in one tile.

    Attributes:
        box: pixels of the page.
        category: as read.
        text: as read: HTML for a table.
    """

    box: Box
    category: Category
    text: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A block of the whole page so far, and the tiles that it was seen in, as one box."""

    seen: Seen
    tile: Box


def cover(region: Box, columns: int, rows: int, overlap: float) -> tuple[Box, ...]:
    """`columns` x `rows` tiles, row by row, on whole pixels, that share `overlap`; fewer where it is small."""
    half = overlap / 2
    spans_x = _spans(region.x0, region.x1, columns, half)
    spans_y = _spans(region.y0, region.y1, rows, half)
    return tuple(Box(x0, y0, x1, y1) for y0, y1 in spans_y for x0, x1 in spans_x)


def _spans(start: float, end: float, count: int, half: float) -> list[tuple[float, float]]:
    # Tiles no wider than the overlap would only repeat one another.
    least = max(_NARROWEST, 4 * half)
    if end - start < least * count:
        count = max(1, int((end - start) / least))
    step = (end - start) / count
    spans = []
    for index in range(count):
        first, last = index == 0, index == count - 1
        low = start if first else math.floor(start + index * step - half)
        high = end if last else math.ceil(start + (index + 1) * step + half)
        spans.append((float(low), float(high)))
    return spans


def parted(region: Box, count: int, overlap: float, *, downwards: bool = False) -> tuple[Box, ...]:
    """The region in `count` parts along its longer side, or from top to bottom; fewer where it is too small."""
    rows = downwards or region.height >= region.width
    return cover(region, 1 if rows else count, count if rows else 1, overlap)


def grown(box: Box, size: tuple[float, float], shape: float) -> Box:
    """`box` made wider or higher until its longer side is no more than `shape` times the other, as the page allows."""
    wide, high = max(1.0, box.width, box.height / shape), max(1.0, box.height, box.width / shape)
    x0 = max(0.0, min(box.center[0] - wide / 2, size[0] - wide))
    y0 = max(0.0, min(box.center[1] - high / 2, size[1] - high))
    return Box(x0, y0, min(size[0], x0 + wide), min(size[1], y0 + high))


def merge(read: Sequence[tuple[Box, Sequence[Seen]]]) -> list[Seen]:
    """The blocks of a page from those of its tiles, in the order in which they are first met.

    Args:
        read: each tile with what was read in it, in the order of `cover`.
    """
    kept: list[_Kept] = []
    for tile, blocks in read:
        earlier = len(kept)
        for block in blocks:
            new = _Kept(block, tile)
            for place in range(earlier):
                joined = _joined(kept[place], new)
                if joined is not None:
                    kept[place] = joined
                    break
            else:
                kept.append(new)
    return [one.seen for one in kept]


def _joined(old: _Kept, new: _Kept) -> _Kept | None:
    """The two as one block; None where they are two."""
    shared = old.tile.intersection(new.tile)
    common = old.seen.box.intersection(new.seen.box)
    if shared is None or common is None:
        return None
    text = None
    # Pieces of a block that is cut say much the same where they overlap, so they are sewn before they are compared.
    if _cut_between(old, new, shared):
        text = _sewn(old.seen, new.seen, common)
    if text is None:
        text = _same(old.seen, new.seen, common)
    if text is None:
        return None
    category = new.seen.category if text == new.seen.text else old.seen.category
    return _Kept(Seen(_around(old.seen.box, new.seen.box), category, text), _around(old.tile, new.tile))


def _around(one: Box, other: Box) -> Box:
    return Box.around((one, other))


def _same(old: Seen, new: Seen, common: Box) -> str | None:
    """The fuller of two readings of one block; None where they are two blocks."""
    smaller = min(old.box.area, new.box.area)
    if not smaller or common.area / smaller < _SAME:
        return None
    if _says(old, new):
        return old.text
    return new.text if _says(new, old) else None


def _says(longer: Seen, shorter: Seen) -> bool:
    """Whether the words of `shorter` are in `longer`; pictures without words are the same by their place."""
    words, others = _plain(shorter.text), _plain(longer.text)
    if not words:
        return shorter.category is longer.category or not others
    left = list(others)
    found = 0
    for word in words:
        if word in left:
            left.remove(word)
            found += 1
    return found >= _ALIKE * len(words) and len(others) >= len(words)


def _cut_between(old: _Kept, new: _Kept, shared: Box) -> bool:
    """Whether both reach the edge at which their tiles were cut: the old one its end, the new one its beginning."""
    down = new.tile.y0 > old.tile.y0 and new.tile.y1 > old.tile.y1
    near = _NEAR_CUT * (shared.height if down else shared.width)
    if down:
        return old.seen.box.y1 >= old.tile.y1 - near and new.seen.box.y0 <= new.tile.y0 + near
    return old.seen.box.x1 >= old.tile.x1 - near and new.seen.box.x0 <= new.tile.x0 + near


def _sewn(old: Seen, new: Seen, common: Box) -> str | None:
    """Both texts as one, what the overlap repeats once; None where they have no seam."""
    if old.category is new.category is Category.PICTURE and not (old.text or new.text):
        return ""
    tables = old.category is Category.TABLE and new.category is Category.TABLE
    first, second = (_rows(old.text), _rows(new.text)) if tables else (_WORD.findall(old.text), _WORD.findall(new.text))
    tail = _within(first, common, old.box)
    head = _within(second, common, new.box)
    ends, starts = [_key(one) for one in first[len(first) - tail :]], [_key(one) for one in second[:head]]
    seam = SequenceMatcher(None, ends, starts, autojunk=False).find_longest_match()
    if sum(map(len, ends[seam.a : seam.a + seam.size])) < _LEAST_SEAM:
        return None
    upper, lower = first[: len(first) - tail + seam.a + seam.size], second[seam.b + seam.size :]
    if tables:
        return "".join([*upper, *lower, "</table>"])
    if upper and lower and not upper[-1][-1].isspace():
        upper = [*upper[:-1], f"{upper[-1]} "]
    return "".join([*upper, *lower]).strip()


def _within(pieces: Sequence[str], common: Box, box: Box) -> int:
    """How many pieces at one end of a block the overlap may hold."""
    share = common.area / box.area if box.area else 1.0
    return min(len(pieces), math.ceil(1.5 * share * len(pieces)) + _SPARE)


def _rows(table: str) -> list[str]:
    """The rows of a table's HTML; what leads the first of them stays with it."""
    *rows, _ = table.split(_ROW_END)
    return [f"{row}{_ROW_END}" for row in rows]


def _key(piece: str) -> str:
    return "".join(sign for sign in _TAG.sub(" ", piece).casefold() if sign.isalnum())


def _plain(text: str) -> list[str]:
    return [key for word in _TAG.sub(" ", text).split() if (key := _key(word))]
