"""The catalogue: the shipped models with the user's own over them, found by name, alias or checkpoint.

Loading the shipped file alone takes a few milliseconds; pydantic comes in only with a file of the user's. Nothing here
knows what a model costs or how it is started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from docstation.errors import UsageError
from docstation.messages.marking import N_
from docstation.models.catalogue_checks import check_alias, check_entry
from docstation.models.catalogue_files import SHIPPED, CatalogueFile, read_catalogue_file, refuse_name
from docstation.models.catalogue_stack import Stack
from docstation.models.entry import Alias, ModelEntry
from docstation.settings.folders import config_files
from docstation.settings.keys import suggestion

FILE = "models.toml"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models that have a name here.

    Attributes:
        entries: entries by name, the shipped ones first.
        aliases: aliases by name.
        default: name of the entry or alias that is meant when none is given.
    """

    entries: Mapping[str, ModelEntry]
    aliases: Mapping[str, Alias]
    default: str

    def names(self) -> tuple[str, ...]:
        """All names that `resolve` takes, the aliases last; ids of checkpoints are not among them."""
        return (*self.entries, *self.aliases)

    def resolve(self, name: str) -> tuple[ModelEntry, ...]:
        """The entry of that name; of an alias its candidates, the most wanted first.

        A served name or a checkpoint's own id is taken too; where several entries share it, the first is meant.

        Raises:
            UsageError: there is no such model; its remedy has the closest name.
        """
        if name in self.entries:
            return (self.entries[name],)
        if name in self.aliases:
            return tuple(self.entries[one] for one in self.aliases[name].candidates)
        by_id = self._by_id()
        if name in by_id:
            return (by_id[name],)
        remedy, more = suggestion(name, tuple(by_id) if "/" in name else self.names())
        raise UsageError(N_("There is no model {name}."), remedy=remedy, name=name, **more)

    def names_of(self, entry: ModelEntry) -> tuple[str, ...]:
        """Every name by which a request may ask for `entry`: its id first, its own name, aliases that may mean it, and
        its checkpoint unless that is a folder.
        """
        aliases = (one.name for one in self.aliases.values() if entry.name in one.candidates)
        is_folder = entry.checkpoint.startswith(("/", ".", "~"))
        checkpoint = () if is_folder or not entry.checkpoint else (entry.checkpoint,)
        return tuple(dict.fromkeys((entry.model_id, entry.name, *aliases, *checkpoint)))

    def _by_id(self) -> dict[str, ModelEntry]:
        """Entries by the id that they show, then by checkpoint; the first of several counts."""
        found: dict[str, ModelEntry] = {}
        for entry in self.entries.values():
            found.setdefault(entry.model_id, entry)
        for entry in self.entries.values():
            if entry.checkpoint:
                found.setdefault(entry.checkpoint, entry)
        return found


def user_files(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Where the user's own catalogue is looked for: models.toml in DOCSTATION_HOME, else in the folder for settings.

    The working folder has no say: an entry may run code of a checkpoint, so it counts only from a place of the user's.
    """
    return (config_files(environ)[-1].with_name(FILE),)


def load_catalogue(files: Sequence[Path] = ()) -> Catalogue:
    """The shipped catalogue with the user's `files` over it, the weightiest first; a file need not exist.

    Raises:
        SettingsError: a file is unreadable, has an unknown key or a wrong type, or what it asks for is impossible.
    """
    shipped = read_catalogue_file(SHIPPED)
    own = [read_catalogue_file(path) for path in reversed(files) if path.exists()]
    if not own:
        return _built([shipped], checked=False)
    from docstation.models.catalogue_types import check_types

    for file in own:
        check_types(file)
    return _built([shipped, *own], checked=True)


def _built(files: Sequence[CatalogueFile], *, checked: bool) -> Catalogue:
    """The catalogue of `files`, the weightiest last."""
    stack = Stack.of(files)
    entries = {name: stack.entry(name) for name in stack.models}
    aliases = {name: Alias(name=name, **cast("dict[str, Any]", table)) for name, table in stack.aliases.items()}
    default, place = next((file.default, file.place) for file in reversed(files) if file.default)
    catalogue = Catalogue(entries, aliases, default)
    if checked:
        _check(catalogue, stack, place)
    return catalogue


def _check(catalogue: Catalogue, stack: Stack, default_place: str) -> None:
    entries = tuple(catalogue.entries)
    for name, entry in catalogue.entries.items():
        check_entry(entry, stack.places[name], entries)
    for name, alias in catalogue.aliases.items():
        check_alias(alias, stack.places[name], entries)
    if catalogue.default not in catalogue.names():
        refuse_name("default", catalogue.default, default_place, catalogue.names())
