"""Values as people print them, and the places in a running text where one of a kind stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from docstation.extraction.amounts import amounts_in
from docstation.extraction.dates import dates_in
from docstation.extraction.folding import compact, folded
from docstation.extraction.schema import DIGITS, NUMBERS, Field, Kind

Scalar = None | bool | int | float | str
"""A value as JSON holds it; a date is ``2026-11-24``."""

_LENGTHS = {
    Kind.INN: (12, 10), Kind.KPP: (9,), Kind.BIK: (9,), Kind.OGRN: (15, 13), Kind.ACCOUNT: (20,),
}  # fmt: skip
_SHAPES = {
    kind: re.compile("|".join(rf"(?<![0-9])[0-9](?:[ \u00a0]?[0-9]){{{length - 1}}}(?![0-9])" for length in lengths))
    for kind, lengths in _LENGTHS.items()
}
_SHAPES[Kind.KPP] = re.compile(r"(?<![0-9])[0-9]{4}[0-9A-Z]{2}[0-9]{3}(?![0-9])")
_YES = frozenset(map(compact, ("да", "yes", "true", "истина", "x", "v", "✓", "есть", "1")))
_NO = frozenset(map(compact, ("нет", "no", "false", "ложь", "0", "отсутствует")))
_CODE = re.compile(r"(?<![^\s№:(])[\w][\w/\\.\-–]*")
_LONGEST_SHAPED = 300
"""Characters among which a number, a date or a choice is looked for."""
LONGEST = 4000
"""Characters of a text that is given back."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A value at a place of a text.

    Attributes:
        start: of its first letter.
        end: behind its last letter.
        values: what it may mean, the likeliest first.
    """

    start: int
    end: int
    values: tuple[Scalar, ...]


def spots(field: Field, text: str, *, comma: bool = True) -> Iterator[Spot]:
    """Places of `text` where a value of the field's kind stands; nothing for texts, which have no shape.

    Args:
        field: whose kind, choices and search tell the shape.
        text: rows of a page, tabs for wide gaps.
        comma: whether the page writes a decimal comma.
    """
    kind = field.kind
    if kind in DIGITS:
        for found in _SHAPES[kind].finditer(text):
            yield Spot(found.start(), found.end(), (re.sub(r"\s", "", found[0]),))
    elif kind is Kind.DATE:
        for day in dates_in(text):
            yield Spot(day.start, day.end, tuple(one.isoformat() for one in day.days))
    elif kind in NUMBERS:
        for amount in amounts_in(text, comma=comma):
            values = tuple(map(number, amount.values))
            whole = tuple(value for value in values if isinstance(value, int))
            if kind is not Kind.INTEGER or whole:
                yield Spot(amount.start, amount.end, whole if kind is Kind.INTEGER else values)
    elif kind is Kind.ENUM:
        yield from _choices(field, text)
    elif field.search.code:
        for found in _CODE.finditer(text):
            if any(map(str.isdigit, code := found[0].rstrip(".-–/\\"))) and not dates_only(code):
                yield Spot(found.start(), found.start() + len(code), (code,))


def dates_only(text: str) -> bool:
    """Whether the whole of `text` is a date."""
    return any(day.start == 0 and day.end == len(text) for day in dates_in(text))


def _choices(field: Field, text: str) -> Iterator[Spot]:
    plain = folded(text)
    for choice in field.choices:
        pattern = r"(?<!\w)" + re.escape(folded(choice)) + r"(?!\w)"
        for found in re.finditer(pattern, plain):
            yield Spot(found.start(), found.end(), (choice,))


def parsed(field: Field, text: str, *, comma: bool = True) -> Scalar:
    """The value that a printed text means; None where it is none of the field's kind."""
    text = text.strip()
    if field.kind is Kind.TEXT:
        return text[:LONGEST] or None
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST_SHAPED:
        return None
    if field.kind is Kind.BOOL:
        plain = compact(text) or text
        return True if plain in _YES else False if plain in _NO else None
    if field.kind is Kind.ENUM:
        return _choice(field, text)
    found = list(outer(spots(field, text, comma=comma)))
    # A lone number may stand among words; of several none is the value.
    whole = [spot for spot in found if spot.end - spot.start > len(text) // 2] or found
    return whole[0].values[0] if len(whole) == 1 else None


def outer(found: Iterable[Spot]) -> Iterator[Spot]:
    """Spots without those that lie in one before: the words of a number whose digits are parted by spaces."""
    end = -1
    for spot in found:
        if spot.start >= end:
            yield spot
            end = spot.end


def _choice(field: Field, text: str) -> Scalar:
    plain = compact(text)
    for choice in field.choices:
        if compact(choice) == plain and (plain or choice == text):
            return choice
    return None


def number(value: Decimal) -> int | float:
    """A decimal as JSON writes it."""
    return int(value) if value == value.to_integral_value() else float(value)


def decimal(value: Scalar) -> Decimal | None:
    """The decimal of a JSON number; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value))


def day(value: Scalar) -> date | None:
    """The day of a value that is a date."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
