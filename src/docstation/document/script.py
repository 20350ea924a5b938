"""Scripts of words, and the repair of Cyrillic and Latin letters that print alike but are different characters.

Recognition of Russian text mixes «с» and "c". A word's own unmistakable letters decide first, then its neighbours, then
the page; what stays open (codes such as «АБ-12X», abbreviations that exist in both scripts) is left as it is and can be
found with `is_ambiguous`. Pure text in, pure text out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

LATIN_TWINS = "ABCEHKMOPTXYaceopxy"
CYRILLIC_TWINS = "АВСЕНКМОРТХУасеорху"
"""Letters that print alike, in the same order."""

_TO_CYRILLIC = str.maketrans(LATIN_TWINS, CYRILLIC_TWINS)
_TO_LATIN = str.maketrans(CYRILLIC_TWINS, LATIN_TWINS)
_TWINS = frozenset(LATIN_TWINS + CYRILLIC_TWINS)
_GREEK = re.compile("[\u0370-\u03ff]")
_FROM_GREEK = str.maketrans("ΑΒΓΕΗΚΜΟΠΡΤΥΦΧαεκορτφχ", "АВГЕНКМОПРТУФХаекортфх")

RUSSIAN_ABBREVIATIONS = frozenset(
    {
        "АО",
        "ВАК",
        "ВВС",
        "ВКР",
        "ВМС",
        "ВОС",
        "ВС",
        "ВТО",
        "КНР",
        "КС",
        "МО",
        "МРОТ",
        "МТС",
        "НАТО",
        "НК",
        "НКО",
        "НТО",
        "ОАО",
        "ОАЭ",
    }
    | {"ОВ", "ООО", "ОСАО", "ОСТ", "РАН", "РАО", "РК", "РСО", "СК", "СМР", "СМС", "СНТ", "СО", "СССР", "СНО", "ТК"}
    | {"ТМК", "ТО", "ТОО", "ТС", "ТСН", "УК", "УС", "ХК"}
)
"""Capital words that consist of look-alikes only and are Russian where Russian stands around them."""

_LETTERS = re.compile(r"[^\W\d_]+")
_BETWEEN_LETTERS = re.compile(r"(?<=[а-яё])[03](?=[а-яё])")
_DIGIT_TWINS = {"0": "о", "3": "з"}
_NUMBERED = re.compile(r"№\d+-$|\d{2,}-$")
_ONE_LETTER_WORDS = frozenset("аоусАВКОСУ")
_ADDRESS = re.compile(r"://|^www\.|\w@\w|[A-Za-z]/\w|\w\.(?:ru|com|org|net|info|html?|pdf)(?:[/?]|$)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?:;»\")]$")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_PUNCTUATION = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ",
        "。": ".", "、": ",", "‚": ",", "\u2010": "-", "\u2011": "-", "\u2012": "–", "―": "—",
    }
)  # fmt: skip


class Script(StrEnum):
    """What the letters of a piece of text say about its script.

    MIXED: unmistakable letters of both; OPEN: look-alikes only; NONE: no letters, or those of other scripts.
    """

    CYRILLIC = "cyrillic"
    LATIN = "latin"
    MIXED = "mixed"
    OPEN = "open"
    NONE = "none"


def script_of(text: str) -> Script:
    """The script of `text`, judged by the letters that belong to one script only."""
    cyrillic = latin = twins = False
    for letter in text:
        if letter in _TWINS:
            twins = True
        elif _is_cyrillic(letter):
            cyrillic = True
        elif _is_latin(letter):
            latin = True
    if cyrillic and latin:
        return Script.MIXED
    if cyrillic or latin:
        return Script.CYRILLIC if cyrillic else Script.LATIN
    return Script.OPEN if twins else Script.NONE


def is_ambiguous(word: str) -> bool:
    """Whether a word holds look-alikes whose script the word itself does not decide: a code, or capitals of both."""
    runs = _LETTERS.findall(word)
    if not any(script_of(run) in (Script.OPEN, Script.MIXED) for run in runs):
        return False
    return any(map(str.isdigit, word)) or word.isupper() or script_of(word) is Script.MIXED


def cleaned(text: str) -> str:
    """`text` in NFC without invisible characters; full-width signs, odd spaces and odd hyphens in their plain form."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_PUNCTUATION)
    return " ".join(text.replace("''", '"').replace(",,", "„").split())


