"""Words as they are searched: cut out of texts, folded, brought to their stems; questions understood, places shown.

Russian words lose their endings by M. Porter's rules (Snowball), Latin ones their plural, so that every database finds
the same. Pure; knows no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_PHRASES = 16
"""Of a question; what is beyond is not looked for."""
LONGEST_STEM = 64
SNIPPET = 180
"""Letters of a snippet, about."""
BEFORE = 60
"""Letters of a snippet before its first found word."""
SHORT = 3
"""A Latin word up to this length has no plural."""

_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r'["«“„]([^"»”“]*)["»”“]')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems that are to stand side by side; usually one.

    Attributes:
        stems: in their order.
        begun: the last word as it was typed, where it may be unfinished: a longer word is meant too.
    """

    stems: tuple[str, ...]
    begun: str = ""

    def meets(self, stem: str) -> bool:
        """Whether a word of that stem is, or may be, one of these."""
        return stem in self.stems or (bool(self.begun) and stem.startswith(self.begun))


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text around what was found.

    Attributes:
        text: on one line, with an ellipsis where something is left out.
        marks: begin and end, in `text`, of each word that was found.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def stems(text: str) -> str:
    """The stems of all words, in their order, with spaces between: what the index holds."""
    return " ".join(_stem(word) for word, _begin, _end in _words(text))


def understood(question: str) -> tuple[Phrase, ...]:
    """What a question looks for: its words, those in quotes side by side; the last one may be unfinished."""
    question = unicodedata.normalize("NFC", question)
    found: list[Phrase] = []
    rest = 0
    for quoted in _QUOTED.finditer(question):
        found.extend(_loose(question[rest : quoted.start()]))
        found.extend(_phrase(quoted[1]))
        rest = quoted.end()
    found.extend(_loose(question[rest:]))
    if found and question[-1:].isalnum():
        found[-1] = _unfinished(found[-1], question)
    return tuple(dict.fromkeys(found))[:MOST_PHRASES]


def best_block(blocks: Sequence[tuple[str, str]], asked: Sequence[Phrase]) -> tuple[str, Snippet]:
    """Of blocks (id, text) the id of the one that holds most of what was asked, and the place in it."""
    if not blocks:
        return "", Snippet("")
    id, text = max(blocks, key=lambda block: _held(block[1], asked))
    return id, _snippet(text, asked)


def _loose(text: str) -> Iterator[Phrase]:
    for word in text.split():
        yield from _phrase(word)  # a word such as 12/45-А is several that stand side by side


def _phrase(text: str) -> Iterator[Phrase]:
    found = tuple(_stem(word) for word, _begin, _end in _words(text))
    if found:
        yield Phrase(found)


def _unfinished(last: Phrase, question: str) -> Phrase:
    *_, (word, _begin, _end) = _words(question)
    return Phrase(last.stems, begun=word[:LONGEST_STEM])


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Words, folded, with their places."""
    for found in _WORD.finditer(text):
        yield found[0].casefold().replace("ё", "е"), found.start(), found.end()


def _held(text: str, asked: Sequence[Phrase]) -> int:
    found = {_stem(word) for word, _begin, _end in _words(text)}
    return sum(any(one.meets(stem) for stem in found) for one in asked)


def _snippet(text: str, asked: Sequence[Phrase]) -> Snippet:
    places = [(b, e) for word, b, e in _words(text) if any(one.meets(_stem(word)) for one in asked)]
    begin = _word_begins(text, places[0][0] - BEFORE) if places else 0
    end = _word_ends(text, begin + SNIPPET)
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    shift = len(before) - begin
    shown = re.sub(r"\s", " ", text[begin:end])
    marks = tuple((b + shift, e + shift) for b, e in places if begin <= b and e <= end)
    return Snippet(before + shown + after, marks)


def _word_begins(text: str, place: int) -> int:
    if place <= 0:
        return 0
    space = text.find(" ", place, place + BEFORE // 2)
    return space + 1 if space >= 0 else place


def _word_ends(text: str, place: int) -> int:
    if place >= len(text):
        return len(text)
    space = text.rfind(" ", place - BEFORE // 2, place)
    return space if space >= 0 else place


@lru_cache(1 << 16)
def _stem(word: str) -> str:
    kept = word[:LONGEST_STEM]
    if _CYRILLIC.fullmatch(kept):
        return _russian(kept)
    return _latin(kept) if kept.isascii() and kept.isalpha() else kept


def _latin(word: str) -> str:
    if len(word) <= SHORT or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > SHORT + 1 else word[:-1]


_CYRILLIC = re.compile(r"[а-я]+")
_VOWELS = "аеиоуыэюя"
_FIRST_VOWEL = re.compile(f"[{_VOWELS}]")
_R2 = re.compile(f"(?:.*?[{_VOWELS}][^{_VOWELS}]){{2}}")

_GERUND = re.compile(r"(?:[иы]в(?:ши(?:сь)?)?|(?<=[ая])в(?:ши(?:сь)?)?)$")
_REFLEXIVE = re.compile(r"с[яь]$")
_ADJECTIVE = re.compile(r"(?:ими|ыми|его|ого|ему|ому|ее|ие|ые|ое|ей|ий|ый|ой|ем|им|ым|ом|их|ых|ую|юю|ая|яя|ою|ею)$")
_PARTICIPLE = re.compile(r"(?:[иы]вш|ующ|(?<=[ая])(?:ем|нн|вш|ющ|щ))$")
_VERB = re.compile(
    r"(?:(?:ейте|уйте|ила|ыла|ена|ите|или|ыли|ило|ыло|ено|ует|уют|ены|ить|ыть|ишь|ей|уй|ил|ыл|им|ым|ен|ят|ит|ыт|ую|ю)"
    r"|(?<=[ая])(?:ешь|нно|ете|йте|ла|на|ли|ем|ло|но|ет|ют|ны|ть|й|л|н))$"
)
_NOUN = re.compile(
    r"(?:иями|ями|ами|ией|иям|ием|иях|ев|ов|ие|ье|еи|ии|ей|ой|ий|ям|ем|ам|ом|ах|ях|ию|ью|ия|ья|а|е|и|й|о|у|ы|ь|ю|я)$"
)
_DERIVED = re.compile(r"ость?$")
_SUPERLATIVE = re.compile(r"ейше?$")


def _russian(word: str) -> str:
    vowel = _FIRST_VOWEL.search(word)
    if vowel is None:
        return word
    head, rest = word[: vowel.end()], word[vowel.end() :]
    rest = _inflected(rest)
    rest = rest.removesuffix("и")
    second = _R2.match(word)
    derived = _DERIVED.search(rest)
    if derived and second and len(head) + derived.start() >= second.end():
        rest = rest[: derived.start()]
    rest = _SUPERLATIVE.sub("", rest)
    if rest.endswith("нн"):
        return head + rest[:-1]
    return head + rest.removesuffix("ь")


def _inflected(rest: str) -> str:
    """Without the ending that tells case, number, person or tense."""
    shorter = _GERUND.sub("", rest)
    if shorter != rest:
        return shorter
    rest = _REFLEXIVE.sub("", rest)
    shorter = _ADJECTIVE.sub("", rest)
    if shorter != rest:
        return _PARTICIPLE.sub("", shorter)
    shorter = _VERB.sub("", rest)
    return shorter if shorter != rest else _NOUN.sub("", rest)
