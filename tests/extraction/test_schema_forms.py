import json
import re
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from pydantic import Field as ModelField

from docstation.errors import InputError, NotFound, UsageError
from docstation.extraction.forms import schema_of
from docstation.extraction.json_schema import to_asked_schema, to_json_schema
from docstation.extraction.one_line import parse_line
from docstation.extraction.presets import list_presets, preset
from docstation.extraction.schema import MAX_FIELDS, Field, Kind, Schema, walk
from docstation.extraction.titles import schema_in


def kinds(schema):
    return [(field.name, field.kind, field.many) for field in walk(schema.fields)]


def test_one_line_names_fields_kinds_rows_choices_and_what_may_be_absent():
    schema = parse_line(
        "номер, дата date, общая сумма money, тип enum(приход | расход), метки[], кпп?, "
        "позиции[]: наименование, кол-во number, цена money; примечание?"
    )
    assert kinds(schema) == [
        ("номер", Kind.TEXT, False),
        ("дата", Kind.DATE, False),
        ("общая сумма", Kind.MONEY, False),
        ("тип", Kind.ENUM, False),
        ("метки", Kind.TEXT, True),
        ("кпп", Kind.KPP, False),
        ("позиции", Kind.OBJECT, True),
        ("наименование", Kind.TEXT, False),
        ("кол-во", Kind.NUMBER, False),
        ("цена", Kind.MONEY, False),
        ("примечание", Kind.TEXT, False),
    ]
    assert schema.fields[3].choices == ("приход", "расход")
    assert [field.name for field in schema.fields if not field.required] == ["кпп", "примечание"]


@pytest.mark.parametrize(
    "line", ["", " , ,", "a, a", "rows[]:", "rows[]: a, a", "x enum()", "a(b", "a\x00b", "x" * 300, "a," * 400]
)
def test_a_line_that_is_not_understood_is_a_usage_error(line):
    with pytest.raises(UsageError):
        parse_line(line)


class Row(BaseModel):
    title: str
    price: float | None = None


class Paper(BaseModel):
    number: str = ModelField(description="of the paper", title="Номер")
    inn: str = ModelField(json_schema_extra={"format": "inn"})
    kind: Literal["in", "out"]
    paid: bool
    rows: list[Row]
    seller: Row | None = None


def test_a_pydantic_model_and_its_json_schema_are_the_same(tmp_path):
    file = tmp_path / "paper.schema.json"
    file.write_text(json.dumps(Paper.model_json_schema()), encoding="utf-8")
    expected = [
        ("number", Kind.TEXT, False), ("inn", Kind.INN, False), ("kind", Kind.ENUM, False), ("paid", Kind.BOOL, False),
        ("rows", Kind.OBJECT, True), ("title", Kind.TEXT, False), ("price", Kind.NUMBER, False),
        ("seller", Kind.OBJECT, False), ("title", Kind.TEXT, False), ("price", Kind.NUMBER, False),
    ]  # fmt: skip
    for given_form in (Paper, file, file.read_text(), Paper.model_json_schema()):
        schema = schema_of(given_form)
        assert kinds(schema) == expected
        assert schema.fields[0].title == "Номер"
        assert [field.name for field in schema.fields if field.required] == ["number", "inn", "kind", "paid", "rows"]


def nested(depth):
    node = {"type": "string"}
    for _ in range(depth):
        node = {"type": "object", "properties": {"a": node}}
    return node


def with_property(node, **more):
    return {"type": "object", "properties": {"a": node}, **more}


