"""Layers put one over another and checked: raw values in, `Settings` and their origins out.

Only this file and `schema` know pydantic; its words do not reach the user, who gets the key, the place and the range.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.errors import SettingsError
from docstation.messages.marking import N_
from docstation.settings.keys import is_list, is_size, keys
from docstation.settings.model import Settings
from docstation.settings.sizes import parse_size
from docstation.settings.sources import Layer, environment_layer, file_layers, flag_layer

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

BUILT_IN = "built-in"

_REMEDIES = {
    "int_parsing": N_("Give a whole number."),
    "int_type": N_("Give a whole number."),
    "int_from_float": N_("Give a whole number."),
    "float_parsing": N_("Give a number."),
    "float_type": N_("Give a number."),
    "bool_parsing": N_("Give true or false."),
    "bool_type": N_("Give true or false."),
    "greater_than": N_("Give more than {gt}."),
    "greater_than_equal": N_("Give at least {ge}."),
    "less_than_equal": N_("Give at most {le}."),
    "literal_error": N_("Give one of: {expected}."),
    "too_short": N_("Give at least one."),
    "string_too_short": N_("Give at least one."),
}
_SIZE_REMEDY = N_("Write a size like 200 MB, 1.4 GB or 512 MiB.")
_OTHER_REMEDY = N_("See `docstation config schema` for what is allowed.")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    Attributes:
        kind: ``flag``, ``environment``, ``file`` or ``built-in``.
        place: the flag, the variable or the file; empty for built-in values.
    """

    kind: str = BUILT_IN
    place: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Checked settings and, for each ``section.key``, where it came from."""

    settings: Settings
    origins: dict[str, Origin]


def load(
    flags: Mapping[str, object] | None = None,
    *,
    config: str = "",
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Loaded:
    """The settings of this run.

    Args:
        flags: values by ``section.key``; None means that the flag was not given.
        config: the only settings file to read, when given.
        environ: the environment, `os.environ` when None.
        cwd: the working folder, the process's own when None.

    Raises:
        SettingsError: an unknown key, an impossible value or an unreadable file; it names the place.
    """
    environ = os.environ if environ is None else environ
    return check([flag_layer(flags or {}), environment_layer(environ), *file_layers(config, environ, cwd)])


def check(layers: Iterable[Layer]) -> Loaded:
    """Put `layers` over the built-in values, the first outweighing the next, and check the result."""
    values: dict[str, object] = {}
    origins = dict.fromkeys(keys(), Origin())
    for layer in reversed(list(layers)):
        for key, value in layer.values.items():
            origins[key] = Origin(layer.kind, layer.places[key])
            values[key] = _normalised(key, value, origins[key])
    return Loaded(_validated(values, origins), origins)


def _normalised(key: str, value: object, origin: Origin) -> object:
    """Lists written as one string are split, sizes become bytes."""
    if is_list(key):
        return tuple(word for word in re.split(r"[,+\s]+", value) if word) if isinstance(value, str) else value
    if is_size(key) and isinstance(value, str):
        try:
            return parse_size(value)
        except ValueError:
            raise _impossible(key, value, origin, _SIZE_REMEDY) from None
    return value


def _validated(values: Mapping[str, object], origins: Mapping[str, Origin]) -> Settings:
    from pydantic import ValidationError

    nested: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        section, name = key.split(".")
        nested.setdefault(section, {})[name] = value
    try:
        settings = adapter().validate_python(nested)
    except ValidationError as error:
        raise _explained(error, origins) from error
    for key, value in values.items():
        if key.startswith("limits.") and isinstance(value, int | float) and value <= 0:
            raise _impossible(key, value, origins[key], N_("Give more than {gt}."), gt=0)
    return settings


@cache
def adapter() -> TypeAdapter[Settings]:
    """The checker of `Settings`."""
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


def _explained(error: ValidationError, origins: Mapping[str, Origin]) -> SettingsError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"][:2])
    remedy = _REMEDIES.get(first["type"], _OTHER_REMEDY)
    return _impossible(key, first["input"], origins.get(key, Origin()), remedy, **first.get("ctx", {}))


def _impossible(key: str, value: object, origin: Origin, remedy: str, **fields: object) -> SettingsError:
    return SettingsError(
        N_("{key} cannot be {value} (from {place})."),
        remedy=remedy,
        key=key,
        value=repr(value),
        place=origin.place or origin.kind,
        **fields,
    )
