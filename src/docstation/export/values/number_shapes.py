"""Numbers as people print them, taken apart: sign, whole part, grouping, decimals, percent, currency.

Looks at one text alone. Whether "1,234" is a little more than one or more than a thousand, and whether "123456" is a
quantity or a code, is decided in `typed_values`, with the other cells of the column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

SPACES = " \u00a0\u2007\u2009\u202f"
"""Spaces that group digits or stand before a unit."""
MAX_DIGITS = 15
"""Digits that a spreadsheet keeps; a longer number would be changed silently."""

_CURRENCY = r"руб(?:\.|лей|ля|ль)?|р\.|₽|₸|RUB|RUR|USD|EUR|GBP|CNY|KZT|BYN|[$€£¥]|евро|долл\.|тенге"
_SHAPE = re.compile(
    rf"""
    (?P<open>\()?
    (?P<sign>[-\u2212\u2013+])?
    (?P<prefix>(?:[$€£¥₽₸]|RUB|USD|EUR|GBP|CNY)[{SPACES}]?)?
    (?P<inner>[-\u2212\u2013])?
    (?P<digits>[0-9](?:[0-9{SPACES}.,'\u2019]*[0-9])?)
    (?:(?P<percent>[{SPACES}]?%)|(?P<suffix>[{SPACES}]?(?:{_CURRENCY})))?
    (?P<close>\))?
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"([0-9]+)(?:([.,])([0-9]+))?")
_GROUPED = tuple(
    (group, re.compile(rf"([1-9][0-9]{{0,2}}(?:[{signs}][0-9]{{3}})+)(?:([{marks}])([0-9]+))?"))
    for group, signs, marks in ((" ", SPACES, ".,"), ("'", "'\u2019", ".,"), (".", ".", ","), (",", ",", "."))
)
_LONGEST = 48
_SIGNED_DIGITS = 4
"""An integer with a plus and more digits is a phone number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number.

    Attributes:
        whole: digits before the decimal sign, without grouping.
        fraction: digits after it, empty where there is none.
        mark: the decimal sign, "." or ",", empty where there is none.
        group: what groups the digits: " " for any space, "'", "." or ","; empty where nothing does.
        negative: how a negative number is marked: "-", "−", "–", "(" for brackets around it; empty for others.
        sign_inside: the sign stands between currency and digits.
        plus: a plus is printed.
        prefix: currency before the digits, with its space.
        suffix: currency or percent sign after the digits, with its space.
    """

    whole: str
    fraction: str = ""
    mark: str = ""
    group: str = ""
    negative: str = ""
    sign_inside: bool = False
    plus: bool = False
    prefix: str = ""
    suffix: str = ""

    @property
    def percent(self) -> bool:
        """Whether it is counted in hundredths."""
        return self.suffix.endswith("%")

    @property
    def has_unit(self) -> bool:
        """Whether a currency or a percent sign says that it is a quantity."""
        return bool(self.prefix or self.suffix)

    @property
    def bare(self) -> bool:
        """Whether it consists of digits only, but for a sign before or brackets around it."""
        return not (self.mark or self.group or self.has_unit)

    @property
    def open_mark(self) -> bool:
        """Whether its only sign may group thousands as well as begin decimals: "1,234", but not "0,123"."""
        return len(self.fraction) == 3 and not self.group and len(self.whole) <= 3 and self.whole[0] != "0"

    @property
    def value(self) -> Decimal:
        """The number; a percentage as its share of one."""
        number = Decimal(f"{self.whole}.{self.fraction}" if self.fraction else self.whole)
        if self.percent:
            number = number.scaleb(-2)
        return -number if self.negative else number

    def code(self, *, grouped: bool) -> str:
        """The spreadsheet's number format that shows it as it is printed; `grouped` separates thousands."""
        digits = ("#,##0" if grouped else "0") + ("." + "0" * len(self.fraction) if self.fraction else "")
        behind = _literal(self.suffix[:-1]) + "%" if self.percent else _literal(self.suffix)
        shown = _literal(self.prefix) + digits + behind
        if self.plus:
            return f"+{shown};-{shown}"
        if self.negative == "(":
            return f"{shown};({shown})"
        if self.sign_inside:
            return f"{shown};{_literal(self.prefix + self.negative)}{digits}{behind}"
        return (
            shown if self.negative in ("", "-") else f"{shown};{_literal(self.negative + self.prefix)}{digits}{behind}"
        )


def figure_of(text: str) -> Figure | None:
    """The number that `text` consists of, None where it is anything else, or of too many digits.

    A sign that may be either is read as the decimal sign; see `Figure.open_mark` and `regrouped`.
    """
    if len(text) > _LONGEST or not (found := _SHAPE.fullmatch(text)):
        return None
    negative = found["sign"] or found["inner"] or ""
    bracketed = bool(found["open"])
    both = bool(found["sign"] and found["inner"]) or bool(found["prefix"] and found["suffix"])
    if both or bracketed != bool(found["close"]) or (bracketed and negative):
        return None
    digits = _digits(found["digits"])
    if digits is None:
        return None
    whole, mark, fraction, group = digits
    if (negative or bracketed) and not (whole + fraction).strip("0"):
        return None  # a spreadsheet would drop the sign of "-0,0"
    unit = found["percent"] or found["suffix"] or ""
    if negative == "+" and not (fraction or unit) and (group or len(whole) > _SIGNED_DIGITS):
        return None  # "+79161234567" and "+7 916 123" are phones
    return Figure(
        whole,
        fraction,
        mark,
        group,
        "(" if bracketed else negative.replace("+", ""),
        bool(found["inner"]),
        negative == "+",
        found["prefix"] or "",
        unit,
    )


def regrouped(figure: Figure) -> Figure:
    """The other reading of a number with an `open_mark`: its sign groups thousands."""
    return Figure(
        figure.whole + figure.fraction,
        group=figure.mark,
        negative=figure.negative,
        sign_inside=figure.sign_inside,
        plus=figure.plus,
        prefix=figure.prefix,
        suffix=figure.suffix,
    )


def _digits(text: str) -> tuple[str, str, str, str] | None:
    """Whole part, decimal sign, fraction and grouping sign; None for codes, dates, ranges and long numbers."""
    if found := _PLAIN.fullmatch(text):
        whole, mark, fraction = found[1], found[2] or "", found[3] or ""
        # A leading zero is part of a code; nobody writes a quantity so.
        if (whole[0] == "0" and len(whole) > 1) or len(whole + fraction) > MAX_DIGITS:
            return None
        return whole, mark, fraction, ""
    for group, pattern in _GROUPED:
        if found := pattern.fullmatch(text):
            whole, mark, fraction = re.sub("[^0-9]", "", found[1]), found[2] or "", found[3] or ""
            return (whole, mark, fraction, group) if len(whole + fraction) <= MAX_DIGITS else None
    return None


def _literal(text: str) -> str:
    """`text` as a literal of a number format."""
    return f'"{text}"' if text else ""
