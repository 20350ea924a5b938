"""Dates as people print them, in Russian and English, with the spreadsheet format that shows them so.

Looks at one text alone; what may be read in two ways ("03/05/2024", "05.03.24") is decided in `typed_values`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from docstation.export.values.number_shapes import SPACES

_EARLIEST = date(1900, 3, 1)
"""Spreadsheets disagree about the days before: one of them takes 1900 for a leap year."""
_YEAR = rf"(?P<year>[0-9]{{4}})(?P<tail>[{SPACES}]?г\.|[{SPACES}]года)?"
_NUMERIC = re.compile(rf"(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.{_YEAR}")
_SHORT = re.compile(r"(?P<day>[0-9]{2})\.(?P<month>[0-9]{2})\.(?P<year>[0-9]{2})")
_ISO = re.compile(r"(?P<year>[0-9]{4})(?P<sign>[-/])(?P<month>[0-9]{2})(?P=sign)(?P<day>[0-9]{2})")
_EITHER = re.compile(r"(?P<first>[0-9]{1,2})(?P<sign>[-/])(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})")
_DAY_FIRST = re.compile(rf"(?P<day>[0-9]{{1,2}})[{SPACES}](?P<name>[^\W\d]+)(?P<comma>,?)[{SPACES}]{_YEAR}")
_MONTH_FIRST = re.compile(rf"(?P<name>[A-Za-z]+)[{SPACES}](?P<day>[0-9]{{1,2}}),[{SPACES}](?P<year>[0-9]{{4}})")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date with the format code that shows it as printed."""

    day: date
    code: str


@dataclass(frozen=True, slots=True)
class EitherDate:
    """A date of which it is open which number is the day; None for a reading that is no date.

    Attributes:
        day_first: as in "05/03/2024" for the fifth of March.
        month_first: as in "03/05/2024" for the same.
    """

    day_first: PrintedDate | None
    month_first: PrintedDate | None


def date_of(text: str) -> PrintedDate | None:
    """The date that `text` consists of, where it can be read in one way only."""
    if len(text) > _LONGEST or len(text) < 8:
        return None
    if found := _NUMERIC.fullmatch(text):
        return _dated(found, f"{_day(found)}.{_month(found)}.yyyy{_tail(found)}")
    if found := _ISO.fullmatch(text):
        sign = _sign(found["sign"])
        return _dated(found, f"yyyy{sign}mm{sign}dd")
    if found := _DAY_FIRST.fullmatch(text):
        return _named(found)
    if (found := _MONTH_FIRST.fullmatch(text)) and found["name"].casefold() in _english():
        return _named(found)
    return None


def short_date_of(text: str) -> PrintedDate | None:
    """A date with a year of two digits, such as "05.03.24"; it may as well be a code."""
    if not (found := _SHORT.fullmatch(text)):
        return None
    # As spreadsheets do: 00 to 29 belong to this century.
    century = 2000 if int(found["year"]) < 30 else 1900
    return _printed(century + int(found["year"]), found["month"], found["day"], "dd.mm.yy")


def either_date_of(text: str) -> EitherDate | None:
    """A date such as "03/05/2024", in both readings."""
    if not (found := _EITHER.fullmatch(text)):
        return None
    first, second, sign, year = found["first"], found["second"], _sign(found["sign"]), int(found["year"])
    day_first = _printed(year, second, first, f"{'d' * len(first)}{sign}{'m' * len(second)}{sign}yyyy")
    month_first = _printed(year, first, second, f"{'m' * len(first)}{sign}{'d' * len(second)}{sign}yyyy")
    return EitherDate(day_first, month_first) if day_first or month_first else None


def _named(found: re.Match[str]) -> PrintedDate | None:
    """A date with the month's name; Russian ones in the genitive, as they stand behind a day."""
    name = found["name"].casefold()
    parts = found.groupdict()
    if (month := _russian().get(name)) and not parts.get("comma"):
        # The language part keeps the month Russian, and in the genitive, whatever language the program speaks.
        return _printed(int(parts["year"]), str(month), parts["day"], f"[$-FC19]{_day(found)} mmmm yyyy{_tail(found)}")
    english = _english().get(name)
    if english is None or parts.get("tail"):
        return None
    month, shown = english
    order = f"{_day(found)} {shown}{parts['comma']} yyyy" if "comma" in parts else f"{shown} {_day(found)}, yyyy"
    return _printed(int(parts["year"]), str(month), parts["day"], f"[$-409]{order}")


def _dated(found: re.Match[str], code: str) -> PrintedDate | None:
    return _printed(int(found["year"]), found["month"], found["day"], code)


def _printed(year: int, month: str, day: str, code: str) -> PrintedDate | None:
    try:
        value = date(year, int(month), int(day))
    except ValueError:
        return None
    return PrintedDate(value, code) if value >= _EARLIEST else None


def _day(found: re.Match[str]) -> str:
    return "d" * len(found["day"])


def _month(found: re.Match[str]) -> str:
    return "m" * len(found["month"])


def _tail(found: re.Match[str]) -> str:
    return f'"{found["tail"]}"' if found["tail"] else ""


def _sign(sign: str) -> str:
    # A bare slash in a format stands for the sign that the program's language puts between day and month.
    return "\\/" if sign == "/" else sign


@cache
def _russian() -> dict[str, int]:
    from babel.dates import get_month_names

    return {name.casefold(): month for month, name in get_month_names("wide", locale="ru").items()}


@cache
def _english() -> dict[str, tuple[int, str]]:
    """Months by name, with the format code of the name's width; "May" counts as the full one."""
    from babel.dates import get_month_names

    short = {name.casefold(): (month, "mmm") for month, name in get_month_names("abbreviated", locale="en").items()}
    return short | {name.casefold(): (month, "mmmm") for month, name in get_month_names("wide", locale="en").items()}
