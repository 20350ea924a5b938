"""Pictures on scans and photos: regions with ink where no word was read.

Looks at pixels, unlike the rest of this room: photographs, stamps and signatures have no box in an image file.
What is found is only proposed; `figures` decides.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.intake.page import Pixels

CELL = 2.0
"""Points of one cell in which ink is counted."""
MIN_SIDE = 36.0
MIN_INK = 0.15
"""Least share of inked cells in a picture's box."""
MAX_SHARE = 0.6
CONTRAST = 45
MAX_ASPECT = 9.0


def find_pictures(pixels: Pixels, scale: float, covered: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes of likely pictures, points of the frame of `pixels`.

    Args:
        pixels: height x width x 3, RGB.
        scale: pixels per point.
        covered: boxes of words, tables and rulings; ink inside them is explained.
    """
    import cv2

    height, width = pixels.shape[:2]
    size = max(1, round(width / scale / CELL)), max(1, round(height / scale / CELL))
    grey = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    ink = _ink(grey)
    for box in covered:
        x0, y0 = max(0, int(box.x0 / CELL) - 1), max(0, int(box.y0 / CELL) - 1)
        ink[y0 : int(box.y1 / CELL) + 2, x0 : int(box.x1 / CELL) + 2] = 0
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    # What is thin after that are rules and dotted lines: they must not tie a picture to the rest of the page.
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((4, 4), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    boxes = (_box(stats[i]) for i in range(1, count))
    page = Box(0, 0, width / scale, height / scale)
    return tuple(box for box in boxes if _is_likely(box, page) and _density(ink, box) >= MIN_INK)


def _ink(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """1 where a cell is clearly darker than the paper."""
    paper = float(np.percentile(grey, 85))
    return (grey.astype(np.float32) < paper - CONTRAST).astype(np.uint8)


def _box(stats: npt.NDArray[np.int32]) -> Box:
    x, y, w, h = (float(value) * CELL for value in stats[:4])
    return Box(x, y, x + w, y + h)


def _is_likely(box: Box, page: Box) -> bool:
    if min(box.width, box.height) < MIN_SIDE or box.area > MAX_SHARE * page.area:
        return False
    if max(box.width, box.height) > MAX_ASPECT * min(box.width, box.height):
        return False
    # The shadow of a scanner's lid or of a book's spine runs along an edge.
    edge = box.x0 <= CELL or box.y0 <= CELL or box.x1 >= page.x1 - CELL or box.y1 >= page.y1 - CELL
    return not (edge and (box.height > 0.6 * page.height or box.width > 0.8 * page.width))


def _density(ink: npt.NDArray[np.uint8], box: Box) -> float:
    part = ink[int(box.y0 / CELL) : int(box.y1 / CELL), int(box.x0 / CELL) : int(box.x1 / CELL)]
    return float(part.mean()) if part.size else 0.0
