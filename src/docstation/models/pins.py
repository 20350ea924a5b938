"""Revisions of weights and digests of images, recorded when they are pulled and held from then on.

Nothing is invented: a name has no pin until one is recorded. One writer at a time is assumed, the holder of the
station's lock; readers may come at any moment, for the file is replaced whole.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from docstation.errors import SettingsError
from docstation.messages.marking import N_

Kind = Literal["weights", "image"]

FILE = "pins.json"

_FORM = {"weights": re.compile(r"[0-9a-f]{40}"), "image": re.compile(r"sha256:[0-9a-f]{64}")}

_Table = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Pins:
    """The pins kept in one folder, which need not exist before the first is recorded.

    Attributes:
        folder: the station's state folder.
    """

    folder: Path

    @property
    def path(self) -> Path:
        """The file that holds them."""
        return self.folder / FILE

    def get(self, kind: Kind, name: str) -> str:
        """The commit of a checkpoint, or the digest of an image; empty while none is recorded.

        Raises:
            SettingsError: the file is damaged. Going on without would take whatever the name leads to today.
        """
        return self._read()[kind].get(name, "")

    def record(self, kind: Kind, name: str, pin: str) -> None:
        """Hold `name` at `pin` from now on; it is on the disk when this returns.

        Args:
            kind: ``weights`` for a repository, ``image`` for a container image with its tag.
            name: as the catalogue has it.
            pin: 40 hexadecimal digits of a commit, or ``sha256:`` and 64 of a digest.

        Raises:
            ValueError: `pin` has another form, such as the name of a branch.
            SettingsError: the file is damaged.
            OSError: the disk is full, or the folder cannot be written.
        """
        if not _FORM[kind].fullmatch(pin):
            raise ValueError(pin)
        table = self._read()
        if table[kind].get(name) != pin:
            table[kind][name] = pin
            self._write(table)

    def drop(self, kind: Kind, name: str) -> None:
        """Forget the pin of `name`, so that the next pull records what it finds; absent is fine.

        Raises:
            SettingsError: the file is damaged.
            OSError: the folder cannot be written.
        """
        table = self._read()
        if table[kind].pop(name, None) is not None:
            self._write(table)

    def _read(self) -> _Table:
        try:
            table = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            table = {}
        except ValueError as error:
            self._damaged(error)
        if not isinstance(table, dict):
            self._damaged("no object")
        return {kind: self._section(kind, table.get(kind, {})) for kind in _FORM}

    def _section(self, kind: str, section: object) -> dict[str, str]:
        if not isinstance(section, dict):
            self._damaged(kind)
        for name, pin in section.items():
            if not isinstance(pin, str) or not _FORM[kind].fullmatch(pin):
                self._damaged(name)
        return section

    def _damaged(self, problem: object) -> NoReturn:
        raise SettingsError(
            N_("The record of pinned models {file} is damaged: {problem}."),
            remedy=N_("Put back a copy, or delete it: what is pulled next is then recorded anew."),
            file=str(self.path),
            problem=problem,
        )

    def _write(self, table: _Table) -> None:
        """Replace the file whole: after a power cut it is the old one or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{FILE}.part")
        try:
            with part.open("w", encoding="utf-8") as stream:
                stream.write(json.dumps(table, ensure_ascii=False, indent=2, sort_keys=True) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(self.folder)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable; Windows has no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
