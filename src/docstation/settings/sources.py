"""The places that settings come from: flags, environment variables and docstation.toml, each read into one layer.

A layer names its values by ``section.key`` and says of each where it stands; nothing is checked here but names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from docstation.errors import SettingsError
from docstation.messages.marking import N_
from docstation.settings.folders import config_files
from docstation.settings.keys import PREFIX, keys, sections, suggestion, variable

# Variables that are no settings: where things lie, and secrets.
OTHER_VARIABLES = frozenset({"DOCSTATION_CONFIG", "DOCSTATION_HOME", "DOCSTATION_KEY", "DOCSTATION_PASSWORD"})


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one kind of place.

    Attributes:
        kind: ``flag``, ``environment`` or ``file``.
        values: raw value of each ``section.key``.
        places: where each stands: the flag, the variable or the file.
    """

    kind: str
    values: dict[str, object]
    places: dict[str, str]


def flag_layer(flags: Mapping[str, object]) -> Layer:
    """Values given as flags; None means not given."""
    values = {key: value for key, value in flags.items() if value is not None}
    return Layer("flag", values, {key: f"--{key.split('.')[1]}" for key in values})


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Values of the variables DOCSTATION_<SECTION>_<KEY>; a misspelt one is refused, an empty one does not count."""
    known = {variable(key): key for key in keys()}
    for name in environ:
        _check_variable(name, tuple(known))
    given = {known[name]: text for name, text in environ.items() if name in known and text}
    return Layer("environment", dict(given), {key: variable(key) for key in given})


def _check_variable(name: str, known: tuple[str, ...]) -> None:
    section = name.removeprefix(PREFIX).split("_")[0].lower()
    if name in known or name in OTHER_VARIABLES or not name.startswith(PREFIX) or section not in sections():
        return
    remedy, fields = suggestion(name, known)
    raise SettingsError(N_("Unknown variable {name} in the environment."), remedy=remedy, name=name, **fields)


def file_layers(config: str, environ: Mapping[str, str], cwd: Path | None = None) -> list[Layer]:
    """Values of the settings files, the weightiest first.

    With `config` or DOCSTATION_CONFIG that file is the only one, and it must exist.
    """
    chosen = config or environ.get("DOCSTATION_CONFIG", "")
    if chosen:
        return [_file_layer(Path(chosen).expanduser())]
    return [_file_layer(path) for path in config_files(environ, cwd) if path.is_file()]


def _file_layer(path: Path) -> Layer:
    values = dict(_flattened(read_toml(path), path))
    return Layer("file", values, dict.fromkeys(values, str(path)))


def read_toml(path: Path) -> dict[str, object]:
    """The file's tables; SettingsError when it is missing, unreadable or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        remedy = N_("Check the name given with --config or in DOCSTATION_CONFIG.")
        problem = error.strerror or str(error)
        raise SettingsError(
            N_("The settings file {file} cannot be read: {problem}."), remedy=remedy, file=str(path), problem=problem
        ) from error
    except ValueError as error:
        remedy = N_("Correct the file; `docstation config schema` describes what it may hold.")
        raise SettingsError(
            N_("The settings file {file} is not valid TOML: {problem}."), remedy=remedy, file=str(path), problem=error
        ) from error


def _flattened(tables: Mapping[str, object], path: Path) -> Iterator[tuple[str, object]]:
    for section, table in tables.items():
        if section not in sections():
            raise _unknown(section, path, (*sections(), *keys()))
        if not isinstance(table, dict):
            remedy, known = N_("Known are: {known}."), [key for key in keys() if key.startswith(f"{section}.")]
            raise SettingsError(
                N_("Unknown key {key} in {file}."), remedy=remedy, key=section, file=str(path), known=", ".join(known)
            )
        for key, value in table.items():
            if key not in sections()[section]:
                raise _unknown(f"{section}.{key}", path, keys())
            yield f"{section}.{key}", value


def _unknown(key: str, path: Path, known: tuple[str, ...]) -> SettingsError:
    remedy, fields = suggestion(key, known)
    return SettingsError(N_("Unknown key {key} in {file}."), remedy=remedy, key=key, file=str(path), **fields)
