"""The JSON Schema of docstation.toml: generated here, shipped as ``settings.schema.json``, compared in a test.

A command for developers, ``python -m docstation.settings.schema``, writes it and docs/settings.md anew.
"""

from __future__ import annotations

import json
import re
import typing
from dataclasses import fields
from pathlib import Path

from docstation.settings.keys import is_size, sections, variable
from docstation.settings.loading import adapter
from docstation.settings.model import Settings
from docstation.settings.sizes import format_size

SHIPPED = Path(__file__).parents[1] / "settings.schema.json"
_SIZE_PATTERN = r"^\s*\d+([.,]\d+)?\s*([kKMGT]i?)?B?\s*$"

JsonObject = dict[str, object]


def generate() -> JsonObject:
    """The schema of the settings file; every key may be left out, no other is allowed."""
    raw = adapter().json_schema()
    definitions = raw["$defs"]
    hints = typing.get_type_hints(Settings)
    properties: JsonObject = {}
    for section in sections():
        kind = hints[section]
        properties[section] = _section(section, definitions[kind.__name__], descriptions(kind))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "docstation.toml",
        "description": "Settings of DocStation. A flag outweighs a variable, a variable outweighs this file.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _section(section: str, definition: JsonObject, texts: dict[str, str]) -> JsonObject:
    described = typing.cast("dict[str, JsonObject]", definition["properties"])
    entries = {name: _key(f"{section}.{name}", entry, texts[name]) for name, entry in described.items()}
    about = descriptions(Settings)[section]
    return {"type": "object", "description": about, "properties": entries, "additionalProperties": False}


def _key(key: str, entry: JsonObject, text: str) -> JsonObject:
    entry = {name: value for name, value in entry.items() if name not in {"title", "description"}}
    if is_size(key):
        sizes: list[JsonObject] = [
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "string", "pattern": _SIZE_PATTERN},
        ]
        entry = {"anyOf": sizes, "default": format_size(typing.cast("int", entry["default"]))}
    elif key.startswith("limits."):
        entry["exclusiveMinimum"] = 0
    return {"description": text} | entry


def descriptions(kind: type) -> dict[str, str]:
    """What the class's docstring says of each attribute, as one sentence each."""
    block = (kind.__doc__ or "").partition("Attributes:")[2]
    names = "|".join(one.name for one in fields(kind))
    parts = re.split(rf"\n\s+({names}): ", block)[1:]
    texts = [re.sub(r"\s+", " ", text).strip() for text in parts[1::2]]
    return dict(zip(parts[::2], [text[:1].upper() + text[1:] for text in texts], strict=True))


def as_markdown(schema: JsonObject) -> str:
    """docs/settings.md: how settings are found, and a table for each section."""
    lines = [_INTRODUCTION]
    shown = typing.cast("dict[str, JsonObject]", schema["properties"])
    for section, about in shown.items():
        lines += [f"## [{section}]\n", f"{about['description']}\n"]
        lines += ["| key | default | meaning | variable |", "|---|---|---|---|"]
        entries = typing.cast("dict[str, JsonObject]", about["properties"])
        lines += [_row(f"{section}.{name}", entry) for name, entry in entries.items()]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(key: str, entry: JsonObject) -> str:
    name = key.split(".")[1]
    default = json.dumps(entry["default"], ensure_ascii=False)
    return f"| `{name}` | `{default}` | {entry['description']}{_range(entry)} | `{variable(key)}` |"


def _range(entry: JsonObject) -> str:
    if "enum" in entry:
        return " One of: " + ", ".join(f"`{one}`" for one in typing.cast("list[str]", entry["enum"])) + "."
    if "minimum" in entry:
        return f" From {entry['minimum']} to {entry['maximum']}."
    return ""


_INTRODUCTION = """# Settings

A flag outweighs an environment variable, a variable outweighs `docstation.toml`, the file outweighs what is built in.
`docstation config show --origin` prints every value and where it came from; `docstation config path` prints where
files are looked for; `docstation config schema` prints the JSON Schema, which editors use to complete and check keys.

Files: `docstation.toml` in the working folder, then the user's file (in `DOCSTATION_HOME` when that is set, else in
the platform's folder for settings, on Linux `~/.config/docstation/`). Both count, key by key, the first outweighs
the second. With `--config FILE` or `DOCSTATION_CONFIG` that file is the only one, and it must exist. Unknown keys,
unknown variables of a known section and values out of range are refused with exit code 2.

Lists in variables and flags are separated by commas: `DOCSTATION_READING_LANGUAGES=rus,eng`. Sizes are written like
`200 MB`, `1.4 GB` (powers of ten) or `512 MiB` (powers of two); a bare number is bytes.

```toml
[reading]
languages = ["rus", "eng"]
dpi = 300

[limits]
file_bytes = "200 MB"

[output]
formats = ["md", "docx"]
folder = "recognised"

[ui]
language = "ru"
```

Other variables: `DOCSTATION_HOME` (folder for state, and for the user's settings file), `DOCSTATION_CONFIG` (the only
settings file to read), `DOCSTATION_PASSWORD` (opens protected files), `DOCSTATION_KEY` (the API key with
which commands ask a service that wants one), `NO_COLOR` (no colours).
"""


def main() -> None:
    """Write the shipped schema and docs/settings.md."""
    schema = generate()
    SHIPPED.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    docs = Path(__file__).parents[3] / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "settings.md").write_text(as_markdown(schema), encoding="utf-8")


if __name__ == "__main__":
    main()
