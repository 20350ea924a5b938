"""The parts of the extraction page that need no browser: rows as a schema, values as they are shown, its main path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pdf_samples import written
from streamlit.testing.v1 import AppTest
from web_process import WebService, eventually

from docstation import messages
from docstation.client.extraction_records import ExtractedField, Extraction, ExtractionCheck
from docstation.errors import UsageError
from docstation.extraction.json_schema import from_json_schema
from docstation.extraction.schema import Kind
from docstation.testing import business
from docstation.web.extract import values
from docstation.web.extract.field_rows import KINDS, FieldRow, schema_of_rows
from docstation.web.extract.wanting import wanted_text


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    messages.use("en")
    yield
    messages.use("en")


def value(path: str, said: object = "x", **more: object) -> ExtractedField:
    given = {"title": "", "kind": "text", "printed": "", "status": "found", "by": "rules", "confidence": 0.9, **more}
    return ExtractedField(path=path, value=said, **given)  # type: ignore[arg-type]


def extraction(*fields: ExtractedField, checks: tuple[ExtractionCheck, ...] = (), name: str = "a.pdf") -> Extraction:
    schema = {"properties": {"items": {"title": "Rows"}}}
    return Extraction(
        "e", "d", name, 0.0, 0.0, "done", 1, 1, "", "t", schema, "", {}, fields, checks, (), ()
    )  # fmt: skip


def test_rows_become_the_fields_that_they_name() -> None:
    rows = [FieldRow(f"field {kind}", kind) for kind in KINDS]
    made = from_json_schema(schema_of_rows(rows))
    assert [(one.name, one.kind.value) for one in made.fields] == [(f"field {kind}", kind) for kind in KINDS]


def test_rows_of_a_list_become_its_columns() -> None:
    rows = [
        FieldRow("number", description="after №"),
        FieldRow("name", list="items"),
        FieldRow(" "),
        FieldRow("price", "money", list="items"),
    ]
    number, items = from_json_schema(schema_of_rows(rows)).fields
    assert number.description == "after №"
    assert (items.name, items.kind, items.many) == ("items", Kind.OBJECT, True)
    assert [(one.name, one.kind) for one in items.fields] == [("name", Kind.TEXT), ("price", Kind.MONEY)]


def test_a_row_named_like_a_list_does_not_break_it() -> None:
    made = schema_of_rows([FieldRow("items"), FieldRow("price", "money", list="items")])
    assert made["properties"] == {"items": {"type": "string"}}


def test_text_is_a_schema_where_it_begins_like_one() -> None:
    assert wanted_text("number, date date").fields == "number, date date"
    assert wanted_text('{"properties": {}}').schema == {"properties": {}}
    with pytest.raises(UsageError):
        wanted_text("{" * 100_000)


def test_values_are_written_as_people_write_them() -> None:
    assert values.shown(1234567.5, "money") == "1,234,567.50"
    assert values.shown("2026-11-25", "date") == "2026-11-25"
    assert values.shown(True) == "yes"
    messages.use("ru")
    assert values.shown(1234567.5, "money") == "1\u00a0234\u00a0567,50"
    assert values.shown("2026-11-25", "date") == "25.11.2026"
    assert values.shown(None) == ""


def test_a_list_is_a_grid_whose_doubtful_rows_are_marked() -> None:
    check = ExtractionCheck("row", "failed", ("items[1].price",), "does not add up")
    made = extraction(
        value("number"),
        value("items[0].name", "a", title="Name"),
        value("items[0].price", 1.0, kind="money", title="Price"),
        value("items[1].name", "b", title="Name"),
        value("items[1].price", 2.0, kind="money", title="Price"),
        checks=(check,),
    )
    (listed,) = values.lists(made)
    assert (listed.title, listed.rows) == ("Rows", (0, 1))
    assert values.grid(listed, made) == {"": ["", "⚠"], "Name": ["a", "b"], "Price": ["1.00", "2.00"]}
    assert [one.path for one in values.singles(made)] == ["number"]


def test_many_documents_are_one_table() -> None:
    first = extraction(value("number", "1"), value("items[0]", "x"), name="a.pdf")
    second = extraction(value("number", "2"), value("items[0]", "y"), value("items[1]", "z"), name="b.pdf")
    assert values.table([first, second]) == {"File": ["a.pdf", "b.pdf"], "number": ["1", "2"]}
    assert values.table([first, second], "items") == {"File": ["a.pdf", "b.pdf", "b.pdf"], "items": ["x", "y", "z"]}


@pytest.mark.parametrize(
    ("one", "outcome", "expected"),
    [
        (value("a"), "ok", values.GOOD),
        (value("a"), "doubtful", values.DOUBT),
        (value("a"), "failed", values.BAD),
        (value("a", confidence=0.4), "ok", values.DOUBT),
        (value("a", confidence=0.4, status="corrected"), "ok", values.GOOD),
        (value("a", status="unproven"), "ok", values.BAD),
        (value("a", None, status="missing"), "ok", values.NONE),
    ],
)
def test_colours_say_how_much_a_value_is_to_be_trusted(one: ExtractedField, outcome: str, expected: str) -> None:
    assert values.colour(one, [ExtractionCheck("c", outcome, ("a",), "said")]) == expected


def test_an_invoice_is_extracted_from_the_page(
    app: Callable[..., AppTest], service: WebService, tmp_path: Path
) -> None:
    drawn = business.draw(business.Kind.INVOICE, 11)
    id = service.read(written(tmp_path, "Счёт 11.pdf", drawn.pdf))
    page = app("en").run().switch_page("app_pages/extract.py").run()
    assert not page.exception
    page.multiselect(key="extract_documents").set_value([id]).run()
    page.selectbox(key="extract_preset").set_value("счёт").run()
    page.button(key="extract_go").click().run()

    def shown() -> bool:
        assert not page.run().exception
        return any("Счёт 11.pdf" in one.value for one in page.markdown) and bool(page.tabs)

    eventually(shown, 30)
    (made,) = service.client.extractions(id)
    assert made.values["number"] == drawn.fields["number"]


def test_without_a_document_there_is_a_sample() -> None:
    from docstation.web.extract.choosing import sample

    name, content = sample()
    assert name.endswith(".pdf")
    assert content.startswith(b"%PDF")
