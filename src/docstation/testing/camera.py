"""What scanners and cameras do to pixels, one effect a function; pure, seeded by the generator handed in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels

Points = npt.NDArray[np.float64]
"""n x 2, pixels."""
Matrix = npt.NDArray[np.float64]


def _bytes(values: npt.NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    """Out of focus: a Gaussian of `sigma` pixels."""
    import cv2

    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def toned(pixels: Pixels, *, ink: float, paper: float) -> Pixels:
    """Contrast of print on paper: black becomes `ink`, white becomes `paper`."""
    return _bytes(ink + pixels.astype(np.float32) * ((paper - ink) / 255.0))


def grained(pixels: Pixels, random: np.random.Generator, sigma: float) -> Pixels:
    """Sensor noise of standard deviation `sigma`, the same in all channels."""
    noise = random.standard_normal(pixels.shape[:2], dtype=np.float32) * np.float32(sigma)
    return _bytes(pixels.astype(np.float32) + noise[:, :, None])


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """There and back through JPEG."""
    import cv2

    _, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def thresholded(pixels: Pixels, level: int) -> Pixels:
    """One bit: black below `level`, white from there on."""
    grey = pixels.mean(axis=2)
    return np.repeat(np.where(grey < level, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def speckled(pixels: Pixels, random: np.random.Generator, share: float = 0.0004) -> Pixels:
    """Single black and white dots on a share of the pixels."""
    dots = random.random(pixels.shape[:2])
    speckles = pixels.copy()
    speckles[dots < share] = 0
    speckles[dots > 1 - share] = 255
    return speckles


def shrunk(pixels: Pixels, factor: float) -> Pixels:
    """Fewer pixels by area averaging."""
    import cv2

    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def homography(source: Points, target: Points) -> Matrix:
    """The perspective map of four points to four others."""
    import cv2

    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    return np.asarray(matrix, dtype=np.float64)


def warped(pixels: Pixels, matrix: Matrix, size: tuple[int, int], *, colour: tuple[int, int, int]) -> Pixels:
    """The image moved by a homography into `size` (width, height); what it does not cover gets `colour`."""
    import cv2

    moved = cv2.warpPerspective(
        pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=colour
    )
    return np.asarray(moved, dtype=np.uint8)


def lit(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Lamp light: a slope across the page, a soft shadow with an edge, a warm cast."""
    height, width = pixels.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (xs / width - 0.5) + np.sin(angle) * (ys / height - 0.5)
    light = 0.93 + random.uniform(0.12, 0.3) * slope
    edge_angle = random.uniform(0, 2 * np.pi)
    distance = np.cos(edge_angle) * (xs - width * random.uniform(0.3, 0.7)) + np.sin(edge_angle) * (
        ys - height * random.uniform(0.3, 0.7)
    )
    shadow = 1 / (1 + np.exp(-distance / (0.04 * width)))
    light *= 1 - random.uniform(0.15, 0.35) * shadow
    cast = np.array([1.02, 0.99, random.uniform(0.86, 0.96)], dtype=np.float32)
    return _bytes(pixels.astype(np.float32) * light[:, :, None] * cast)
