"""Lines of ink that stand in no block: what a model passed over.

Looser than the look for filled-in form fields in `docstation.intake.ink`: scans are askew and faint, and a false alarm
costs one more question about a strip of the page. OpenCV is loaded when a page is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from docstation.document.geometry import Box
from docstation.intake.ink import merged
from docstation.intake.page import Pixels
from docstation.reading.vision.strokes import Ink, odd, strokes

_SLACK = 2.5
"""Points by which boxes of models are too tight."""
_GAP = 9.0
"""Points between the words of a line."""
_SPECK = 3.0
"""Points: what is smaller in both directions is dust; it would add up to words."""
_LOWEST, _HIGHEST, _NARROWEST = 4.0, 60.0, 16.0
"""Points: the size of a line of text."""
_FAINTEST, _DARKEST = 0.08, 0.65
"""Share of ink in a line's box."""
_STROKES = 0.05
"""Strokes that a line of text has on a point of its length at least."""
_LINES_APART = 10.0
"""Points between lines that are one finding."""
_EDGE = 0.015
"""Share of a side along the page's edges where shadows of a lid or a spine stand."""


def missed_ink(pixels: Pixels, scale: float, explained: Iterable[Box]) -> tuple[Box, ...]:
    """Places that look like text and that no box explains, near ones as one.

    Args:
        pixels: height x width x 3, RGB; 1 to 2 pixels per point are enough.
        scale: pixels per point.
        explained: boxes, points, of blocks and of whatever else is known.

    Returns:
        boxes in points, from top to bottom.
    """
    import cv2

    ink = _without_specks(strokes(pixels, scale).ink, scale)
    height, width = ink.shape
    dy, dx = int(height * _EDGE) + 1, int(width * _EDGE) + 1
    ink[:dy], ink[-dy:], ink[:, :dx], ink[:, -dx:] = 0, 0, 0, 0
    for box in explained:
        grown = box.expanded(_SLACK)
        ink[_span(grown.y0, grown.y1, scale), _span(grown.x0, grown.x1, scale)] = 0
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, odd(_GAP * scale)), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for x, y, w, h in (tuple(map(int, row[:4])) for row in stats[1:]):
        if _is_line(ink[y : y + h, x : x + w], scale):
            found.append(Box(x / scale, y / scale, (x + w) / scale, (y + h) / scale).rounded())
    return merged(found, _LINES_APART)


def _without_specks(ink: Ink, scale: float) -> Ink:
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    large = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= _SPECK * scale
    large[0] = False
    kept: Ink = large[labels].astype(np.uint8)
    return kept


def _span(start: float, end: float, scale: float) -> slice:
    return slice(max(0, int(start * scale)), max(0, int(end * scale) + 1))


def _is_line(ink: Ink, scale: float) -> bool:
    """Whether a piece of ink has the size of a line of text, and strokes that come and go along it."""
    height, width = ink.shape[0] / scale, ink.shape[1] / scale
    if not _LOWEST <= height <= _HIGHEST or width < max(_NARROWEST, 0.8 * height):
        return False
    if not _FAINTEST <= float(ink.mean()) <= _DARKEST:
        return False
    rows = ink[ink.any(axis=1)].astype(np.int8)
    strokes = float(np.abs(np.diff(rows, axis=1)).sum()) / 2 / len(rows)
    return bool(strokes / width >= _STROKES)
