"""Whether a word looks like a word: how its letters follow one another, and how signs and capitals stand in it.

Made to tell text from what wrong encodings and bad OCR leave. Knows seven languages by the frequency of their letter
pairs (counted by ``training/letter_pairs.py``); other Latin and Cyrillic languages come close enough to one of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

ALPHABETS = {"latin": "abcdefghijklmnopqrstuvwxyz", "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ"}
EDGE = " "
"""Stands for the beginning and the end of a word."""
SCRIPTS = {"ru": "cyrillic", "uk": "cyrillic"}
"""Scripts of the counted languages; Latin where none is named."""

FEWEST = 4
"""Letters from which a word tells something."""
DEAR = 62
"""Tenths of bits a letter on average; words of the counted languages seldom cost more."""
_FOLDED = str.maketrans("ёßæøłđ", "еsaold")
_EDGES = ".,;:!?()[]«»„“”\"'‘’…-–—*•/%&"


def letters_of(word: str, alphabet: str) -> str:
    """`word` in lower case without accents; empty where a letter is not of the alphabet."""
    folded = word.lower()
    if not folded.isascii():
        folded = folded.replace("й", "\0").translate(_FOLDED)
        folded = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
        folded = folded.replace("\0", "й")
    return folded if all(letter in alphabet for letter in folded) else ""


@dataclass(frozen=True, slots=True)
class Plausibility:
    """What the words of a text look like.

    Attributes:
        judged: words that are long enough to tell.
        unlikely: of those, words whose letters hardly ever follow one another so, whatever their language.
        garbled: of those, words with signs or capitals in places where no language puts them, or in foreign scripts.
    """

    judged: int
    unlikely: int
    garbled: int

    @property
    def unsound_share(self) -> float:
        """Share of judged words that are unlikely or garbled, 0 to 1; 0 where none was judged."""
        return (self.unlikely + self.garbled) / self.judged if self.judged else 0.0


def plausibility(words: Sequence[str]) -> Plausibility:
    """Judge the words of a text, each distinct one once: what is often repeated is not more telling."""
    judged = unlikely = garbled = 0
    for word in dict.fromkeys(words):
        core = word.strip(_EDGES)
        if is_garbled(core) or _is_soup(word):
            judged += 1
            garbled += 1
        elif len(core) >= FEWEST and core.isalpha():
            cost = _cost(core)
            if cost is not None:
                judged += 1
                unlikely += cost > DEAR
    return Plausibility(judged, unlikely, garbled)


def odd_share(words: Sequence[str]) -> float:
    """Share of tokens, 0 to 1, that are no word, number, abbreviation or lone sign as print has them: traces of OCR."""
    return sum(map(_is_odd, words)) / len(words) if words else 0.0


def _is_odd(word: str) -> bool:
    core = word.strip(_EDGES)
    if not core:
        return bool(len(word) > 1 and not _PUNCTUATION.fullmatch(word))
    if len(core) == 1 and core.isalpha():
        return word == core and core not in _ONE_LETTER_WORDS
    return not _SOUND.fullmatch(core) or _odd_capitals(core)


_PUNCTUATION = re.compile(r"[.…]+|[-–—]+|[«»„“”\"'()\[\].,;:!?]{1,3}|\*+")
_ONE_LETTER_WORDS = frozenset("aIAOyeYEàéóоОиИвВсСкКуУяЯаАжбЖБ")
_SOUND = re.compile(
    r"[^\W\d_]+(?:[-’'‐–—/&@]+[^\W\d_]+)*"
    r"|(?:[^\W\d_]{1,3}\.)+[^\W\d_]{0,3}"
    r"|[№$€£₽§+−]?\d+(?:[.,:/–-]+\d+)*-?[^\W\d_]{0,3}"
)
"""A word with its hyphens, an abbreviation, a number with its ending."""


def is_garbled(core: str) -> bool:
    """Whether signs, capitals or scripts are mixed as no language mixes them.

    Args:
        core: a word without the punctuation around it.
    """
    if any(map(_is_foreign, core)):
        return True
    letters = sum(map(str.isalpha, core))
    if letters >= FEWEST and sum("\u00c0" <= letter <= "\u00ff" for letter in core) * 5 > letters * 3:
        # Cyrillic in one byte, read as Latin: «Ïðèêàç».
        return True
    if letters < 3 or any(map(str.isdigit, core)):
        return False
    if any(sign in _SOUP for sign in core) and "//" not in core and "@" not in core:
        return True
    return _odd_capitals(core)


def _is_soup(word: str) -> bool:
    """Signs without a letter that no one writes together."""
    signs = sum(sign in _SOUP for sign in word)
    return len(word) >= 3 and not any(map(str.isalpha, word)) and signs * 2 > len(word) and len(set(word)) > 2


_SOUP = frozenset('[]\\^_`{|}~<>=#$"!%*;?+¡¿¤¦§¨©ª¬®¯°±²³´µ¶¸¹º»¼½¾×÷')
"""Signs that do not stand between letters."""


def _is_foreign(letter: str) -> bool:
    """A character that a broken mapping gives: none at all, a private one, or of East Asian scripts."""
    return letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or "\u3400" <= letter <= "\ud7ff"


def _odd_capitals(core: str) -> bool:
    """Capitals after small letters, as in «kZcl» or «SStaVB»; a name such as McKay has one such place."""
    places = sum(one.islower() and two.isupper() for one, two in pairwise(core))
    return places >= 2 or (places == 1 and core[-1].isupper() and core[-2].islower()) or _shouting_end(core)


def _shouting_end(core: str) -> bool:
    """A small first letter before capitals only: «wESTMENTS»."""
    return len(core) >= 5 and core[0].islower() and core[1:].isupper()


def _cost(word: str) -> float | None:
    """Tenths of bits that each letter costs on average in the language that suits best; None for other scripts."""
    best: float | None = None
    for language, table in _tables().items():
        alphabet = ALPHABETS[SCRIPTS.get(language, "latin")]
        letters = letters_of(word, alphabet)
        if len(letters) < FEWEST or len(set(letters)) < 3:
            continue
        size = len(alphabet) + 1
        places = [alphabet.find(letter) % size for letter in EDGE + letters + EDGE]
        total = sum(table[one * size + two] for one, two in pairwise(places))
        mean = total / (len(places) - 1)
        best = mean if best is None else min(best, mean)
    return best


@cache
def _tables() -> dict[str, list[int]]:
    text = resources.files("docstation.intake").joinpath("data/letter_pairs.json").read_text("ascii")
    tables: dict[str, list[int]] = json.loads(text)
    return tables
