"""Turns drawn ink into what a scanner, a fax or the camera of a phone makes of it, and cuts the crop of the line."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render import Drawing

HEIGHT = 48
"""The height of the input of the recogniser."""

Gray = NDArray[np.float32]
Image = NDArray[np.uint8]


def degrade(drawing: Drawing, rng: random.Random, severity: float) -> Image:
    """Makes the crop of a line at the resolution of the scan, blue-green-red; severity runs from 0 (clean) to 1."""
    em = drawing.em
    ink = drawing.ink
    hit = lambda chance: rng.random() < chance * severity  # noqa: E731
    if hit(0.3):
        ink = spread(ink, rng, em)
    if hit(0.5):
        ink = warp(ink, rng, em, severity)
    image = compose(ink, rng, severity)
    if hit(0.16):
        image = stamp(image, rng, em)
    if hit(0.35):
        image = light(image, rng)
    if hit(0.55):
        image = blur(image, rng, em, severity)
    if hit(0.25) and em > 13:
        image = resample(image, rng, em)
    if hit(0.4):
        image = image + noise(image.shape, rng)
    image = np.clip(image, 0, 255)
    pixels = image.astype(np.uint8)
    if hit(0.06):
        pixels = pepper(pixels, rng)
    if hit(0.22) and em >= 13:
        pixels = binarise(pixels, rng, em)
    if hit(0.05):
        pixels = streaks(pixels, rng)
    if hit(0.55):
        low = 18 if severity > 0.7 else 45
        pixels = cv2.imdecode(
            cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(low, 92)])[1], cv2.IMREAD_COLOR
        )
    if rng.random() < 0.04:
        pixels = 255 - pixels
    return crop(pixels, drawing, rng, severity)


def crop(pixels: Image, drawing: Drawing, rng: random.Random, severity: float) -> Image:
    """Cuts the box of the line, loosely or tightly."""
    em = drawing.em
    tight, loose = -0.07 * severity, rng.choice([0.1, 0.2, 0.32])
    top, bottom = drawing.top - em * rng.uniform(tight, loose), drawing.bottom + em * rng.uniform(tight, loose)
    sides = [rng.uniform(-0.02, 0.35) if rng.random() < 0.85 else rng.uniform(0.3, 1.0) for _ in range(2)]
    left, right = drawing.left - em * sides[0], drawing.right + em * sides[1]
    height, width = pixels.shape[:2]
    y0, y1 = max(0, round(top)), min(height, max(round(bottom), round(top) + 4))
    x0, x1 = max(0, round(left)), min(width, max(round(right), round(left) + 3))
    return pixels[y0:y1, x0:x1]


def fit(part: Image, stretch: float = 1.0, method: int | None = None) -> Image:
    """Brings a crop to the height of the input and keeps its proportions but for the stretch."""
    target = max(8, round(part.shape[1] * HEIGHT / part.shape[0] * stretch))
    if method is None:
        method = cv2.INTER_AREA if part.shape[0] > HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(part, (target, HEIGHT), interpolation=method)


def spread(ink: Gray, rng: random.Random, em: float) -> Gray:
    """Thickens or thins the strokes, as bleeding ink or a weak toner does."""
    radius = max(1, round(em * rng.uniform(0.01, 0.035)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (radius + 1, radius + 1))
    share = rng.uniform(0.3, 1.0)
    grown = cv2.dilate(ink, kernel) if rng.random() < 0.6 else cv2.erode(ink, kernel)
    mixed: Gray = ink * (1 - share) + grown * share
    if rng.random() < 0.25:
        # Toner that did not hold: a coarse random field takes ink away.
        gaps = np.random.default_rng(rng.getrandbits(32)).random(ink.shape, dtype=np.float32)
        gaps = cv2.GaussianBlur(gaps, (0, 0), max(0.6, em * 0.03))
        mixed = mixed * (gaps > np.quantile(gaps, rng.uniform(0.02, 0.15)))
    return mixed


def warp(ink: Gray, rng: random.Random, em: float, severity: float) -> Gray:
    """Tilts, shears, bends or puts the line into perspective by a fraction of its height."""
    height, width = ink.shape
    reach = em * 0.2 * severity
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    tilt = max(-reach, min(reach, math.tan(math.radians(rng.uniform(-2, 2))) * width / 2))
    shear = em * rng.uniform(-0.25, 0.25) * severity
    shift = np.array([[shear, -tilt], [shear, tilt], [-shear, tilt], [-shear, -tilt]], dtype=np.float32)
    shift += np.array([[rng.uniform(-reach, reach) * 0.6 for _ in range(2)] for _ in range(4)], dtype=np.float32)
    ink = cv2.warpPerspective(
        ink, cv2.getPerspectiveTransform(source, source + shift), (width, height), flags=cv2.INTER_LINEAR
    )
    if rng.random() < 0.2:
        xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        phase, periods = rng.uniform(0, 6.28), rng.uniform(0.3, 1.2)
        ys += np.float32(reach * rng.uniform(0.2, 0.8)) * np.sin(
            xs / width * np.float32(6.28 * periods) + np.float32(phase)
        )
        ink = cv2.remap(ink, xs, ys, cv2.INTER_LINEAR)
    return ink


def compose(ink: Gray, rng: random.Random, severity: float) -> Gray:
    """Puts ink of some colour on paper of some colour."""
    paper = np.full(3, rng.uniform(235, 255), dtype=np.float32)
    dark = np.full(3, rng.uniform(0, 60), dtype=np.float32)
    if rng.random() < 0.4 * severity:
        paper = np.array([rng.uniform(150, 245), 0, 0], dtype=np.float32)
        paper[1:] = paper[0] + np.array([rng.uniform(-15, 25), rng.uniform(-15, 30)], dtype=np.float32)
    if rng.random() < 0.15:
        dark = np.array([rng.uniform(0, 160), rng.uniform(0, 90), rng.uniform(0, 110)], dtype=np.float32)
    if rng.random() < 0.25 * severity:
        contrast = rng.uniform(0.25, 0.8)
        dark = paper - (paper - dark) * contrast
    return paper + ink[:, :, None] * (dark - paper)


def light(image: Gray, rng: random.Random) -> Gray:
    """Lights the paper unevenly: a slope, and sometimes the edge of a shadow."""
    height, width = image.shape[:2]
    slope = np.linspace(rng.uniform(0.5, 1.1), rng.uniform(0.5, 1.1), width, dtype=np.float32)[None, :]
    if rng.random() < 0.3:
        edge = rng.uniform(0, width)
        soft = max(2.0, width * rng.uniform(0.01, 0.1))
        fall = 0.5 + 0.5 * np.tanh((np.arange(width, dtype=np.float32) - edge) / (2 * soft))
        slope = slope * (1 - rng.uniform(0.1, 0.45) * fall)[None, :]
    rise = np.linspace(rng.uniform(0.85, 1.05), rng.uniform(0.85, 1.05), height, dtype=np.float32)[:, None]
    return image * (slope * rise)[:, :, None]


def blur(image: Gray, rng: random.Random, em: float, severity: float) -> Gray:
    """Blurs by a fraction of the size of the type: out of focus, or moved."""
    sigma = em * rng.uniform(0.012, 0.03 + 0.05 * severity)
    if rng.random() < 0.75:
        return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3))
    reach = max(3, round(sigma * 3.2)) | 1
    kernel = np.zeros((reach, reach), dtype=np.float32)
    angle = rng.uniform(0, math.pi)
    half = reach // 2
    ends = (round(half + half * math.cos(angle)), round(half + half * math.sin(angle)))
    cv2.line(kernel, (2 * half - ends[0], 2 * half - ends[1]), ends, 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def resample(image: Gray, rng: random.Random, em: float) -> Gray:
    """Loses detail by going down to a lower resolution and back."""
    factor = min(rng.uniform(1.3, 3.0), em / 9.5)
    height, width = image.shape[:2]
    small = cv2.resize(
        image,
        (max(2, round(width / factor)), max(2, round(height / factor))),
        interpolation=rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR]),
    )
    return cv2.resize(
        small, (width, height), interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST])
    )


def noise(shape: tuple[int, ...], rng: random.Random) -> Gray:
    """Makes sensor noise, grey or coloured, fine or coarse."""
    generator = np.random.default_rng(rng.getrandbits(32))
    grain = generator.standard_normal(
        (shape[0], shape[1], 3 if rng.random() < 0.3 else 1), dtype=np.float32
    ) * rng.uniform(2, 22)
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2)) * 1.8
        grain = grain.reshape(shape[0], shape[1], -1)
    return grain


def pepper(pixels: Image, rng: random.Random) -> Image:
    """Scatters black and white dots."""
    generator = np.random.default_rng(rng.getrandbits(32))
    draw = generator.random(pixels.shape[:2])
    share = rng.uniform(0.002, 0.02)
    out = pixels.copy()
    out[draw < share] = 0
    out[draw > 1 - share] = 255
    return out


def binarise(pixels: Image, rng: random.Random, em: float) -> Image:
    """Makes the black and white scan of an office machine."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    if rng.random() < 0.6:
        level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        level = min(254.0, max(1.0, level + rng.uniform(-25, 25)))
        flat = cv2.threshold(gray, level, 255, cv2.THRESH_BINARY)[1]
    else:
        block = max(5, round(em * rng.uniform(0.8, 2.0))) | 1
        flat = cv2.adaptiveThreshold(
            gray, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, block, rng.uniform(6, 18)
        )
    return cv2.cvtColor(flat, cv2.COLOR_GRAY2BGR)


