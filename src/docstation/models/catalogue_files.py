"""One catalogue file read into raw tables: names of keys are checked here, types in `catalogue_types`, sense later.

Knows nothing of other files; `catalogue` puts the tables of several over one another.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NoReturn

from docstation.errors import SettingsError
from docstation.messages.marking import N_
from docstation.models.entry import Alias, ModelEntry
from docstation.settings.keys import suggestion

SHIPPED = Path(__file__).with_name("catalog.toml")

EXTENDS = "extends"
ENTRY_KEYS = (EXTENDS, *(one.name for one in fields(ModelEntry) if one.name != "name"))
ALIAS_KEYS = tuple(one.name for one in fields(Alias) if one.name != "name")
NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
"""What a name may be: it also names containers, files and folders."""

Table = dict[str, object]
Tables = dict[str, Table]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """What one file says, as it stands there; lists have become tuples.

    Attributes:
        place: the file, as it is named in messages.
        default: name of the default model, empty where the file says none.
        models: keys of each entry.
        aliases: keys of each alias.
    """

    place: str
    default: str = ""
    models: Tables = field(default_factory=dict)
    aliases: Tables = field(default_factory=dict)


def read_catalogue_file(path: Path) -> CatalogueFile:
    """The tables of the file at `path`; SettingsError where it is unreadable, no TOML, or holds an unknown key."""
    place, raw = str(path), _toml(path)
    for section in raw:
        if section not in {"default", "models", "aliases"}:
            unknown_key(section, place, section, ("default", "models", "aliases"))
    default = raw.get("default", "")
    if not isinstance(default, str):
        refuse("default", default, place, N_("Give the name of a model or an alias."))
    return CatalogueFile(
        place=place,
        default=default,
        models=_tables(raw, "models", ENTRY_KEYS, place),
        aliases=_tables(raw, "aliases", ALIAS_KEYS, place),
    )


def _toml(path: Path) -> Table:
    remedy = N_("Correct the file; docs/models.md says what it may hold.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problem = error.strerror or str(error)
        raise SettingsError(
            N_("The settings file {file} cannot be read: {problem}."), remedy=remedy, file=str(path), problem=problem
        ) from error
    except ValueError as error:
        raise SettingsError(
            N_("The settings file {file} is not valid TOML: {problem}."), remedy=remedy, file=str(path), problem=error
        ) from error


def _tables(raw: Mapping[str, object], section: str, known: tuple[str, ...], place: str) -> Tables:
    tables = raw.get(section, {})
    if not isinstance(tables, dict):
        refuse(section, tables, place, N_("Write a table for each name, such as [models.my-model]."))
    return {name: _table(f"{section}.{name}", name, table, known, place) for name, table in tables.items()}


def _table(key: str, name: str, table: object, known: tuple[str, ...], place: str) -> Table:
    if not isinstance(table, dict):
        refuse(key, table, place, N_("Write a table for each name, such as [models.my-model]."))
    if not re.fullmatch(NAME, name):
        refuse(key, name, place, N_("Name it in small letters, digits, dots, dashes and underscores."))
    for one in table:
        if one not in known:
            unknown_key(f"{key}.{one}", place, one, known)
    return {one: _settled(one, value, Path(place)) for one, value in table.items()}


def _settled(key: str, value: object, path: Path) -> object:
    """Lists become tuples; a folder of weights is meant from the file that names it, ``~`` is the user's home."""
    if isinstance(value, list):
        return tuple(value)
    if key == "checkpoint" and isinstance(value, str) and value.startswith(("./", "../", "~/")):
        return os.path.normpath(path.absolute().parent / os.path.expanduser(value))  # noqa: PTH111 - never raises
    return value


def refuse(key: str, value: object, place: str, remedy: str, **more: object) -> NoReturn:
    """Raise the error of an impossible `value`."""
    raise SettingsError(
        N_("{key} cannot be {value} (from {place})."), remedy=remedy, key=key, value=repr(value), place=place, **more
    )


def refuse_name(key: str, name: str, place: str, known: tuple[str, ...]) -> NoReturn:
    """Raise the error of a `name` that nothing has."""
    remedy, more = suggestion(name, known)
    refuse(key, name, place, remedy, **more)


def unknown_key(key: str, place: str, word: str, known: tuple[str, ...]) -> NoReturn:
    """Raise the error of a key that there is not; `word` is the part that is wrong."""
    remedy, more = suggestion(word, known)
    raise SettingsError(N_("Unknown key {key} in {file}."), remedy=remedy, key=key, file=place, **more)
