"""A part of a page as a page of its own, for engines that read whole pages; what they find stays in page points.

Around the part stands blank paper, so that its first and last lines are not taken for what runs along a page's edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.document.geometry import Affine, Box
from docstation.document.model import FURNITURE, Block, Category, Page, TextLayer
from docstation.document.text import Word

if TYPE_CHECKING:
    from docstation.intake.page import Pixels, PreparedPage

WHOLE = 0.95
"""A part with more of the page's area is read as the whole page."""
BLANK_ABOVE = 0.25
"""Blank paper above and below, as a share of the part's height."""
_PAPER = 90
"""Percentile of a part's grey levels that is taken for its paper."""


@dataclass(frozen=True, slots=True)
class RegionTask:
    """Read a part of a page; nothing is kept.

    Attributes:
        original: the file whose pages are read.
        name: as to be shown.
        number: of the page, from 1.
        password: opens a protected file.
        dpi: wanted resolution.
        box: the part, page points.
    """

    original: Path
    name: str
    number: int
    password: str | None
    dpi: int
    box: Box


def upright_part(page: PreparedPage, box: Box) -> Box:
    """The part of the upright frame that `box`, in page points, covers."""
    return page.to_page.inverse().box(box).clipped(*page.size)


def has_words(page: PreparedPage, part: Box) -> bool:
    """Whether the page's own text layer says something there."""
    return any(word.box.share_inside(part) >= 0.5 for word in page.words)


def part_of(page: PreparedPage, part: Box) -> PreparedPage:
    """That part of the upright frame as a page; read whole where the text layer says nothing there."""
    if part.area >= WHOLE * page.size[0] * page.size[1]:
        return page
    blank = BLANK_ABOVE * part.height
    move = Affine.translation(-part.x0, blank - part.y0)
    words = tuple(_moved(word, move) for word in page.words if word.box.share_inside(part) >= 0.5)
    unread = _inside(page.unread, part, move) if words else (move.box(part),)
    # What the text layer says whole needs no raster.
    pixels = page.pixels if unread else None
    return replace(
        page,
        size=(part.width, part.height + 2 * blank),
        pixels=None if pixels is None else _cut(pixels, part, page.scale, blank),
        to_page=move.inverse().then(page.to_page),
        verdict=page.verdict if words else TextLayer.ABSENT,
        words=words,
        unread=unread,
        images=_inside(page.images, part, move),
        rulings=_inside(page.rulings, part, move),
        blank=False,
    )


def as_region(page: Page) -> Page:
    """What was read of a part: nothing in it runs along the page's edges, and no picture is kept."""
    blocks = tuple(
        replace(
            block,
            category=Category.TEXT if block.category in FURNITURE else block.category,
            id=f"p{page.number}-r{place}",
            picture=None,
        )
        for place, block in enumerate(page.blocks, 1)
        if _says_something(block)
    )
    return replace(page, blocks=blocks)


def _says_something(block: Block) -> bool:
    return bool(block.text.strip()) or block.table is not None


def _moved(word: Word, move: Affine) -> Word:
    return replace(word, box=move.box(word.box))


def _inside(boxes: Iterable[Box], part: Box, move: Affine) -> tuple[Box, ...]:
    return tuple(move.box(common) for box in boxes if (common := _common(box, part)) is not None)


def _common(box: Box, part: Box) -> Box | None:
    """The common part; lines without width or height have one as well."""
    x0, y0, x1, y1 = max(box.x0, part.x0), max(box.y0, part.y0), min(box.x1, part.x1), min(box.y1, part.y1)
    return Box(x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None


def _cut(pixels: Pixels, part: Box, scale: float, blank: float) -> Pixels:
    import numpy as np

    height, width = pixels.shape[:2]
    box = Affine.scaling(scale).box(part).clipped(width, height)
    x0, y0 = int(box.x0), int(box.y0)
    crop = pixels[y0 : max(round(box.y1), y0 + 1), x0 : max(round(box.x1), x0 + 1)]
    above = round(blank * scale)
    paper = np.percentile(crop, _PAPER, axis=(0, 1)).astype(np.uint8)
    made: Pixels = np.empty((crop.shape[0] + 2 * above, crop.shape[1], 3), np.uint8)
    made[:] = paper
    made[above : above + crop.shape[0]] = crop
    return made
