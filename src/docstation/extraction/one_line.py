"""The one-line form of a schema: ``номер, дата date, сумма money, позиции[]: наименование, кол-во number, цена money``.

Fields by comma; the last word of a field is its kind where it names one, ``enum(a|b)`` lists words to choose from,
``[]`` makes a list, ``[]:`` a list of rows whose fields follow up to ``;`` or the end, ``?`` marks what may be absent.
"""

from __future__ import annotations

import re

from docstation.errors import UsageError
from docstation.extraction.json_schema import REMEDY
from docstation.extraction.schema import MAX_FIELDS, MAX_NAME, MAX_TEXT, Field, Kind, Schema
from docstation.messages.marking import N_

_KINDS = {kind.value: kind for kind in Kind if kind not in (Kind.ENUM, Kind.OBJECT)}
_BY_NAME = {
    "инн": Kind.INN, "кпп": Kind.KPP, "бик": Kind.BIK, "огрн": Kind.OGRN, "огрнип": Kind.OGRN, "дата": Kind.DATE,
    "date": Kind.DATE,
}  # fmt: skip
"""Names that tell their kind without a word for it."""
_ENUM = re.compile(r"^(?P<name>[^()]*?)\s+enum\((?P<choices>[^()]*)\)$", re.IGNORECASE)
_ROWS = re.compile(r"([^,;:\[\]]+?)\s*\[\]\s*:")


def parse_line(text: str, name: str = "fields") -> Schema:
    """The schema that one line names.

    Raises:
        UsageError: an empty name, a name given twice, signs out of place, or too many fields.
    """
    if len(text) > MAX_TEXT:
        raise UsageError(N_("The list of fields is too long."), remedy=REMEDY)
    fields: list[Field] = []
    for part in _split(" ".join(text.split()), ";"):
        found = _ROWS.search(part)
        fields += _fields(part[: found.start()] if found else part)
        if found:
            rows = _fields(part[found.end() :])
            if not rows:
                raise _refused(found[1])
            label, optional = _optional(found[1].strip())
            fields.append(_checked(Field(label, Kind.OBJECT, True, fields=_unique(rows), required=not optional)))
    if not fields or len(fields) + sum(len(field.fields) for field in fields) > MAX_FIELDS:
        raise UsageError(N_("The list of fields is empty or too long."), remedy=REMEDY)
    return Schema(name, _unique(fields))


def _fields(text: str) -> list[Field]:
    parts = _split(text, ",")
    return [_field(part) for part in parts if part.strip()]


def _field(text: str) -> Field:
    text, optional = _optional(text.strip())
    if found := _ENUM.match(text):
        choices = tuple(word.strip() for word in found["choices"].split("|") if word.strip())
        if not choices:
            raise _refused(text)
        name, many = _list_mark(found["name"])
        return _checked(Field(name, Kind.ENUM, many, choices=tuple(dict.fromkeys(choices)), required=not optional))
    before, _space, last = text.rpartition(" ")
    kind = _KINDS.get(last.casefold()) if before.strip() else None
    name, many = _list_mark(before if kind else text)
    name, unsaid = _optional(name)
    return _checked(Field(name, kind or _BY_NAME.get(name.casefold(), Kind.TEXT), many, required=not optional | unsaid))


def _optional(text: str) -> tuple[str, bool]:
    return text.removesuffix("?").rstrip(), text.endswith("?")


def _list_mark(text: str) -> tuple[str, bool]:
    text = text.strip()
    return text.removesuffix("[]").rstrip(), text.endswith("[]")


def _checked(field: Field) -> Field:
    texts = (field.name, *field.choices)
    if not field.name or any(len(one) > MAX_NAME for one in texts) or re.search(r"[\[\]():;|{}\x00-\x1f]", field.name):
        raise _refused(field.name)
    return field


def _unique(fields: list[Field]) -> tuple[Field, ...]:
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(N_("The field {name} is named twice."), name=name, remedy=REMEDY)
    return tuple(fields)


def _refused(text: str) -> UsageError:
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)[:MAX_NAME]
    return UsageError(N_("The field “{name}” is not understood."), name=shown, remedy=REMEDY)


def _split(text: str, sign: str) -> list[str]:
    """`text` at each `sign` that stands outside brackets."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == sign and depth <= 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]
