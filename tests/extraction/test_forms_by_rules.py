"""Drawn business papers: what the rules read from them is what was drawn."""

from random import Random

import pytest
from extraction_samples import PRESETS, document_of, misprinted, written
from jsonschema import Draft202012Validator

import docstation
from docstation.document.model import Document
from docstation.extraction.extract import extract
from docstation.extraction.folding import compact
from docstation.extraction.forms import schema_of
from docstation.extraction.json_schema import to_json_schema
from docstation.extraction.presets import preset
from docstation.extraction.printed import parsed
from docstation.extraction.result import Extraction, Outcome, Status
from docstation.extraction.schema import Kind
from docstation.testing.business import Kind as Paper
from docstation.testing.business import draw
from docstation.testing.drawn import Drawn

LEGAL_FORMS = {
    "обществосограниченнойответственностью": "ооо", "публичноеакционерноеобщество": "пао",
    "закрытоеакционерноеобщество": "зао", "акционерноеобщество": "ао",
}  # fmt: skip


def named(text: object) -> str:
    """A company's name with its legal form shortened: papers print either."""
    said = compact(str(text))
    for long, short in LEGAL_FORMS.items():
        said = said.replace(compact(long), compact(short))
    return said


def wrong_fields(kind: Paper, drawn: Drawn, extraction: Extraction) -> list[str]:
    values = extraction.values
    fields = {field.name: field for field in preset(PRESETS[kind]).fields}
    wrong = []
    for key, printed in drawn.fields.items():
        if fields[key].kind is Kind.TEXT:
            same = named(values[key]) == named(printed)
        else:
            same = values[key] == parsed(fields[key], printed)
        if not same:
            wrong.append(f"{drawn.name} {key}: {values[key]!r} for {printed!r}")
    return wrong


@pytest.mark.parametrize("kind", list(Paper))
def test_papers_read_by_the_embedded_engine_give_their_fields(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCSTATION_HOME", str(tmp_path))
    drawn = draw(kind, 211)
    file = tmp_path / "paper.pdf"
    file.write_bytes(drawn.pdf)
    extraction = extract(docstation.read(file, jobs=1), preset(PRESETS[kind]))
    assert wrong_fields(kind, drawn, extraction) == []
    assert extraction.failed == ()
    assert extraction.missing == ()
    Draft202012Validator(to_json_schema(extraction.schema)).validate(extraction.values)


@pytest.mark.parametrize("kind", list(Paper))
def test_papers_of_many_seeds_give_their_fields(kind):
    wrong, count = [], 0
    for seed in range(300, 312):
        drawn = draw(kind, seed)
        wrong += wrong_fields(kind, drawn, extract(drawn.document, preset(PRESETS[kind])))
        count += len(drawn.fields)
    assert len(wrong) / count <= 0.02, wrong


def test_a_wrong_digit_that_was_read_is_told():
    random, caught, count = Random(5), 0, 0
    for seed in range(5):
        for kind in (Paper.INVOICE, Paper.UPD):
            document = draw(kind, 400 + seed).document
            schema = preset(PRESETS[kind])
            sound = extract(document, schema)
            assert sound.failed == ()
            leaves = [
                leaf
                for leaf in sound.leaves
                if leaf.evidence and (leaf.field.kind is Kind.INN or leaf.path[-1] in ("net", "vat", "total", "amount"))
            ]
            for leaf in random.sample(leaves, min(6, len(leaves))):
                caught += is_told(random, document, schema, leaf)
                count += 1
    assert caught == count


def is_told(random, document: Document, schema, leaf) -> bool:
    """Whether an extraction after a digit of the value was read wrongly says that something is wrong with it."""
    said = leaf.evidence.text
    at = random.choice([index for index, sign in enumerate(said) if sign.isdigit()])
    other = random.choice([digit for digit in "123456789" if digit != said[at]])
    again = extract(misprinted(document, leaf.evidence, said[:at] + other + said[at + 1 :]), schema)
    now = next((one for one in again.leaves if one.path == leaf.path), None)
    if now is None or now.value is None or now.value == leaf.value:
        return True
    told = [check for check in again.failed if leaf.path in check.paths]
    if told and all(check.outcome is Outcome.FAILED for check in told):
        assert now.confidence < leaf.confidence
    return bool(again.failed)


def test_free_fields_are_found_by_what_they_are_called():
    drawn = draw(Paper.INVOICE, 12)
    schema = schema_of(
        "номер, дата, ИНН поставщика, кпп покупателя kpp, сумма money, ндс money, ответственный, оплачен bool"
    )
    extraction = extract(drawn.document, schema)
    fields = drawn.fields
    assert extraction.values["номер"] == fields["number"]
    assert extraction.values["ИНН поставщика"] == fields["seller_inn"]
    assert extraction.values["кпп покупателя"] == fields["buyer_kpp"]
    assert f"{extraction.values['сумма']:.2f}" == fields["total"].replace(" ", "").replace(",", ".")
    status = {leaf.path[0]: leaf.status for leaf in extraction.leaves}
    assert status["ответственный"] is status["оплачен"] is Status.NEEDS_MODEL
    assert {leaf.path[0] for leaf in extraction.missing} == {"ответственный", "оплачен"}


def test_a_label_without_a_value_is_missing_and_no_label_is_for_a_model():
    extraction = extract(document_of(written("Итого:", "Дата: 5 июня 2020 г.")), schema_of("сумма money, дата, инн"))
    assert [leaf.status for leaf in extraction.leaves] == [Status.MISSING, Status.FOUND, Status.NEEDS_MODEL]
    assert extraction.values == {"сумма": None, "дата": "2020-06-05", "инн": None}


def test_a_date_that_nothing_labels_is_a_guess():
    said, guessed = (
        extract(document_of(written(row)), schema_of("дата")).leaves[0]
        for row in ("Дата: 5 июня 2020 г.", "г. Москва|5 июня 2020 г.")
    )
    assert said.value == guessed.value == "2020-06-05"
    assert guessed.confidence < said.confidence


def test_a_table_goes_on_over_pages_until_its_totals():
    first = written("Наименование|Кол-во|Цена", "Мука|2|10,00", "Чай|1|5,00")
    second = written("Наименование|Кол-во|Цена", "Соль|3|1,00", "Итого||28,00", "Прочее|9|9,00", number=2)
    schema = schema_of("позиции[]: наименование, кол-во number, цена money")
    rows = extract(document_of(first, second), schema).values["позиции"]
    assert [row["наименование"] for row in rows] == ["Мука", "Чай", "Соль"]
    assert [row["цена"] for row in rows] == [10, 5, 1]


def test_pages_that_disagree_are_a_conflict():
    pages = [written("Договор", f"ИНН: {inn}", number=n) for n, inn in ((1, "7707115873"), (2, "5200590109"))]
    extraction = extract(document_of(*pages), schema_of("инн"))
    (leaf,) = extraction.conflicts
    assert leaf.value == "7707115873"
    assert [one.value for one in leaf.alternatives] == ["5200590109"]
    agreed = extract(document_of(pages[0], written("ИНН: 7707115873", number=2)), schema_of("инн"))
    assert agreed.conflicts == ()
    assert leaf.confidence < agreed.leaves[0].confidence


def test_a_document_without_text_gives_a_whole_empty_result():
    extraction = extract(Document(draw(Paper.ACT, 1).document.source, ()), preset("акт"))
    Draft202012Validator(to_json_schema(extraction.schema)).validate(extraction.values)
    assert extraction.values["items"] == []
    assert all(leaf.value is None for leaf in extraction.leaves)
