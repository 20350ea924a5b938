"""Scores of text against truth: characters, words, look-alikes. Edit distances are RapidFuzz's.

Every function takes raw texts and brings them to the normal form itself. Counts rather than ratios are returned where
a set's score is a ratio of sums.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from docstation.evaluation.normalising import normalised

_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_LATIN = re.compile(r"[A-Za-z]")
_TWINS = frozenset("АВЕКМНОРСТУХаеорсухABEKMHOPCTYXaeopcyx")


@dataclass(frozen=True, slots=True)
class Ratio:
    """A score as errors (or hits) over a total, so that scores of pages add up to the score of a set."""

    part: float
    whole: float

    @property
    def value(self) -> float:
        """The quotient; with nothing to compare it is 0 where nothing was found either, else 1."""
        if self.whole == 0:
            return 0.0 if self.part == 0 else 1.0
        return self.part / self.whole

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.part + other.part, self.whole + other.whole)


def characters(truth: str, found: str) -> Ratio:
    """Character error rate: insertions, deletions and substitutions over true characters; may exceed 1."""
    from rapidfuzz.distance import Levenshtein

    truth, found = normalised(truth), normalised(found)
    return Ratio(Levenshtein.distance(truth, found), len(truth))


def words(truth: str, found: str) -> Ratio:
    """Word error rate, words between white space."""
    from rapidfuzz.distance import Levenshtein

    true_words, found_words = normalised(truth).split(), normalised(found).split()
    return Ratio(Levenshtein.distance(true_words, found_words), len(true_words))


def word_f1(truth: str, found: str) -> float:
    """F1 of the two bags of words: blind to order, so it tells reading from ordering."""
    return bag_f1(normalised(truth).split(), normalised(found).split())


def bag_f1(truth: Iterable[str], found: Iterable[str]) -> float:
    """F1 of two multisets; 1 where both are empty."""
    true_bag, found_bag = Counter(truth), Counter(found)
    total = true_bag.total() + found_bag.total()
    return 2 * (true_bag & found_bag).total() / total if total else 1.0


def look_alikes(truth: str, found: str) -> Ratio:
    """Words in which letters of the other alphabet stand for their twins («Cумма» with a Latin C), over found words.

    A word counts when it mixes both alphabets, its foreign letters all have twins, and the truth does not hold it.
    """
    true_words = set(normalised(truth).split())
    found_words = normalised(found).split()
    return Ratio(sum(_is_look_alike(word) and word not in true_words for word in found_words), len(found_words))


def _is_look_alike(word: str) -> bool:
    cyrillic, latin = _CYRILLIC.findall(word), _LATIN.findall(word)
    if not cyrillic or not latin:
        return False
    foreign = latin if len(latin) <= len(cyrillic) else cyrillic
    return all(letter in _TWINS for letter in foreign)
