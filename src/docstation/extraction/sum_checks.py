"""Checks of arithmetic: quantity times price, tax, rows and totals. What a value is told by its role."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docstation.extraction.candidates import Path
from docstation.extraction.printed import decimal
from docstation.extraction.register_checks import Values
from docstation.extraction.result import Check, Outcome, dotted
from docstation.messages.marking import N_

RATES = tuple(map(Decimal, (22, 20, 18, 10, 7, 5, 0)))
"""Rates of the Russian value added tax, per cent, those of earlier years among them."""
_CENT = Decimal("0.011")
_HALF = Decimal("0.00501")
_EXACT = Decimal("0.0001")
_UNSEEN_ROWS = 20
"""Where no rows are known the tax may have been rounded in so many."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A number with the role that it plays."""

    path: Path
    value: Decimal


Roles = Mapping[str, Sum]


def sum_checks(values: Values, worded: Sequence[Decimal] = (), *, russian: bool) -> Iterator[Check]:
    """The checks that apply.

    Args:
        values: the found ones.
        worded: sums that the document writes out in words.
        russian: whether Russian rates of tax hold.
    """
    whole, rows = _roles(values)
    if worded and "total" in whole:
        yield _in_words(whole["total"], worded)
    for row in rows.values():
        yield from _row(row)
    for lists in _by_list(rows).values():
        yield from _totals(lists, whole)
    yield from _tax(whole, len(rows), russian=russian)


def _roles(values: Values) -> tuple[dict[str, Sum], dict[Path, dict[str, Sum]]]:
    """The document's own sums by role, and those of each row by the row's path."""
    whole: dict[str, Sum] = {}
    rows: dict[Path, dict[str, Sum]] = {}
    for path, (field, value) in values.items():
        number = _rate(value) if field.role == "rate" else decimal(value)
        if not field.role or number is None:
            continue
        if len(path) > 1 and isinstance(path[-2], int):
            rows.setdefault(path[:-1], {}).setdefault(field.role, Sum(path, number))
        else:
            whole.setdefault(field.role, Sum(path, number))
    return whole, rows


def _rate(value: object) -> Decimal | None:
    found = re.search(r"[0-9]{1,2}", str(value)) if value is not None else None
    return Decimal(found[0]) if found else None


def _by_list(rows: Mapping[Path, Roles]) -> dict[Path, list[Roles]]:
    lists: dict[Path, list[Roles]] = {}
    for path, row in rows.items():
        lists.setdefault(path[:-1], []).append(row)
    return lists


def _row(row: Roles) -> Iterator[Check]:
    quantity, price, amount = row.get("quantity"), row.get("price"), row.get("amount") or row.get("total")
    if quantity and price and amount:
        made = quantity.value * price.value
        # A printed price is rounded: over many pieces that shows.
        rounded = abs(quantity.value) * _HALF + _CENT
        yield _compared("quantity-price", (amount, quantity, price), made, _HALF, rounded)
    net, vat, total, rate = row.get("amount"), row.get("vat"), row.get("total"), row.get("rate")
    if net and vat and total:
        yield _compared("row-total", (total, net, vat), net.value + vat.value)
    if net and vat and rate:
        yield _compared("row-vat", (vat, net, rate), net.value * rate.value / 100, _HALF)


def _totals(rows: Sequence[Roles], whole: Roles) -> Iterator[Check]:
    """The columns of a list against the document's sums; amounts are with or without tax."""
    for role, wholes in (("amount", ("net", "total")), ("vat", ("vat",)), ("total", ("total",))):
        parts = [row[role] for row in rows if role in row]
        against = [whole[name] for name in wholes if name in whole]
        if not against or len(parts) < len(rows) or not parts:
            continue
        made = sum((part.value for part in parts), Decimal(0))
        closest = min(against, key=lambda one: abs(one.value - made))
        meant = closest if abs(closest.value - made) <= _CENT else against[0]
        yield _compared("rows-total", (meant, *parts), made)


def _tax(whole: Roles, rows: int, *, russian: bool) -> Iterator[Check]:
    net, vat, total = whole.get("net"), whole.get("vat"), whole.get("total")
    if net and vat and total and abs(net.value - total.value) > _CENT:
        yield _compared("total", (total, net, vat), net.value + vat.value)
    if not (russian and vat and (net or total)):
        return
    base = net.value if net and not (total and abs(net.value - total.value) <= _CENT) else None
    slack = _HALF * ((rows or _UNSEEN_ROWS) + 1)
    if base is None and total:
        fits = any(abs(vat.value - total.value * rate / (100 + rate)) <= slack for rate in RATES)
    else:
        fits = any(abs(vat.value - (base or Decimal(0)) * rate / 100) <= slack for rate in RATES)
    paths = tuple(one.path for one in (vat, net, total) if one)
    outcome = Outcome.OK if fits else Outcome.DOUBTFUL
    sentence = (
        N_("{field}: the tax fits a rate.")
        if fits
        else N_("{field}: the tax fits no rate; unless rates differ, a digit is wrong.")
    )
    yield Check("vat-rate", outcome, paths, sentence, (("field", dotted(vat.path)),))


def _in_words(total: Sum, worded: Sequence[Decimal]) -> Check:
    if any(abs(one - total.value) <= _EXACT for one in worded):
        sentence, outcome = N_("{field}: the sum in words is the same."), Outcome.OK
    else:
        sentence = N_("{field}: {value} is printed, but in words it is {made}.")
        outcome = Outcome.FAILED if len(worded) == 1 else Outcome.DOUBTFUL
    fields = (("field", dotted(total.path)), ("value", _shown(total.value)), ("made", _shown(worded[0])))
    return Check("in-words", outcome, (total.path,), sentence, fields)


def _compared(name: str, sums: Sequence[Sum], made: Decimal, exact: Decimal = _EXACT, loose: Decimal = _CENT) -> Check:
    """The first sum against what the others make: right up to `exact`, doubtful up to `loose`."""
    said = sums[0]
    apart = abs(said.value - made)
    outcome = Outcome.OK if apart <= exact else Outcome.DOUBTFUL if apart <= loose else Outcome.FAILED
    good, bad = N_("{field}: the sum is right."), N_("{field}: {value} is printed, but the others make {made}.")
    fields = (("field", dotted(said.path)), ("value", _shown(said.value)), ("made", _shown(made)))
    return Check(name, outcome, tuple(one.path for one in sums), good if outcome is Outcome.OK else bad, fields)


def _shown(value: Decimal) -> str:
    return f"{value:.2f}"
