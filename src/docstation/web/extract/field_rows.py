"""Rows of a form, a field each, as a JSON Schema. Pure.

A row that names a list is a column of it: ``price`` of ``items`` in each of the list's rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.messages import translate
from docstation.messages.marking import N_

KINDS = {
    "text": N_("text"),
    "number": N_("number"),
    "integer": N_("whole number"),
    "money": N_("sum of money"),
    "date": N_("date"),
    "bool": N_("yes or no"),
    "inn": N_("INN"),
    "kpp": N_("KPP"),
    "bik": N_("BIK"),
    "ogrn": N_("OGRN"),
    "account": N_("account number"),
}
"""What a value may be, as people call it."""
_TYPES = {"number": "number", "integer": "integer", "money": "number", "bool": "boolean"}
_PLAIN = frozenset({"text", "number", "integer", "bool"})

Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A row.

    Attributes:
        name: of the field; a row without one is none.
        kind: key of `KINDS`.
        description: for the model, and labels that stand beside the value.
        list: name of the list that it is a column of; empty for a field of its own.
    """

    name: str
    kind: str = "text"
    description: str = ""
    list: str = ""


def schema_of_rows(rows: Sequence[FieldRow]) -> Node:
    """The JSON Schema of an object with these fields, in their order; without any where no row has a name."""
    properties: dict[str, Node] = {}
    for row in rows:
        name, above = row.name.strip(), row.list.strip()
        if not name:
            continue
        if not above:
            properties[name] = _node(row)
            continue
        listed = properties.setdefault(above, {"type": "array", "items": {"type": "object", "properties": {}}})
        items = listed.get("items")
        columns = items.get("properties") if isinstance(items, dict) else None
        if isinstance(columns, dict):
            columns[name] = _node(row)
    return {"type": "object", "properties": properties, "required": list(properties)}


def _node(row: FieldRow) -> Node:
    kind = row.kind if row.kind in KINDS else "text"
    node: Node = {"type": _TYPES.get(kind, "string")}
    if kind not in _PLAIN:
        node["format"] = kind
    if row.description.strip():
        node["description"] = row.description.strip()
    return node


def kind_label(kind: object) -> str:
    """A kind as people call it, in the active language."""
    return translate(KINDS.get(str(kind), str(kind)))
