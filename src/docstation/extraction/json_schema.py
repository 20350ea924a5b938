"""JSON Schema to fields and back: the subset that names, nests and types values.

What is taken: type, properties, required, items, enum, const, title, description, format (``date`` and our kinds such
as ``inn``), ``x-labels``, a null beside the type, ``anyOf``/``oneOf`` of one type and null, and references into the
schema itself. Keywords that restrict values further are noted as ignored; nothing is fetched and no pattern is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docstation.errors import UsageError
from docstation.extraction.schema import MAX_DEPTH, MAX_FIELDS, MAX_NAME, Field, Kind, Schema
from docstation.messages.marking import N_

Json = None | bool | int | float | str | list[Any] | dict[str, Any]

REMEDY = N_("See docs/extraction.md for what a schema may say.")

_KINDS = {"string": Kind.TEXT, "number": Kind.NUMBER, "integer": Kind.INTEGER, "boolean": Kind.BOOL}
_FORMATS = {
    "date": Kind.DATE, "date-time": Kind.DATE, "money": Kind.MONEY,
    **{kind.value: kind for kind in (Kind.INN, Kind.KPP, Kind.BIK, Kind.OGRN, Kind.ACCOUNT)},
}  # fmt: skip
_RESTRICTING = frozenset(
    {"pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minItems", "maxItems", "uniqueItems", "contains", "minProperties", "maxProperties", "patternProperties"}
    | {"propertyNames", "dependentRequired", "dependentSchemas", "if", "then", "else", "not"}
)
_MOST_CHOICES = 500
_JSON_TYPES = {
    Kind.NUMBER: "number", Kind.MONEY: "number", Kind.INTEGER: "integer", Kind.BOOL: "boolean",
}  # fmt: skip


def from_json_schema(source: Mapping[str, Any], name: str = "") -> Schema:
    """The fields that a JSON Schema of an object names.

    Raises:
        UsageError: when it is none, too large or too deep, or says what is not in the subset.
    """
    reader = _Reader(source)
    fields = reader.properties(reader.resolved(source, "#"), "#", 0)
    if not fields:
        raise _refused(N_("The schema names no field ({place})."), "#/properties")
    title = _text(source.get("title", ""), "#/title")
    return Schema(name or title or "schema", fields, title, tuple(reader.ignored))


class _Reader:
    """Reads one schema, counting what it reads: a schema may be written to cost much."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._count = 0
        self.ignored: list[str] = []

    def resolved(self, node: object, place: str) -> Mapping[str, Any]:
        """`node` with its references into the schema followed, and the one of several that is not null."""
        for _step in range(2 * MAX_DEPTH):
            if not isinstance(node, Mapping):
                raise _refused(N_("The schema is not understood at {place}: an object is expected."), place)
            if "$ref" in node:
                found = self._referred(node["$ref"], place)
                node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
            elif branches := [key for key in ("anyOf", "oneOf", "allOf") if key in node]:
                node = self._one_branch(node, branches[0], place)
            else:
                return node
        raise _refused(N_("The schema refers to itself without end at {place}."), place)

    def _referred(self, reference: object, place: str) -> Mapping[str, Any]:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise _refused(N_("The schema refers to something outside itself at {place}."), place)
        node: object = self._root
        for part in reference[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping):
            raise _refused(N_("The schema refers to {reference}, which is not in it."), place, reference=reference)
        return node

    def _one_branch(self, node: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
        branches = node[key] if isinstance(node[key], list) else []
        kept = [one for one in branches if not (isinstance(one, Mapping) and one.get("type") == "null")]
        if len(kept) != 1 or not isinstance(kept[0], Mapping):
            raise _refused(N_("The schema leaves a choice between several types at {place}."), place)
        return {**kept[0], **{name: value for name, value in node.items() if name != key}}

    def properties(self, node: Mapping[str, Any], place: str, depth: int) -> tuple[Field, ...]:
        """The fields of an object."""
        properties = node.get("properties", {})
        required = node.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise _refused(N_("The schema is not understood at {place}: an object is expected."), place)
        self._note(node, place)
        return tuple(
            self._field(_text(name, place), value, f"{place}/properties/{name}", depth + 1, name in required)
            for name, value in properties.items()
        )

    def _field(self, name: str, value: object, place: str, depth: int, required: bool) -> Field:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_FIELDS:
            raise _refused(N_("The schema is too deep or has too many fields at {place}."), place)
        node = self.resolved(value, place)
        outer = node
        many = _type(node, place) == "array"
        if many:
            self._note(node, place)
            node = self.resolved(node.get("items", {"type": "string"}), f"{place}/items")
            if _type(node, place) == "array":
                raise _refused(N_("The schema has a list of lists at {place}."), place)
        kind = _kind(node, place)
        below = self.properties(node, place, depth) if kind is Kind.OBJECT else ()
        if kind is Kind.OBJECT and not below:
            raise _refused(N_("The schema names no field ({place})."), place)
        if kind is not Kind.OBJECT:
            self._note(node, place)
        labels = outer.get("x-labels", ())
        return Field(
            name,
            kind,
            many,
            title=_text(outer.get("title", ""), place),
            description=_text(outer.get("description", ""), place, longest=10 * MAX_NAME),
            labels=tuple(_text(label, place) for label in labels) if isinstance(labels, list) else (),
            choices=_choices(node, place),
            fields=below,
            required=required,
        )

    def _note(self, node: Mapping[str, Any], place: str) -> None:
        self.ignored += [f"{place}/{key}" for key in sorted(_RESTRICTING & node.keys())]


def _kind(node: Mapping[str, Any], place: str) -> Kind:
    kind = _type(node, place)
    if "enum" in node or "const" in node:
        return Kind.ENUM
    if kind == "object":
        return Kind.OBJECT
    form = node.get("format")
    if isinstance(form, str) and form in _FORMATS and (kind != "number" or form == Kind.MONEY):
        return _FORMATS[form]
    return _KINDS[kind]


def _type(node: Mapping[str, Any], place: str) -> str:
    """The type of a node, null left aside; told by its keywords where it is not written."""
    said = node.get("type")
    kinds = [one for one in (said if isinstance(said, list) else [said]) if one not in (None, "null")]
    if not kinds and said is None:
        return "object" if "properties" in node else "array" if "items" in node else "string"
    if len(kinds) != 1 or kinds[0] not in {*_KINDS, "object", "array"}:
        raise _refused(N_("The schema leaves a choice between several types at {place}."), place)
    return str(kinds[0])


def _choices(node: Mapping[str, Any], place: str) -> tuple[str, ...]:
    choices = node.get("enum", [node["const"]] if "const" in node else [])
    if not isinstance(choices, list) or len(choices) > _MOST_CHOICES:
        raise _refused(N_("The schema has no list of words to choose from at {place}."), place)
    words = [one for one in choices if one is not None]
    if ("enum" in node or "const" in node) and not (words and all(isinstance(one, str) for one in words)):
        raise _refused(N_("The schema has no list of words to choose from at {place}."), place)
    return tuple(_text(one, place) for one in words)


def _text(value: object, place: str, longest: int = MAX_NAME) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise _refused(N_("The schema has a text that is too long or none at {place}."), place)
    return value


def _refused(sentence: str, place: str, **fields: object) -> UsageError:
    shown = "".join(sign if sign.isprintable() else "?" for sign in place)[: 2 * MAX_NAME]
    return UsageError(sentence, place=shown, remedy=REMEDY, **fields)


def to_json_schema(schema: Schema) -> dict[str, Json]:
    """The JSON Schema that every result meets: all keys are there, a value that was not found is null."""
    made: dict[str, Json] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if schema.title:
        made["title"] = schema.title
    return made | _object(schema.fields, _result_node)


def to_asked_schema(fields: Sequence[Field]) -> dict[str, Json]:
    """The JSON Schema that guides a model: every value as printed, since printed words can be found on the page.

    Only keywords that structured outputs know: type, properties, required, items, enum, anyOf, additionalProperties.
    """
    return _object(fields, _asked_node)


def _object(fields: Sequence[Field], node: Any) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": {field.name: _listed(field, node) for field in fields},
        "required": [field.name for field in fields],
        "additionalProperties": False,
    }


def _listed(field: Field, node: Any) -> dict[str, Json]:
    made: dict[str, Json] = node(field)
    if field.many:
        made = {"type": "array", "items": made}
    about = {"title": field.title, "description": field.description}
    return {**made, **{key: text for key, text in about.items() if text}}


def _result_node(field: Field) -> dict[str, Json]:
    if field.kind is Kind.OBJECT:
        return _object(field.fields, _result_node)
    if field.kind is Kind.ENUM:
        return {"enum": [*field.choices, None]}
    form = field.kind.value if field.kind in _FORMATS.values() else ""
    made: dict[str, Json] = {"type": [_JSON_TYPES.get(field.kind, "string"), "null"]}
    return made | ({"format": form} if form else {})


def _asked_node(field: Field) -> dict[str, Json]:
    if field.kind is Kind.OBJECT:
        return _object(field.fields, _asked_node)
    if field.kind is Kind.ENUM:
        return {"anyOf": [{"type": "string", "enum": [*field.choices]}, {"type": "null"}]}
    kind = "boolean" if field.kind is Kind.BOOL else "string"
    return {"anyOf": [{"type": kind}, {"type": "null"}]}
