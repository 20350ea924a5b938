"""What a page needs before it is read: is it blank, which way up, how far askew, and can its text layer be believed?

Turns a `RawPage` into a `PreparedPage`. A sane layer makes the page free: it is not rasterised but for a small glance
at what the layer does not explain. Everything else is rasterised, set upright and level; `to_page` maps back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from docstation.document.geometry import POINTS_PER_INCH, Affine, Box
from docstation.document.model import TextLayer
from docstation.document.text import Word
from docstation.intake.ink import GLANCE, is_blank, merged, unexplained_lines
from docstation.intake.layer import judged
from docstation.intake.opening import PageSource, fitting_scale
from docstation.intake.page import Pixels, PreparedPage, RawPage
from docstation.intake.skew import skew_of

ENLARGED = 2.0
"""A stored raster is enlarged to this at most: more pixels hold no more letters."""
_LEAST_SIDES = 12.0, 36.0
"""Points: an image whose shorter and longer side fall below these holds no line of text."""
_READ = 0.25
"""Share of an image's area that words of a layer must cover for it to count as read."""
_NEAR = 6.0
"""Points: unread places no farther apart are read as one."""
_PAPER = 90
"""Percentile of a page's grey levels that is taken for its paper when a turn uncovers corners."""


class OrientationProbe(Protocol):
    """Something that knows which way up a raster lies."""

    def quarter_turn(self, pixels: Pixels) -> int:
        """Degrees clockwise, 0, 90, 180 or 270, by which `pixels` must be turned to stand upright."""
        ...


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn of the page as shown: `rotation` quarter turns, then `skew`; both in degrees clockwise."""

    rotation: int
    skew: float

    def frame(self, width: float, height: float) -> tuple[Affine, tuple[float, float]]:
        """Shown page of that size → turned frame, and the frame's size; the frame holds the whole turned page."""
        quarter = Affine.quarter_turns(self.rotation, width, height)
        if self.rotation % 180:
            width, height = height, width
        if not self.skew:
            return quarter, (width, height)
        turned = Affine.rotation_about(self.skew, 0, 0)
        held = turned.box(Box(0, 0, width, height))
        moved = turned.then(Affine.translation(-held.x0, -held.y0))
        return quarter.then(moved), (held.width, held.height)


def prepare(source: PageSource, number: int, *, dpi: int, probe: OrientationProbe) -> PreparedPage:
    """Make page `number` (from 1) of `source` ready to be read at `dpi`.

    Raises:
        BrokenFile: the page cannot be read or drawn.
        TooLarge: it cannot be drawn within the limits.
    """
    raw = source.raw(number)
    verdict = judged(raw.layer)
    if verdict is TextLayer.SANE:
        return _from_layer(source, raw, dpi)
    return _from_raster(source, raw, verdict, dpi, probe)


def with_pixels(source: PageSource, page: PreparedPage, dpi: int) -> PreparedPage:
    """`page` with its raster, for pictures that are to be cut out; unchanged where it has one."""
    if page.pixels is not None:
        return page
    scale = _scale(source, page.number, page.page_size, dpi)
    pixels = _turned(source.render(page.number, scale), _Turn(page.rotation, page.skew))
    return replace(page, pixels=pixels, scale=scale)


def _from_layer(source: PageSource, raw: RawPage, dpi: int) -> PreparedPage:
    size = raw.width, raw.height
    turn = _Turn(raw.layer.turn, 0.0)
    upright, upright_size = turn.frame(*size)
    page = PreparedPage(
        number=raw.number,
        page_size=size,
        size=upright_size,
        pixels=None,
        scale=GLANCE,
        to_page=upright.inverse(),
        rotation=turn.rotation,
        verdict=TextLayer.SANE,
        words=tuple(replace(word, box=upright.box(word.box)) for word in raw.layer.words),
        images=tuple(map(upright.box, raw.drawing.images)),
        rulings=tuple(map(upright.box, raw.drawing.rulings)),
    )
    unread = () if raw.layer.invisible else _unread(source, raw)
    if not unread:
        return page
    partial = replace(page, verdict=TextLayer.PARTIAL, unread=tuple(map(upright.box, unread)))
    return with_pixels(source, partial, dpi)


def _unread(source: PageSource, raw: RawPage) -> tuple[Box, ...]:
    """Places of the shown page that may hold text which the layer lacks: images, form fields, text drawn as shapes."""
    words, drawing = raw.layer.words, raw.drawing
    images = [box for box in drawing.images if _may_hold_text(box) and not _is_read(box, words)]
    scale = fitting_scale(raw.width, raw.height, GLANCE, source.limits)
    known = [*(word.box for word in words), *drawing.images, *drawing.rulings]
    lines = unexplained_lines(source.render(raw.number, scale), scale, known)
    return merged([*images, *lines], _NEAR)


def _may_hold_text(image: Box) -> bool:
    shorter, longer = _LEAST_SIDES
    return min(image.width, image.height) >= shorter and max(image.width, image.height) >= longer


def _is_read(image: Box, words: Sequence[Word]) -> bool:
    """Whether the layer's words stand on the image: a background, or a picture whose text is in the layer."""
    covered = sum(word.box.area * word.box.share_inside(image) for word in words)
    return covered >= _READ * image.area


def _from_raster(
    source: PageSource, raw: RawPage, verdict: TextLayer, dpi: int, probe: OrientationProbe
) -> PreparedPage:
    size = raw.width, raw.height
    scale = _scale(source, raw.number, size, dpi)
    pixels = source.render(raw.number, scale)
    page = PreparedPage(raw.number, size, size, pixels, scale, Affine(), verdict=verdict)
    if is_blank(pixels):
        return replace(page, blank=True)
    turn = _Turn(probe.quarter_turn(pixels), 0.0)
    pixels = _turned(pixels, turn)
    turn = replace(turn, skew=skew_of(pixels))
    upright, upright_size = turn.frame(*size)
    return replace(
        page,
        size=upright_size,
        pixels=_turned(pixels, replace(turn, rotation=0)),
        to_page=upright.inverse(),
        rotation=turn.rotation,
        skew=turn.skew,
        unread=(Box(0, 0, *upright_size),),
        images=_level(map(upright.box, raw.drawing.images), turn),
        rulings=_level(map(upright.box, raw.drawing.rulings), turn),
    )


def _level(boxes: map[Box], turn: _Turn) -> tuple[Box, ...]:
    """What the file draws, where its boxes are still tight after the turn; a tilted line's box would be a wide area."""
    return () if turn.skew else tuple(boxes)


def _scale(source: PageSource, number: int, size: tuple[float, float], dpi: int) -> float:
    wanted = dpi / POINTS_PER_INCH
    stored = source.native_scale(number)
    if stored:
        wanted = min(wanted, ENLARGED * stored)
    return fitting_scale(*size, wanted, source.limits)


def _turned(pixels: Pixels, turn: _Turn) -> Pixels:
    """The raster in the turned frame; corners that the turn uncovers get the colour of the paper."""
    import cv2

    if turn.rotation:
        pixels = np.ascontiguousarray(np.rot90(pixels, -turn.rotation // 90))
    if not turn.skew:
        return pixels
    height, width = pixels.shape[:2]
    map_, (w, h) = _Turn(0, turn.skew).frame(width, height)
    matrix = np.array([[map_.a, map_.b, map_.c], [map_.d, map_.e, map_.f]])
    paper = np.percentile(pixels[:: max(1, height // 200), :: max(1, width // 200)], _PAPER, axis=(0, 1))
    size = math.ceil(w), math.ceil(h)
    result: Pixels = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderValue=tuple(map(float, paper)))
    return result
