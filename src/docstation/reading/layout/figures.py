"""Tables and pictures of a page and the words that belong to them.

A word stands in a table or picture when its middle does. Raster images that only carry or back the text (whole-page
scans, letterheads behind prose, slivers) are no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.table import Table
from docstation.document.text import Line, Word
from docstation.intake.page import PreparedPage

MIN_SIDE = 14.0
"""Points; smaller images are bullets, icons and parts of rules."""
MIN_AREA = 700.0
MAX_SHARE = 0.8
"""An image over more than this share of the page is the page."""
PROSE_SHARE = 0.2
"""An image whose area is covered to this share by running text lies behind the text."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Lines parted by where their words stand.

    Attributes:
        free: in no table and no picture.
        in_tables: for each table, the lines (cut at its edge) inside.
        in_pictures: for each picture.
    """

    free: tuple[Line, ...]
    in_tables: tuple[tuple[Line, ...], ...]
    in_pictures: tuple[tuple[Line, ...], ...]


def contents_of(lines: Sequence[Line], tables: Sequence[Box], pictures: Sequence[Box]) -> Contents:
    """Give every word to the first table, else the first picture, that holds its middle."""
    holders = [*tables, *pictures]
    held: list[list[Line]] = [[] for _ in holders]
    free: list[Line] = []
    for line in lines:
        near = [i for i, holder in enumerate(holders) if holder.intersection(line.box)]
        if not near:
            free.append(line)
            continue
        for owner, words in _parted(line, holders, near):
            (free if owner is None else held[owner]).append(Line(tuple(words)))
    parts = tuple(tuple(part) for part in held)
    return Contents(tuple(free), parts[: len(tables)], parts[len(tables) :])


def _parted(line: Line, holders: Sequence[Box], near: Sequence[int]) -> list[tuple[int | None, list[Word]]]:
    """Stretches of the line's words with their owner."""
    parts: list[tuple[int | None, list[Word]]] = []
    for word in line.words:
        owner = next((i for i in near if holders[i].contains(*word.box.center)), None)
        if parts and parts[-1][0] == owner:
            parts[-1][1].append(word)
        else:
            parts.append((owner, [word]))
    return parts


def is_running_text(table: Table) -> bool:
    """Whether a found table is really columns of prose: cells that begin inside a sentence and end inside a word."""
    texts = [cell.text for cell in table.cells if len(cell.text) > 3]
    if len(texts) < 20:
        return False
    cut = sum(text[-1] in "-\u2010\u00ad" and text[-2].isalpha() for text in texts)
    inside = sum(text[0].islower() for text in texts)
    return cut >= 0.08 * len(texts) and inside >= 0.45 * len(texts)


def picture_boxes(
    page: PreparedPage, tables: Sequence[Box], found: Sequence[Box], lines: Sequence[Line]
) -> tuple[Box, ...]:
    """The pictures of a page: its raster images and those found by looking, tiles joined, text backgrounds left out."""
    width, height = page.size
    boxes = [box.clipped(width, height) for box in (*page.images, *found)]
    boxes = [box for box in boxes if box.area > 0]
    joined = _tiles_joined(boxes)
    return tuple(box for box in joined if _is_picture(box, page, tables, lines))


def _is_picture(box: Box, page: PreparedPage, tables: Sequence[Box], lines: Sequence[Line]) -> bool:
    width, height = page.size
    if min(box.width, box.height) < MIN_SIDE or box.area < MIN_AREA or box.area > MAX_SHARE * width * height:
        return False
    if any(box.share_inside(table) > 0.6 or table.share_inside(box) > 0.6 for table in tables):
        return False
    return not _carries_prose(box, lines)


def _carries_prose(box: Box, lines: Sequence[Line]) -> bool:
    """Whether running text is drawn over the image: many words that fill lines, not a few labels."""
    covered = 0.0
    words = 0
    for line in lines:
        common = line.box.intersection(box)
        if common and box.contains(*line.box.center):
            covered += common.area
            words += len(line.words)
    return words >= 25 and covered > PROSE_SHARE * box.area


def _tiles_joined(boxes: Sequence[Box]) -> list[Box]:
    """Join images that touch or overlap: strips and tiles of one picture, and pictures inside pictures."""
    parts = list(boxes[:400])
    changed = True
    while changed:
        changed = False
        kept: list[Box] = []
        for box in parts:
            partner = next((i for i, other in enumerate(kept) if _belong_together(box, other)), None)
            if partner is None:
                kept.append(box)
            else:
                kept[partner] = Box.around((kept[partner], box))
                changed = True
        parts = kept
    return parts


def _belong_together(a: Box, b: Box) -> bool:
    if a.expanded(1.5).intersection(b) is None:
        return False
    inside = max(a.share_inside(b), b.share_inside(a)) > 0.5
    beside = a.overlap_y(b) > 0.8 * max(a.height, b.height)
    stacked = a.overlap_x(b) > 0.8 * max(a.width, b.width)
    return inside or beside or stacked
