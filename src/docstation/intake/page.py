"""What intake hands to reading: a page as it lies in the file, and the same page mended and upright.

Both are in-process values that live as long as one page is worked on; they never cross a process border.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Affine, Box
from docstation.document.model import TextLayer
from docstation.document.text import Word

Pixels = npt.NDArray[np.uint8]
"""An image, height x width x 3, RGB, 8 bits."""


@dataclass(frozen=True, slots=True)
class TextLayerReading:
    """A page's own text layer, in page points of the shown page.

    Attributes:
        words: visible and invisible words in the file's order, clipped to the page.
        invisible: whether the layer is drawn invisible over a scan (text render mode 3), so an OCR left it.
        unmapped_share: share of glyphs without a Unicode value, 0 to 1.
        turn: the quarter turn, degrees clockwise, that brings most of its glyphs upright: 0, 90, 180 or 270.
    """

    words: tuple[Word, ...] = ()
    invisible: bool = False
    unmapped_share: float = 0.0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class PageDrawing:
    """What a PDF page draws besides text, in page points of the shown page; empty for image files.

    Attributes:
        images: boxes of raster images, clipped to the page.
        rulings: straight thin lines and the edges of filled or stroked rectangles, as boxes with almost no width or
            height; capped to a few thousand.
    """

    images: tuple[Box, ...] = ()
    rulings: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as it lies in the file.

    Attributes:
        number: from 1.
        width: points, as a viewer shows the page (/Rotate and EXIF applied).
        height: points.
        layer: its text layer.
        drawing: images and rulings.
    """

    number: int
    width: float
    height: float
    layer: TextLayerReading = field(default_factory=TextLayerReading)
    drawing: PageDrawing = field(default_factory=PageDrawing)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A page ready to be read: turned upright and level, its text layer judged.

    All coordinates (words, images, rulings) are points of the **upright frame**; `to_page` maps them to the page as
    shown. `scale` is pixels per point of `pixels`, the same in both directions.

    Attributes:
        number: from 1.
        page_size: (width, height) in points of the page as shown.
        size: (width, height) in points of the upright frame.
        pixels: the raster in the upright frame at `scale`; None where the text layer alone suffices and no one asked
            for pixels (born-digital pages: rendering is the expensive part).
        scale: pixels per point.
        to_page: upright points → page points.
        rotation: quarter turn applied, degrees clockwise.
        skew: further turn applied, degrees clockwise.
        verdict: on the text layer.
        words: words of a sane text layer; empty otherwise.
        unread: regions that hold ink which the text layer does not cover (PARTIAL), to be recognised; for a page
            without a usable layer the whole page.
        images: boxes of raster images on the page.
        rulings: vector rulings.
        blank: nothing is on the page.
    """

    number: int
    page_size: tuple[float, float]
    size: tuple[float, float]
    pixels: Pixels | None
    scale: float
    to_page: Affine
    rotation: int = 0
    skew: float = 0.0
    verdict: TextLayer = TextLayer.ABSENT
    words: tuple[Word, ...] = ()
    unread: tuple[Box, ...] = ()
    images: tuple[Box, ...] = ()
    rulings: tuple[Box, ...] = ()
    blank: bool = False
