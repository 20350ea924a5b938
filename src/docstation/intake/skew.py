"""How far a raster is turned from level: the angle at which its letters stand in the sharpest rows.

Projection profiles (Postl, US patent 4,723,297, 1988): for every angle the ink is summed along rows, and rows of text
make the sum change most when they are level. Letters alone are looked at, so borders and photographs do not mislead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels

WIDEST = 20.0
"""Degrees to either side that are searched."""
COARSE, FINE = 0.5, 0.05
LEAST = 0.12
"""Degrees below which a page is level: turning it would cost more sharpness than it mends."""
LONG_SIDE = 1400
FEWEST_LETTERS = 12
CLEAR = ((1.0, 1.02), (5.0, 1.15), (WIDEST, 2.0))
"""Up to how many degrees the best angle must be how much sharper than level; handwriting gives wide, vague angles."""
_MOST_POINTS = 30_000
_SMALLEST, _TALLEST, _LONGEST = 3, 70, 140


def skew_of(pixels: Pixels) -> float:
    """Degrees clockwise by which `pixels` (a page the right way up) must be turned to be level; 0 where nothing tells.

    Args:
        pixels: height x width x 3, RGB.
    """
    points = _letters(pixels)
    if points is None:
        return 0.0
    level = _sharpness(points, 0.0)
    coarse = max(np.arange(-WIDEST, WIDEST + COARSE, COARSE), key=lambda angle: _sharpness(points, float(angle)))
    around = coarse + np.arange(-COARSE, COARSE + FINE, FINE)
    angle = float(max(around, key=lambda one: _sharpness(points, float(one))))
    if abs(angle) < LEAST or abs(coarse) >= WIDEST:
        return 0.0
    needed = next(sharper for degrees, sharper in CLEAR if abs(angle) <= degrees)
    return round(angle, 2) if _sharpness(points, angle) >= needed * level else 0.0


def _letters(pixels: Pixels) -> npt.NDArray[np.float32] | None:
    """Coordinates (x, y) of the ink of letter-sized shapes on the reduced page; None where there are too few."""
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    factor = min(1.0, LONG_SIDE / max(grey.shape))
    if factor < 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 18)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    kept = (heights >= _SMALLEST) & (heights <= _TALLEST) & (widths >= 2) & (widths <= _LONGEST)
    kept &= stats[:, cv2.CC_STAT_AREA] >= 6
    kept[0] = False
    if count < 2 or kept.sum() < FEWEST_LETTERS:
        return None
    y, x = np.nonzero(kept[labels])
    step = max(1, len(x) // _MOST_POINTS)
    return np.column_stack((x[::step], y[::step])).astype(np.float32)


def _sharpness(points: npt.NDArray[np.float32], degrees: float) -> float:
    """How much the row sums change from row to row when the points are turned clockwise by `degrees`."""
    angle = np.radians(degrees)
    rows = points[:, 0] * np.sin(angle) + points[:, 1] * np.cos(angle)
    sums = np.bincount((rows - rows.min()).astype(np.int64))
    return float(np.square(np.diff(sums.astype(np.float64))).sum())
