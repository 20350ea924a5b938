"""The corrected text of a block over the places of the words that were read there.

Words that stayed keep their boxes and a changed word takes the place of the one it replaces, so that a corrected word
is found where it is printed. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docstation.document.text import Line, Origin, Word


def corrected(lines: Sequence[Line], text: str) -> tuple[Line, ...]:
    """`lines` made to say `text`; a word that was put in shares the place of its neighbour, with a space between.

    Args:
        lines: as they were read.
        text: of the whole block, as corrected.
    """
    places = [(row, word) for row, line in enumerate(lines) for word in line.words]
    texts = _by_place([word.text for _, word in places], text.split())
    rows: list[list[Word]] = [[] for _ in lines]
    for (row, word), new in zip(places, texts, strict=True):
        if new:
            rows[row].append(_changed(word, " ".join(new)))
    return tuple(Line(tuple(words)) for words in rows if words)


def _by_place(old: Sequence[str], new: Sequence[str]) -> list[list[str]]:
    """For each old word the new ones that stand in its place; none where it was struck out."""
    from rapidfuzz.distance import Levenshtein

    places: list[list[str]] = [[] for _ in old]
    for step in Levenshtein.opcodes(old, new):
        put_in = step.src_start == step.src_end
        for offset in range(step.dest_end - step.dest_start):
            place = max(step.src_start - 1, 0) if put_in else step.src_start + offset
            places[place].append(new[step.dest_start + offset])
    return places


def _changed(word: Word, text: str) -> Word:
    if text == word.text:
        return word
    # What replaces a word of the page's own layer is still that layer's matter, whoever corrected it.
    origin = Origin.TEXT_LAYER if word.origin is Origin.TEXT_LAYER else Origin.CORRECTION
    return replace(word, text=text, origin=origin)
