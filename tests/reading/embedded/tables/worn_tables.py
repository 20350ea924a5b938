"""Drawn tables after a life on paper: turned, noisy, stamped, photographed, with broken lines.

Moves the truth along with the ink. All randomness comes from the seed.
"""

from __future__ import annotations

import io
import random
from dataclasses import replace

import cv2
import numpy as np
from drawn_tables import HEIGHT, SCALE, WIDTH, Drawn, font_at
from PIL import Image, ImageDraw

from docstation.document.geometry import Box
from docstation.document.text import Origin


def worn(drawn: Drawn, seed: int, how: str) -> Drawn:
    """The page after a life on paper.

    Args:
        drawn: a clean page.
        seed: of the damage.
        how: "skewed" (turned and turned back, a little off), "noisy" (blur, noise, JPEG), "broken" (lines with gaps,
            uneven light), "stamped", "photo" (perspective, shade, blur), "coarse" (100 dpi), or "hard" (several).
    """
    rng = random.Random(f"{how} {seed}")
    match how:
        case "clean":
            return drawn
        case "skewed":
            return _noisy(_tilted(drawn, rng), rng, blur=0.6, noise=4, quality=70)
        case "noisy":
            return _noisy(drawn, rng, blur=1.1, noise=14, quality=35)
        case "broken":
            return _noisy(_broken(drawn, rng), rng, blur=0.7, noise=6, quality=60)
        case "stamped":
            return _noisy(_stamped(drawn, rng), rng, blur=0.6, noise=4, quality=70)
        case "photo":
            return _noisy(_photographed(drawn, rng), rng, blur=1.0, noise=6, quality=60)
        case "coarse":
            return _coarse(drawn)
        case "hard":
            return _noisy(_broken(_tilted(drawn, rng), rng), rng, blur=1.0, noise=12, quality=35)
    raise ValueError(how)


def _moved(drawn: Drawn, matrix: np.ndarray) -> Drawn:
    """The page under a projective map of its pixels (3 x 3), words and truth with it."""
    height, width = drawn.pixels.shape[:2]
    pixels = cv2.warpPerspective(drawn.pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255,) * 3)

    def moved(box: Box) -> Box:
        points = np.array([[(x * SCALE, y * SCALE) for x, y in box.corners]], dtype=np.float64)
        out = cv2.perspectiveTransform(points, matrix)[0] / SCALE
        xs, ys = sorted(out[:, 0]), sorted(out[:, 1])
        return Box(
            *(float(v) for v in ((xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2, (xs[2] + xs[3]) / 2, (ys[2] + ys[3]) / 2))
        )

    words = [replace(w, box=moved(w.box), origin=Origin.ENGINE) for w in drawn.words]
    return replace(drawn, pixels=pixels, words=words, box=moved(drawn.box), rulings=[])


def _tilted(drawn: Drawn, rng: random.Random) -> Drawn:
    """Scanned askew, levelled again by an estimate that is a little off; both resamplings blur."""
    skew = rng.choice([-1, 1]) * rng.uniform(0.8, 1.8)
    rest = rng.uniform(-0.2, 0.2)
    centre = (WIDTH / 2, HEIGHT / 2)
    there = np.vstack([cv2.getRotationMatrix2D(centre, skew + rest, 1.0), [0, 0, 1]])
    back = np.vstack([cv2.getRotationMatrix2D(centre, -skew, 1.0), [0, 0, 1]])
    return _moved(_moved(drawn, there), back)


def _photographed(drawn: Drawn, rng: random.Random) -> Drawn:
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], dtype=np.float32)
    moved = corners + np.array([[rng.uniform(-12, 12), rng.uniform(-12, 12)] for _ in range(4)], dtype=np.float32)
    turned = _moved(drawn, cv2.getPerspectiveTransform(corners, moved).astype(np.float64))
    shade = (
        np.linspace(rng.uniform(0.55, 0.8), 1.0, WIDTH)[None, :, None]
        * np.linspace(1.0, rng.uniform(0.7, 0.95), HEIGHT)[:, None, None]
    )
    return replace(turned, pixels=(turned.pixels * shade).astype(np.uint8))


def _broken(drawn: Drawn, rng: random.Random) -> Drawn:
    """Lines lose pieces: white flecks of a few points on the lines, where no letter is."""
    pixels = drawn.pixels.copy()
    box = drawn.box
    for _ in range(rng.randint(40, 90)):
        cell = rng.choice(drawn.table.cells).box or box
        length = rng.uniform(1.5, 7) * SCALE
        if rng.random() < 0.5:
            x, y = rng.uniform(cell.x0, cell.x1) * SCALE, rng.choice([cell.y0, cell.y1]) * SCALE
            pixels[round(y) - 5 : round(y) + 6, round(x) : round(x + length)] = 255
        else:
            x, y = rng.choice([cell.x0, cell.x1]) * SCALE, rng.uniform(cell.y0, cell.y1) * SCALE
            pixels[round(y) : round(y + length), round(x) - 5 : round(x) + 6] = 255
    return replace(drawn, pixels=pixels)


def _stamped(drawn: Drawn, rng: random.Random) -> Drawn:
    image = Image.fromarray(drawn.pixels)
    layer = Image.new("RGB", image.size, "white")
    pen = ImageDraw.Draw(layer)
    x = rng.uniform(drawn.box.x0, drawn.box.x1) * SCALE
    y = rng.uniform(drawn.box.y0, drawn.box.y1) * SCALE
    for radius in (150, 140, 90):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=(60, 70, 190), width=5)
    pen.text((x - 80, y - 15), "ОБЩЕСТВО", font=font_at("DejaVuSans", 9), fill=(60, 70, 190))
    pen.line((x - 200, y + 60, x + 220, y - 80), fill=(40, 40, 120), width=6)
    return replace(drawn, pixels=np.minimum(np.array(image), np.array(layer)))


def _coarse(drawn: Drawn) -> Drawn:
    half = cv2.resize(drawn.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return replace(drawn, pixels=cv2.resize(half, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), rulings=[])


def _noisy(drawn: Drawn, rng: random.Random, *, blur: float, noise: float, quality: int) -> Drawn:
    pixels = cv2.GaussianBlur(drawn.pixels, (0, 0), blur).astype(np.float32)
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, noise, pixels.shape[:2])
    pixels = np.clip(pixels + grain[:, :, None], 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    words = [replace(w, box=_jittered(w.box, rng), origin=Origin.ENGINE) for w in drawn.words]
    return replace(drawn, pixels=np.array(Image.open(buffer).convert("RGB")), words=words, rulings=[])


def _jittered(box: Box, rng: random.Random) -> Box:
    """A box as recognition gives it: off by about a pixel."""
    return Box(*(v + rng.uniform(-0.5, 0.5) for v in (box.x0, box.y0, box.x1, box.y1)))
