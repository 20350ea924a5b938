"""Which keys of an entry a person set in a catalogue file of their own; a plan never changes those."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docstation.models.catalogue_files import EXTENDS, read_catalogue_file


def user_keys(files: Sequence[Path], name: str) -> frozenset[str]:
    """Keys that the files set for the entry, or for one of the files' own that it extends.

    Args:
        files: catalogue files of the user's, such as `docstation.models.catalogue.user_files` names; they need not
            exist.
        name: of the entry.

    Raises:
        SettingsError: a file is unreadable or has an unknown key.
    """
    tables = [read_catalogue_file(path).models for path in files if path.exists()]
    found: set[str] = set()
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        own = [table[name] for table in tables if name in table]
        found.update(key for keys in own for key in keys if key != EXTENDS)
        name = next((str(keys[EXTENDS]) for keys in own if EXTENDS in keys), "")
    return frozenset(found)
