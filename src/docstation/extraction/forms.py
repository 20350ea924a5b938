"""Every way of giving a schema: a JSON Schema as text, file or mapping, a pydantic model, one line of fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstation.errors import InputError, NotFound, UsageError
from docstation.extraction.json_schema import REMEDY, from_json_schema
from docstation.extraction.one_line import parse_line
from docstation.extraction.schema import MAX_TEXT, Schema
from docstation.extraction.vocabulary import with_labels
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema_of(source: str | Path | Mapping[str, Any] | type[BaseModel] | Schema) -> Schema:
    """The schema that `source` stands for, its fields with the labels that their names bring along.

    Args:
        source: a path to a file, JSON Schema as text or mapping, the one-line form, or a class of a pydantic model.

    Raises:
        UsageError: when it is not understood, or too large.
        InputError: when the file cannot be read.
    """
    return with_labels(_read(source))


def _read(source: str | Path | Mapping[str, Any] | type[BaseModel] | Schema) -> Schema:
    if isinstance(source, Schema):
        return source
    if isinstance(source, Path):
        return replace(_of_text(_text_of(source)), name=source.stem)
    if isinstance(source, str):
        return _of_text(source)
    if isinstance(source, Mapping):
        return from_json_schema(source)
    return _of_model(source)


def _of_text(text: str) -> Schema:
    if len(text) > MAX_TEXT:
        raise UsageError(N_("The schema is too long."), remedy=REMEDY)
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return parse_line(text)
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise UsageError(N_("The schema is no JSON."), remedy=REMEDY) from None
    if not isinstance(found, dict):
        raise UsageError(
            N_("The schema is not understood at {place}: an object is expected."), place="#", remedy=REMEDY
        )
    return from_json_schema(found)


def _text_of(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(MAX_TEXT + 1)
    except FileNotFoundError:
        raise NotFound(name=str(path)) from None
    except (OSError, UnicodeDecodeError):
        raise InputError(N_("{name} cannot be read as text."), name=str(path)) from None


def _of_model(model: type[BaseModel]) -> Schema:
    return replace(from_json_schema(model.model_json_schema()), name=model.__name__)
