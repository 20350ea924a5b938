"""Finds in an answer what it rests on: blocks that it names, and words that it quotes. Pure.

A mark counts only where the model was shown it; a quotation only where it stands in the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from docstation.chat.passages import Passage
from docstation.document.conversation import Citation

LEAST_QUOTE = 6
"""Letters and digits of a quotation; shorter ones are words that stand anywhere."""
ALIKE = 0.9
"""Score from which a quotation is one."""
_MARKS = re.compile(r"\[([^\[\]]{1,200})\]")
_MARK = re.compile(r"[a-z]?p\d+-b\d+")
_QUOTES = re.compile(r"«([^«»]{6,500})»|“([^“”]{6,500})”|\"([^\"]{6,500})\"|„([^„“”]{6,500})[“”]")


def citations(answer: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """What the answer rests on, in the order in which it is first said, each place once."""
    by_mark = {one.mark: one for one in passages}
    found: dict[str, Citation] = {}
    for _, passage, quote, score in sorted(
        [*_named(answer, by_mark), *_quoted(answer, passages)], key=lambda one: one[0]
    ):
        before = found.get(passage.mark)
        if before is None or (quote and not before.quote):
            found[passage.mark] = Citation(passage.document, passage.page, passage.block, passage.box, quote, score)
    return tuple(found.values())


def _named(answer: str, by_mark: dict[str, Passage]) -> Iterable[tuple[int, Passage, str, float]]:
    for match in _MARKS.finditer(answer):
        for mark in _MARK.findall(match[1]):
            if mark in by_mark:
                yield match.start(), by_mark[mark], "", 1.0


def _quoted(answer: str, passages: Sequence[Passage]) -> Iterable[tuple[int, Passage, str, float]]:
    from rapidfuzz import fuzz

    folded = [(one, _folded(one.text)) for one in passages]
    for match in _QUOTES.finditer(answer):
        quote = next(group for group in match.groups() if group)
        wanted = _folded(quote)
        if sum(map(str.isalnum, wanted)) < LEAST_QUOTE:
            continue
        scored = [(fuzz.partial_ratio(wanted, text) / 100, one) for one, text in folded if len(text) >= len(wanted)]
        score, passage = max(scored, key=lambda one: one[0], default=(0.0, None))
        if passage is not None and score >= ALIKE:
            yield match.start(), passage, quote, round(score, 3)


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())
