"""Mends a page's raster before it is read, and only what measurement finds wanting: faint ink and specks.

The networks read uneven light, blur, grain and light-on-dark text as they are; mending what they bear loses letters,
so every step has its own measure and threshold. Sizes never change, so no coordinates do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels

FAINT = 110
"""Grey levels between ink and paper below which the contrast is stretched."""
SPECKLED = 8.0
"""Lone dark pixels in a thousand from which they are taken out."""
GRAINY = 12.0
"""Standard deviation of noise, grey levels, from which lone dark pixels are grain: smoothing it was seen to do harm."""
SAMPLE = 1024
"""Pixels on a side of the part that is measured."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on a page.

    Attributes:
        dark: grey level of the ink, 0 to 255.
        light: grey level of the paper.
        specks: lone dark pixels in a thousand pixels.
        grain: standard deviation of the noise, grey levels.
    """

    dark: float
    light: float
    specks: float
    grain: float


def measure(pixels: Pixels) -> Quality:
    """Contrast, specks and grain of a picture, from the part of it that holds most ink."""
    import cv2

    grey = _busiest(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY))
    dark, light = np.percentile(cv2.medianBlur(grey, 3), (0.5, 99))
    return Quality(float(dark), float(light), _specks(grey), _grain(grey))


def mended(pixels: Pixels, quality: Quality | None = None) -> Pixels:
    """`pixels` with what `quality` (measured where not given) finds wanting put right; the same array if nothing is."""
    import cv2

    quality = quality or measure(pixels)
    if quality.specks >= SPECKLED and quality.grain < GRAINY:
        pixels = cv2.medianBlur(np.ascontiguousarray(pixels), 3)
    # A page of one colour has no ink that could be made darker.
    if 12 <= quality.light - quality.dark < FAINT:
        levels = (np.arange(256) - quality.dark) * 255 / (quality.light - quality.dark)
        pixels = cv2.LUT(pixels, np.clip(levels, 0, 255).astype(np.uint8))
    return pixels


def _busiest(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Of all squares of `SAMPLE` pixels, half a square apart, the one whose grey levels differ most.

    The middle of a short letter is empty paper; it says nothing of the ink.
    """
    squares = [grey[y : y + SAMPLE, x : x + SAMPLE] for y in _starts(grey.shape[0]) for x in _starts(grey.shape[1])]
    return max(squares, key=lambda square: float(square[::4, ::4].std()))


def _starts(length: int) -> list[int]:
    last = max(0, length - SAMPLE)
    return sorted({*range(0, last, SAMPLE // 2), last})


def _specks(grey: npt.NDArray[np.uint8]) -> float:
    """Dark connected areas of one or two pixels, in a thousand pixels."""
    import cv2

    paper = float(np.percentile(grey, 80))
    _, _, stats, _ = cv2.connectedComponentsWithStats((grey < paper - 80).astype(np.uint8), connectivity=8)
    return 1000 * float((stats[1:, cv2.CC_STAT_AREA] <= 2).sum()) / max(1, grey.size)


def _grain(grey: npt.NDArray[np.uint8]) -> float:
    """Standard deviation of noise by the response to a Laplacian difference that letters and slopes hardly excite.

    Immerkær, "Fast noise variance estimation", 1996; the median replaces the mean, because letters are few.
    """
    import cv2

    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(grey.astype(np.float32), -1, mask))
    return float(np.median(response)) / 0.6745 / 6
