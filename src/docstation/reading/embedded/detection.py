"""Finds text lines on a picture with PP-OCR's detector, a differentiable-binarisation network.

The network gives each pixel's probability to be text, drawn narrower than the text itself; connected areas become
rotated rectangles that are grown back (Liao et al., "Real-time scene text detection with differentiable
binarization", 2020). Coordinates are pixels of the picture given.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels
from docstation.reading.embedded.models import DETECTION, model_file, open_model

Quad = npt.NDArray[np.float32]
"""Four corners (x, y) of a line, clockwise from the start of its text."""

GRID = 32
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
LONGEST_SIDE = 1280
"""Pixels to which larger pictures are reduced at first."""
TILE = 1280
"""Pixels; larger pictures go through the network in pieces, so that memory stays bounded."""
OVERLAP = 96
"""Pixels that neighbouring pieces share; a line at the edge of one is whole in the other."""
MOST_PIXELS = 12_000_000
"""A picture is not enlarged, nor searched, beyond this."""
SMALL = 13.0
COMFORTABLE = 17.0
"""Line heights in pixels: below the first lines run together, at the second they do not."""


class Detector:
    """The loaded network.

    Args:
        longest_side: pixels to which larger pictures are reduced before the search.
        threshold: probability from which a pixel counts as text.
        sure: mean probability that a line needs.
        growth: how far outlines are moved outwards, times area / perimeter.
    """

    def __init__(
        self, longest_side: int = LONGEST_SIDE, threshold: float = 0.3, sure: float = 0.5, growth: float = 1.4
    ) -> None:
        self._longest_side = longest_side
        self._threshold = threshold
        self._sure = sure
        self._growth = growth
        self._model = open_model(model_file(DETECTION))

    def lines(self, picture: Pixels) -> list[Quad]:
        """The text lines of a picture, in no order; small print is searched again at a larger scale."""
        factor = min(1.0, self._longest_side / max(picture.shape[:2]))
        quads = self.lines_at(picture, factor)
        heights = sorted(_height(quad) * factor for quad in quads)
        if len(heights) < 5 or heights[len(heights) // 3] >= SMALL:
            return quads
        most = (MOST_PIXELS / (picture.shape[0] * picture.shape[1])) ** 0.5
        better = min(factor * COMFORTABLE / max(4.0, heights[len(heights) // 3]), 2.0, most)
        return self.lines_at(picture, better) if better > 1.15 * factor else quads

    def lines_at(self, picture: Pixels, factor: float) -> list[Quad]:
        """The text lines found on the picture reduced or enlarged by `factor`."""
        import cv2

        probability = self.probability(picture, factor)
        height, width = picture.shape[:2]
        factors = np.array([width / probability.shape[1], height / probability.shape[0]], np.float32)
        outlines, _ = cv2.findContours(
            (probability > self._threshold).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
        )
        quads = (self._line(outline, probability) for outline in outlines)
        return [quad * factors for quad in quads if quad is not None]

    def probability(self, picture: Pixels, factor: float) -> npt.NDArray[np.float32]:
        """Each pixel's probability to be text, on the picture scaled by `factor`."""
        import cv2

        height, width = picture.shape[:2]
        size = (_on_grid(width * factor), _on_grid(height * factor))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
        result = np.zeros(small.shape[:2], np.float32)
        for y0, y1 in _pieces(size[1]):
            for x0, x1 in _pieces(size[0]):
                part = result[y0:y1, x0:x1]
                np.maximum(part, self._piece(small[y0:y1, x0:x1]), out=part)
        return result

    def _piece(self, small: Pixels) -> npt.NDArray[np.float32]:
        # The network was trained on blue-green-red channels with these statistics in that order.
        values = small[:, :, ::-1].astype(np.float32) / 255
        values = (values - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
        answer = self._model.run(None, {"x": np.ascontiguousarray(values.transpose(2, 0, 1)[None])})[0]
        result: npt.NDArray[np.float32] = answer[0, 0]
        return result

    def _line(self, outline: npt.NDArray[np.int32], probability: npt.NDArray[np.float32]) -> Quad | None:
        import cv2

        center, (width, height), angle = cv2.minAreaRect(outline)
        if min(width, height) < 2 or _mean_inside(outline, probability) < self._sure:
            return None
        grow = width * height * self._growth / (width + height)
        corners = cv2.boxPoints((center, (width + grow, height + grow), angle))
        return ordered(corners)


def ordered(corners: npt.NDArray[np.float32]) -> Quad:
    """The corners of a rectangle, clockwise from the one that is leftmost and topmost on an upright page."""
    left = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, bottom_left), (top_right, bottom_right) = (pair[np.argsort(pair[:, 1])] for pair in (left[:2], left[2:]))
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)


def _pieces(length: int) -> list[tuple[int, int]]:
    """Starts and ends of overlapping pieces, multiples of the grid, that cover `length`."""
    if length <= TILE * 5 // 4:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    step = -(-(length - TILE) // (count - 1) // GRID) * GRID
    return [(min(index * step, length - TILE), min(index * step, length - TILE) + TILE) for index in range(count)]


def _height(quad: Quad) -> float:
    return float(min(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[1] - quad[0])))


def _on_grid(length: float) -> int:
    return max(GRID, round(length / GRID) * GRID)


def _mean_inside(outline: npt.NDArray[np.int32], probability: npt.NDArray[np.float32]) -> float:
    import cv2

    x, y, width, height = cv2.boundingRect(outline)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [outline - np.array([x, y], np.int32)], 1)
    return float(cv2.mean(probability[y : y + height, x : x + width], mask)[0])