def streaks(pixels: Image, rng: random.Random) -> Image:
    """Draws the thin streaks of a fax or of a dirty scanner glass."""
    out = pixels.copy()
    height, width = out.shape[:2]
    for _ in range(rng.randint(1, 3)):
        shade = rng.choice([0, 90, 170, 255])
        if rng.random() < 0.5:
            y = rng.randrange(height)
            cv2.line(out, (0, y), (width, y), (shade, shade, shade), 1)
        else:
            x = rng.randrange(width)
            cv2.line(out, (x, 0), (x, height), (shade, shade, shade), 1)
    return out


def stamp(image: Gray, rng: random.Random, em: float) -> Gray:
    """Lays the arcs of a blue or violet stamp, or the stroke of a pen, over the line."""
    height, width = image.shape[:2]
    layer = np.zeros((height, width), dtype=np.uint8)
    centre = (rng.randrange(width), round(height / 2 + em * rng.uniform(-6, 6)))
    for radius in (rng.uniform(2, 7), rng.uniform(1, 6)):
        cv2.circle(
            layer, centre, max(2, round(em * radius)), 255, max(1, round(em * rng.uniform(0.03, 0.14))), cv2.LINE_AA
        )
    if rng.random() < 0.4:
        points = np.array([[rng.uniform(0, width), rng.uniform(0, height)] for _ in range(4)])
        cv2.polylines(layer, [points.astype(np.int32)], False, 255, max(1, round(em * 0.06)), cv2.LINE_AA)
    colour = np.array([rng.uniform(140, 230), rng.uniform(40, 120), rng.uniform(40, 150)], dtype=np.float32)
    share = (layer.astype(np.float32) / 255 * rng.uniform(0.25, 0.8))[:, :, None]
    # Stamp ink multiplies with what is under it, so that black letters stay black.
    return image * (1 - share) + image * (colour / 255) * share
