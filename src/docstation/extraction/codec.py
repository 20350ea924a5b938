"""Extractions as JSON to be kept, and back: nothing is said in words here, so a result is told in any language later.

Where rules look for a field is not kept: what was extracted is corrected and checked, not looked for again.
"""

from __future__ import annotations

from typing import Any

from docstation.document.geometry import Box
from docstation.document.json_reader import FormatError, JsonObject, Reader, Value
from docstation.extraction.candidates import Path
from docstation.extraction.evidence import Evidence
from docstation.extraction.printed import Scalar
from docstation.extraction.result import Alternative, By, Check, Extraction, Leaf, Outcome, Status
from docstation.extraction.schema import Field, Kind, Schema


def schema_to_json(schema: Schema) -> JsonObject:
    """What was asked for."""
    made: JsonObject = {"name": schema.name, "title": schema.title}
    made |= {"titles": dict(schema.titles)} if schema.titles else {}
    return made | {"fields": [_field_to_json(one) for one in schema.fields]}


def schema_from_json(one: Reader) -> Schema:
    """Back; raises FormatError."""
    fields = tuple(map(_field_from_json, one.children("fields")))
    return Schema(one.text("name"), fields, one.text("title", ""), titles=_titles(one))


def _field_to_json(field: Field) -> JsonObject:
    named: JsonObject = {"name": field.name, "kind": field.kind.value, "many": field.many, "required": field.required}
    texts = {"title": field.title, "description": field.description, "role": field.role}
    named |= {key: text for key, text in texts.items() if text}
    named |= {"titles": dict(field.titles)} if field.titles else {}
    lists: dict[str, list[Value]] = {"labels": [*field.labels], "choices": [*field.choices]}
    lists["fields"] = [_field_to_json(below) for below in field.fields]
    return named | {key: items for key, items in lists.items() if items}


def _field_from_json(one: Reader) -> Field:
    return Field(
        one.text("name"),
        one.choice("kind", Kind),
        one.flag("many"),
        one.text("title", ""),
        one.text("description", ""),
        tuple(one.texts("labels")),
        tuple(one.texts("choices")),
        tuple(map(_field_from_json, one.children("fields"))),
        one.flag("required"),
        one.text("role", ""),
        titles=_titles(one),
    )


def _titles(one: Reader) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(text)) for name, text in one.child("titles").value.items()) if one.has("titles") else ()


def extraction_to_json(extraction: Extraction) -> JsonObject:
    """Everything but the schema, which `schema_to_json` keeps."""
    return {
        "source": extraction.source,
        "pages": extraction.pages,
        "model": extraction.model,
        "unanswered": [*extraction.unanswered],
        "leaves": [_leaf_to_json(leaf) for leaf in extraction.leaves],
        "checks": [_check_to_json(check) for check in extraction.checks],
    }


def extraction_from_json(one: Reader, schema: Schema) -> Extraction:
    """Back; raises FormatError where it does not fit the schema."""
    return Extraction(
        one.text("source"),
        schema,
        tuple(_leaf_from_json(leaf, schema) for leaf in one.children("leaves")),
        tuple(map(_check_from_json, one.children("checks"))),
        one.integer("pages"),
        one.text("model", ""),
        tuple(int(number) for number in one.numbers("unanswered")),
    )


def field_at(schema: Schema, path: Path) -> Field | None:
    """The field of a leaf's path; None where the schema has no such one."""
    fields, found = schema.fields, None
    for part in path:
        if isinstance(part, str):
            found = next((one for one in fields if one.name == part), None)
            if found is None:
                return None
            fields = found.fields
    return found


def _leaf_to_json(leaf: Leaf) -> JsonObject:
    made: JsonObject = {
        "path": [*leaf.path],
        "value": leaf.value,
        "printed": leaf.printed,
        "status": leaf.status.value,
        "by": leaf.by,
        "confidence": leaf.confidence,
        "evidence": _evidence_to_json(leaf.evidence),
    }
    if leaf.alternatives:
        made["alternatives"] = [
            {"value": one.value, "printed": one.printed, "evidence": _evidence_to_json(one.evidence)}
            for one in leaf.alternatives
        ]
    return made | ({"reason": leaf.reason} if leaf.reason else {})


def _leaf_from_json(one: Reader, schema: Schema) -> Leaf:
    path = _path(one.value.get("path"), one.place)
    field = field_at(schema, path)
    by = one.text("by", "rules")
    if field is None or by not in ("rules", "model", "person"):
        raise FormatError(f"{one.place}: a field of the schema is expected")
    finder: By = "model" if by == "model" else "person" if by == "person" else "rules"
    return Leaf(
        path,
        field,
        _scalar(one),
        one.text("printed", ""),
        one.choice("status", Status),
        _evidence_from_json(one),
        one.number("confidence", 0.0),
        tuple(
            Alternative(_scalar(other), other.text("printed", ""), _evidence_from_json(other))
            for other in one.children("alternatives")
        ),
        one.text("reason", ""),
        finder,
    )


def _path(value: Any, place: str) -> Path:
    if not isinstance(value, list) or not all(isinstance(part, str | int) for part in value):
        raise FormatError(f"{place}.path: names and numbers are expected")
    return tuple(value)


def _scalar(one: Reader) -> Scalar:
    value = one.value.get("value")
    if isinstance(value, list | dict):
        raise FormatError(f"{one.place}.value: a plain value is expected")
    return value


def _evidence_to_json(evidence: Evidence | None) -> JsonObject | None:
    if evidence is None:
        return None
    return {
        "page": evidence.page,
        "boxes": [_corners(box) for box in (evidence.box, *evidence.boxes)],
        "text": evidence.text,
        "score": evidence.score,
        "block": evidence.block,
        "reading": evidence.reading,
    }


def _corners(box: Box) -> list[Value]:
    box = box.rounded()
    return [box.x0, box.y0, box.x1, box.y1]


def _evidence_from_json(above: Reader) -> Evidence | None:
    if not above.has("evidence"):
        return None
    one = above.child("evidence")
    listed = one.value.get("boxes")
    boxes = [
        Box(*Reader({"box": corners}, one.place).numbers("box", 4))
        for corners in (listed if isinstance(listed, list) else [])
    ]
    if not boxes:
        raise FormatError(f"{one.place}.boxes: at least one box is expected")
    score, reading = one.number("score"), one.number("reading", 1.0)
    return Evidence(
        one.integer("page"), boxes[0], tuple(boxes[1:]), one.text("text"), score, one.text("block"), reading
    )


def _check_to_json(check: Check) -> JsonObject:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "paths": [[*path] for path in check.paths],
        "sentence": check.sentence,
        "fields": dict(check.fields),
    }


def _check_from_json(one: Reader) -> Check:
    listed = one.value.get("paths")
    paths = tuple(_path(path, one.place) for path in (listed if isinstance(listed, list) else []))
    fields = tuple((name, str(value)) for name, value in one.child("fields").value.items())
    return Check(one.text("name"), one.choice("outcome", Outcome), paths, one.text("sentence"), fields)
