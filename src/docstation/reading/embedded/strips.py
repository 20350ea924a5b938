"""Cuts one text line out of a picture as a level strip, and carries positions in the strip back to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.intake.page import Pixels
from docstation.reading.embedded.detection import Quad

HEIGHT = 48
"""Pixels; what the line recognisers were trained on."""
LONGEST = 3200
"""Pixels; a longer strip is squeezed to this."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A line of text, level, `HEIGHT` pixels high.

    Attributes:
        image: RGB.
        to_picture: 3 x 3 perspective map from strip pixels to the picture's pixels.
    """

    image: Pixels
    to_picture: npt.NDArray[np.float64]

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The box on the picture around a rectangle of the strip."""
        import cv2

        corners = np.array([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], np.float64)
        return Box.of_points((float(x), float(y)) for x, y in cv2.perspectiveTransform(corners, self.to_picture)[0])


def cut(picture: Pixels, quad: Quad) -> Strip:
    """The strip of one line."""
    import cv2

    long = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    high = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    width = int(min(LONGEST, max(HEIGHT // 2, round(HEIGHT * long / max(high, 1.0)))))
    flat = np.array([(0, 0), (width, 0), (width, HEIGHT), (0, HEIGHT)], np.float32)
    to_picture = cv2.getPerspectiveTransform(flat, quad.astype(np.float32))
    reduce = high > 1.5 * HEIGHT
    source, shift = _reduced(picture, quad, high / HEIGHT) if reduce else (picture, np.eye(3))
    image = cv2.warpPerspective(
        source,
        shift @ to_picture,
        (width, HEIGHT),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Strip(image, to_picture)


def _reduced(picture: Pixels, quad: Quad, factor: float) -> tuple[Pixels, npt.NDArray[np.float64]]:
    """The line's surroundings made smaller by averaging, and the map from picture pixels to them.

    Sampling a large letter at a few points would lose its thin strokes.
    """
    import cv2

    height, width = picture.shape[:2]
    x0, y0 = (max(0, int(value)) for value in np.floor(quad.min(axis=0)))
    x1, y1 = (int(value) for value in np.ceil(quad.max(axis=0)))
    part = picture[y0 : min(height, y1 + 1), x0 : min(width, x1 + 1)]
    size = (max(1, round(part.shape[1] / factor)), max(1, round(part.shape[0] / factor)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    sx, sy = size[0] / part.shape[1], size[1] / part.shape[0]
    return small, np.array([[sx, 0, -sx * x0], [0, sy, -sy * y0], [0, 0, 1]])
