"""Dates in a running text, Russian and English, in all readings that they may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_RUSSIAN = ("январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр")
_ENDINGS = r"(?:ь|я|а|й|е)?"
_ENGLISH = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december")  # fmt: skip
_SPACE = "[ \u00a0\u2009\u202f\t\n]*"
_NAMES = "|".join([*(f"{stem}{_ENDINGS}" for stem in _RUSSIAN), *(f"{name[:3]}[a-z]*" for name in _ENGLISH)])
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2}(?=\s*г|(?![0-9])))"
_NUMERIC = re.compile(
    r"(?<![0-9])(?P<first>[0-9]{1,2})(?P<sign>[./-])[ ]?(?P<second>[0-9]{1,2})(?P=sign)[ ]?"
    r"(?P<year>[0-9]{4}|[0-9]{2})(?![0-9]|[./-][0-9])"
)
_ISO = re.compile(r"(?<![0-9])(?P<year>[0-9]{4})([-./])(?P<month>[0-9]{2})\2(?P<day>[0-9]{2})(?![0-9])")
_DAY_FIRST = re.compile(
    rf"(?<![0-9])[«\"“„]?{_SPACE}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_SPACE}[»\"”]?[-.,]?{_SPACE}"
    rf"(?P<name>{_NAMES})[-.,]?{_SPACE}{_YEAR}(?![0-9])",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?P<name>{_NAMES})\.?{_SPACE}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_SPACE},?{_SPACE}(?P<year>[0-9]{{4}})(?![0-9])",
    re.IGNORECASE,
)
_TAIL = re.compile(rf"{_SPACE}(?:г(?:ода|\.)?)(?!\w)", re.IGNORECASE)
_CENTURY = 70
"""A year of two digits from here on belongs to the last century."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A date at a place of a text; two days where it is open which number is the month, the day first."""

    start: int
    end: int
    days: tuple[date, ...]


def dates_in(text: str) -> Iterator[Dated]:
    """The dates of `text` from the left."""
    found = sorted((*_numeric(text), *_named(text)), key=lambda one: (one.start, -one.end))
    end = 0
    for one in found:
        if one.start >= end:
            yield one
            end = one.end


def _numeric(text: str) -> Iterator[Dated]:
    for found in _ISO.finditer(text):
        if days := _days((found["year"], found["month"], found["day"])):
            yield Dated(found.start(), found.end(), days)
    for found in _NUMERIC.finditer(text):
        first, second, year = found["first"], found["second"], found["year"]
        orders = [(year, second, first)] if found["sign"] == "." else [(year, second, first), (year, first, second)]
        if days := _days(*orders):
            yield Dated(found.start(), _with_tail(text, found.end()), days)


def _named(text: str) -> Iterator[Dated]:
    for shape in (_DAY_FIRST, _MONTH_FIRST):
        for found in shape.finditer(text):
            month = _month(found["name"].casefold())
            if month and (days := _days((found["year"], str(month), found["day"]))):
                yield Dated(found.start(), _with_tail(text, found.end()), days)


def _with_tail(text: str, end: int) -> int:
    tail = _TAIL.match(text, end)
    return tail.end() if tail else end


def _month(name: str) -> int:
    for index, stem in enumerate(_RUSSIAN, 1):
        if re.fullmatch(stem + _ENDINGS, name):
            return index
    for index, full in enumerate(_ENGLISH, 1):
        if len(name) >= 3 and (full.startswith(name) or name == "sept"):
            return 9 if name == "sept" else index
    return 0


def _days(*orders: tuple[str, str, str]) -> tuple[date, ...]:
    days = []
    for year, month, day in orders:
        whole = int(year) + (0 if len(year) == 4 else 1900 if int(year) >= _CENTURY else 2000)
        try:
            days.append(date(whole, int(month), int(day)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(days))
