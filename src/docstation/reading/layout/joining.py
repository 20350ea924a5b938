"""Lines → running text: where a line end is a space, where a hyphen disappears and where it belongs to the word.

The document's own words decide first; rules of Russian and English only where it is silent. Used for blocks and for
paragraphs that go on in the next column or page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

SOFT_HYPHENS = "\u00ad\u00ac\u0002\ufffe"
HARD_HYPHENS = "-\u2010\u2011"

_LEFT_PART = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010\u2011]$")
_RIGHT_PART = re.compile(r"^([^\W\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

_KEPT_RIGHT = frozenset({"то", "либо", "нибудь", "таки", "ка", "де"})
_KEPT_LEFT = frozenset({"кое", "кой", "self", "ex", "vice", "вице", "экс", "мини", "интернет", "онлайн", "бизнес"})
_ADVERB_END = re.compile(r"(?:ски|цки|ьи|ому|ему|ой|моему|твоему|своему|прежнему|видимому)$")
_CLITICS = {"из": ("за", "под"), "во": ("первых", "вторых"), "в": ("третьих", "четвертых", "четвёртых", "пятых")}


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words of `texts` in lower case, compounds with their hyphens; fragments at line ends are left out."""
    found: set[str] = set()
    for text in texts:
        broken = text[-1:] in HARD_HYPHENS + SOFT_HYPHENS
        words = _WORD.findall(text)
        found.update(word.lower() for word in (words[:-1] if broken else words))
    return frozenset(found)


def joined(lines: Sequence[str], known: Collection[str] = (), *, kept: Collection[int] = ()) -> str:
    """The lines as one text.

    Args:
        lines: texts from top to bottom.
        known: words of the document in lower case, as `vocabulary` gives them.
        kept: indices of lines after which the line break is meant and kept.
    """
    text = ""
    for index, line in enumerate(lines):
        if not text:
            text = line
        elif index - 1 in kept:
            text = f"{text}\n{line}"
        else:
            text = join(text, line, known)
    return _with_double_quotes(text)


def _with_double_quotes(text: str) -> str:
    """Two single quotes that stand for one double quote, as old typesetters set it."""
    return text.replace("‘‘", "“").replace("’’", "”").replace("``", "“")


def join(left: str, right: str, known: Collection[str] = ()) -> str:
    """Two pieces of running text as one: with a space, without, or with the hyphen taken away."""
    if not left or not right:
        return left or right
    if left[-1] in SOFT_HYPHENS:
        return left.rstrip(SOFT_HYPHENS) + right
    if left[-1] in HARD_HYPHENS and len(left) > 1 and not left[-2].isspace():
        return (left if _hyphen_stays(left, right, known) else left[:-1]) + right
    if _IDEOGRAPH.match(left[-1]) and _IDEOGRAPH.match(right[0]):
        return left + right
    return f"{left} {right}"


def _hyphen_stays(left: str, right: str, known: Collection[str]) -> bool:
    first, second = _LEFT_PART.search(left), _RIGHT_PART.match(right)
    token = left.rsplit(maxsplit=1)[-1]
    if first is None or second is None or not second.group(1)[0].islower() or "/" in token or "@" in token:
        return True
    a, b = first.group(1).lower(), second.group(1).lower()
    if a + b in known:
        return False
    if f"{a}-{b}" in known:
        return True
    return _is_compound(a, b, known)


def _is_compound(a: str, b: str, known: Collection[str]) -> bool:
    """Whether the hyphen between two parts of a word, never seen together elsewhere, belongs to the word."""
    tail = a.rsplit("-", 1)[-1]
    if b in _KEPT_RIGHT and len(tail) >= 2:
        return True
    if tail in _KEPT_LEFT or b in _CLITICS.get(tail, ()):
        return True
    if tail == "по":
        return bool(_ADVERB_END.search(b)) and len(b) >= 3
    both_are_words = len(tail) >= 4 and len(b) >= 4 and tail in known and b in known
    return both_are_words or (tail.endswith("о") and len(tail) >= 6 and len(b) >= 6 and b in known)
