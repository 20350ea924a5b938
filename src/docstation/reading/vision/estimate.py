"""How much a page will make a model say, guessed from its words or its ink before anything is asked.

The planner keeps room for it. A guess should err upwards: too much costs some sharpness of the picture, too little
cuts the answer off. Ink is looked at with OpenCV, which is loaded only then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from docstation.document.text import Word
from docstation.intake.page import Pixels, PreparedPage

BLOCK_TOKENS = 45
"""Of a block's box, category and punctuation as JSON; measured on dots.ocr's answers: 35 to 45."""
_ENDS_TOKENS = 16

# Signs that one token of Qwen's vocabulary holds; Russian prose has 2.9 to 3.3 with its spaces, tables 2.0.
_CYRILLIC, _LATIN, _MARKS = 2.0, 3.0, 1.3
_INK_LETTERS = 1.9
"""Letters of unknown script to a token, spaces not counted."""

_LONG_SIDE = 2200
"""Pixels of the raster that ink is counted on."""
_DARKER = 18
"""Grey levels below the mean around it from which a pixel is ink."""
_LOWEST, _HIGHEST = 4, 80
"""Pixels of that raster between which a shape may be a letter."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected of a page, or of a part of it.

    Attributes:
        tokens: of the text alone.
        blocks: how many paragraphs, headings, tables and pictures.
        letter: height of its usual letters in pixels of the page, 0 where it is not known.
    """

    tokens: int
    blocks: int
    letter: float = 0.0

    @property
    def layout_tokens(self) -> int:
        """Tokens of blocks with boxes and text."""
        return self.tokens + self.boxes_tokens

    @property
    def boxes_tokens(self) -> int:
        """Tokens of blocks with boxes and without text."""
        return BLOCK_TOKENS * self.blocks + _ENDS_TOKENS

    def share(self, part: float) -> Estimate:
        """Of a part of the page that holds so much of it, 0 to 1."""
        return Estimate(math.ceil(self.tokens * part), max(1, math.ceil(self.blocks * part)), self.letter)


def text_tokens(text: str) -> int:
    """Tokens of a text, roughly and rather too many; a digit, or a sign of another script, is a token of its own."""
    cyrillic = latin = marks = single = 0
    for sign in text:
        if "\u0400" <= sign <= "\u04ff":
            cyrillic += 1
        elif sign.isspace():
            continue
        elif not sign.isascii() or sign.isdigit():
            single += 1
        elif sign.isalpha():
            latin += 1
        else:
            marks += 1
    return math.ceil(cyrillic / _CYRILLIC + latin / _LATIN + marks / _MARKS + single)


def from_words(words: Sequence[Word], scale: float) -> Estimate:
    """Of a text layer.

    Args:
        words: in points.
        scale: pixels per point of the page's raster.
    """
    if not words:
        return Estimate(0, 1)
    heights = sorted(word.box.height for word in words)
    middle = heights[len(heights) // 2]
    # A word's box is as high as the font; its small letters are half of that.
    return Estimate(text_tokens(" ".join(word.text for word in words)), _paragraphs(words, middle), middle * scale / 2)


def _paragraphs(words: Iterable[Word], height: float) -> int:
    """How many groups of lines the words stand in, read downwards in strips of the page."""
    tops = sorted(word.box.y0 for word in words)
    gaps = sum(1 for upper, lower in pairwise(tops) if lower - upper > 1.6 * height)
    return 1 + 2 * gaps


def from_ink(pixels: Pixels) -> Estimate:
    """Of a raster, height x width x 3, RGB, upright."""
    import cv2

    reduced = min(1.0, _LONG_SIDE / max(pixels.shape[:2]))
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    if reduced < 1.0:
        grey = cv2.resize(grey, None, fx=reduced, fy=reduced, interpolation=cv2.INTER_AREA)
    mean, inverted = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    ink = cv2.adaptiveThreshold(grey, 1, mean, inverted, _odd(min(61, *grey.shape)), _DARKER)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    shapes = stats[1:]
    heights, widths = shapes[:, cv2.CC_STAT_HEIGHT], shapes[:, cv2.CC_STAT_WIDTH]
    letters = (heights >= _LOWEST) & (heights <= _HIGHEST) & (widths <= 40 * heights)
    letters &= shapes[:, cv2.CC_STAT_AREA] >= 6
    if not letters.any():
        return Estimate(0, 1)
    height = float(np.median(heights[letters]))
    # Letters that touch are one shape, as wide as all of them.
    count = float(np.maximum(1.0, np.round(widths[letters] / (0.9 * height))).sum())
    side = max(3, _odd(round(1.5 * height)))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((side, 2 * side), np.uint8))
    _, _, groups, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    blocks = int((groups[1:, cv2.CC_STAT_WIDTH] * groups[1:, cv2.CC_STAT_HEIGHT] >= 4 * height * height).sum())
    return Estimate(math.ceil(count / _INK_LETTERS), max(1, blocks), height / reduced)


def _odd(number: int) -> int:
    return max(3, number - 1 + number % 2)


def of_page(page: PreparedPage) -> Estimate:
    """Of a prepared page: its own words where they are sane, its ink where it has pixels, the greater of the two."""
    written = from_words(page.words, page.scale)
    if page.pixels is None:
        return written
    seen = from_ink(page.pixels)
    return Estimate(max(written.tokens, seen.tokens), max(written.blocks, seen.blocks), seen.letter or written.letter)
