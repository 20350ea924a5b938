"""The way over a model, with a scripted one: what it says is untrusted, and proven by the page or marked."""

from collections.abc import Mapping, Sequence

import pytest
from extraction_samples import document_of, streams, written
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from docstation.errors import NoEngine
from docstation.extraction.ask import MAX_ROWS, prompt
from docstation.extraction.extract import extract
from docstation.extraction.forms import schema_of
from docstation.extraction.json_schema import to_asked_schema, to_json_schema
from docstation.extraction.presets import preset
from docstation.extraction.result import Status


class Scripted:
    """Answers page by page, and notes what it was asked; an answer that is an error is raised."""

    model = "scripted"

    def __init__(self, *answers: Mapping, text_characters: int = 0) -> None:
        self.answers = list(answers)
        self.text_characters = text_characters
        self.asked: list[tuple[Sequence[int], str, Mapping]] = []

    def ask(self, pages, prompt, schema):
        self.asked.append((tuple(pages), prompt, schema))
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


PAPER = written(
    "Акт № 15 от 5 июня 2020 г.",
    "Ответственный: Иванова М. А.",
    "Мука|2|10,00",
    "Чай|2|5,50",
    "Итого|31,00",
)
SCHEMA = "номер, дата, ответственный, сумма money, подписан bool, позиции[]: наименование, кол-во number, цена money"
ANSWER = {
    "номер": "15",
    "дата": "5 июня 2020 г.",
    "ответственный": "Иванова М.А.",
    "сумма": "31,00",
    "подписан": True,
    "позиции": [
        {"наименование": "Мука", "кол-во": "2", "цена": "10,00"},
        {"наименование": "Чай", "кол-во": "2", "цена": "5,50"},
    ],
}


def test_an_answer_becomes_values_with_evidence():
    asker = Scripted(ANSWER)
    extraction = extract(document_of(PAPER), schema_of(SCHEMA), asker)
    assert extraction.values == {
        "номер": "15",
        "дата": "2020-06-05",
        "ответственный": "Иванова М.А.",
        "сумма": 31,
        "подписан": True,
        "позиции": [
            {"наименование": "Мука", "кол-во": 2, "цена": 10},
            {"наименование": "Чай", "кол-во": 2, "цена": 5.5},
        ],
    }
    found = {leaf.path: leaf for leaf in extraction.leaves}
    assert found["ответственный",].evidence.text == "Иванова М. А."
    # Both rows say 2: each is found in its own row.
    boxes = [found["позиции", row, "кол-во"].evidence.box for row in (0, 1)]
    names = [found["позиции", row, "наименование"].evidence.box for row in (0, 1)]
    assert boxes[0].y0 == names[0].y0 < boxes[1].y0 == names[1].y0
    assert found["подписан",].status is Status.UNPROVEN


def test_a_value_that_stands_nowhere_is_marked_and_trusted_less():
    extraction = extract(document_of(PAPER), schema_of("номер, сумма money"), Scripted({"номер": "99", "сумма": "31"}))
    invented, real = extraction.leaves
    assert (invented.value, invented.status, invented.evidence) == ("99", Status.UNPROVEN, None)
    assert invented.confidence < real.confidence


def test_what_is_no_value_of_its_kind_is_refused_with_what_was_said():
    (leaf,) = extract(document_of(PAPER), schema_of("дата"), Scripted({"дата": "скоро"})).leaves
    assert (leaf.value, leaf.printed, leaf.status) == (None, "скоро", Status.MISSING)
    assert leaf.reason


def test_pages_are_asked_one_by_one_and_merged():
    second = written("Продолжение", "Соль|1|7,00", number=2)
    rows = {"позиции": [{"наименование": "Соль", "кол-во": "1", "цена": "7,00"}], "сумма": None}
    asker = Scripted(ANSWER, rows)
    values = extract(document_of(PAPER, second), schema_of(SCHEMA), asker).values
    assert [pages for pages, _prompt, _schema in asker.asked] == [(1,), (2,)]
    assert [row["наименование"] for row in values["позиции"]] == ["Мука", "Чай", "Соль"]
    assert values["сумма"] == 31


