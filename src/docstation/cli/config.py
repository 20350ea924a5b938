"""``docstation config``: the settings in force, where they come from, and what is allowed."""

from __future__ import annotations

import dataclasses

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import JsonValue, show, show_json
from docstation.cli.speech import Group, Option
from docstation.messages import N_, translate
from docstation.settings import Loaded, config_files
from docstation.settings.keys import is_size
from docstation.settings.loading import Origin
from docstation.settings.sizes import format_size

NO_FILE = N_("(no such file)")
KINDS = {
    "flag": N_("flag"),
    "environment": N_("environment"),
    "file": N_("file"),
    "built-in": N_("built-in"),
}


@click.group(
    "config",
    cls=Group,
    help=N_("Settings: a flag outweighs a variable DOCSTATION_<SECTION>_<KEY>, a variable outweighs docstation.toml."),
    examples=(("docstation config show --origin", N_("each value and where it comes from")),),
)
@common_options
def command() -> None:
    """The group of the commands about settings."""


@command.command(
    "show",
    help=N_("Show every setting in force."),
    examples=(("docstation config show --origin", N_("with the place that each value comes from")),),
)
@click.option("--origin", cls=Option, is_flag=True, help=N_("Say of each value where it comes from."))
@json_option
@common_options
def show_settings(origin: bool, as_json: bool) -> None:
    """Print the settings as TOML, or as JSON."""
    loaded = current().settings()
    if as_json:
        show_json(_as_json(loaded, origin=origin))
        return
    section = ""
    for key, value in values(loaded).items():
        if key.split(".")[0] != section:
            show(f"\n[{key.split('.')[0]}]" if section else f"[{key.split('.')[0]}]")
            section = key.split(".")[0]
        line = f"{key.split('.')[1]} = {_toml(value)}"
        show(f"{line:<42} # {_told(loaded.origins[key])}" if origin else line)


@command.command(
    "path",
    help=N_("Print where settings files are looked for, the weightiest first."),
    examples=(("docstation config path --json", N_("the same for a program")),),
)
@json_option
@common_options
def path(as_json: bool) -> None:
    """Print the places, each with whether there is a file."""
    import os
    from pathlib import Path

    chosen = current().config or os.environ.get("DOCSTATION_CONFIG", "")
    files = (Path(chosen).expanduser(),) if chosen else config_files()
    if as_json:
        show_json({"files": [{"path": str(file), "exists": file.is_file()} for file in files]})
        return
    for file in files:
        show(str(file) if file.is_file() else f"{file} {translate(NO_FILE)}")


@command.command(
    "schema",
    help=N_("Print the JSON Schema of docstation.toml, for editors."),
    examples=(("docstation config schema > docstation.schema.json", N_("for an editor that checks TOML")),),
)
@common_options
def schema() -> None:
    """Print the shipped schema."""
    from importlib.resources import files

    show(files("docstation").joinpath("settings.schema.json").read_text(encoding="utf-8").rstrip())


def values(loaded: Loaded) -> dict[str, JsonValue]:
    """All settings by ``section.key``, sizes as they are written."""
    found: dict[str, JsonValue] = {}
    for key in loaded.origins:
        section, name = key.split(".")
        value = getattr(getattr(loaded.settings, section), name)
        found[key] = format_size(value) if is_size(key) else list(value) if isinstance(value, tuple) else value
    return found


def _as_json(loaded: Loaded, *, origin: bool) -> dict[str, JsonValue]:
    tree: dict[str, dict[str, JsonValue]] = {}
    for key, value in values(loaded).items():
        section, name = key.split(".")
        entry: JsonValue = {"value": value, **dataclasses.asdict(loaded.origins[key])} if origin else value
        tree.setdefault(section, {})[name] = entry
    return {**tree}


def _toml(value: JsonValue) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _told(origin: Origin) -> str:
    kind = translate(KINDS[origin.kind])
    return f"{kind} {origin.place}".strip()
