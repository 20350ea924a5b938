"""Two readings of one page side by side: the words that differ are marked, and how alike they are is counted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from docstation.web.texts import plain

MOST = 6000
"""Words of a page that are compared; what comes after them is left out."""
_WORDS = re.compile(r"\n+|[^\S\n]+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Compared:
    """Two texts.

    Attributes:
        left: as Markdown, what only it has is marked.
        right: the same of the other.
        alike: share of the words that both have, 0 to 1.
        places: where they differ.
    """

    left: str
    right: str
    alike: float
    places: int


def compared(left: str, right: str) -> Compared:
    """Compare two texts word by word; spaces count for nothing."""
    ours, theirs = _words(left), _words(right)
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    shown_left, shown_right, places = [], [], 0
    for kind, a0, a1, b0, b1 in matcher.get_opcodes():
        mine, other = ours[a0:a1], theirs[b0:b1]
        differs = kind != "equal" and bool("".join(mine + other).strip())
        places += differs
        shown_left.append(_marked(mine, "red") if differs else _shown(mine))
        shown_right.append(_marked(other, "green") if differs else _shown(other))
    return Compared("".join(shown_left).strip(), "".join(shown_right).strip(), _alike(ours, theirs, matcher), places)


def _words(text: str) -> list[str]:
    found = _WORDS.findall(text)[:MOST]
    return [("\n\n" if "\n" in one else " ") if one.isspace() else one for one in found]


def _alike(ours: list[str], theirs: list[str], matcher: SequenceMatcher[str]) -> float:
    both = _counted(ours) + _counted(theirs)
    same = sum(_counted(ours[one.a : one.a + one.size]) for one in matcher.get_matching_blocks())
    return 2 * same / both if both else 1.0


def _counted(words: list[str]) -> int:
    return sum(not one.isspace() for one in words)


def _shown(words: list[str]) -> str:
    return "".join(one if one.isspace() else plain(one) for one in words)


def _marked(words: list[str], colour: str) -> str:
    """Each line by itself: a mark of Markdown ends with its paragraph."""
    parts, line = [], list[str]()
    for one in [*words, "\n\n"]:
        if one != "\n\n":
            line.append(one)
            continue
        text = "".join(line)
        inner = text.strip()
        if inner:
            before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            parts.append(f"{before}:{colour}-background[{_shown([inner])}]{after}")
        else:
            parts.append(text)
        parts.append("\n\n")
        line = []
    return "".join(parts[:-1])