def test_a_proven_value_is_taken_before_an_invented_one_of_an_earlier_page():
    pages = (written("Пусто"), written("Акт № 5", number=2))
    extraction = extract(document_of(*pages), schema_of("номер"), Scripted({"номер": "7"}, {"номер": "5"}))
    assert extraction.values == {"номер": "5"}


def test_the_prompt_tells_the_fields_and_the_text_only_where_it_may():
    schema = preset("счёт")
    page = streams(PAPER)
    silent, telling = prompt(schema, page, 0), prompt(schema, page, 10_000)
    assert "seller_inn: ИНН поставщика" in silent
    assert "Иванова" not in silent
    assert "Мука\t2\t10,00" in telling
    assert len(prompt(schema, page, 20)) < len(telling)


def test_failing_to_ask_is_not_hidden():
    class Away:
        text_characters = 0

        def ask(self, pages, prompt, schema):
            raise NoEngine

    with pytest.raises(NoEngine):
        extract(document_of(PAPER), schema_of("номер"), Away())


def test_lists_within_rows_are_filled():
    inner = {"type": "object", "properties": {"вес": {"type": "number"}, "метки": {"type": "array"}}}
    row = {"type": "object", "properties": {"имя": {"type": "string"}, "части": {"type": "array", "items": inner}}}
    schema = schema_of({"type": "object", "properties": {"строки": {"type": "array", "items": row}}})
    part = {"вес": "2", "метки": ["Мука", "Чай"]}
    said = {"строки": [{"имя": "Мука", "части": [part, {"вес": "10,00"}]}, {"имя": "Чай"}, {"части": [part]}]}
    extraction = extract(document_of(PAPER), schema, Scripted(said))
    whole = {"вес": 2, "метки": ["Мука", "Чай"]}
    assert extraction.values["строки"] == [
        {"имя": "Мука", "части": [whole, {"вес": 10, "метки": []}]},
        {"имя": "Чай", "части": []},
        {"имя": None, "части": [whole]},
    ]
    Draft202012Validator(to_json_schema(schema)).validate(extraction.values)


def test_endless_rows_are_cut():
    answer = {"метки": [str(number) for number in range(3 * MAX_ROWS)]}
    values = extract(document_of(written("нет")), schema_of("метки[]"), Scripted(answer)).values
    assert len(values["метки"]) == MAX_ROWS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=6,
)
lines = [
    SCHEMA,
    "a, b integer, c enum(x|y), d[], e[] money, f ogrn, g account",
    "rows[]: a date, b bool, c enum(1|2); n number?",
]


def mostly_fitting(schema):
    """Answers with the schema's keys and any values, rows among them."""
    row = {field.name: json_values for field in schema.fields for field in field.fields}
    of_field = {
        field.name: json_values | st.lists(st.fixed_dictionaries({}, optional=row), max_size=3)
        for field in schema.fields
    }
    return st.fixed_dictionaries({}, optional=of_field)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(lines), st.data())
def test_whatever_a_model_says_the_result_is_valid(line, data):
    schema = schema_of(line)
    answer = data.draw(mostly_fitting(schema))
    extraction = extract(document_of(PAPER), schema, Scripted(answer))
    Draft202012Validator(to_json_schema(schema)).validate(extraction.values)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_answer_that_fits_the_asked_schema_gives_a_valid_result(data):
    schema = schema_of(SCHEMA)
    text = st.none() | st.sampled_from(["15", "31,00", "Мука", "2", "5 июня 2020", "x" * 50, "=1+1", "\x00"])
    row = st.fixed_dictionaries({"наименование": text, "кол-во": text, "цена": text})
    answer = data.draw(
        st.fixed_dictionaries(
            dict.fromkeys(("номер", "дата", "ответственный", "сумма"), text)
            | {"подписан": st.none() | st.booleans(), "позиции": st.lists(row, max_size=4)}
        )
    )
    Draft202012Validator(to_asked_schema(schema.fields)).validate(answer)
    extraction = extract(document_of(PAPER), schema, Scripted(answer))
    Draft202012Validator(to_json_schema(schema)).validate(extraction.values)
    assert len(extraction.values["позиции"]) <= len(answer["позиции"])