@pytest.mark.parametrize(
    "source",
    [
        with_property({"$ref": "https://example.org/other.json"}),
        with_property({"$ref": "file:///etc/passwd"}),
        with_property({"$ref": "other.json#/a"}),
        with_property({"$ref": "#/$defs/none"}),
        {**with_property({"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {**with_property({"$ref": "#/$defs/a"}), "$defs": {"a": with_property({"$ref": "#/$defs/a"})}},
        with_property({"anyOf": [{"type": "string"}, {"type": "number"}]}),
        with_property({"type": ["string", "number"]}),
        with_property({"type": "array", "items": {"type": "array"}}),
        with_property({"type": "object"}),
        with_property({"enum": []}),
        with_property({"enum": [1, 2]}),
        with_property({"type": "null"}),
        with_property({"type": "string", "title": 5}),
        with_property(7),
        with_property({"type": "string"}, required="a"),
        {"type": "object"},
        {"type": "object", "properties": []},
        nested(40),
        {"type": "object", "properties": {f"f{i}": {"type": "string"} for i in range(MAX_FIELDS + 1)}},
    ],
)
def test_what_is_outside_the_subset_is_refused_and_nothing_is_fetched(source):
    with pytest.raises(UsageError):
        schema_of(source)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": ' * 5000, "x" * 300_000, "{}"])
def test_text_that_is_no_schema_is_refused(text):
    with pytest.raises(UsageError):
        schema_of(text)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(NotFound):
        schema_of(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\xff")
    with pytest.raises(InputError):
        schema_of(tmp_path / "binary")


def test_keywords_that_restrict_are_told_and_not_run():
    schema = schema_of(with_property({"type": "string", "pattern": "(a+)+$", "minLength": 3}))
    assert schema.ignored == ("#/properties/a/minLength", "#/properties/a/pattern")
    assert "pattern" not in json.dumps(to_json_schema(schema))


leaves = st.sampled_from(
    [
        {"type": "string"}, {"type": ["number", "null"]}, {"type": "integer"}, {"type": "boolean"}, {},
        {"type": "string", "format": "date"}, {"type": "string", "format": "inn"},
        {"type": "number", "format": "money"}, {"enum": ["a", "б", None]},
        {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "T"},
    ]
)  # fmt: skip
names = st.text(min_size=1, max_size=12)


def objects(below):
    return st.dictionaries(names, below, min_size=1, max_size=4).map(
        lambda some: {"type": "object", "properties": some}
    )


def lists(below):
    return below.map(lambda node: node if node.get("type") == "array" else {"type": "array", "items": node})


nodes = st.recursive(leaves, lambda below: objects(below) | lists(below), max_leaves=8)


@settings(max_examples=80, deadline=None)
@given(objects(nodes))
def test_every_schema_that_is_understood_goes_back_to_a_valid_json_schema(source):
    try:
        schema = schema_of(source)
    except UsageError:
        return
    for made in (to_json_schema(schema), to_asked_schema(schema.fields)):
        Draft202012Validator.check_schema(made)
    again = schema_of(to_json_schema(schema))
    assert kinds(again) == kinds(schema)


STRUCTURED = {
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "anyOf",
    "additionalProperties",
    "title",
    "description",
}


def keywords(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            below = value.values() if key == "properties" else [value]
            for one in below:
                yield from keywords(one)
    elif isinstance(node, list):
        for one in node:
            yield from keywords(one)


@pytest.mark.parametrize("name", [one.name for one in list_presets()])
def test_presets_are_whole_and_guide_a_model_by_plain_keywords(name):
    schema = preset(name)
    assert any(field.required for field in schema.fields)
    assert all(field.title for field in walk(schema.fields))
    Draft202012Validator.check_schema(to_json_schema(schema))
    assert set(keywords(to_asked_schema(schema.fields))) <= STRUCTURED


@pytest.mark.parametrize("name", [one.name for one in list_presets()])
def test_presets_call_their_fields_in_russian_and_in_english(name):
    for language, letters in (("ru", "[А-Яа-яЁё]"), ("en", "[A-Za-z]")):
        schema = schema_in(preset(name), language)
        titles = [schema.title, *(field.title for field in walk(schema.fields))]
        assert [one for one in titles if not re.search(letters, one)] == []
    plain = Schema("a", (Field("b", title="Б"),), "А")
    assert schema_in(plain, "en") == plain


def test_presets_are_called_by_any_of_their_names():
    called = {
        "счёт": ("schet", "СЧЕТ"), "счёт-фактура": ("schet-faktura", "счет фактура"), "УПД": ("upd", "упд"),
        "ТОРГ-12": ("torg12", "торг 12"), "акт": ("akt", "Акт"), "платёжное поручение": ("platezhka", "платёжка"),
        "чек": ("chek", "Чек"), "паспорт": ("pasport", "ПАСПОРТ"), "invoice": ("Invoice", "инвойс"),
        "receipt": ("Receipt", "RECEIPT"),
    }  # fmt: skip
    assert set(called) == {one.name for one in list_presets()}
    for name, others in called.items():
        assert {preset(other).name for other in others} == {name}
    with pytest.raises(UsageError, match="no preset"):
        preset("накладная")


def test_names_bring_labels_roles_and_parties_along():
    schema = schema_of("сумма money, ИНН поставщика, buyer_kpp kpp, номер, ответственный")
    total, inn, kpp, number, unknown = schema.fields
    assert (total.role, "Всего к оплате" in total.labels) == ("total", True)
    assert ("ИНН" in inn.labels, "Поставщик" in inn.search.within) == (True, True)
    assert ("КПП" in kpp.labels, "Покупатель" in kpp.search.within) == (True, True)
    assert number.search.code
    assert unknown.labels == ()
