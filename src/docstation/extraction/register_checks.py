"""Checks of single values: check digits of registers and accounts, dates, and numbers that the document says twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from docstation.extraction.candidates import Path
from docstation.extraction.folding import folded
from docstation.extraction.printed import Scalar, day
from docstation.extraction.requisites import fits_bank, is_account, is_bik, is_inn, is_kpp, is_ogrn
from docstation.extraction.result import Check, Outcome, dotted
from docstation.extraction.schema import Field, Kind
from docstation.messages.marking import N_

Values = Mapping[Path, tuple[Field, Scalar]]
"""Found values by their path."""

_KEYED = {
    Kind.INN: (
        is_inn,
        N_("{field}: the check digits of the INN fit."),
        N_("{field}: {value} is no INN, its check digits do not fit."),
    ),
    Kind.OGRN: (
        is_ogrn,
        N_("{field}: the check digit of the OGRN fits."),
        N_("{field}: {value} is no OGRN, its check digit does not fit."),
    ),
    Kind.KPP: (
        is_kpp,
        N_("{field}: the form of the KPP is right."),
        N_("{field}: {value} does not have the form of a KPP."),
    ),
    Kind.BIK: (
        is_bik,
        N_("{field}: the form of the BIK is right."),
        N_("{field}: {value} does not have the form of a BIK."),
    ),
}
"""Kinds checked alone: the check, and what is said where it holds and where not."""
_OF_KIND = tuple(
    map(folded, ("инн", "кпп", "бик", "огрн", "счет", "корр", "расч", "банк", "inn", "kpp", "bik", "ogrn", "account"))
) + tuple(map(folded, ("correspondent", "bank", "settlement")))
"""Beginnings of words that tell what a number is, not whose."""
_TWINNED = (Kind.INN, Kind.OGRN, Kind.ACCOUNT)
"""Kinds of which two values that differ in one digit are one value misread."""
_EARLIEST = 1991
_AHEAD = 5
"""Years that a date of a paper may lie ahead."""


def register_checks(values: Values, numbers: Iterable[str], today: date) -> Iterator[Check]:
    """The checks that apply.

    Args:
        values: the found ones.
        numbers: all runs of digits of the document, spaces taken out.
        today: a date much later is doubtful.
    """
    known = frozenset(numbers)
    for path, (field, value) in values.items():
        if field.kind in _KEYED and isinstance(value, str):
            yield _keyed(path, field, value)
        if field.kind is Kind.ACCOUNT and isinstance(value, str):
            yield _account(path, field, value, values)
        if field.kind is Kind.INN and isinstance(value, str):
            yield from _registration(path, field, value, values)
        if field.kind in _TWINNED and isinstance(value, str):
            yield from _twins(path, value, known)
        if field.kind is Kind.DATE and (said := day(value)):
            yield _dated(path, field, said, today)


def _made(name: str, outcome: Outcome, paths: Sequence[Path], sentence: str, **fields: str) -> Check:
    return Check(name, outcome, tuple(paths), sentence, tuple({"field": dotted(paths[0]), **fields}.items()))


def _keyed(path: Path, field: Field, value: str) -> Check:
    holds, good, bad = _KEYED[field.kind]
    fine = holds(value)
    return _made(field.kind.value, Outcome.OK if fine else Outcome.FAILED, [path], good if fine else bad, value=value)


def _account(path: Path, field: Field, value: str, values: Values) -> Check:
    if not is_account(value):
        return _made(
            "account", Outcome.FAILED, [path], N_("{field}: {value} is not an account of 20 digits."), value=value
        )
    bank = _beside(path, field, Kind.BIK, values)
    if bank is None:
        return _made(
            "account", Outcome.NOT_APPLICABLE, [path], N_("{field}: there is no BIK to check the account with.")
        )
    bik = str(values[bank][1])
    if fits_bank(value, bik):
        return _made(
            "account", Outcome.OK, [path, bank], N_("{field}: the key of the account fits BIK {bik}."), bik=bik
        )
    sentence = N_("{field}: the key of account {value} does not fit BIK {bik}.")
    return _made("account", Outcome.FAILED, [path, bank], sentence, value=value, bik=bik)


def _registration(path: Path, field: Field, value: str, values: Values) -> Iterator[Check]:
    """The tax office in a company's INN is mostly the one of its KPP; a company that moved or a branch has another."""
    beside = _beside(path, field, Kind.KPP, values)
    if beside is None or len(value) != 10:
        return
    kpp = str(values[beside][1])
    if kpp[:4] == value[:4]:
        yield _made("inn-kpp", Outcome.OK, [path, beside], N_("{field}: INN and KPP name the same tax office."))
    elif kpp[:2] != value[:2]:
        sentence = N_("{field}: INN {value} and KPP {kpp} name different regions; so it is for branches only.")
        yield _made("inn-kpp", Outcome.DOUBTFUL, [path, beside], sentence, value=value, kpp=kpp)


def _twins(path: Path, value: str, numbers: frozenset[str]) -> Iterator[Check]:
    for other in sorted(numbers):
        if len(other) == len(value) and sum(one != two for one, two in zip(value, other, strict=True)) == 1:
            sentence = N_("{field}: elsewhere the document says {other}, which differs from {value} in one digit.")
            yield _made("twin", Outcome.DOUBTFUL, [path], sentence, value=value, other=other)
            return


def _dated(path: Path, field: Field, said: date, today: date) -> Check:
    born = re.search(r"birth|рожд", f"{field.name} {field.title}", re.IGNORECASE) is not None
    fine = (1900 if born else _EARLIEST) <= said.year <= today.year + (0 if born else _AHEAD)
    good, bad = N_("{field}: the date is plausible."), N_("{field}: the date {value} is far from today.")
    value = said.isoformat()
    return _made("date", Outcome.OK if fine else Outcome.DOUBTFUL, [path], good if fine else bad, value=value)


def _beside(path: Path, field: Field, kind: Kind, values: Values) -> Path | None:
    """The value of `kind` that belongs to the same party: of the same words, or the only one beside it."""
    near = [
        (other, one)
        for other, (one, value) in values.items()
        if one.kind is kind and value is not None and other[:-1] == path[:-1]
    ]
    same = [other for other, one in near if _owner(one) == _owner(field)]
    if same:
        return same[0]
    return near[0][0] if len(near) == 1 and not (_owner(near[0][1]) and _owner(field)) else None


def _owner(field: Field) -> frozenset[str]:
    """The words of a name that do not tell its kind, by their beginnings: whose number it is."""
    words = re.split(r"[\W_]+", folded(field.name))
    return frozenset(word[:5] for word in words if word and not word.startswith(_OF_KIND))
