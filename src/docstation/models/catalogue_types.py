"""Types and ranges of a catalogue file's values, key by key; the only part of the catalogue that loads pydantic.

It is called for the user's files alone: a test holds the shipped file against it, so that ``status`` need not.
"""

from __future__ import annotations

import typing
from functools import cache
from typing import TYPE_CHECKING

from docstation.messages.marking import N_
from docstation.models.catalogue_files import EXTENDS, CatalogueFile, Tables, refuse
from docstation.models.entry import Alias, ModelEntry

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_REMEDIES = {
    "int_type": N_("Give a whole number."),
    "bool_type": N_("Give true or false."),
    "string_type": N_("Give a text in quotes."),
    "string_too_short": N_("Give at least one."),
    "too_short": N_("Give at least one."),
    "greater_than_equal": N_("Give at least {ge}."),
    "less_than_equal": N_("Give at most {le}."),
    "literal_error": N_("Give one of: {expected}."),
    "tuple_type": N_("Give a list of texts in quotes."),
    "dict_type": N_('Write names and texts, such as { VLLM_LOGGING_LEVEL = "DEBUG" }.'),
}
_OTHER_REMEDY = N_("Correct the file; docs/models.md says what it may hold.")


def check_types(file: CatalogueFile) -> None:
    """Refuse values of a wrong type or out of range with a SettingsError that names the key and the file."""
    _check(ModelEntry, "models", file.models, file.place)
    _check(Alias, "aliases", file.aliases, file.place)


def _check(kind: type, section: str, tables: Tables, place: str) -> None:
    from pydantic import ValidationError

    for name, table in tables.items():
        for key, value in table.items():
            try:
                adapter(kind, key).validate_python(value)
            except ValidationError as error:
                first = error.errors()[0]
                remedy = _REMEDIES.get(first["type"], _OTHER_REMEDY)
                refuse(f"{section}.{name}.{key}", first["input"], place, remedy, **first.get("ctx", {}))


@cache
def adapter(kind: type, key: str) -> TypeAdapter[object]:
    """The checker of one key; strict, for TOML has types of its own."""
    from pydantic import ConfigDict, TypeAdapter

    hint = str if key == EXTENDS else typing.get_type_hints(kind, include_extras=True)[key]
    return TypeAdapter(hint, config=ConfigDict(strict=True))
