"""What a field's name says of its labels: «сумма» stands beside «Всего к оплате», «ИНН поставщика» behind «Поставщик».

The words are data, ``vocabulary.toml``. A field keeps its own labels before those of its name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from docstation.extraction.folding import compact
from docstation.extraction.schema import Field, Kind, Schema, Search

_STEM = 5
"""A party is known by so many first letters, whatever its case: «поставщика»."""
_CAMEL = re.compile(r"(?<=[a-zа-я])(?=[A-ZА-Я])")


@dataclass(frozen=True, slots=True)
class _Word:
    labels: tuple[str, ...]
    role: str
    search: Search


def with_labels(schema: Schema) -> Schema:
    """The schema with labels, roles and searches for every field whose name or title is known."""
    return replace(schema, fields=tuple(_with_labels(field, (), rows=False) for field in schema.fields))


def _with_labels(field: Field, within: tuple[str, ...], *, rows: bool) -> Field:
    word, party = _meaning(field)
    labels = tuple(dict.fromkeys((*field.labels, *(word.labels if word else ()))))
    below = tuple(
        _with_labels(one, () if field.many else party or _own(field), rows=field.many) for one in field.fields
    )
    role = field.role or (word.role if word else "")
    search = _search(field, word, party or within)
    if rows and role == "total":
        role = "amount" if not re.search("ндс|vat|tax", field.name, re.IGNORECASE) else role
    return replace(field, labels=labels, fields=below, role=role, search=search)


def _own(field: Field) -> tuple[str, ...]:
    return tuple(text for text in (*field.labels, field.title, field.name) if text)


def _search(field: Field, word: _Word | None, within: tuple[str, ...]) -> Search:
    if field.search != Search():
        return field.search
    known = word.search if word else Search()
    # A number of a paper is one word; of other kinds the kind tells the shape.
    return replace(known, within=within, code=known.code and field.kind is Kind.TEXT)


def _meaning(field: Field) -> tuple[_Word | None, tuple[str, ...]]:
    """The word that a field's title or name is, and the labels of the party that it belongs to."""
    for text in filter(None, (field.title, field.name)):
        words = _words(text)
        if found := _vocabulary().get(" ".join(words)):
            return found, ()
        parties = [_parties().get(word[:_STEM], ()) for word in words]
        rest = " ".join(word for word, party in zip(words, parties, strict=True) if not party)
        party = next(filter(None, parties), ())
        if party and not rest:
            return _Word(party, "", Search(stop=(", ИНН", "ИНН", ", КПП", "Адрес"), lines=True)), ()
        if party and (found := _vocabulary().get(rest)):
            return found, party
    return None, ()


def _words(text: str) -> list[str]:
    spaced = _CAMEL.sub(" ", text)
    return [word for word in map(compact, re.split(r"[\W_]+", spaced)) if word]


@cache
def _vocabulary() -> Mapping[str, _Word]:
    found: dict[str, _Word] = {}
    for table in _data()["word"]:
        search = Search(
            code=table.get("code", False), last=table.get("last", False), prefixes=tuple(table.get("prefixes", ()))
        )
        word = _Word(tuple(table["labels"]), table.get("role", ""), search)
        found |= {" ".join(_words(name)): word for name in table["names"]}
    return found


@cache
def _parties() -> Mapping[str, tuple[str, ...]]:
    return {compact(name)[:_STEM]: tuple(table["labels"]) for table in _data()["party"] for name in table["names"]}


@cache
def _data() -> Mapping[str, list[dict[str, Any]]]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
