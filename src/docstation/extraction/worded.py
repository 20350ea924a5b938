"""Sums of money written out in Russian words, as business papers repeat their totals: «Двести рублей 05 копеек»."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

_ONES = ("ноль", "один одна", "два две", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять",
         "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать",
         "восемнадцать", "девятнадцать")  # fmt: skip
_TENS = ("двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто")
_HUNDREDS = ("сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот")
_VALUES = {
    **{form: value for value, forms in enumerate(_ONES) for form in forms.split()},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    **{word: 100 * value for value, word in enumerate(_HUNDREDS, 1)},
}
_GROUPS = (("тысяч", 10**3), ("миллион", 10**6), ("миллиард", 10**9))
_WORD = re.compile(r"[а-я]+|[0-9]+")
_RUBLE, _KOPECK = "рубл", "копе"


def sums_in_words(text: str) -> Iterator[Decimal]:
    """The sums in rubles that `text` writes out in words, whole ones where no kopecks follow."""
    words = _WORD.findall(text.lower().replace("ё", "е"))
    start: int | None = None
    for index, word in enumerate(words):
        if word in _VALUES or (start is not None and _group(word)):
            start = index if start is None else start
        elif word.startswith(_RUBLE) and start is not None:
            yield Decimal(_whole(words[start:index])) + _kopecks(words[index + 1 : index + 4])
            start = None
        else:
            start = None


def _group(word: str) -> int:
    return next((size for stem, size in _GROUPS if word.startswith(stem)), 0)


def _whole(words: list[str]) -> int:
    total = below = 0
    for word in words:
        if size := _group(word):
            total, below = total + (below or 1) * size, 0
        else:
            below += _VALUES[word]
    return total + below


def _kopecks(words: list[str]) -> Decimal:
    """The kopecks behind the rubles, in digits or words."""
    for index, word in enumerate(words):
        if word.startswith(_KOPECK):
            before = words[:index]
            if len(before) == 1 and before[0].isdigit():
                return Decimal(int(before[0])) / 100
            if before and all(one in _VALUES for one in before):
                return Decimal(sum(_VALUES[one] for one in before)) / 100
    return Decimal(0)
