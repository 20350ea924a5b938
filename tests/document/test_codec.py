"""The JSON form: the way there and back, its schema, and what is refused."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents, hostile_texts, pages

from docstation.document import codec
from docstation.document.codec import NewerFormat, from_json, page_from_json, page_to_json, to_json
from docstation.document.geometry import Box
from docstation.document.json_reader import FormatError
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.table import Cell, Table

SCHEMA = json.loads(files("docstation.document").joinpath("document.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SOURCE = Source("a.pdf", "0" * 64, "application/pdf", 1)


@given(documents(hostile_texts))
@settings(max_examples=60, deadline=None)
def test_a_document_comes_back_as_it_was_and_follows_the_schema(document: Document) -> None:
    value = json.loads(codec.dumps(to_json(document)))
    assert from_json(value) == document
    VALIDATOR.validate(value)


@given(pages(text=hostile_texts))
@settings(max_examples=60, deadline=None)
def test_a_page_comes_back_and_gives_the_same_bytes(page: Page) -> None:
    first = codec.dumps(page_to_json(page))
    again = page_from_json(codec.loads(first))
    assert again == page
    assert codec.dumps(page_to_json(again)) == first


@given(documents())
@settings(max_examples=30, deadline=None)
def test_the_readable_spelling_holds_the_same_value(document: Document) -> None:
    value = to_json(document)
    assert json.loads("".join(codec.pretty(value))) == value


@given(st.floats(-1e4, 1e4), st.floats(0, 1))
def test_what_is_rounded_once_stays(x: float, confidence: float) -> None:
    page = Page(1, x, x, (Block("p1-b1", Category.TEXT, Box(x, x, x, x), confidence=confidence),), skew=x)
    once = page_from_json(page_to_json(page))
    assert page_from_json(page_to_json(once)) == once
    assert abs(once.width - x) <= 0.0051
    assert abs(once.blocks[0].confidence - confidence) <= 0.00051


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_newer_minor_version_is_read_and_its_new_keys_ignored() -> None:
    value: dict[str, Any] = {**to_json(Document(SOURCE, ())), "version": "1.9", "novelty": [1]}
    assert from_json(value) == Document(SOURCE, ())


def test_a_newer_major_version_is_refused_by_name() -> None:
    with pytest.raises(NewerFormat, match=r"2\.0"):
        from_json({**to_json(Document(SOURCE, ())), "version": "2.0"})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"format": "other"}, "not a docstation.document file"),
        ({"version": "new"}, "version"),
        ({"source": None}, "document.source"),
        ({"pages": {}}, "document.pages"),
        ({"pages": [{"number": "1"}]}, r"document\.pages\[0\]\.number"),
        ({"pages": [{"number": 1, "width": True, "height": 1}]}, "width"),
        ({"body": [{"category": "Poem"}]}, r"document\.body\[0\]\.category"),
        ({"body": [{"category": "Text", "blocks": [1]}]}, "blocks"),
        ({"body": [{"category": "Table", "table": {"cells": [{"row": 0, "column": 0, "rowspan": 0}]}}]}, "rowspan"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(FormatError, match=place):
        from_json({**to_json(Document(SOURCE, ())), **change})


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        codec.loads(data)


def test_absurd_spans_are_refused() -> None:
    value = {"cells": [{"row": 0, "column": 0, "text": "", "rowspan": 10**9, "colspan": 10**9}]}
    document = {**to_json(Document(SOURCE, ())), "body": [{"category": "Table", "table": value}]}
    with pytest.raises(FormatError, match="table"):
        from_json(document)


def test_a_table_is_written_as_readable_cells() -> None:
    table = Table.of_cells([Cell(0, 0, 1, 2, "Итого", header=True, box=Box(1, 2, 3.456, 4)), Cell(1, 0, text="1")])
    assert codec.table_to_json(table) == {
        "rows": 2,
        "columns": 2,
        "cells": [
            {"row": 0, "column": 0, "text": "Итого", "colspan": 2, "header": True, "box": [1.0, 2.0, 3.46, 4.0]},
            {"row": 1, "column": 0, "text": "1"},
            {"row": 1, "column": 1, "text": ""},
        ],
    }


def test_keys_stand_in_a_fixed_order() -> None:
    assert list(to_json(Document(SOURCE, ()))) == ["format", "version", "source", "pages", "body"]


def test_a_lone_surrogate_does_not_stop_writing() -> None:
    page = Page(1, 1, 1, (Block("p1-b1", Category.TEXT, Box(0, 0, 1, 1), text="a\ud800b"),))
    assert b"a?b" in codec.dumps(page_to_json(page))