def repaired(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """The words of a page, line by line, with look-alikes turned to the script that each word is written in.

    The shape stays: the same number of lines, of words, and of characters in every word.
    """
    page = _majority(word for line in lines for word in line)
    pure = _pure_latin(lines)
    return [_repaired_line(line, page, pure) for line in lines]


def _repaired_line(words: Sequence[str], page: Script, pure_latin: bool) -> list[str]:
    scripts = [_of_word(word) for word in words]
    line = _majority(words)
    around = line if line is not Script.NONE else page
    result = []
    for index, word in enumerate(words):
        before = next((found for found in reversed(scripts[:index]) if found is not None), None)
        after = next((found for found in scripts[index + 1 :] if found is not None), None)
        near = before if before is not None and before == after else around if before and after else before or after
        at_start = index == 0 or bool(_SENTENCE_END.search(words[index - 1]))
        result.append(_repaired_word(word, near or around, at_start=at_start, pure_latin=pure_latin))
    return result


def _repaired_word(word: str, near: Script, *, at_start: bool, pure_latin: bool) -> str:
    own = _of_word(word)
    code = any(map(str.isdigit, word))
    # An address is what it is, letter by letter.
    address = _is_address(word)

    def run_repaired(match: re.Match[str]) -> str:
        run = match[0]
        script = script_of(run)
        if script is Script.OPEN:
            if pure_latin:
                return run.translate(_TO_LATIN)
            place = _Place(own, near, code, at_start, word[match.end() : match.end() + 1], word[: match.start()])
            return _open_run(run, place)
        if script is Script.CYRILLIC:
            return run if address else _without_greek(run.translate(_TO_CYRILLIC))
        return run.translate(_TO_LATIN) if script is Script.LATIN else run

    text = _LETTERS.sub(run_repaired, word)
    if own is Script.CYRILLIC and len(_LETTERS.findall(text)) > 1 and sum(map(_is_cyrillic, text)) >= 4:
        text = _BETWEEN_LETTERS.sub(lambda match: _DIGIT_TWINS[match[0]], text)
    return text


def _is_address(word: str) -> bool:
    """Whether a word is a name in the net or of a file, whose own letters are Latin."""
    return bool(_ADDRESS.search(word)) and any(_is_latin(letter) and letter not in _TWINS for letter in word)


def _without_greek(run: str) -> str:
    """A Cyrillic run with Greek look-alikes exchanged, where they are few: «Φизика», but not «Δφ» or «αк»."""
    greek = len(_GREEK.findall(run))
    if greek and sum(map(_is_cyrillic, run)) >= max(3, 2 * greek):
        return run.translate(_FROM_GREEK)
    return run


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run of look-alikes stands.

    Attributes:
        own: script of the rest of its word, if that has one.
        near: script of the words around.
        code: its word holds digits.
        at_start: its word opens a sentence.
        after: the next sign in the word.
        before: the signs before it in the word.
    """

    own: Script | None
    near: Script
    code: bool
    at_start: bool
    after: str
    before: str


def _open_run(run: str, place: _Place) -> str:
    """A run of look-alikes by its word, its neighbours and, for single letters, by what single letters can be."""
    if place.near is Script.LATIN and place.own is not Script.CYRILLIC:
        return run.translate(_TO_LATIN) if len(run) > 1 and not place.code else run
    if place.near is not Script.CYRILLIC or place.own is Script.LATIN:
        return run
    cyrillic = run.translate(_TO_CYRILLIC)
    return cyrillic if _is_russian(run, cyrillic, place) else run


def _is_russian(run: str, cyrillic: str, place: _Place) -> bool:
    """Whether a run of look-alikes among Cyrillic words is Cyrillic too."""
    if len(run) == 1:
        initial = run.isupper() and place.after == "."
        ordinal = run.islower() and bool(_NUMBERED.search(place.before))
        word = cyrillic in _ONE_LETTER_WORDS and not place.code and not place.before.strip("«\"'(")
        own = place.own is Script.CYRILLIC and not place.code
        return initial or ordinal or own or (word and (run.islower() or place.at_start))
    if place.code:
        return False
    mixed = any(map(_is_cyrillic, run)) and any(map(_is_latin, run))
    return not run.isupper() or mixed or place.own is Script.CYRILLIC or cyrillic in RUSSIAN_ABBREVIATIONS


def _of_word(word: str) -> Script | None:
    """Cyrillic or Latin where the word's unmistakable letters say so, else None."""
    script = script_of(word)
    return script if script in (Script.CYRILLIC, Script.LATIN) else None


def _majority(words: Iterable[str]) -> Script:
    votes: Counter[Script] = Counter()
    for word in words:
        script = _of_word(word)
        if script is not None:
            votes[script] += len(word)
    return votes.most_common(1)[0][0] if votes else Script.NONE


def _pure_latin(lines: Sequence[Sequence[str]]) -> bool:
    """Whether the page has Latin words and (but for a stray misreading) no Cyrillic ones."""
    votes = Counter(_of_word(word) for line in lines for word in line)
    return votes[Script.LATIN] > 0 and votes[Script.CYRILLIC] <= votes[Script.LATIN] // 100


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u052f"


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and letter <= "\u024f"
