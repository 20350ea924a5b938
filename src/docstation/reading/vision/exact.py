"""The text layer as evidence: where a page's own words are sane, they stand in the model's blocks in its words' place.

The model says where blocks are and what they are; letters and digits of a born-digital page are exact already. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.text import Line, Origin, Word
from docstation.reading.layout import lines_of_words

_INSIDE = 0.6
"""Share of a word's box that is in the block's, for the word to be its own."""
_AGREEING = 0.5
"""Share of the letters that both have, below which the words stand under something else, such as a picture of text."""
_MORE_LETTERS = 3
_WRITTEN = frozenset(
    {
        Category.TEXT,
        Category.TITLE,
        Category.SECTION_HEADER,
        Category.LIST_ITEM,
        Category.CAPTION,
        Category.FOOTNOTE,
        Category.PAGE_HEADER,
        Category.PAGE_FOOTER,
    }
)
"""Whose text is plain; tables and formulas are more than their words."""


def with_exact_text(blocks: Sequence[Block], words: Sequence[Word]) -> tuple[Block, ...]:
    """The blocks with the words of the text layer; those that it does not cover stay as they are.

    Args:
        blocks: points of the upright frame.
        words: of a sane layer, in the same frame.
    """
    return tuple(_exact(block, words) if block.category in _WRITTEN else block for block in blocks)


def _exact(block: Block, words: Sequence[Word]) -> Block:
    own = [word for word in words if word.box.share_inside(block.box) >= _INSIDE]
    if not own:
        return block
    lines = _ordered(lines_of_words(own))
    text = " ".join(line.text for line in lines)
    if not _agree(text, block.text) or _lacks(text, block.text):
        return block
    return replace(block, text=text, lines=lines, origin=Origin.TEXT_LAYER, confidence=1.0)


def _ordered(lines: Sequence[Line]) -> tuple[Line, ...]:
    def top(line: Line) -> tuple[float, float]:
        box = Box.around(word.box for word in line.words)
        return box.y0, box.x0

    return tuple(sorted(lines, key=top))


def _agree(exact: str, read: str) -> bool:
    """Whether both say about the same, by their letters whatever their order."""
    one, other = _letters(exact), _letters(read)
    if not one or not other:
        return False
    common = sum(min(one.count(letter), other.count(letter)) for letter in set(one))
    return common >= _AGREEING * max(len(one), len(other))


def _lacks(exact: str, read: str) -> bool:
    """Whether the model read words or digits that the layer does not have: what was filled into a form, or stamped."""
    mine, theirs = _keys(read), _keys(exact)
    for what, start, end, its_start, its_end in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        more, less = "".join(mine[start:end]), "".join(theirs[its_start:its_end])
        if what in ("delete", "replace") and (
            len(more) - len(less) >= _MORE_LETTERS or sum(map(str.isdigit, more)) > sum(map(str.isdigit, less))
        ):
            return True
    return False


def _keys(text: str) -> list[str]:
    return [key for word in text.split() if (key := _letters(word))]


def _letters(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())
