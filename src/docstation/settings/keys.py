"""The names of all settings, ``section.key``, and what is said of an unknown one."""

from __future__ import annotations

import difflib
import typing
from dataclasses import fields
from functools import cache

from docstation.messages.marking import N_
from docstation.settings.model import Settings

PREFIX = "DOCSTATION_"
OTHER_SIZES = frozenset({"station.budget", "service.body_bytes", "service.documents_bytes"})


@cache
def sections() -> dict[str, dict[str, object]]:
    """The type hint of each key of each section, in the order in which they are shown."""
    hints = typing.get_type_hints(Settings)
    return {one.name: typing.get_type_hints(hints[one.name]) for one in fields(Settings)}


def keys() -> tuple[str, ...]:
    """All keys as ``section.key``."""
    return tuple(f"{section}.{key}" for section, hints in sections().items() for key in hints)


def variable(key: str) -> str:
    """The environment variable of a key: ``reading.dpi`` → ``DOCSTATION_READING_DPI``."""
    return PREFIX + key.replace(".", "_").upper()


def is_list(key: str) -> bool:
    """Whether the key holds several words."""
    section, name = key.split(".")
    return typing.get_origin(sections()[section][name]) is tuple


def is_size(key: str) -> bool:
    """Whether the key holds a number of bytes."""
    return (key.startswith("limits.") and key.endswith("_bytes")) or key in OTHER_SIZES


def suggestion(wrong: str, known: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    """The remedy for an unknown name, as a message id and its fields."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if close:
        return N_("Did you mean {suggestion}?"), {"suggestion": close[0]}
    return N_("Known are: {known}."), {"known": ", ".join(known)}
