"""Letters that the detector passed over: a digit alone in a table's cell, or at the far end of a row of dots.

The detector was trained on words; what stands alone it often leaves out. Ink of a letter's size that no found line
covers is proposed as a line of its own; the recogniser's confidence decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels
from docstation.reading.embedded.detection import Quad

MOST = 150
"""More lone shapes than this are texture or hatching, not letters."""
STROKES = frozenset("Il|!/\\[](){}-–—_.,:;'’`")
"""What pieces of lines and of dirt are read as."""
LEAST_CONFIDENCE = 0.85
"""A lone sign is dirt more often than a letter, so it has to be surer than a line."""
_LOWEST, _TALLEST, _WIDEST = 0.45, 1.3, 1.5
"""Heights and width of a letter, in heights of the usual line."""
_JOINED = 0.5
"""Line heights of white between letters of one stray word."""
_LONGEST = 6.0
"""Line heights: longer rows of shapes are no strays; the detector would have seen a word of that length."""
_MARGIN = 0.18
_CONTRAST = 60


def strays(picture: Pixels, quads: Sequence[Quad]) -> list[Quad]:
    """Level rectangles around letter-sized ink outside of `quads`; none where there are few lines to compare with."""
    import cv2

    heights = sorted(float(np.linalg.norm(quad[3] - quad[0])) for quad in quads)
    if len(heights) < 3:
        return []
    # A line's outline is about a third higher than its capitals.
    height = heights[len(heights) // 2]
    ink = _ink(picture, round(height))
    # A word's outline may leave out its last thin stroke, which is no letter of its own.
    for quad in quads:
        cv2.fillPoly(ink, [_grown(quad, 0.3 * height).astype(np.int32)], 0)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    boxes = [row[:4] for row in stats[1:] if _is_letter(row, height)]
    if not boxes or len(boxes) > MOST:
        return []
    return [_quad(word, height) for word in _words(boxes, height) if word[2] <= _LONGEST * height]


def _ink(picture: Pixels, height: int) -> npt.NDArray[np.uint8]:
    """1 where a pixel is darker than the paper around it; without straight strokes longer than a letter."""
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(small, 9), (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    ink: npt.NDArray[np.uint8] = (paper.astype(np.int16) - grey > _CONTRAST).astype(np.uint8)
    rules = np.zeros_like(ink)
    for shape in ((1, 2 * height), (2 * height, 1)):
        rules |= cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
    ink &= 1 - cv2.dilate(rules, np.ones((3, 3), np.uint8))
    return ink


def _grown(quad: Quad, by: float) -> Quad:
    """The rectangle moved out by `by` pixels along its own directions."""
    along = (quad[1] - quad[0]) / max(float(np.linalg.norm(quad[1] - quad[0])), 1.0)
    across = (quad[3] - quad[0]) / max(float(np.linalg.norm(quad[3] - quad[0])), 1.0)
    moves = np.array([-along - across, along - across, along + across, across - along])
    grown: Quad = (quad + by * moves).astype(np.float32)
    return grown


def _is_letter(row: npt.NDArray[np.int32], height: float) -> bool:
    w, h, area = int(row[2]), int(row[3]), int(row[4])
    if not _LOWEST * height <= h <= _TALLEST * height or w > _WIDEST * height:
        return False
    return area >= 0.12 * w * h and (area <= 0.9 * w * h or w < 0.4 * h)


def _words(boxes: Sequence[npt.NDArray[np.int32]], height: float) -> list[tuple[int, int, int, int]]:
    """Boxes (x, y, width, height) of letters that stand side by side."""
    words: list[list[int]] = []
    for x, y, w, h in sorted(tuple(map(int, box)) for box in boxes):
        for word in reversed(words):
            level = min(word[3], y + h) - max(word[1], y) >= 0.5 * min(word[3] - word[1], h)
            if level and x - word[2] <= _JOINED * height:
                word[1], word[2], word[3] = min(word[1], y), max(word[2], x + w), max(word[3], y + h)
                break
        else:
            words.append([x, y, x + w, y + h])
    return [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in words]


def _quad(word: tuple[int, int, int, int], height: float) -> Quad:
    x, y, w, h = word
    margin = _MARGIN * height
    x0, y0, x1, y1 = x - margin, y - margin, x + w + margin, y + h + margin
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
