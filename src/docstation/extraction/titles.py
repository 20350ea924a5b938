"""Schemas and extractions with their titles in the reader's language, where their fields are called something in it.

Nothing but what is shown depends on it: labels, prompts and checks go by the titles in the language of the paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from docstation.extraction.codec import field_at
from docstation.extraction.result import Check, Extraction, Leaf, dotted
from docstation.extraction.schema import Field, Schema


def schema_in(schema: Schema, language: str) -> Schema:
    """The schema as readers of that language are shown it."""
    fields = tuple(_field_in(one, language) for one in schema.fields)
    return replace(schema, title=dict(schema.titles).get(language, schema.title), fields=fields)


def extraction_in(extraction: Extraction, language: str) -> Extraction:
    """The extraction as readers of that language are shown it."""
    schema = schema_in(extraction.schema, language)
    leaves = tuple(replace(leaf, field=_field_in(leaf.field, language)) for leaf in extraction.leaves)
    called = {dotted(leaf.path): _called(leaf, schema) for leaf in leaves}
    checks = tuple(_check_of(check, called) for check in extraction.checks)
    return replace(extraction, schema=schema, leaves=leaves, checks=checks)


def _check_of(check: Check, called: Mapping[str, str]) -> Check:
    """The check with its values called by their titles."""
    fields = tuple((name, called.get(text, text) if name == "field" else text) for name, text in check.fields)
    return replace(check, fields=fields)


def _called(leaf: Leaf, schema: Schema) -> str:
    """What people call a value: its title, in a list with the number of its row from 1; its path where it has none."""
    row = next((part for part in leaf.path if isinstance(part, int)), None)
    if not leaf.field.title or row is None:
        return leaf.field.title or dotted(leaf.path)
    above = field_at(schema, leaf.path[:1])
    return f"{above.title if above and above.title else leaf.path[0]} {row + 1}: {leaf.field.title}"


def _field_in(field: Field, language: str) -> Field:
    below = tuple(_field_in(one, language) for one in field.fields)
    return replace(field, title=dict(field.titles).get(language, field.title), fields=below)
