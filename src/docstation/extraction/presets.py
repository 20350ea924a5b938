"""Schemas of common papers, each a data file in ``preset_files/``: fields, their labels, and where the rules look."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from docstation.errors import UsageError
from docstation.extraction.folding import compact
from docstation.extraction.schema import Schema
from docstation.extraction.toml_fields import field_of, titles_of
from docstation.messages.marking import N_

_FILES = ("schet", "schet-faktura", "upd", "torg12", "akt", "platezhka", "chek", "pasport", "invoice", "receipt")


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """A preset in the list of them.

    Attributes:
        name: by which it is called.
        aliases: other names.
        title: in Russian.
        title_en: in English.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    title_en: str


def list_presets() -> tuple[PresetEntry, ...]:
    """All presets, in the order in which they are shown."""
    return tuple(
        PresetEntry(table["name"], tuple(table["aliases"]), table["title"], table["title_en"])
        for table in map(_table, _FILES)
    )


def preset(name: str) -> Schema:
    """The schema of the preset of that name or alias, however it is spelled.

    Raises:
        UsageError: there is none.
    """
    wanted = compact(name)
    for table in map(_table, _FILES):
        if wanted in map(compact, (table["name"], *table["aliases"])):
            return _schema(table["name"])
    raise UsageError(
        N_("There is no preset {name}."),
        name=name,
        known=", ".join(entry.name for entry in list_presets()),
        remedy=N_("Choose one of: {known}."),
    )


@cache
def _schema(name: str) -> Schema:
    table = next(one for one in map(_table, _FILES) if one["name"] == name)
    return Schema(name, tuple(map(field_of, table["fields"])), table["title"], titles=titles_of(table))


@cache
def _table(file: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("preset_files", f"{file}.toml").read_text(encoding="utf-8"))
