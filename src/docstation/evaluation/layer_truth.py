"""Truth from text layers: which pages of a PDF carry text beyond doubt, and their lines.

Judged apart from intake's own verdict on text layers, which is itself under test: only pages of running prose pass,
recognised by how often the commonest words of Russian or English occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docstation.document.text import Line, Word
from docstation.intake.page import RawPage

Language = Literal["ru", "en"]


def _split(words: str) -> list[str]:
    return words.split()


_COMMON: dict[Language, frozenset[str]] = {
    "ru": frozenset(_split("и в на с по не к из для от о что при или а за до как это их его также у")),
    "en": frozenset(_split("the of and to in a is for on that with as by are be this at from or an was we it")),
}
_LEAST_WORDS = 60
_LEAST_COMMON = 0.06


def prose_language(raw: RawPage) -> Language | None:
    """The language of a page whose text layer is sane prose; None for every other page."""
    layer = raw.layer
    texts = [word.text.strip(".,;:()«»\"'").lower() for word in layer.words]
    if layer.invisible or layer.unmapped_share > 0 or len(texts) < _LEAST_WORDS or raw.drawing.images:
        return None
    for language, common in _COMMON.items():
        if sum(text in common for text in texts) >= _LEAST_COMMON * len(texts):
            return language
    return None


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Lines in the file's order: a word goes on where it stands to the right of the last one at the same height."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        if last is not None and _goes_on(last, word):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(tuple(line)) for line in lines]


def _goes_on(last: Word, word: Word) -> bool:
    height = max(last.box.height, word.box.height)
    gap = word.box.x0 - last.box.x1
    return last.box.overlap_y(word.box) > 0.5 * min(last.box.height, word.box.height) and -1 < gap < 1.5 * height
