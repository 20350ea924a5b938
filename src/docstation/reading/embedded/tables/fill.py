"""Words into cells: which word belongs to which cell, and how a cell's words read.

Words go by their middle; inside a cell they are put into lines, lines are joined, and a word divided at a line's end
is made whole. Knows boxes and words only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.text import Line, Origin, Word
from docstation.reading.embedded.tables.found import WordIndex

_TAIL_PARTICLES = frozenset({"то", "либо", "нибудь", "ка", "таки", "за", "под", "де"})
_LINE_SHADOWS = re.compile(r"[|¦_\[\]—–\-=~]+")
_ROTATED = 1.5


@dataclass(frozen=True, slots=True)
class Placed:
    """A word with its position in the page's lines and its box in the frame that is worked in."""

    index: WordIndex
    word: Word
    box: Box


def placed(lines: Sequence[Line]) -> list[Placed]:
    """All words of `lines` with their positions, in the lines' own frame."""
    return [Placed((i, j), word, word.box) for i, line in enumerate(lines) for j, word in enumerate(line.words)]


def words_inside(words: Sequence[Placed], box: Box) -> list[Placed]:
    """The words whose middle lies in `box`."""
    return [w for w in words if box.contains(*w.box.center)]


def cell_text(words: Sequence[Placed]) -> str:
    """What a cell says: its words in reading order, lines joined by a space, divided words made whole."""
    kept = [w for w in words if not _is_shadow(w.word)]
    if not kept:
        return ""
    if _stand_upright(kept):
        lines = _lines([_turned(w.box, w.word.text) for w in kept])
    else:
        lines = _lines([(w.box, w.word.text) for w in kept])
    return join_lines(lines)


def cell_confidence(words: Sequence[Placed]) -> float:
    """Mean confidence of the words, weighted by length; 1 for an empty cell."""
    total = sum(len(w.word.text) for w in words)
    return sum(w.word.confidence * len(w.word.text) for w in words) / total if total else 1.0


def join_lines(lines: Sequence[str]) -> str:
    """Join a cell's lines: by a space, or, after a hyphen that divides a word, without it."""
    text = ""
    for line in lines:
        if text.endswith("\u00ad") or _divided(text, line):
            text = text[:-1] + line
        elif len(text) >= 2 and text[-1] == "-" and text[-2].isalnum():
            text += line
        else:
            text = f"{text} {line}" if text else line
    return text.replace("\u00ad", "")


def _divided(text: str, line: str) -> bool:
    """Whether the hyphen that ends `text` divides a word that `line` goes on with."""
    if len(text) < 3 or text[-1] not in "-‐" or not text[-2].islower() or not line[:1].islower():
        return False
    following = re.split(r"\W", line, maxsplit=1)[0]
    return following not in _TAIL_PARTICLES


def _is_shadow(word: Word) -> bool:
    """Whether the "word" is only a piece of a drawn line that recognition took for characters."""
    if word.origin is not Origin.ENGINE or not _LINE_SHADOWS.fullmatch(word.text):
        return False
    return not (word.text in "-—–" and word.confidence >= 0.5)


def _stand_upright(words: Sequence[Placed]) -> bool:
    """Whether the words run from below upwards: most words of several characters are far taller than wide."""
    long = [word for word in words if len(word.word.text) >= 3]
    turned = [word for word in long if word.box.height > _ROTATED * word.box.width]
    return bool(long) and len(turned) * 2 > len(long)


def _turned(box: Box, text: str) -> tuple[Box, str]:
    return Box(-box.y1, box.x0, -box.y0, box.x1), text


def _lines(words: Sequence[tuple[Box, str]]) -> list[str]:
    """Texts of the lines that the words form, from the top; a word joins a line that its middle lies within."""
    lines: list[list[tuple[Box, str]]] = []
    for box, text in sorted(words, key=lambda w: w[0].center[1]):
        line = lines[-1] if lines else []
        middle = box.center[1]
        if line and any(b.y0 <= middle <= b.y1 or box.y0 <= b.center[1] <= box.y1 for b, _ in line[-3:]):
            line.append((box, text))
        else:
            lines.append([(box, text)])
    return [" ".join(text for _, text in sorted(line, key=lambda w: w[0].x0)) for line in lines]
