"""Draws a line of text as a mask of ink, with the neighbours and the ruling lines a crop of a page may hold."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTCollection, TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONT_GROUPS: list[tuple[float, str]] = [
    (24, r"LiberationSerif|Tinos-|NimbusRoman|FreeSerif|STIX-|STIXGeneral"),
    (20, r"LiberationSans-|Arimo-|NimbusSans-|FreeSans"),
    (7, r"LiberationMono|Cousine-|NimbusMonoPS|FreeMono|gtw|gnutypewriter|CourierPrime|Courier.Prime"),
    (6, r"Carlito|Caladea"),
    (6, r"DejaVuSans(Condensed)?(-|\.)|DejaVuSerif"),
    (
        5,
        r"LiberationSansNarrow|NimbusSansNarrow|PTN|RobotoCondensed|OpenSans-Cond|NotoSans-(Semi)?Condensed|PT_Sans-Narrow",
    ),
    (8, r"PTS|PTF|PTM|PTSerif|PTSans|PT_"),
    (
        9,
        r"P052|C059|URWBookman|OldStandard|cmun(rm|bx|ti|bi|sl)|LinLibertine|EBGaramond|CharisSIL|Vollkorn|DoulosSIL|Gentium",
    ),
    (3, r"NotoSerif-(Regular|Bold|Italic|Medium|Condensed|SemiCondensed)|Merriweather"),
    (
        9,
        r"Roboto-|OpenSans-|NotoSans-(Regular|Bold|Italic|Medium)|Inter-|Lato-|IBMPlexSans|FiraSans|GolosText|Montserrat|Cantarell",
    ),
    (
        4,
        r"JetBrainsMono|FiraCode|Hack-|DejaVuSansMono|AnonymousPro|Anonymous_Pro|FantasqueSansMono|NotoMono|NotoSansMono|mononoki|Go-Mono|agave",
    ),
    (2, r"Play-|Play\.|Comfortaa|Jura|Quicksand|Andika|URWGothic|cmun(ss|tt|br)|LinBiolinum"),
    (1, r"OCR-?B|ocrb"),
]
"""Weights of the groups of typefaces by file name; the faces of ordinary documents weigh the most."""

_UNWANTED = re.compile(r"Thin|ExtraLight|Hairline|-Black|Ornament|Symbol|Initials|Slashed|SmallCaps|SC-|_SC|Outline")
_NEEDED = {ord("я"), ord("Ж")}


@dataclass(frozen=True)
class Face:
    """A font file and the characters it can draw."""

    path: str
    covered: frozenset[int]
    cyrillic: bool


@dataclass
class Drawing:
    """A line drawn on a canvas: ink from 0 to 1, the box of the line and its size in pixels of the scan."""

    ink: NDArray[np.float32]
    left: float
    top: float
    right: float
    bottom: float
    em: float


class Fonts:
    """The catalogue of installed font files, drawn from by group."""

    def __init__(self, folders: list[Path], rng: random.Random) -> None:
        self.rng = rng
        files = [
            path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf", ".t1"}
        ]
        self.groups: list[tuple[float, list[Face]]] = []
        for weight, pattern in FONT_GROUPS:
            faces = []
            for path in sorted(files):
                if re.search(pattern, path.name) and not _UNWANTED.search(path.name):
                    covered = coverage(str(path))
                    if covered:
                        faces.append(Face(str(path), covered, covered >= _NEEDED))
            if faces:
                self.groups.append((weight, faces))

    def pick(self, text: str) -> Face:
        """Draws a face that has every character of the text."""
        needed = {ord(char) for char in text if char != " "}
        weights = [weight for weight, _ in self.groups]
        for _ in range(40):
            _, faces = self.rng.choices(self.groups, weights)[0]
            face = self.rng.choice(faces)
            slanted = re.search(r"Ital|Obli|cmunti|-I\.|It\.|Slant", face.path)
            heavy = re.search(r"Bold|Semi[bB]old|Medium|Heavy", face.path)
            if (slanted and self.rng.random() < 0.6) or (heavy and self.rng.random() < 0.5):
                continue
            if needed <= face.covered:
                return face
        every = [face for _, faces in self.groups for face in faces if needed <= face.covered]
        if not every:
            raise LookupError(f"no font has every character of {text!r}")
        return self.rng.choice(every)


@lru_cache(maxsize=4096)
def coverage(path: str) -> frozenset[int]:
    """Reads which characters a font file has."""
    try:
        font = TTCollection(path).fonts[0] if path.endswith(".ttc") else TTFont(path, lazy=True)
        return frozenset(font.getBestCmap() or {})
    except Exception:
        return frozenset()


@lru_cache(maxsize=512)
def load(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Opens a font at a size and keeps it open."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def draw_text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, font: ImageFont.FreeTypeFont, spacing: float
) -> None:
    """Draws a text from its left baseline point, letter by letter when it is spaced out."""
    if spacing == 0:
        draw.text(at, text, fill=255, font=font, anchor="ls")
        return
    x, y = at
    for char in text:
        draw.text((x, y), char, fill=255, font=font, anchor="ls")
        x += font.getlength(char) + spacing


def render(
    text: str, face: Face, em: float, rng: random.Random, *, neighbours: tuple[str, str] = ("", ""), rules: bool = False
) -> Drawing:
    """Draws a line at ``em`` pixels to the em; half of the time larger and averaged down, as scanners do."""
    factor = 1 if em > 30 or rng.random() < 0.45 else rng.choice([2, 3, 4])
    size = max(6, round(em * factor))
    font = load(face.path, size)
    spacing = 0.0
    if rng.random() < 0.06:
        spacing = size * rng.uniform(-0.03, 0.25)
    length = font.getlength(text) + spacing * len(text)
    margin = 1.1 * size
    width, height = int(length + 2 * margin), int(3.6 * size)
    image = Image.new("L", (max(width, 4), height), 0)
    draw = ImageDraw.Draw(image)
    base = 2.1 * size
    draw_text(draw, (margin, base), text, font, spacing)
    ink_box = image.getbbox() or (int(margin), int(base - size), int(margin + length), int(base))
    # The box of a line spans its ink, yet never less than the height of small letters.
    top, bottom = min(ink_box[1], base - 0.45 * size), max(ink_box[3], base)
    if rng.random() < 0.6:
        top, bottom = min(top, base - 0.72 * size), max(bottom, base + 0.2 * size)
    leading = rng.uniform(1.08, 1.45) * size
    for sign, neighbour in zip((-1, 1), neighbours, strict=True):
        if neighbour:
            draw_text(draw, (margin - rng.uniform(0, 3) * size, base + sign * leading), neighbour, font, 0)
    if rules:
        draw_rules(draw, rng, (ink_box[0], top, ink_box[2], bottom), size, image.size)
    ink = np.asarray(image, dtype=np.uint8)
    if factor > 1:
        ink = cv2.resize(ink, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return Drawing(
        ink.astype(np.float32) / 255,
        ink_box[0] / factor,
        top / factor,
        ink_box[2] / factor,
        bottom / factor,
        size / factor,
    )


def draw_rules(
    draw: ImageDraw.ImageDraw,
    rng: random.Random,
    box: tuple[float, float, float, float],
    size: int,
    canvas: tuple[int, int],
) -> None:
    """Draws underlines and the borders of table cells close to the line."""
    left, top, right, bottom = box
    stroke = max(1, round(size * rng.uniform(0.02, 0.08)))
    kind = rng.random()
    below, above = bottom + size * rng.uniform(-0.02, 0.3), top - size * rng.uniform(0.02, 0.35)
    if kind < 0.45:
        start, end = (left, right) if rng.random() < 0.4 else (0, canvas[0])
        draw.line([(start, below), (end, below)], fill=255, width=stroke)
    elif kind < 0.65:
        draw.line([(0, above), (canvas[0], above)], fill=255, width=stroke)
    elif kind < 0.8:
        draw.line([(0, above), (canvas[0], above)], fill=255, width=stroke)
        draw.line([(0, below), (canvas[0], below)], fill=255, width=stroke)
    if kind > 0.7:
        for x in (left - size * rng.uniform(0.12, 0.6), right + size * rng.uniform(0.12, 0.6)):
            if rng.random() < 0.7:
                draw.line([(x, 0), (x, canvas[1])], fill=255, width=stroke)
