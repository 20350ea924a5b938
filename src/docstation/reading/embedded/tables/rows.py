"""Words put into visual rows, and rows cut into chunks where the space between words is wider than a space.

The ground for tables without lines: columns and rows are found among chunks. Pure geometry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstation.document.geometry import Box
from docstation.document.text import type_size
from docstation.reading.embedded.tables.fill import Placed

GAP = 0.9
"""Font sizes: a wider space between two words of a row separates two chunks."""
NUMBER_GAP = 0.5
"""The same between two numbers: a space that groups thousands is narrow."""
GROUP_GAP = 0.6
"""The same where the two may be groups of one number."""
_LEADING, _FOLLOWING = re.compile(r"[-+(−–]?\d{1,3}"), re.compile(r"\d{3}([.,]\d+)?[%)]?")
_TWO_LINES = 1.75
"""Font sizes between the middles of a row's upper and lower neighbours, where all three are one heading."""
_ENOUGH_SPACES = 8
TEXT_WORDS = 7
"""Words side by side from which a row is text and no cell."""
_NUMBER = re.compile(r"[-+(−–]?[\d.,]*\d[\d.,]*[%)]?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring words of one row."""

    words: tuple[Placed, ...]

    @property
    def box(self) -> Box:
        """The box around its words."""
        return Box.around(w.box for w in self.words)

    @property
    def text(self) -> str:
        """Its words joined by spaces."""
        return " ".join(w.word.text for w in self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """Chunks that stand side by side, from left to right."""

    chunks: tuple[Chunk, ...]

    @property
    def words(self) -> list[Placed]:
        """All words, from left to right."""
        return [w for chunk in self.chunks for w in chunk.words]

    @property
    def box(self) -> Box:
        """The box around all chunks."""
        return Box.around(chunk.box for chunk in self.chunks)

    @property
    def middle(self) -> float:
        """Median y of its words' middles."""
        middles = sorted(w.box.center[1] for w in self.words)
        return middles[len(middles) // 2]


def size_of(words: Sequence[Placed]) -> float:
    """Median type size in points, estimated where it is not known."""
    sizes = sorted(type_size(w.word) for w in words)
    return sizes[len(sizes) // 2] if sizes else 10.0


def word_space(rows: Sequence[Row]) -> float:
    """Median white between the words of a chunk, font sizes; 0 where chunks of several words are few."""
    size = size_of([w for row in rows for w in row.words])
    chunks = [sorted(chunk.words, key=lambda w: w.box.x0) for row in rows for chunk in row.chunks]
    spaces = sorted(b.box.x0 - a.box.x1 for words in chunks for a, b in pairwise(words))
    return spaces[len(spaces) // 2] / size if len(spaces) >= _ENOUGH_SPACES else 0.0


def rows_of(words: Sequence[Placed], gap: float = GAP) -> list[Row]:
    """Visual rows from the top; a word joins a row when their heights overlap by more than half the smaller one.

    Args:
        words: in any order.
        gap: font sizes of white that separate two chunks.
    """
    open_rows: list[list[Placed]] = []
    reaches: list[Box] = []
    for word in sorted(words, key=lambda w: w.box.center[1]):
        for i in range(len(open_rows) - 1, max(-1, len(open_rows) - 4), -1):
            if reaches[i].overlap_y(word.box) > 0.5 * min(reaches[i].height, word.box.height):
                open_rows[i].append(word)
                break
        else:
            open_rows.append([word])
            reaches.append(word.box)
    return [Row(_chunks(row, gap)) for row in open_rows]


def is_text(row: Row) -> bool:
    """Whether a row is running text, perhaps with a label before it, and no row of cells."""
    return len(row.chunks) <= 2 and max(len(chunk.words) for chunk in row.chunks) >= TEXT_WORDS


def median_chunks(rows: Sequence[Row]) -> int:
    """Of the rows; 0 without any."""
    counts = sorted(len(row.chunks) for row in rows)
    return counts[len(counts) // 2] if counts else 0


def with_centred_heads(rows: Sequence[Row], size: float) -> list[Row]:
    """Rows with a heading that stands at half height beside two lines of others put into the lower of those lines.

    Such a heading reaches over both lines; read as a line of its own it would tear the columns apart.
    """
    for i in range(min(3, len(rows) - 2)):
        upper, middle, lower = rows[i : i + 3]
        if lower.middle - upper.middle < _TWO_LINES * size and _stand_apart(middle, lower):
            chunks = sorted((*middle.chunks, *lower.chunks), key=lambda chunk: chunk.box.x0)
            return [*rows[: i + 1], Row(tuple(chunks)), *rows[i + 3 :]]
    return list(rows)


def _stand_apart(one: Row, other: Row) -> bool:
    """Whether no chunk of one row stands over or under one of the other."""
    return not any(a.box.overlap_x(b.box) > 0 for a in one.chunks for b in other.chunks)


def _chunks(words: Sequence[Placed], gap: float) -> tuple[Chunk, ...]:
    size = size_of(words)
    parts: list[list[Placed]] = []
    for word in sorted(words, key=lambda w: w.box.x0):
        if parts and word.box.x0 - max(w.box.x1 for w in parts[-1]) <= size * _allowed(parts[-1][-1], word, gap):
            parts[-1].append(word)
        else:
            parts.append([word])
    return tuple(Chunk(tuple(part)) for part in parts)


def _allowed(left: Placed, right: Placed, gap: float) -> float:
    both = _NUMBER.fullmatch(left.word.text) and _NUMBER.fullmatch(right.word.text)
    if not both:
        return gap
    return max(gap, GROUP_GAP) if _grouped(left.word.text, right.word.text) else min(gap, NUMBER_GAP)


def _grouped(left: str, right: str) -> bool:
    """Whether two numbers may be groups of one, as in «4 802 305,75»."""
    return _LEADING.fullmatch(left) is not None and _FOLLOWING.fullmatch(right) is not None
