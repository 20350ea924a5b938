"""A round blue stamp and a signature, laid over a page as ink that lets the print show through."""

from __future__ import annotations

import math

import numpy as np

from docstation.intake.page import Pixels
from docstation.testing.typefaces import FONTS

_BLUE = (38, 58, 168)
_RING = "ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ * РОССИЯ * "
_INSIDE = ("ДЛЯ", "ДОКУМЕНТОВ")


def stamped(pixels: Pixels, dpi: float, bottom: int, random: np.random.Generator) -> Pixels:
    """A stamp of 38 mm and a signature over what is printed above the row `bottom`; multiplied, as ink does."""
    diameter = int(dpi * 38 / 25.4)
    width = pixels.shape[1]
    x = int(random.uniform(0.18, 0.55) * width)
    y = max(0, min(bottom - int(diameter * random.uniform(0.55, 0.95)), pixels.shape[0] - diameter - 1))
    page = pixels.astype(np.float32)
    for layer, left, top in (
        (_stamp(diameter, float(random.uniform(-25, 25))), x, y),
        (_signature(diameter, random), x + diameter // 2, y + diameter // 5),
    ):
        right, low = min(left + layer.shape[1], width), min(top + layer.shape[0], pixels.shape[0])
        page[top:low, left:right] *= layer[: low - top, : right - left].astype(np.float32) / 255.0
    return np.clip(page, 0, 255).astype(np.uint8)


def _stamp(diameter: int, degrees: float) -> Pixels:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (diameter, diameter), "white")
    draw = ImageDraw.Draw(image)
    for share, weight in ((0.0, 4), (0.05, 1), (0.2, 1)):
        inset = int(diameter * share) + 2
        draw.ellipse((inset, inset, diameter - inset, diameter - inset), outline=_BLUE, width=max(1, weight))
    font = ImageFont.truetype(str(FONTS / "Arimo-Bold.ttf"), int(diameter * 0.062))
    radius = diameter * 0.41
    for index, char in enumerate(_RING):
        _ring_letter(image, char, font, 360 * index / len(_RING), radius)
    inner = ImageFont.truetype(str(FONTS / "Arimo-Bold.ttf"), int(diameter * 0.085))
    for row, word in enumerate(_INSIDE):
        box = draw.textbbox((0, 0), word, font=inner)
        draw.text(((diameter - box[2]) / 2, diameter * (0.4 + 0.11 * row)), word, font=inner, fill=_BLUE)
    return np.asarray(image.rotate(degrees, fillcolor="white"), dtype=np.uint8)


def _ring_letter(image: object, char: str, font: object, degrees: float, radius: float) -> None:
    from PIL import Image, ImageDraw
    from PIL.ImageFont import FreeTypeFont

    if not isinstance(image, Image.Image) or not isinstance(font, FreeTypeFont):
        raise TypeError("an image and a font are needed")
    side = int(font.size * 2)
    tile = Image.new("L", (side, side), 0)
    ImageDraw.Draw(tile).text((side / 2, side / 2), char, font=font, fill=255, anchor="mm")
    tile = tile.rotate(-degrees, resample=Image.Resampling.BICUBIC)
    angle = math.radians(degrees - 90)
    centre = image.width / 2
    place = int(centre + radius * math.cos(angle) - side / 2), int(centre + radius * math.sin(angle) - side / 2)
    image.paste(_BLUE, (*place, place[0] + side, place[1] + side), tile)


def _signature(size: int, random: np.random.Generator) -> Pixels:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (size, size // 2), "white")
    steps = np.linspace(0, 1, 160)
    a, b, c = random.uniform(2.5, 4.5, 3)
    xs = size * (0.08 + 0.8 * steps + 0.05 * np.sin(a * 2 * np.pi * steps))
    ys = size * (0.25 + 0.15 * np.sin(b * 2 * np.pi * steps) * (1 - steps) + 0.04 * np.cos(c * 6 * steps))
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    ImageDraw.Draw(image).line(points, fill=_BLUE, width=max(2, size // 90), joint="curve")
    return np.asarray(image, dtype=np.uint8)
