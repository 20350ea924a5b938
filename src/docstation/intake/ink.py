"""Ink on a raster: whether there is any, and where it stands that no text layer explains.

Cheap looks at a small raster; what the ink is, the engines find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.intake.page import Pixels

GLANCE = 1.0
"""Pixels per point of the raster on which unexplained ink is looked for: small print is still lines of grey."""
_LONG_SIDE = 1000
_CONTRAST = 36
"""Grey levels below the paper around it from which a pixel is ink."""
_MARGIN = 0.015
"""Share of a side along the edges that is not looked at: shadows of a lid or a spine stand there."""
_LETTER_PIXELS = 7
"""Ink pixels of the smallest shape that counts as a mark on the reduced page; less is dust."""
_FEWEST_MARKS = 2
_LOWEST, _HIGHEST = 5.0, 40.0
"""Points: heights between which unexplained ink may be a line of text."""
_NARROWEST = 14.0
_RULE = 24.0
"""Points: a straight stroke of this length is a rule or a border."""
_THICKEST = 12.0
"""Points: what is dark over more than this in every direction is an area, not a stroke."""
_STROKES = 0.1
"""Strokes that a line of text has on a point of its length at least."""


def is_blank(pixels: Pixels) -> bool:
    """Whether nothing but paper, dust and edge shadows is on the page."""
    import cv2

    factor = min(1.0, _LONG_SIDE / max(pixels.shape[:2]))
    ink = _ink(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    height, width = ink.shape
    dy, dx = int(height * _MARGIN), int(width * _MARGIN)
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(ink[dy : height - dy, dx : width - dx]))
    marks = int((stats[1:, cv2.CC_STAT_AREA] >= _LETTER_PIXELS).sum())
    return marks < _FEWEST_MARKS and not any(stats[1:, cv2.CC_STAT_AREA] >= 4 * _LETTER_PIXELS)


def unexplained_lines(pixels: Pixels, scale: float, explained: Iterable[Box]) -> tuple[Box, ...]:
    """Places that look like lines of text and that nothing known explains, such as filled-in form fields.

    Args:
        pixels: height x width x 3, RGB, of the page as shown.
        scale: pixels per point.
        explained: boxes, points, of words, images and rulings.

    Returns:
        boxes in points.
    """
    import cv2

    ink = _strokes(pixels, scale)
    for box in explained:
        grown = box.expanded(1.5)
        ink[_span(grown.y0, grown.y1, scale), _span(grown.x0, grown.x1, scale)] = 0
    # Letters of one line are joined, lines are kept apart.
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, max(3, round(9 * scale))), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for x, y, w, h in (tuple(map(int, row[:4])) for row in stats[1:]):
        box = Box(x / scale, y / scale, (x + w) / scale, (y + h) / scale)
        if _may_be_line(box) and _is_written(ink[y : y + h, x : x + w], scale):
            found.append(box)
    return tuple(found)


def merged(boxes: Sequence[Box], gap: float) -> tuple[Box, ...]:
    """Boxes that overlap, or lie no more than `gap` apart, as one; order by place."""
    result: list[Box] = []
    for box in sorted(boxes):
        grown = box
        while near := [other for other in result if grown.expanded(gap).intersection(other)]:
            grown = Box.around([grown, *near])
            result = [other for other in result if other not in near]
        result.append(grown)
    return tuple(sorted(result, key=lambda box: (box.y0, box.x0)))


def _ink(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """1 where a pixel is clearly darker (or, on dark paper, lighter) than what surrounds it."""
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    around = cv2.medianBlur(cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), 21)
    paper = cv2.resize(around, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    result: npt.NDArray[np.uint8] = (cv2.absdiff(grey, paper) > _CONTRAST).astype(np.uint8)
    return result


def _strokes(pixels: Pixels, scale: float) -> npt.NDArray[np.uint8]:
    """1 where something thin is darker than what it stands on: letters, but not rules, filled areas and their edges."""
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    # Odd, or the closed picture lies half a pixel off, and is darker than the page in places.
    side = max(3, round(_THICKEST * scale)) | 1
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    ink: npt.NDArray[np.uint8] = (cv2.subtract(ground, grey) > _CONTRAST).astype(np.uint8)
    length = round(_RULE * scale)
    for shape in ((1, length), (length, 1)):
        ink &= 1 - cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
    return ink


def _span(start: float, end: float, scale: float) -> slice:
    return slice(max(0, int(start * scale)), max(0, int(end * scale) + 1))


def _may_be_line(box: Box) -> bool:
    return _LOWEST <= box.height <= _HIGHEST and box.width >= _NARROWEST and box.width > 1.2 * box.height


def _is_written(ink: npt.NDArray[np.uint8], scale: float) -> bool:
    """Whether ink looks like letters in a row: strokes that come and go along the middle, unlike borders and fills."""
    height = ink.shape[0]
    middle = ink[height // 4 : max(height // 4 + 1, height - height // 4)]
    strokes = np.abs(np.diff(middle.astype(np.int8), axis=1)).sum() / 2
    per_point = float(strokes) / middle.shape[0] / (ink.shape[1] / scale)
    inside = float(middle.sum()) / max(1.0, float(ink.sum()))
    return per_point >= _STROKES and inside >= 0.4 and float(middle.mean()) <= 0.7
