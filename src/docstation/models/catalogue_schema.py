"""The JSON Schema of models.toml: generated here, shipped as ``catalog.schema.json``, compared in a test.

A command for developers, ``python -m docstation.models.catalogue_schema``, writes it and the generated parts of
docs/models.md anew.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path

from docstation.models.catalogue_checks import KEY_VARIABLE, VARIABLE
from docstation.models.catalogue_files import ALIAS_KEYS, ENTRY_KEYS, EXTENDS, NAME
from docstation.models.derived_flags import DERIVED
from docstation.models.entry import Alias, ModelEntry
from docstation.settings.schema import descriptions

SHIPPED = Path(__file__).parents[1] / "catalog.schema.json"
DOCUMENT = Path(__file__).parents[3] / "docs" / "models.md"

JsonObject = dict[str, object]

_EXTENDS = "Name of another entry whose keys this one inherits, all but the title; what is written here outweighs them."


def generate() -> JsonObject:
    """The schema of a catalogue file; every key may be left out, no other is allowed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "models.toml",
        "description": "Models of DocStation. What is written here is read over the shipped catalogue, key by key.",
        "type": "object",
        "properties": {
            "default": {
                "description": "Name of the model or alias that is meant when none is given.",
                "type": "string",
            },
            "models": _named(_entry()),
            "aliases": _named(_alias()),
        },
        "additionalProperties": False,
    }


def _named(table: JsonObject) -> JsonObject:
    return {"type": "object", "propertyNames": {"pattern": f"^{NAME}$"}, "additionalProperties": table}


def _entry() -> JsonObject:
    keys = _keys(ModelEntry)
    keys["arguments"]["items"] = {"type": "string", "not": {"pattern": _derived_pattern()}}
    keys["key_variable"]["pattern"] = f"^({KEY_VARIABLE})?$"
    keys["environment"]["propertyNames"] = {"pattern": f"^{VARIABLE}$"}
    extends: JsonObject = {EXTENDS: {"description": _EXTENDS, "type": "string", "pattern": f"^{NAME}$"}}
    return _table(extends | {key: keys[key] for key in ENTRY_KEYS if key != EXTENDS})


def _alias() -> JsonObject:
    keys = _keys(Alias)
    return _table({key: keys[key] for key in ALIAS_KEYS}) | {"description": (Alias.__doc__ or "").splitlines()[0]}


def _table(keys: JsonObject) -> JsonObject:
    return {"type": "object", "properties": keys, "additionalProperties": False}


def _keys(kind: type) -> dict[str, JsonObject]:
    """What pydantic says of each attribute, with the docstring's words for a description."""
    from pydantic import TypeAdapter

    raw = TypeAdapter(kind).json_schema()["properties"]
    texts = descriptions(kind)
    return {
        key: {"description": texts[key]} | {word: value for word, value in about.items() if word != "title"}
        for key, about in raw.items()
    }


def _derived_pattern() -> str:
    flags = "|".join(flag.removeprefix("--").replace("-", "[-_]") for flag in DERIVED)
    return rf"^--(no[-_])?({flags})($|[=.])"


def filled(document: str) -> str:
    """The text of docs/models.md with its generated parts anew."""
    for name, content in (("keys", keys_table()), ("flags", flags_list())):
        before, begin, rest = document.partition(f"<!-- {name} -->\n")
        document = before + begin + content + f"<!-- end of {name} -->" + rest.partition(f"<!-- end of {name} -->")[2]
    return document


def flags_list() -> str:
    """The flags that are not to be given, each with the key to set instead."""
    return "```text\n" + "".join(f"{flag:32}{key or 'set by the station'}\n" for flag, key in DERIVED.items()) + "```\n"


def keys_table() -> str:
    """The table of keys of an entry, in the order in which they are explained."""
    keys = typing.cast("dict[str, JsonObject]", _entry()["properties"])
    defaults = ModelEntry(name="")
    rows = [
        f"| `{key}` | {_default(getattr(defaults, key, ''))} | {about['description']}{_range(about)} |"
        for key, about in keys.items()
    ]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _default(value: object) -> str:
    return f"`{json.dumps(value)}`" if value or value is False else ""


def _range(about: JsonObject) -> str:
    if "enum" in about:
        return " One of: " + ", ".join(f"`{one}`" for one in typing.cast("list[str]", about["enum"])) + "."
    if "minimum" in about:
        return f" From {about['minimum']} to {about['maximum']}."
    return ""


def main() -> None:
    """Write the shipped schema and the generated parts of docs/models.md."""
    SHIPPED.write_text(json.dumps(generate(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
