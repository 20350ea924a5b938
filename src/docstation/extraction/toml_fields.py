"""Fields and searches as our own data files write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from docstation.extraction.schema import Field, Kind, Search

_SEARCH = {one.name for one in fields(Search)}


def search_of(table: Mapping[str, Any]) -> Search:
    """The search that a table of a data file describes; ValueError for a key that it does not know."""
    unknown = table.keys() - _SEARCH
    if unknown:
        raise ValueError(f"unknown keys of a search: {sorted(unknown)}")
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Search(**made)


def field_of(table: Mapping[str, Any]) -> Field:
    """The field that a table of a data file describes."""
    return Field(
        table["name"],
        Kind(table.get("kind", "text")),
        table.get("many", False),
        title=table.get("title", ""),
        description=table.get("description", ""),
        labels=tuple(table.get("labels", ())),
        fields=tuple(map(field_of, table.get("fields", ()))),
        required=table.get("required", False),
        role=table.get("role", ""),
        search=search_of(table.get("search", {})),
        titles=titles_of(table),
    )


def titles_of(table: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The titles in other languages than that of the paper, such as that of the key ``title_en``."""
    return tuple((key.removeprefix("title_"), str(text)) for key, text in table.items() if key.startswith("title_"))
