"""What is put into the gaps of a page: which texts are worth it, and where among the blocks they belong. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.reading.vision.answers import Answer, End

_FINEST_PRINT = 12.0
"""Square points that a letter of the finest print takes with its share of the line's spacing."""
_SPARE_LETTERS = 16
_MARKUP = 4
"""Times that a table's or formula's source is longer than what is seen of it."""
_JSON = ("[{", '{"', "```json", "[[")
_LEAST_DOUBLE = 8
"""Letters and digits from which a text that a neighbour holds as well is the neighbour's."""
_NEAR = 40.0
"""Points."""
_OWN = 0.3
"""Share of a block's area in the gaps, below which only its lines are taken."""


def usable(answer: Answer, category: Category, box: Box) -> str:
    """The text of an answer about one place; empty where it is rubbish, or did not come to its own end.

    What is left of a loop or of a cut answer would pass for the whole; the place is better read by somebody else.

    Args:
        answer: to a question for text.
        category: of what was asked for.
        box: the place, points.
    """
    text = answer.text.strip()
    if answer.end is not End.STOP or not any(map(str.isalnum, text)):
        return ""
    if text.replace("\n", "").replace(" ", "").startswith(_JSON):
        # A model that knows only one kind of answer gives it here too; its boxes are of no use.
        return ""
    room = box.area / _FINEST_PRINT + _SPARE_LETTERS
    if category in (Category.TABLE, Category.FORMULA):
        room *= _MARKUP
    letters = sum(map(str.isalnum, text))
    return text if letters <= room else ""


def fitting(read: Sequence[Block], gaps: Sequence[Box]) -> tuple[Block, ...]:
    """What of blocks that were read in the gaps is to be put there: not what goes far beyond, a table above all.

    Args:
        read: by an engine that was shown the whole page, points.
        gaps: the places that it was to read, points.
    """
    kept: list[Block] = []
    for block in read:
        if block.category is Category.PICTURE or not block.text.strip():
            continue
        inside = sum(common.area for gap in gaps if (common := block.box.intersection(gap)))
        if inside >= _OWN * block.box.area or not block.lines:
            kept.append(block)
            continue
        box = Box.around(word.box for line in block.lines for word in line.words)
        text = "\n".join(line.text for line in block.lines)
        kept.append(replace(block, category=Category.TEXT, box=box, text=text, table=None, level=0))
    return tuple(kept)


def inserted(blocks: Sequence[Block], more: Sequence[Block]) -> list[Block]:
    """All blocks; each of `more` after the last one that stands above it in its column, else before all.

    What a near block says already is left out: a box that is too small leaves a part of its text uncovered.
    """
    result = list(blocks)
    for one in sorted(more, key=lambda block: (block.box.y0, block.box.x0)):
        if any(_says_it(other, one) for other in blocks):
            continue
        above = [
            place
            for place, other in enumerate(result)
            if other.box.center[1] <= one.box.center[1] and other.box.x0 < one.box.x1 and one.box.x0 < other.box.x1
        ]
        result.insert(above[-1] + 1 if above else 0, one)
    return result


def without_astray(blocks: Sequence[Block], empty: Collection[Box], *, missing: bool) -> list[Block]:
    """The blocks without those that stand on white paper and whose words are those of another place.

    Args:
        blocks: in reading order.
        empty: boxes of blocks with words where nothing is written.
        missing: whether anything is written that no block has: that is where such words are from, and are read again.
    """
    sure = [_letters(block.text) for block in blocks if block.box not in empty]

    def elsewhere(block: Block) -> bool:
        letters = _letters(block.text)
        return missing or any(letters in other for other in sure)

    return [block for block in blocks if block.box not in empty or not elsewhere(block)]


def _says_it(other: Block, one: Block) -> bool:
    letters = _letters(one.text)
    if len(letters) < _LEAST_DOUBLE or other.box.expanded(_NEAR).intersection(one.box) is None:
        return False
    return letters in _letters(other.text)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
