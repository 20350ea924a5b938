"""The stable JSON form of documents and pages, and the way back.

Written by the JSON export, read by everything that takes up finished work again; `document.schema.json` beside this
file describes it. Standard library only: values in, JSON values out; no file is opened here.

Version ``major.minor``: a reader accepts every minor version of its own major and ignores keys that it does not know;
a newer major version is refused. Coordinates are written in points with two decimals, confidences with three, so a
value that went through the form once goes through it unchanged ever after.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias

from docstation.document.geometry import Box
from docstation.document.json_reader import FormatError, JsonObject, Reader, Value
from docstation.document.model import (
    Attempt,
    Block,
    Category,
    Document,
    Element,
    Page,
    PageStatus,
    Picture,
    Source,
    TextLayer,
)
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word

FORMAT = "docstation.document"
FORMAT_VERSION = "1.0"

Json: TypeAlias = JsonObject
"""A JSON object with plain strings, numbers, booleans, lists and objects as values."""


class NewerFormat(FormatError):
    """The file was written by a newer release, in a form that this one cannot read."""


def to_json(document: Document) -> Json:
    """The JSON form of a document; keys in a fixed order."""
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "source": {
            "name": document.source.name,
            "sha256": document.source.sha256,
            "media_type": document.source.media_type,
            "page_count": document.source.page_count,
        },
        "pages": [page_to_json(page) for page in document.pages],
        "body": [_element(element) for element in document.body],
    }


def from_json(value: Value) -> Document:
    """The document that `to_json` wrote.

    Raises:
        NewerFormat: for a newer major version.
        FormatError: for anything else that is not such a document; its text names the place.
    """
    reader = Reader.of(value, "document")
    if reader.text("format", "") != FORMAT:
        raise FormatError(f"not a {FORMAT} file")
    _check_version(reader.text("version"))
    source = reader.child("source")
    return Document(
        Source(source.text("name"), source.text("sha256"), source.text("media_type"), source.integer("page_count")),
        tuple(_read_page(page) for page in reader.children("pages")),
        tuple(_read_element(element) for element in reader.children("body")),
    )


def page_to_json(page: Page) -> Json:
    """The JSON form of a single page."""
    value: Json = {
        "number": page.number,
        "width": _points(page.width),
        "height": _points(page.height),
        "status": page.status.value,
        "reason": page.reason,
        "rotation": page.rotation,
        "skew": round(page.skew, 3) + 0.0,
        "text_layer": page.text_layer.value,
        "blank": page.blank,
        "engine": page.engine,
    }
    if page.attempts:
        value["attempts"] = [_attempt(one) for one in page.attempts]
    value["blocks"] = [_block(block) for block in page.blocks]
    return value


def page_from_json(value: Value) -> Page:
    """The page that `page_to_json` wrote; raises `FormatError` for anything else."""
    return _read_page(Reader.of(value, "page"))


def dumps(value: Json) -> bytes:
    """Compact UTF-8 JSON; the same value gives the same bytes. Raises ValueError for numbers that are not finite."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def pretty(value: Json) -> Iterator[str]:
    """Readable JSON in pieces: two spaces a level, whatever holds no further object or long list on one line."""
    yield from _pretty(value, "")
    yield "\n"


def loads(data: bytes | str) -> Value:
    """Parse JSON; raises `FormatError` where it is none."""
    try:
        value: Value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}") from error
    return value


def _check_version(version: str) -> None:
    major = version.partition(".")[0]
    if not (major.isascii() and major.isdigit()):
        raise FormatError(f"version: {version!r} is none")
    if int(major) > int(FORMAT_VERSION.partition(".")[0]):
        raise NewerFormat(f"version {version} is newer than {FORMAT_VERSION}, the newest that can be read")


def _pretty(value: Value, indent: str) -> Iterator[str]:
    if not isinstance(value, dict | list) or _is_flat(value):
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    items = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    comma = opening + "\n"
    for key, item in items:
        yield comma + indent + "  "
        if key is not None:
            yield json.dumps(key, ensure_ascii=False) + ": "
        yield from _pretty(item, indent + "  ")
        comma = ",\n"
    yield "\n" + indent + closing


def _is_flat(value: dict[str, Value] | list[Value]) -> bool:
    """Whether it goes on one line: scalars, and lists of scalars such as boxes."""
    items = value.values() if isinstance(value, dict) else value
    return not any(
        isinstance(item, dict) or (isinstance(item, list) and any(isinstance(part, dict | list) for part in item))
        for item in items
    )


def _points(value: float) -> float:
    # Adding zero turns a negative zero into a plain one.
    return round(float(value), 2) + 0.0


def _share(value: float) -> float:
    return round(float(value), 3) + 0.0


def _box(box: Box) -> list[Value]:
    return [_points(box.x0), _points(box.y0), _points(box.x1), _points(box.y1)]


def _attempt(one: Attempt) -> Json:
    value: Json = {
        "step": one.step,
        "end": one.end,
        "model": one.model,
        "blocks": one.blocks,
        "covered": _share(one.covered),
        "tokens": one.tokens,
        "seconds": _points(one.seconds),
    }
    if one.problem:
        value["problem"] = one.problem
    return value


def _block(block: Block) -> Json:
    value: Json = {
        "id": block.id,
        "category": block.category.value,
        "box": _box(block.box),
        "level": block.level,
        "confidence": _share(block.confidence),
        "origin": block.origin.value,
        "text": block.text,
    }
    _add_parts(value, block.table, block.picture)
    value["lines"] = [{"words": [_word(word) for word in line.words]} for line in block.lines]
    return value


