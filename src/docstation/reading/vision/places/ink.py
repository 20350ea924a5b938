"""The ink of a page as shapes: what letters, marks and rules are made of, in points. OpenCV is loaded with a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.intake.page import Pixels
from docstation.reading.vision.strokes import Ink, strokes

Shapes = npt.NDArray[np.float32]
"""n x 4: left, top, right, bottom of each shape, points."""

_LOOK = 3.0
"""Pixels per point of the raster that shapes are found on."""
_SPECK = 0.6
"""Points: what is smaller in both directions is dust."""


@dataclass(frozen=True)
class PageInk:
    """Shapes of thin dark strokes, without long straight lines, and those lines.

    Attributes:
        shapes: of what letters are made of, from the left.
        level: straight level lines as shapes.
        upright: straight upright lines as shapes.
    """

    shapes: Shapes
    level: Shapes
    upright: Shapes

    def inside(self, box: Box) -> Shapes:
        """The shapes whose middles are in the box."""
        x = (self.shapes[:, 0] + self.shapes[:, 2]) / 2
        y = (self.shapes[:, 1] + self.shapes[:, 3]) / 2
        return self.shapes[(x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1)]


def page_ink(pixels: Pixels, scale: float) -> PageInk:
    """The ink of a page.

    Args:
        pixels: height x width x 3, RGB, upright.
        scale: pixels per point.
    """
    import cv2

    if scale > _LOOK:
        factor = _LOOK / scale
        pixels = cv2.resize(
            np.ascontiguousarray(pixels), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        ).astype(np.uint8)
        scale = _LOOK
    seen = strokes(pixels, scale)
    return PageInk(_shapes(seen.ink, scale), _shapes(seen.level, scale), _shapes(seen.upright, scale))


def _shapes(ink: Ink, scale: float) -> Shapes:
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, width, height = (stats[1:, column].astype(np.float32) / np.float32(scale) for column in range(4))
    boxes: Shapes = np.stack([left, top, left + width, top + height], axis=1)
    kept: Shapes = boxes[np.maximum(width, height) >= _SPECK]
    return kept[np.argsort(kept[:, 0], kind="stable")]
