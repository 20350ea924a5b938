"""Thin dark strokes on a page, whatever they stand on: print, apart from the rules and borders between it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels

Ink = npt.NDArray[np.uint8]
"""1 where there is ink, 0 elsewhere."""

_CONTRAST = 36
"""Grey levels that a stroke is darker than its ground at least."""
_OF_USUAL = 0.3
"""Share of the contrast of the page's own print, below which darkness is what compression left around it."""
_THICKEST = 12.0
"""Points: what is dark over more than this in every direction is an area, not a stroke."""
_RULE = 24.0
"""Points: a straight stroke of this length is a rule or a border."""


@dataclass(frozen=True)
class Strokes:
    """What is thin and dark.

    Attributes:
        ink: all of it but long straight lines.
        level: long level lines.
        upright: long upright lines.
    """

    ink: Ink
    level: Ink
    upright: Ink


def strokes(pixels: Pixels, scale: float) -> Strokes:
    """The strokes of a page.

    Args:
        pixels: height x width x 3, RGB.
        scale: pixels per point.
    """
    import cv2

    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    side = odd(_THICKEST * scale)
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    depth = cv2.subtract(ground, grey)
    print_depth = depth[depth > _CONTRAST]
    usual = float(np.percentile(print_depth, 90)) if print_depth.size else 0.0
    ink: Ink = (depth > max(_CONTRAST, _OF_USUAL * usual)).astype(np.uint8)
    length = odd(_RULE * scale)
    level = _along(ink, (1, length), (3, 1))
    upright = _along(ink, (length, 1), (1, 3))
    return Strokes(ink & (1 - level) & (1 - upright), level, upright)


def _along(ink: Ink, line: tuple[int, int], slack: tuple[int, int]) -> Ink:
    """What of the ink belongs to straight lines, which may slant as much as the slack bridges their steps."""
    import cv2

    thick = cv2.dilate(ink, np.ones(slack, np.uint8))
    found = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(line, np.uint8)).astype(np.uint8)
    along: Ink = ink & found
    return along


def odd(size: float) -> int:
    """An odd number of pixels, at least 3: kernels need a middle, or what they do comes out beside its place."""
    return 2 * max(1, round((size - 1) / 2)) + 1
