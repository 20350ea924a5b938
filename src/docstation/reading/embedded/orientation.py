"""Which way up a page lies: text lines say whether they run level or upright, reading them says which end is up.

A line read the right way round gives letters that the recogniser is sure of; upside down it gives doubtful ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from docstation.intake.page import Pixels
from docstation.reading.embedded.ctc import CtcRecogniser
from docstation.reading.embedded.detection import Detector, Quad
from docstation.reading.embedded.models import CYRILLIC, model_file
from docstation.reading.embedded.strips import HEIGHT, Strip, cut

LONGEST_SIDE = 736
"""Pixels; enough to find lines of common size, several times cheaper than the reading resolution."""
SAMPLE = 8
"""Lines that are read both ways at most."""
WIDEST = 8 * HEIGHT
"""Pixels of a strip that are read; more letters of the same line say little more."""
LONG = 2.0
"""Length over height from which a line shows its direction."""
CLEAR = 0.06
"""Mean confidence by which one direction must beat the others."""
DECIDED = 0.5
"""Sum of confidence differences at which no further line is read."""


class OrientationFinder:
    """Finds the quarter turn that sets a page upright; models are loaded at the first page."""

    def __init__(self) -> None:
        self._detector: Detector | None = None
        self._recogniser: CtcRecogniser | None = None

    def quarter_turn(self, pixels: Pixels) -> int:
        """Degrees clockwise by which `pixels` must be turned to stand upright; 0 where nothing tells."""
        if self._detector is None:
            self._detector = Detector()
        quads = self._detector.lines_at(pixels, min(1.0, LONGEST_SIDE / max(pixels.shape[:2])))
        level = [quad for quad in quads if _stretch(quad) >= LONG]
        upright = [quad for quad in quads if _stretch(quad) <= 1 / LONG]
        weights = _length(level), _length(upright)
        if max(weights) == 0:
            return 0
        if weights[0] >= 3 * weights[1]:
            return self._surest(pixels, level, (0, 180))
        if weights[1] >= 3 * weights[0]:
            return self._surest(pixels, upright, (90, 270))
        return self._surest_of_all(pixels, level, upright)

    def _surest(self, pixels: Pixels, quads: Sequence[Quad], turns: tuple[int, int]) -> int:
        first, second, read = self._confidences(pixels, quads, turns)
        if read == 0 or abs(first - second) < CLEAR * read:
            return 0 if 0 in turns or max(first, second) < 0.7 * read else turns[int(second > first)]
        return turns[int(second > first)]

    def _surest_of_all(self, pixels: Pixels, level: Sequence[Quad], upright: Sequence[Quad]) -> int:
        """Where level and upright lines are both common, the better read kind wins."""
        means = {}
        for quads, turns in ((level, (0, 180)), (upright, (90, 270))):
            first, second, read = self._confidences(pixels, quads, turns)
            means[turns[0]], means[turns[1]] = first / max(1, read), second / max(1, read)
        best = max(means, key=lambda turn: means[turn])
        return best if means[best] >= means[0] + CLEAR else 0

    def _confidences(self, pixels: Pixels, quads: Sequence[Quad], turns: tuple[int, int]) -> tuple[float, float, int]:
        """Sums of confidences when lines are read in the one and the other direction, and how many were read."""
        sums = [0.0, 0.0]
        read = 0
        for quad in _telling(quads)[:SAMPLE]:
            pair = [self._confidence(pixels, quad, turn) for turn in turns]
            if max(pair) < 0.5:
                continue
            read += 1
            sums = [total + value for total, value in zip(sums, pair, strict=True)]
            if read >= 2 and abs(sums[0] - sums[1]) > DECIDED:
                break
        return sums[0], sums[1], read

    def _confidence(self, pixels: Pixels, quad: Quad, turn: int) -> float:
        if self._recogniser is None:
            self._recogniser = CtcRecogniser(model_file(CYRILLIC))
        strip = cut(pixels, turned(quad, turn))
        line = self._recogniser.read([Strip(np.ascontiguousarray(strip.image[:, :WIDEST]), strip.to_picture)])[0]
        return line.confidence if len(line.text.replace(" ", "")) >= 3 else 0.0


def turned(quad: Quad, degrees: int) -> Quad:
    """The corners of a line, begun where its text begins if the page must be turned by `degrees` to be upright."""
    return np.roll(quad, {0: 0, 90: 1, 180: 2, 270: -1}[degrees], axis=0)


def _stretch(quad: Quad) -> float:
    width, height = _sides(quad)
    return width / max(height, 1.0)


def _sides(quad: Quad) -> tuple[float, float]:
    return float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))


def _length(quads: Sequence[Quad]) -> float:
    return sum(max(_sides(quad)) for quad in quads)


def _telling(quads: Sequence[Quad]) -> list[Quad]:
    """The lines that tell most: long ones first, but beyond a strip's reading width the larger letters count."""
    return sorted(quads, key=lambda quad: -min(max(_sides(quad)) / max(1.0, min(_sides(quad))), 12) * min(_sides(quad)))
