"""What is kept of an extraction comes back whole, and what a person says is checked like what was found."""

from __future__ import annotations

import json

import pytest
from extraction_samples import PRESETS, document_of, written
from jsonschema import Draft202012Validator

from docstation.document.json_reader import FormatError, Reader
from docstation.errors import NotFound, UsageError
from docstation.extraction.codec import extraction_from_json, extraction_to_json, schema_from_json, schema_to_json
from docstation.extraction.correcting import corrected
from docstation.extraction.extract import extract
from docstation.extraction.forms import schema_of
from docstation.extraction.json_schema import to_json_schema
from docstation.extraction.presets import preset
from docstation.extraction.result import Outcome, Status
from docstation.extraction.titles import extraction_in
from docstation.testing.business import Kind, draw


def again(extraction):
    """The extraction as it comes back from where it was kept."""
    schema, body = (
        json.loads(json.dumps(one, ensure_ascii=False))
        for one in (schema_to_json(extraction.schema), extraction_to_json(extraction))
    )
    return extraction_from_json(Reader.of(body, "kept"), schema_from_json(Reader.of(schema, "schema")))


def drawn(kind: Kind, seed: int = 3):
    paper = draw(kind, seed)
    return paper.document, extract(paper.document, preset(PRESETS[kind.value]))


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_kept_comes_back(kind):
    _document, extraction = drawn(kind)
    back = again(extraction)
    assert back.as_json(str.format) == extraction.as_json(str.format)
    assert to_json_schema(back.schema) == to_json_schema(extraction.schema)
    for language in ("ru", "en"):
        shown = extraction_in(extraction, language).as_json(str.format)
        assert extraction_in(back, language).as_json(str.format) == shown
    assert extraction_in(back, "ru").as_json(str.format) != extraction_in(back, "en").as_json(str.format)
    assert [leaf.field.role for leaf in back.leaves] == [leaf.field.role for leaf in extraction.leaves]


def test_a_kept_value_of_no_field_is_refused():
    _document, extraction = drawn(Kind.ACT)
    body = extraction_to_json(extraction)
    body["leaves"][0]["path"] = ["nothing"]
    with pytest.raises(FormatError):
        extraction_from_json(Reader.of(body, "kept"), extraction.schema)


def test_a_corrected_value_has_its_place_and_its_checks():
    document, extraction = drawn(Kind.INVOICE)
    extraction = again(extraction)
    inn = extraction.values["seller_inn"]
    wrong = corrected(extraction, document, {"seller_inn": inn[:-1] + str((int(inn[-1]) + 1) % 10)})
    assert any(check.outcome is Outcome.FAILED for check in wrong.checks)
    right = corrected(wrong, document, {"seller_inn": f" {inn} "})
    assert right.checks == extraction.checks
    leaf = next(leaf for leaf in right.leaves if leaf.path == ("seller_inn",))
    assert (leaf.value, leaf.status, leaf.by, leaf.evidence.page) == (inn, Status.CORRECTED, "person", 1)


def test_values_are_understood_as_people_and_as_json_write_them():
    document = document_of(written("Сумма 1 200,50", "Дата 5 июня 2020 г.", "Да"))
    extraction = extract(document, schema_of("сумма money, дата date, подписан bool, вид enum(счёт|акт), метки[]"))
    said = {"сумма": 1200.5, "дата": "05.06.2020", "подписан": True, "вид": "АКТ", "метки[0]": "a"}
    made = corrected(extraction, document, said)
    assert made.values == {
        "сумма": 1200.5,
        "дата": "2020-06-05",
        "подписан": True,
        "вид": "акт",
        "метки": ["a"],
    }
    assert made.leaves[0].evidence.text == "1 200,50"
    assert corrected(made, document, {"сумма": "1 200,50", "дата": None}).values["дата"] is None
    Draft202012Validator(to_json_schema(made.schema)).validate(made.values)


def test_a_list_takes_a_row_at_its_end_and_nowhere_else():
    document = document_of(written("пусто"))
    extraction = extract(document, schema_of("строки[]: имя, цена money"))
    made = corrected(extraction, document, {"строки[0].имя": "a", "строки[0].цена": "1,50", "строки[1].имя": "b"})
    assert made.values == {"строки": [{"имя": "a", "цена": 1.5}, {"имя": "b", "цена": None}]}
    with pytest.raises(NotFound):
        corrected(made, document, {"строки[3].имя": "x"})


@pytest.mark.parametrize(
    ("path", "value"), [("сумма", "много"), ("сумма", True), ("дата", 7), ("вид", "накладная"), ("подписан", "кто")]
)
def test_what_is_none_of_its_kind_is_refused(path, value):
    document = document_of(written("пусто"))
    extraction = extract(document, schema_of("сумма money, дата date, подписан bool, вид enum(счёт|акт)"))
    with pytest.raises(UsageError, match=path):
        corrected(extraction, document, {path: value})


def test_checks_call_values_as_their_reader_does():
    document, extraction = drawn(Kind.INVOICE)
    wrong = corrected(extraction, document, {"total": "1,00", "items[0].amount": "2,00"})
    for language, names in (("ru", ("Всего: ", "Позиции 1: Сумма: ")), ("en", ("Total: ", "Items 1: Amount: "))):
        said = [one["message"] for one in extraction_in(wrong, language).as_json(str.format)["checks"]]
        for name in names:
            assert any(one.startswith(name) for one in said)
        assert not any("items[" in one for one in said)
