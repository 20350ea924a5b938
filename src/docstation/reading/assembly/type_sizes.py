"""The size of type in which a block is set: drawn words know theirs, what a model read is estimated from its box.

Points throughout. Knows nothing of what a size means.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import median

from docstation.document.model import Block, Category
from docstation.document.text import type_size as size_of_word

_LETTER_WIDTH = 0.5
"""Of an average letter, in parts of the type size."""
_LEADING = 1.2
"""Distance between lines, in parts of the type size."""
_RUNNING = frozenset({Category.TEXT, Category.LIST_ITEM})


def type_size(block: Block) -> float:
    """The block's type size, 0 where nothing tells it."""
    if block.lines:
        return float(median(size_of_word(word) for line in block.lines for word in line.words))
    letters = len(block.text)
    if not letters or block.box.area <= 0:
        return 0.0
    lines = sqrt(_LETTER_WIDTH / _LEADING * letters * block.box.height / block.box.width)
    return block.box.height / max(round(lines), 1 + block.text.count("\n")) / _LEADING


def is_bold(block: Block) -> bool:
    """Whether the block is set in bold type; False where its words are not known."""
    words = [word for line in block.lines for word in line.words]
    return sum(word.bold for word in words) > 0.6 * len(words)


def usual_size(blocks: Iterable[Block]) -> float:
    """The type size of most running text, by its length; 0 where there is none."""
    sizes = sorted((type_size(block), len(block.text)) for block in blocks if block.category in _RUNNING and block.text)
    half = sum(length for _, length in sizes) / 2
    for size, length in sizes:
        half -= length
        if half <= 0:
            return size
    return 0.0