def _word(word: Word) -> Json:
    """Text and box always; what equals its default is left out, words being most of a file."""
    value: Json = {"text": word.text, "box": _box(word.box)}
    if (confidence := _share(word.confidence)) != 1:
        value["confidence"] = confidence
    if word.origin is not Origin.TEXT_LAYER:
        value["origin"] = word.origin.value
    if size := _points(word.font_size):
        value["font_size"] = size
    if word.bold:
        value["bold"] = True
    if word.italic:
        value["italic"] = True
    return value


def _element(element: Element) -> Json:
    value: Json = {
        "category": element.category.value,
        "level": element.level,
        "pages": list(element.pages),
        "blocks": list(element.blocks),
        "text": element.text,
    }
    _add_parts(value, element.table, element.picture)
    return value


def _add_parts(value: Json, table: Table | None, picture: Picture | None) -> None:
    if table is not None:
        value["table"] = table_to_json(table)
    if picture is not None:
        value["picture"] = {"file": picture.file, "width": picture.width, "height": picture.height}


def table_to_json(table: Table) -> Json:
    """The JSON form of a table: size, and cells in row-major order with what differs from a plain cell."""
    return {"rows": table.rows, "columns": table.columns, "cells": [_cell(cell) for cell in table.cells]}


def table_from_json(value: Value) -> Table:
    """The table that `table_to_json` wrote; raises `FormatError` for anything else."""
    return _table(Reader.of(value, "table"))


def _cell(cell: Cell) -> Json:
    value: Json = {"row": cell.row, "column": cell.column, "text": cell.text}
    if cell.rowspan != 1:
        value["rowspan"] = cell.rowspan
    if cell.colspan != 1:
        value["colspan"] = cell.colspan
    if cell.header:
        value["header"] = True
    if cell.box is not None:
        value["box"] = _box(cell.box)
    if (confidence := _share(cell.confidence)) != 1:
        value["confidence"] = confidence
    return value


def _read_attempt(reader: Reader) -> Attempt:
    return Attempt(
        step=reader.text("step"),
        end=reader.text("end"),
        model=reader.text("model"),
        blocks=reader.integer("blocks", 0),
        covered=reader.number("covered", 0.0),
        tokens=reader.integer("tokens", 0),
        seconds=reader.number("seconds", 0.0),
        problem=reader.text("problem", ""),
    )


def _read_page(reader: Reader) -> Page:
    return Page(
        number=reader.integer("number"),
        width=reader.number("width"),
        height=reader.number("height"),
        blocks=tuple(_read_block(block) for block in reader.children("blocks")),
        status=reader.choice("status", PageStatus),
        reason=reader.text("reason", ""),
        rotation=reader.integer("rotation", 0),
        skew=reader.number("skew", 0.0),
        text_layer=reader.choice("text_layer", TextLayer, TextLayer.ABSENT),
        blank=reader.flag("blank"),
        engine=reader.text("engine", ""),
        attempts=tuple(_read_attempt(one) for one in reader.children("attempts")),
    )


def _read_block(reader: Reader) -> Block:
    return Block(
        id=reader.text("id"),
        category=reader.choice("category", Category),
        box=_read_box(reader.numbers("box", 4)),
        text=reader.text("text", ""),
        lines=tuple(_read_line(line) for line in reader.children("lines")),
        table=_read_table(reader),
        picture=_read_picture(reader),
        level=reader.integer("level", 0),
        confidence=reader.number("confidence", 1.0),
        origin=reader.choice("origin", Origin, Origin.ENGINE),
    )


def _read_line(reader: Reader) -> Line:
    words = tuple(_read_word(word) for word in reader.children("words"))
    if not words:
        raise FormatError(f"{reader.place}: a line has at least one word")
    return Line(words)


def _read_word(reader: Reader) -> Word:
    return Word(
        text=reader.text("text"),
        box=_read_box(reader.numbers("box", 4)),
        confidence=reader.number("confidence", 1.0),
        origin=reader.choice("origin", Origin, Origin.TEXT_LAYER),
        font_size=reader.number("font_size", 0.0),
        bold=reader.flag("bold"),
        italic=reader.flag("italic"),
    )


def _read_element(reader: Reader) -> Element:
    return Element(
        category=reader.choice("category", Category),
        text=reader.text("text", ""),
        blocks=tuple(reader.texts("blocks")),
        pages=tuple(int(number) for number in reader.numbers("pages")),
        level=reader.integer("level", 0),
        table=_read_table(reader),
        picture=_read_picture(reader),
    )


def _read_table(reader: Reader) -> Table | None:
    if not reader.has("table"):
        return None
    return _table(reader.child("table"))


def _table(reader: Reader) -> Table:
    cells = [_read_cell(cell) for cell in reader.children("cells")]
    try:
        return Table.of_cells(cells)
    except ValueError as error:
        raise FormatError(f"{reader.place}: {error}") from error


def _read_cell(reader: Reader) -> Cell:
    return Cell(
        row=reader.integer("row"),
        column=reader.integer("column"),
        rowspan=reader.integer("rowspan", 1, least=1),
        colspan=reader.integer("colspan", 1, least=1),
        text=reader.text("text", ""),
        header=reader.flag("header"),
        box=_read_box(reader.numbers("box", 4)) if reader.has("box") else None,
        confidence=reader.number("confidence", 1.0),
    )


def _read_picture(reader: Reader) -> Picture | None:
    if not reader.has("picture"):
        return None
    picture = reader.child("picture")
    return Picture(picture.text("file", ""), picture.integer("width", 0), picture.integer("height", 0))


def _read_box(numbers: list[float]) -> Box:
    x0, y0, x1, y1 = numbers
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
