"""One profile file, checked key by key and put over a base; what is wrong is named with its key and file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from docstation.errors import SettingsError
from docstation.inference.profile import Frame, Grid, LibraryText, Profile, Prompt, Sampling, Task
from docstation.messages.marking import N_
from docstation.settings.keys import suggestion
from docstation.settings.sources import read_toml

# The last is not for users: a template of their own is an argument of the catalogue's entry.
_WORDS = ("title", "dialect", "vocabulary", "prefix", "system", "chat_template")
_SECTIONS = ("grid", "frame", "prompts", "sampling")
_CHOICES = {
    "dialect": ("layout-json", "text"),
    "coordinates": ("sent-pixels", "thousand"),
    "vocabulary": ("", "qwen"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "factor": (1, 256),
    "min_pixels": (1, 2**30),
    "max_pixels": (1, 2**30),
    "usual_pixels": (1, 2**30),
    "message": (0, 1024),
    "image": (0, 1024),
    "reply": (0, 1024),
    "temperature": (0, 2),
    "top_p": (0.01, 1),
    "top_k": (0, 1_000_000),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "repetition_penalty": (0.01, 2),
}
_WHOLE = ("factor", "min_pixels", "max_pixels", "usual_pixels", "message", "image", "reply", "top_k")
_LIBRARY_KEYS = {each.name for each in fields(LibraryText)}

Table = Mapping[str, object]


def read_profile(path: Path, name: str, base: Profile | None = None) -> Profile:
    """The profile of one file.

    Args:
        path: of the file.
        name: of the profile.
        base: what the file does not say; without it the file is a shipped one, complete, which may name libraries.

    Raises:
        SettingsError: the file cannot be read, or a key of it is wrong.
    """
    return _Reader(path, name, base).profile()


class _Reader:
    def __init__(self, path: Path, name: str, base: Profile | None) -> None:
        self._place = str(path)
        self._base = base
        self._name = name
        self._raw: Table = read_toml(path)

    def profile(self) -> Profile:
        """All keys of the file over the base."""
        base = self._base
        self._known("", self._raw, (*_WORDS[: -1 if base else None], "matches", *_SECTIONS))
        words: dict[str, Any] = {key: getattr(base, key) for key in _WORDS} if base else {}
        words |= {key: self._text(key, self._raw[key]) for key in _WORDS if key in self._raw}
        return Profile(
            name=self._name,
            **words,
            matches=self._matches(),
            grid=Grid(**self._numbers(Grid, "grid", self._section("grid"), base.grid if base else None)),
            frame=Frame(**self._numbers(Frame, "frame", self._section("frame"), base.frame if base else None)),
            prompts=(dict(base.prompts) if base else {}) | self._prompts(),
            samplings=(dict(base.samplings) if base else {}) | self._samplings(),
        )

    def _matches(self) -> tuple[str, ...]:
        value = self._raw.get("matches")
        if value is None:
            return self._base.matches if self._base and self._base.name == self._name else ()
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self._impossible("matches", value)
        return tuple(one.lower() for one in value)

    def _prompts(self) -> dict[Task, Prompt]:
        return {self._task("prompts", key): self._prompt(key, one) for key, one in self._section("prompts").items()}

    def _prompt(self, key: str, value: object) -> Prompt:
        if self._base is None and isinstance(value, dict) and set(value) == _LIBRARY_KEYS:
            return LibraryText(**value)
        return self._text(f"prompts.{key}", value).strip("\n")

    def _samplings(self) -> dict[Task, Sampling]:
        found = {}
        for key, table in self._section("sampling").items():
            task = self._task("sampling", key)
            if not isinstance(table, dict):
                raise self._impossible(f"sampling.{key}", table)
            before = self._base.samplings.get(task) if self._base else None
            found[task] = Sampling(**self._numbers(Sampling, f"sampling.{key}", table, before))
        return found

    def _task(self, section: str, key: str) -> Task:
        self._known(section, {key: None}, tuple(Task))
        return Task(key)

    def _numbers(self, kind: type[Any], section: str, table: Table, base: object) -> dict[str, Any]:
        """The values of a table of numbers, over those of `base`."""
        names = tuple(each.name for each in fields(kind))
        self._known(section, table, names)
        before = {key: getattr(base, key) for key in names} if base is not None else {}
        return before | {key: self._number(section, key, value) for key, value in table.items()}

    def _number(self, section: str, key: str, value: object) -> object:
        full = f"{section}.{key}"
        if key in _CHOICES:
            return self._text(full, value)
        least, most = _RANGES[key]
        kinds = (int,) if key in _WHOLE else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise self._impossible(full, value)
        return value

    def _text(self, key: str, value: object) -> str:
        choices = _CHOICES.get(key.rpartition(".")[2])
        if not isinstance(value, str) or (choices and value not in choices):
            raise self._impossible(key, value)
        return value

    def _section(self, name: str) -> Table:
        table = self._raw.get(name, {})
        if not isinstance(table, dict):
            raise self._impossible(name, table)
        return table

    def _known(self, section: str, table: Table, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                remedy, more = suggestion(key, known)
                raise SettingsError(
                    N_("Unknown key {key} in {file}."),
                    remedy=remedy,
                    key=f"{section}.{key}" if section else key,
                    file=self._place,
                    **more,
                )

    def _impossible(self, key: str, value: object) -> SettingsError:
        return SettingsError(
            N_("{key} cannot be {value} (from {place})."),
            remedy=N_("Correct the file; the shipped profile shows what it may hold."),
            key=key,
            value=repr(value),
            place=self._place,
        )
