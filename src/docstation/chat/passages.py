"""What of the read pages is put before the model: all of it where it fits, else the blocks that speak of the question.

Blocks are scored by the words that they share with the question, rare words counting more (BM25, Robertson and
Zaragoza 2009, with k1 1.2 and b 0.75 as usual there); endings are cut off words so that Russian cases meet. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.model import FURNITURE, Document
from docstation.inference.tokens import harmless

K1, B = 1.2, 0.75
STEM = 5
"""Letters by which words are told apart: enough for Russian endings to fall off."""
LONGEST = 4_000
"""Characters of one block that are given: a table of a thousand rows is no passage."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A block as the model sees it.

    Attributes:
        mark: by which the model may cite it, unique among all that it sees.
        document: id.
        page: number.
        block: id in its document.
        box: page points.
        text: of the block.
    """

    mark: str
    document: str
    page: int
    block: str
    box: Box
    text: str

    @property
    def line(self) -> str:
        """As it stands in the prompt."""
        return f"[{self.mark}] {harmless(self.text[:LONGEST])}"


def passages_of(document: Document, id: str, *, letter: str = "", pages: Sequence[int] = ()) -> list[Passage]:
    """The blocks of a document that hold text, in reading order.

    Args:
        document: as it was read.
        id: of it.
        letter: put before marks, so that those of several documents differ.
        pages: numbers of those wanted; all where it is empty.
    """
    return [
        Passage(f"{letter}{block.id}", id, page.number, block.id, block.box, block.text)
        for page in document.pages
        if not pages or page.number in pages
        for block in page.blocks
        if block.text.strip() and block.category not in FURNITURE
    ]


def chosen(
    passages: Sequence[Passage], question: str, tokens: int, count: Callable[[str], int]
) -> tuple[list[Passage], bool]:
    """The passages that fit, in reading order, and whether that is all of them.

    Args:
        passages: in reading order.
        question: what they are to speak of.
        tokens: that they may take.
        count: tokens of a text, never too few.
    """
    costs = [count(one.line) + 1 for one in passages]
    if sum(costs) <= tokens:
        return list(passages), True
    order = sorted(range(len(passages)), key=_by_score(passages, question))
    taken: list[int] = []
    left = tokens
    for place in order:
        if costs[place] <= left:
            taken.append(place)
            left -= costs[place]
    return [passages[place] for place in sorted(taken)], False


def _by_score(passages: Sequence[Passage], question: str) -> Callable[[int], tuple[float, int]]:
    """A key by which the best passage comes first, and of equals the earlier."""
    counted = [Counter(_stems(one.text)) for one in passages]
    sizes = [sum(one.values()) for one in counted]
    mean = sum(sizes) / len(sizes) or 1.0
    wanted = set(_stems(question))
    spread = {stem: sum(stem in one for one in counted) for stem in wanted}

    def score(place: int) -> float:
        total = 0.0
        for stem in wanted:
            times = counted[place][stem]
            if times:
                rare = math.log(1 + (len(passages) - spread[stem] + 0.5) / (spread[stem] + 0.5))
                total += rare * times * (K1 + 1) / (times + K1 * (1 - B + B * sizes[place] / mean))
        return total

    return lambda place: (-score(place), place)


def _stems(text: str) -> list[str]:
    return [word[:STEM] for word in _WORD.findall(text.casefold()) if len(word) > 1 or word.isdigit()]
