"""The JSON form of corrections, as they are stored and sent, and the way back."""

from __future__ import annotations

from docstation.document.codec import Json, table_from_json, table_to_json
from docstation.document.corrections import Correction
from docstation.document.geometry import Box
from docstation.document.json_reader import Reader, Value
from docstation.document.model import Category


def correction_to_json(one: Correction) -> Json:
    """What is given of a correction; what is as it was read is left out."""
    value: Json = {"block": one.block, "page": one.page, "box": [one.box.x0, one.box.y0, one.box.x1, one.box.y1]}
    if one.text is not None:
        value["text"] = one.text
    if one.category is not None:
        value["category"] = one.category.value
    if one.level is not None:
        value["level"] = one.level
    if one.table is not None:
        value["table"] = table_to_json(one.table)
    if one.cells:
        value["cells"] = [{"row": row, "column": column, "text": text} for (row, column), text in one.cells.items()]
    value |= {name: True for name, given in (("removed", one.removed), ("added", one.added)) if given}
    if one.after:
        value["after"] = one.after
    return value


def correction_from_json(value: Value) -> Correction:
    """The correction that `correction_to_json` wrote; raises FormatError for anything else."""
    reader = Reader.of(value, "correction")
    x0, y0, x1, y1 = reader.numbers("box", 4)
    return Correction(
        block=reader.text("block"),
        page=reader.integer("page"),
        box=Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)),
        text=reader.text("text") if reader.has("text") else None,
        category=reader.choice("category", Category) if reader.has("category") else None,
        level=reader.integer("level") if reader.has("level") else None,
        table=table_from_json(reader.value["table"]) if reader.has("table") else None,
        cells={(cell.integer("row"), cell.integer("column")): cell.text("text") for cell in reader.children("cells")},
        removed=reader.flag("removed"),
        added=reader.flag("added"),
        after=reader.text("after", ""),
    )
