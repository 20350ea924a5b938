"""The adapter to Tesseract: a page or one line in, words with boxes and confidences out.

All coordinates are pixels of the image given. Nothing here knows pages, points or which words will be used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.reading.embedded.languages import data_folder
from docstation.reading.embedded.line_reading import ReadLine
from docstation.reading.embedded.strips import Strip

FRAME = 8
"""Pixels of margin around a strip."""
LINE_DPI = 300
Raster = npt.NDArray[np.uint8]
"""A grey or RGB image."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as an engine saw it.

    Attributes:
        text: without white space.
        box: pixels.
        confidence: 0 to 1, as the engine says it.
    """

    text: str
    box: Box
    confidence: float


class Tesseract:
    """A loaded Tesseract for some languages; not thread-safe, one per process.

    Args:
        languages: codes such as ``rus``, the main one first.

    Raises:
        MissingDependency: for a language that is not installed.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        # Several OpenMP threads spin against each other on busy cores: a page of 3 s was seen to take 45 s.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        import tesserocr

        self._library = tesserocr
        self._api = tesserocr.PyTessBaseAPI(path=str(data_folder(languages)), lang="+".join(languages))

    def page(self, image: Raster, dpi: int) -> list[list[Token]]:
        """Read an image with Tesseract's own segmentation: text lines, each with its words from left to right."""
        return self._read(image, dpi, self._library.PSM.AUTO)

    def read(self, strips: Sequence[Strip]) -> list[ReadLine]:
        """Read strips of one text line each, without Tesseract's own segmentation."""
        return [self._strip(strip.image) for strip in strips]

    def _strip(self, image: Raster) -> ReadLine:
        framed = _framed(image)
        self._recognise(framed, LINE_DPI, self._library.PSM.SINGLE_LINE)
        line = _read_line(self._letters())
        self._api.Clear()
        return line

    def _letters(self) -> Iterator[tuple[str, float, float]]:
        """Each character with its confidence and its middle; spaces before words."""
        level = self._library.RIL
        found = self._api.GetIterator()
        for item in self._library.iterate_level(found, level.SYMBOL) if found else ():
            token = _token(item, level.SYMBOL)
            if token is None:
                continue
            if item.IsAtBeginningOf(level.WORD):
                yield " ", 1.0, token.box.x0 - FRAME
            yield token.text, token.confidence, token.box.center[0] - FRAME

    def _read(self, image: Raster, dpi: int, mode: int) -> list[list[Token]]:
        self._recognise(image, dpi, mode)
        lines = self._tokens()
        self._api.Clear()
        return lines

    def _recognise(self, image: Raster, dpi: int, mode: int) -> None:
        self._api.SetPageSegMode(mode)
        height, width = image.shape[:2]
        depth = 1 if image.ndim == 2 else 3
        data = np.ascontiguousarray(image).tobytes()
        self._api.SetImageBytes(data, width, height, depth, width * depth)
        self._api.SetSourceResolution(dpi)
        self._api.Recognize()

    def _tokens(self) -> list[list[Token]]:
        level = self._library.RIL
        found = self._api.GetIterator()
        lines: list[list[Token]] = []
        for item in self._library.iterate_level(found, level.WORD) if found else ():
            if item.IsAtBeginningOf(level.TEXTLINE) or not lines:
                lines.append([])
            token = _token(item, level.WORD)
            if token is not None:
                lines[-1].append(token)
        return [line for line in lines if line]


def _token(item: Any, level: int) -> Token | None:
    corners = item.BoundingBox(level)
    # An item without a result raises instead of giving an empty text.
    try:
        text = item.GetUTF8Text(level).strip()
    except RuntimeError:
        return None
    if not text or corners is None:
        return None
    return Token(text, Box(*(float(value) for value in corners)), item.Confidence(level) / 100)


def _framed(image: Raster) -> Raster:
    """The strip with a margin in the colour of its paper; Tesseract misses letters that touch the edge."""
    paper = np.median(image.reshape(-1, image.shape[-1]), axis=0).astype(np.uint8)
    height, width = image.shape[:2]
    framed = np.empty((height + 2 * FRAME, width + 2 * FRAME, image.shape[-1]), np.uint8)
    framed[:] = paper
    framed[FRAME:-FRAME, FRAME:-FRAME] = image
    return framed


def _read_line(letters: Iterator[tuple[str, float, float]]) -> ReadLine:
    text, confidences, positions = "", [], []
    for piece, confidence, position in letters:
        text += piece
        confidences.extend([confidence] * len(piece))
        positions.extend([position] * len(piece))
    return ReadLine(text, tuple(confidences), tuple(positions))
