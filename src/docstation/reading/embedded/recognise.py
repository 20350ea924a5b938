"""Text recognition of the embedded engine: a prepared page in, lines of words in upright points out.

Finds lines on the page's raster, has each read by the recogniser for its script, and repairs look-alikes over the whole
page. Knows nothing of blocks, tables or reading order: lines come in no guaranteed order, words inside a line from left
to right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from docstation.document.geometry import Affine, Box
from docstation.document.script import cleaned, repaired
from docstation.document.text import Line, Origin, Word
from docstation.intake.page import Pixels, PreparedPage
from docstation.reading.embedded.detection import Detector, Quad
from docstation.reading.embedded.leaders import with_tail
from docstation.reading.embedded.line_reading import ReadLine
from docstation.reading.embedded.preprocess import mended
from docstation.reading.embedded.readers import line_reader
from docstation.reading.embedded.strays import LEAST_CONFIDENCE as SURE_OF_STRAYS
from docstation.reading.embedded.strays import STROKES, strays
from docstation.reading.embedded.strips import Strip, cut
from docstation.reading.embedded.tesseract import Token
from docstation.reading.embedded.words import tokens

DEFAULT_LANGUAGES = ("rus", "eng")
GUTTER = 1.6
"""A gap wider than this many letter heights separates two lines: a column gutter or a table cell border."""
UPRIGHT = 2.0
"""Height over width from which a found line is text that runs up or down the page."""
LEAST_CONFIDENCE = 0.5
"""A less sure line is a picture, a stamp or dirt more often than text."""
TILTED = 6.0
"""Degrees from level, on a page that was levelled, from which a line belongs to a stamp or was written by hand."""
LEAST_TILTED_CONFIDENCE = 0.92
LEAST_TURNED_CONFIDENCE = 0.85
"""Text that runs up or down is rare, so it has to be surer."""
MARGIN = 4
"""Pixels around a region that are searched as well; letters at its edge are cut off otherwise."""


class TextRecogniser:
    """Reads the text of prepared pages; models are loaded when the first page needs them.

    Args:
        languages: codes such as ``rus``, the main one first.

    Raises:
        MissingDependency: for a language that no recogniser at hand knows.
    """

    def __init__(self, languages: tuple[str, ...] = DEFAULT_LANGUAGES) -> None:
        self._reader = line_reader(languages or DEFAULT_LANGUAGES)
        self._detector: Detector | None = None

    def recognise(self, page: PreparedPage, regions: Sequence[Box] | None = None) -> tuple[Line, ...]:
        """Read the text inside `regions` (upright points; default `page.unread`; the whole page where empty)."""
        if page.pixels is None:
            return ()
        wanted = regions if regions is not None else page.unread
        boxes = list(wanted) or [Box(0, 0, *page.size)]
        found = [line for box in boxes for line in self._region(page.pixels, page.scale, box)]
        return _mended(found)

    def _region(self, pixels: Pixels, scale: float, region: Box) -> Iterator[list[Word]]:
        height, width = pixels.shape[:2]
        area = Affine.scaling(scale).box(region).expanded(MARGIN).clipped(width, height)
        x0, y0, x1, y1 = round(area.x0), round(area.y0), round(area.x1), round(area.y1)
        if x1 - x0 < 8 or y1 - y0 < 8:
            return
        to_points = Affine.translation(x0, y0).then(Affine.scaling(1 / scale))
        for found in self.read(pixels[y0:y1, x0:x1]):
            for part in split_at_gutters(found):
                yield [Word(token.text, to_points.box(token.box), token.confidence, Origin.ENGINE) for token in part]

    def read(self, picture: Pixels) -> Iterator[list[Token]]:
        """The words of each line found on a picture, in its pixels."""
        if self._detector is None:
            self._detector = Detector()
        picture = mended(picture)
        level: list[Strip] = []
        turned: list[Quad] = []
        found = self._detector.lines(picture)
        for quad in found:
            if _is_upright(quad):
                turned.append(quad)
            else:
                level.append(cut(picture, quad))
        for strip, line in zip(level, self._reader.read(level), strict=True):
            if line.confidence >= (LEAST_TILTED_CONFIDENCE if _is_tilted(strip) else LEAST_CONFIDENCE):
                yield tokens(strip, with_tail(strip, line, self._reader))
        for quad in turned:
            strip, line = self._read_turned(picture, quad)
            if line.confidence >= LEAST_TURNED_CONFIDENCE:
                yield tokens(strip, line)
        alone = [cut(picture, quad) for quad in strays(picture, found)]
        for strip, line in zip(alone, self._reader.read(alone), strict=True):
            if line.confidence >= SURE_OF_STRAYS and not set(line.text) <= STROKES:
                yield tokens(strip, line)

    def _read_turned(self, picture: Pixels, quad: Quad) -> tuple[Strip, ReadLine]:
        """A line that runs up or down the page, read in both directions; single level characters are tried too."""
        strips = [cut(picture, np.roll(quad, turn, axis=0)) for turn in (0, 1, -1)]
        return max(zip(strips, self._reader.read(strips), strict=True), key=lambda pair: pair[1].confidence)


def split_at_gutters(line: Sequence[Token]) -> list[list[Token]]:
    """Cut a line's words where a gap is too wide to be a space between words; their order is kept."""
    parts: list[list[Token]] = []
    height = _letter_height(line)
    for token in line:
        if parts and _gap(parts[-1][-1].box, token.box) <= GUTTER * height:
            parts[-1].append(token)
        else:
            parts.append([token])
    return parts


def _gap(one: Box, other: Box) -> float:
    across = max(one.x0, other.x0) - min(one.x1, other.x1)
    down = max(one.y0, other.y0) - min(one.y1, other.y1)
    return max(across, down)


def _letter_height(line: Sequence[Token]) -> float:
    heights = sorted(min(token.box.height, token.box.width * 2) for token in line)
    return heights[len(heights) * 3 // 4] if heights else 0.0


def _is_tilted(strip: Strip) -> bool:
    """Whether a strip was cut from a slanting line; strips of a few letters have no direction that could be trusted."""
    width = strip.image.shape[1]
    x0, y0 = _at(strip, 0)
    x1, y1 = _at(strip, width)
    return width >= 2 * strip.image.shape[0] and abs(math.degrees(math.atan2(y1 - y0, x1 - x0))) > TILTED


def _at(strip: Strip, x: float) -> tuple[float, float]:
    place = strip.to_picture @ np.array([x, strip.image.shape[0] / 2, 1.0])
    return float(place[0] / place[2]), float(place[1] / place[2])


def _is_upright(quad: Quad) -> bool:
    width, height = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    return bool(height >= UPRIGHT * width)


def _mended(lines: Sequence[Sequence[Word]]) -> tuple[Line, ...]:
    """Lines with look-alikes repaired; words of which nothing is left are dropped."""
    texts = repaired([[cleaned(word.text) for word in line] for line in lines])
    result = []
    for line, words in zip(lines, texts, strict=True):
        kept = tuple(replace(word, text=text) for word, text in zip(line, words, strict=True) if text)
        if kept:
            result.append(Line(kept))
    return tuple(result)
