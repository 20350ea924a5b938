"""Numbers and sums of money in a running text, in all readings that they may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_SPACE = " \u00a0\u2007\u2009\u202f"
_SHAPE = re.compile(
    rf"""
    (?<![\w.,/\\-])(?P<unit>(?:RM|Rs\.?|USD|EUR|RUB|[$€£¥₽])[{_SPACE}]?)?
    (?P<sign>[-−])?
    (?:
      (?P<grouped>[0-9]{{1,3}}(?:[{_SPACE}'’][0-9]{{3}})+)(?P<group_tail>[.,=][0-9]{{1,2}}|-[0-9]{{2}})?
    | (?P<marked>[0-9]{{1,3}}(?:[.][0-9]{{3}})+(?:,[0-9]+)?|[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?)
    | (?P<plain>[0-9]+)(?:(?P<mark>[.,])(?P<fraction>[0-9]+)|[-=](?P<kopecks>[0-9]{{2}})(?![-0-9]))?
    )
    (?![\w/\\]|[.,][0-9]|-[0-9])
    """,
    re.VERBOSE,
)
_WORDS = re.compile(rf"[{_SPACE}]?руб(?:\.|лей|ля|ль)?[{_SPACE}]?(?P<kopecks>[0-9]{{2}})[{_SPACE}]?коп", re.IGNORECASE)
_LONGEST = 18
"""Digits of a number; more of them are an account or a code."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number at a place of a text; several values where its sign may group thousands or begin decimals."""

    start: int
    end: int
    values: tuple[Decimal, ...]


def amounts_in(text: str, *, comma: bool = True) -> Iterator[Amount]:
    """The numbers of `text` from the left; of digits parted by spaces also the parts.

    Args:
        text: in which tabs and line ends part numbers.
        comma: whether a decimal comma is the rule, which decides what "1,234" means first.
    """
    for found in _SHAPE.finditer(text):
        if sum(map(str.isdigit, found[0])) > _LONGEST:
            continue
        yield from _readings(found, text, comma)


def _readings(found: re.Match[str], text: str, comma: bool) -> Iterator[Amount]:
    sign = Decimal(-1 if found["sign"] else 1)
    if found["grouped"]:
        tail = found["group_tail"] or ""
        whole = re.sub("[^0-9]", "", found["grouped"])
        yield Amount(found.start(), found.end(), (sign * Decimal(f"{whole}.{tail[1:] or 0}"),))
        yield from _parts(found, text, comma)
        return
    if found["marked"]:
        yield Amount(found.start(), found.end(), tuple(sign * one for one in _marked(found["marked"], comma)))
        return
    fraction = found["fraction"] or found["kopecks"] or ""
    end = found.end()
    if not fraction and (words := _WORDS.match(text, end)):
        fraction, end = words["kopecks"], words.end("kopecks")
    value = sign * Decimal(f"{found['plain']}.{fraction or 0}")
    # 20-12 may be a range or a number of a paper as well as twenty and twelve hundredths.
    dashed = (sign * Decimal(found["plain"]),) if found["kopecks"] and len(found["plain"]) < 3 else ()
    yield Amount(found.start(), end, (value, *dashed))


def _parts(found: re.Match[str], text: str, comma: bool) -> Iterator[Amount]:
    """A row of narrow columns looks like one grouped number: each of its words is a reading too."""
    start = found.start("grouped")
    for part in re.finditer(rf"[^{_SPACE}]+", text[start : found.end()]):
        inner = _SHAPE.fullmatch(part[0])
        if inner and not inner["grouped"]:
            for amount in _readings(inner, part[0], comma):
                yield Amount(start + part.start(), start + part.start() + amount.end, amount.values)


def _marked(text: str, comma: bool) -> tuple[Decimal, ...]:
    """Values of "1.234.567,89" or "1,234": with one sign only both readings, the page's own first."""
    signs = [sign for sign in text if sign in ".,"]
    grouped = Decimal(re.sub("[^0-9]", "", text))
    if len(set(signs)) == 2:
        whole, _, fraction = text.rpartition(signs[-1])
        return (Decimal(f"{re.sub('[^0-9]', '', whole)}.{fraction}"),)
    if len(signs) > 1 or (text[0] == "0" and text[1] not in ".,"):
        return (grouped,)
    loose = Decimal(text.replace(",", "."))
    if text.startswith("0"):
        return (loose,)
    decimal_first = (signs[0] == ",") is comma
    return (loose, grouped) if decimal_first else (grouped, loose)
