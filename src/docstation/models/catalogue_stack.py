"""Catalogue files put over one another, and what an entry inherits from another.

Works on raw tables; whether the result makes sense is for `catalogue_checks` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from docstation.messages.marking import N_
from docstation.models.catalogue_files import EXTENDS, CatalogueFile, Table, Tables, refuse, refuse_name
from docstation.models.entry import ModelEntry


@dataclass(frozen=True, slots=True)
class Stack:
    """Raw tables of all files in one.

    Attributes:
        models: keys of each entry, what it inherits not among them.
        aliases: keys of each alias.
        places: the weightiest file that speaks of a name.
    """

    models: Tables
    aliases: Tables
    places: dict[str, str]

    @classmethod
    def of(cls, files: Sequence[CatalogueFile]) -> Stack:
        """Put `files` over one another, the weightiest last."""
        models: Tables = {}
        aliases: Tables = {}
        places: dict[str, str] = {}
        for file in files:
            for name, table in file.models.items():
                models[name] = _over(models.get(name, {}), table)
            for name, table in file.aliases.items():
                aliases[name] = aliases.get(name, {}) | table
            places |= dict.fromkeys((*file.models, *file.aliases), file.place)
        return cls(models, aliases, places)

    def entry(self, name: str) -> ModelEntry:
        """The entry with all that it inherits; SettingsError where it inherits from nothing or from itself."""
        keys = self._inherited(name, ())
        keys.pop(EXTENDS, None)
        if keys.get("endpoint"):
            keys.setdefault("engine", "remote")
            keys["endpoint"] = str(keys["endpoint"]).rstrip("/").removesuffix("/v1").rstrip("/")
        return ModelEntry(name=name, **cast("dict[str, Any]", keys))

    def _inherited(self, name: str, heirs: tuple[str, ...]) -> Table:
        own = self.models[name]
        if EXTENDS not in own:
            return dict(own)
        parent, key = str(own[EXTENDS]), f"models.{name}.{EXTENDS}"
        if parent in (*heirs, name):
            circle = " → ".join((*heirs, name, parent))
            refuse(key, parent, self.places[name], N_("Break the circle {circle}."), circle=circle)
        if parent not in self.models:
            refuse_name(key, parent, self.places[name], tuple(self.models))
        inherited = self._inherited(parent, (*heirs, name))
        inherited.pop("title", None)
        return _over(inherited, own)


def _over(base: Table, table: Table) -> Table:
    """`table` over `base`, key by key; variables of the environment name by name; no licence for other weights."""
    result = base | table
    # A licence is that of the weights: others have their own.
    if "licence" not in table and result.get("checkpoint") != base.get("checkpoint"):
        result.pop("licence", None)
    below, above = base.get("environment"), table.get("environment")
    if isinstance(below, dict) and isinstance(above, dict):
        result["environment"] = below | above
    return result
