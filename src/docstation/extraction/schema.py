"""What is to be extracted: fields with their kinds, titles and the words that stand beside them on paper.

Every way of writing a schema ends here; nothing here knows of JSON Schema, files or documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MAX_FIELDS = 300
"""Fields of one schema, those of its lists included."""
MAX_DEPTH = 6
"""Objects and lists within one another."""
MAX_TEXT = 256_000
"""Characters of a schema as text."""
MAX_NAME = 200
"""Characters of a name, a title, a label or a choice; longer ones are refused."""


class Kind(StrEnum):
    """What a value is; numbers of Russian registers have check digits of their own."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    MONEY = "money"
    BOOL = "bool"
    INN = "inn"
    KPP = "kpp"
    BIK = "bik"
    OGRN = "ogrn"
    ACCOUNT = "account"
    ENUM = "enum"
    OBJECT = "object"


DIGITS = frozenset({Kind.INN, Kind.KPP, Kind.BIK, Kind.OGRN, Kind.ACCOUNT})
"""Kinds whose values are digits to be kept as text."""
NUMBERS = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.MONEY})
"""Kinds whose values are numbers."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where the rules look for a value; see docs/extraction.md.

    Attributes:
        within: labels of the part of the page that the field's own label must stand in (a party, say).
        rows: labels of the table row that holds the value, for totals.
        columns: headings of the table column that holds it.
        stop: words that end a text.
        nth: of all values of this kind on the page, from the top, from 1, or from the end with -1; 0: by labels.
        above: whether the value stands above its label, as over the caption of a form.
        code: whether a text is one word with a digit in it, such as the number of a paper.
        lines: whether a text may go on in further lines.
        prefixes: beginnings of digits, one of which the value must have.
        last: whether the last place counts rather than the first, as for totals.
        top: whether a text without a label is the first line of the page.
    """

    within: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    nth: int = 0
    above: bool = False
    code: bool = False
    lines: bool = False
    prefixes: tuple[str, ...] = ()
    last: bool = False
    top: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One value, or with `many` a list of them.

    Attributes:
        name: its key in the result.
        kind: of the value, or of each value of the list.
        many: whether it is a list.
        title: for people, in the language of the paper.
        titles: the same in other languages, by their codes.
        description: for people and models.
        labels: words that stand beside the value on paper, the likeliest first.
        choices: values of an `ENUM`, as they are given back.
        fields: of an `OBJECT`.
        required: whether a result without it is incomplete.
        role: what it is in calculations and checks: number, date, net, vat, rate, total, quantity, price, amount.
        search: where the rules look.
    """

    name: str
    kind: Kind = Kind.TEXT
    many: bool = False
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    required: bool = False
    role: str = ""
    search: Search = Search()
    titles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """All that is to be extracted, in the order in which it is shown.

    Attributes:
        name: short, for file names and lists.
        fields: at least one.
        title: for people.
        titles: the same in other languages, by their codes.
        ignored: places of a JSON Schema with keywords that restrict values and are not looked at.
    """

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    ignored: tuple[str, ...] = ()
    titles: tuple[tuple[str, str], ...] = ()

    @property
    def lists(self) -> tuple[Field, ...]:
        """The fields that are lists of objects: rows of tables."""
        return tuple(field for field in self.fields if field.many and field.kind is Kind.OBJECT)


def walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    """All fields, those of objects and lists behind their own."""
    for field in fields:
        yield field
        yield from walk(field.fields)
