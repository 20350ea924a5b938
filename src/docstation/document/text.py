"""Words and lines: recognised text with its place, its confidence and where it comes from.

The smallest pieces of the vocabulary. Blocks are made of lines, lines of words; evidence, searchable PDF and
corrections all point at them. Nothing here knows how text was recognised.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from docstation.document.geometry import Box


class Origin(StrEnum):
    """Where a piece of text comes from."""

    TEXT_LAYER = "text-layer"
    ENGINE = "engine"
    CORRECTION = "correction"


_LOW = frozenset("acemnorsuvwxzагеёжзийклмнопстхчшъыьэюявт·-–—~=+<>:;,.…«»")
_DESCENDING = frozenset("gjpqyQруфцщдДЦЩ,;()[]{}|/")
_HANGING_LOW = frozenset("gpqyрущц")


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it stands on the page.

    Attributes:
        text: the characters, NFC, without white space.
        box: where it stands, in page points.
        confidence: 0 to 1; 1 for a text layer that passed its checks.
        origin: where the text comes from.
        font_size: nominal size in points as drawn, 0 where it is not known.
        bold: whether the font says so (text layers only).
        italic: whether the font says so (text layers only).
    """

    text: str
    box: Box
    confidence: float = 1.0
    origin: Origin = Origin.TEXT_LAYER
    font_size: float = 0.0
    bold: bool = False
    italic: bool = False


def type_size(word: Word) -> float:
    """The type size in points: as the layer says it, else estimated from the height of the word's tight box.

    Which letters rise above the small ones or hang below the line tells what share of the size the box shows.
    """
    if word.font_size > 0:
        return word.font_size
    hangs = any(letter in _DESCENDING for letter in word.text)
    rises = any(letter not in _LOW and letter not in _HANGING_LOW for letter in word.text)
    return word.box.height / (0.48 + (0.24 if rises else 0.0) + (0.21 if hangs else 0.0))


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand side by side on one baseline, left to right.

    Raises:
        ValueError: on construction with no word.
    """

    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("a line has at least one word")

    @property
    def text(self) -> str:
        """The words joined by single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        """The box around all words."""
        return Box.around(word.box for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, weighted by their length."""
        total = sum(len(word.text) or 1 for word in self.words)
        return sum(word.confidence * (len(word.text) or 1) for word in self.words) / total

    @property
    def font_size(self) -> float:
        """Median nominal font size of its words; where none is known, the line's height."""
        sizes = sorted(word.font_size for word in self.words if word.font_size > 0)
        return sizes[len(sizes) // 2] if sizes else self.box.height
