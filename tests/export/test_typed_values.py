"""Typed values: which printed numbers and dates become values, which texts stay, and that no digit is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import hostile_texts, tables

from docstation.document.table import Cell, Table
from docstation.export.values.conventions import Conventions, conventions_of
from docstation.export.values.typed_values import TypedValue, corrected, typed_values

RUSSIAN, ENGLISH, UNKNOWN = Conventions(",", True), Conventions(".", False), Conventions()
Value = Decimal | date | None


def column(texts: Sequence[str], heading: str = "", conventions: Conventions = RUSSIAN) -> list[TypedValue | None]:
    """The typed cells of a table of one column, None for those that stay text."""
    cells = [Cell(row, 0, text=text) for row, text in enumerate(texts, 1)]
    found = typed_values(Table.of_cells([Cell(0, 0, text=heading, header=True), *cells]), conventions)
    return [found.get((row, 0)) for row in range(1, len(texts) + 1)]


def values(texts: Sequence[str], heading: str = "", conventions: Conventions = RUSSIAN) -> list[Value]:
    return [typed.value if typed else None for typed in column(texts, heading, conventions)]


def numbers(*texts: str | None) -> list[Value]:
    return [Decimal(text) if text is not None else None for text in texts]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("0", "0", "0"),
        ("12345", "12345", "0"),
        ("1 234,56", "1234.56", "#,##0.00"),
        ("1\u00a0234,56", "1234.56", "#,##0.00"),
        ("1\u202f234\u2009567,8", "1234567.8", "#,##0.0"),
        ("1 234 567,89 руб.", "1234567.89", '#,##0.00" руб."'),
        ("500 ₽", "500", '0" ₽"'),
        ("12,50р.", "12.50", '0.00"р."'),
        ("-5,0", "-5.0", "0.0"),
        ("−5,0", "-5.0", '0.0;"−"0.0'),
        ("–5,0", "-5.0", '0.0;"–"0.0'),
        ("+5,2", "5.2", "+0.0;-0.0"),
        ("+5", "5", "+0;-0"),
        ("(1 234,56)", "-1234.56", "#,##0.00;(#,##0.00)"),
        ("12,5 %", "0.125", '0.0" "%'),
        ("100%", "1", "0%"),
        ("-0,25 %", "-0.0025", '0.00" "%'),
        ("0,125", "0.125", "0.000"),
        ("1,234", "1.234", "0.000"),
        ("1.234,56", "1234.56", "#,##0.00"),
        ("1'234,56", "1234.56", "#,##0.00"),
        ("$1 234,56", "1234.56", '"$"#,##0.00'),
        ("$-5,00", "-5.00", '"$"0.00;"$-"0.00'),
        ("99 999 999,99", "99999999.99", "#,##0.00"),
        ("\u00a01 234,56 ", "1234.56", "#,##0.00"),
    ],
)
def test_a_russian_number_is_a_value_that_shows_as_printed(text: str, value: str, code: str) -> None:
    assert column([text]) == [TypedValue(Decimal(value), code)]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("1,234.56", "1234.56", "#,##0.00"),
        ("1,234", "1234", "#,##0"),
        ("1,234,567", "1234567", "#,##0"),
        ("12.5", "12.5", "0.0"),
        ("1.234", "1.234", "0.000"),
        ("-$5.00", "-5.00", '"$"0.00'),
        ("$-5.00", "-5.00", '"$"0.00;"$-"0.00'),
        ("($1,234.00)", "-1234.00", '"$"#,##0.00;("$"#,##0.00)'),
        ("EUR 12.50", "12.50", '"EUR "0.00'),
        ("12.5%", "0.125", "0.0%"),
        ("1 234.5", "1234.5", "#,##0.0"),
    ],
)
def test_an_english_number_is_a_value_that_shows_as_printed(text: str, value: str, code: str) -> None:
    assert column([text], conventions=ENGLISH) == [TypedValue(Decimal(value), code)]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("05.03.2024", date(2024, 3, 5), "dd.mm.yyyy"),
        ("5.3.2024", date(2024, 3, 5), "d.m.yyyy"),
        ("05.03.2024 г.", date(2024, 3, 5), 'dd.mm.yyyy" г."'),
        ("5 марта 2024 г.", date(2024, 3, 5), '[$-FC19]d mmmm yyyy" г."'),
        ("05 мая 2024", date(2024, 5, 5), "[$-FC19]dd mmmm yyyy"),
        ("2024-03-05", date(2024, 3, 5), "yyyy-mm-dd"),
        ("2024/03/05", date(2024, 3, 5), r"yyyy\/mm\/dd"),
        ("March 5, 2024", date(2024, 3, 5), "[$-409]mmmm d, yyyy"),
        ("5 May 2024", date(2024, 5, 5), "[$-409]d mmmm yyyy"),
        ("5 Mar 2024", date(2024, 3, 5), "[$-409]d mmm yyyy"),
        ("05/03/2024", date(2024, 3, 5), r"dd\/mm\/yyyy"),
        ("5-3-2024", date(2024, 3, 5), "d-m-yyyy"),
    ],
)
def test_a_date_is_a_value_that_shows_as_printed(text: str, value: date, code: str) -> None:
    assert column([text]) == [TypedValue(value, code)]


@pytest.mark.parametrize("conventions", [RUSSIAN, ENGLISH, UNKNOWN])
@pytest.mark.parametrize(
    "text",
    [
        "", "-", "—", "н/д", "x", "№ 5", "5 шт.", "12 кг", "~5", "<5", "5*", "1/2", "1e5", "٣٤", "１２",
        "007", "00", "-007", "01.5", "7701234567", "770101001", "1027700132195", "40702810900000001234",
        "+7 (495) 123-45-67", "+79161234567", "+7 916 123", "-7701234567", "8 916 123 45 67",
        "8-916-123-45-67", "12345678901234567",
        "1.2.3", "1.10.2", "192.168.0.1", "10-20", "10–20", "5...10", "1234-56", "1 234-56", "12 34", "1 2345",
        "12,34,567", "1,234,56", "1,,5", "1.,5", "5,", ",5", "5.", ".5", "(5", "5)", "(-5)", "-(5)", "--5",
        "- 5", "-0,0", "−0", "(0)", "1234,5678,9", "3.2024", "03.2024", "12.1999", "2024 г.", "2024 год",
        "31.02.2024", "32.01.2024", "00.01.2024", "01.01.1812", "05.03", "05.03.24", "99.99.2024", "5 мартобря 2024",
        "1 234\n567", "5 марта", "март 2024", "$5 руб.", "5 % руб.", "тыс. руб.", "5 тыс. руб.", "12:30",
    ],
)  # fmt: skip
def test_what_may_be_anything_else_stays_text(text: str, conventions: Conventions) -> None:
    assert column([text], conventions=conventions) == [None]


@pytest.mark.parametrize(
    "heading",
    [
        "ИНН", "КПП банка", "Код", "Код вида товара", "Артикул", "Номер счёта", "Телефон", "Р/с", "№ договора", "БИК",
        "ИНН налогоплательщика", "Код вида расходов", "Номер расходного ордера",
        "Почтовый индекс", "Раздел", "Пункт", "Phone", "Account No.", "Item code", "ZIP", "SKU", "Serial number",
    ],
)  # fmt: skip
def test_under_a_heading_of_codes_numbers_stay_text(heading: str) -> None:
    assert values(["796", "123456", "1 234", "12.5", "8517"], heading) == numbers(*[None] * 5)


@pytest.mark.parametrize(
    "heading", ["Количество", "Сумма по счёту, руб.", "Цена", "Кол-во", "Площадь", "Qty", "Amount", "№ п/п", "№", ""]
)
def test_under_other_headings_they_are_values(heading: str) -> None:
    assert values(["796", "123456"], heading) == numbers("796", "123456")


def test_an_amount_of_money_is_one_even_under_a_heading_of_codes() -> None:
    assert values(["1 234,56", "500 руб."], "Счёт") == numbers("1234.56", "500")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["001", "12", "110"], [None] * 3),  # one begins with a zero: codes
        (["АБ-12", "В7", "125"], [None] * 3),  # a code among codes
        (["7701234567", "7701234568"], [None] * 2),  # all long: codes
        (["1234567890", "500", "12 345"], ["1234567890", "500", "12345"]),  # long among short: quantities
        (["(123)", "456", "789"], ["-123", "456", "789"]),
        (["(1)", "(2)", "7"], [None, None, "7"]),  # brackets prevail: marks of something else
        (["1 234,5", "12,3"], ["1234.5", "12.3"]),
    ],
)
def test_integers_are_judged_with_their_column(texts: list[str], expected: list[str | None]) -> None:
    assert values(texts) == numbers(*expected)


@pytest.mark.parametrize(
    ("texts", "conventions", "expected"),
    [
        (["1,234", "5,67"], ENGLISH, ["1.234", "5.67"]),
        (["1,234", "1,234.5"], RUSSIAN, ["1234", "1234.5"]),
        (["1,234", "0,125"], UNKNOWN, ["1.234", "0.125"]),
        (["1,234", "1,234,567"], UNKNOWN, ["1234", "1234567"]),
        (["1,234", "10.75"], UNKNOWN, ["1234", "10.75"]),
        (["1,234"], UNKNOWN, [None]),
        (["1.234"], UNKNOWN, [None]),
        (["1.234"], RUSSIAN, [None]),
        (["1.234", "1.234,56"], RUSSIAN, ["1234", "1234.56"]),
        (["1.234", "0.5"], RUSSIAN, ["1.234", "0.5"]),
        (["1,234", "5,67", "1,234.5"], RUSSIAN, [None, "5.67", "1234.5"]),  # the column contradicts itself
    ],
)
def test_a_sign_that_may_group_or_part_is_read_by_the_column(
    texts: list[str], conventions: Conventions, expected: list[str | None]
) -> None:
    assert values(texts, conventions=conventions) == numbers(*expected)


def test_a_column_without_evidence_goes_by_the_table() -> None:
    table = Table.from_rows([["Масса", "Цена"], ["1,234", "1,234.50"], ["5,678", "12.00"]], header_rows=1)
    assert typed_values(table, RUSSIAN)[1, 0].value == 1234
    table = Table.from_rows([["Weight", "Price"], ["1,234", "0,5"], ["5,678", "12,00"]], header_rows=1)
    assert typed_values(table, ENGLISH)[1, 0].value == Decimal("1.234")


@pytest.mark.parametrize("conventions", [RUSSIAN, ENGLISH])
@pytest.mark.parametrize(
    "texts", [["1.1", "1.2", "1.3"], ["1", "1.1", "1.2", "2", "2.1"], ["1.9", "1.10", "1.11"], ["1.2", "4.5.1", "7.9"]]
)
def test_numbers_of_clauses_stay_text(texts: list[str], conventions: Conventions) -> None:
    found = values(texts, conventions=conventions)
    assert [value for text, value in zip(texts, found, strict=True) if "." in text] == [None] * sum(
        "." in text for text in texts
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["10.5", "3.7", "8.1"], ["10.5", "3.7", "8.1"]),
        (["12.5"], [None]),
        (["10.12", "05.03"], [None, None]),
        (["10.12", "10.45"], ["10.12", "10.45"]),
        (["1.2024", "1.1987", "1.2156"], ["1.2024", "1.1987", "1.2156"]),
        (["1.2024", "3.2023"], [None, None]),
    ],
)
def test_decimal_points_in_russian_need_the_columns_word(texts: list[str], expected: list[str | None]) -> None:
    assert values(texts) == numbers(*expected)


def test_short_years_are_dates_beside_whole_ones_or_under_a_heading() -> None:
    assert values(["05.03.24", "06.03.2024"]) == [date(2024, 3, 5), date(2024, 3, 6)]
    assert values(["05.03.24", "06.03.98"], "Дата отгрузки") == [date(2024, 3, 5), date(1998, 3, 6)]


@pytest.mark.parametrize(
    ("texts", "conventions", "expected"),
    [
        (["03/05/2024"], ENGLISH, [None]),
        (["03/05/2024"], RUSSIAN, [date(2024, 5, 3)]),
        (["03/05/2024", "03/25/2024"], ENGLISH, [date(2024, 3, 5), date(2024, 3, 25)]),
        (["03/05/2024", "25/03/2024"], ENGLISH, [date(2024, 5, 3), date(2024, 3, 25)]),
        (["03/05/2024", "03/25/2024"], RUSSIAN, [date(2024, 3, 5), date(2024, 3, 25)]),
        (["03/05/2024", "25/03/2024", "03/25/2024"], RUSSIAN, [None, None, None]),
    ],
)
def test_the_column_tells_day_from_month(
    texts: list[str], conventions: Conventions, expected: list[date | None]
) -> None:
    assert values(texts, conventions=conventions) == expected


def test_labels_before_values_tell_codes_in_forms() -> None:
    rows = [["ИНН", "123456"], ["Номер договора", "15"], ["Расчётная мощность, кВт", "500"], ["Цена", "12,5"]]
    found = typed_values(Table.from_rows([*rows, ["БИК банка", "44525225"]]), RUSSIAN)
    assert {place: value.value for place, value in found.items()} == {(2, 1): Decimal(500), (3, 1): Decimal("12.5")}


def test_a_label_does_not_speak_against_the_heading_of_an_amount() -> None:
    table = Table.from_rows([["Товар", "Цена", "Кол-во"], ["Телефон", "1 000,00", "2"]])
    assert typed_values(table, RUSSIAN)[1, 1].value == 1000
    assert typed_values(table, RUSSIAN)[1, 2].value == 2


def test_headings_and_rows_that_number_the_columns_stay_text() -> None:
    rows = [["Товар", "2023", "2024"], ["1", "2", "3"], ["Сахар", "15", "16"], ["Соль", "(1)", "17"]]
    table = Table.from_rows(rows, header_rows=1)
    assert sorted(typed_values(table, RUSSIAN)) == [(2, 1), (2, 2), (3, 1), (3, 2)]
    assert typed_values(table, RUSSIAN)[3, 1].value == -1


def test_thousands_are_grouped_throughout_a_column_that_groups_them() -> None:
    assert [typed.code for typed in column(["1 234,50", "12,30", "4321,00"]) if typed] == [
        "#,##0.00",
        "#,##0.00",
        "0.00",
    ]


amounts = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(10**11), 10**11), st.integers(0, 3)
).filter(bool)


def printed(value: Decimal, locale: str) -> str:
    places = max(0, -int(value.as_tuple().exponent))
    return format_decimal(value, "#,##0" + ("." + "0" * places if places else ""), locale=locale)


@given(amounts, st.sampled_from([("ru", RUSSIAN), ("en", ENGLISH)]))
@settings(max_examples=400, deadline=None)
def test_a_formatted_number_comes_back(value: Decimal, kind: tuple[str, Conventions]) -> None:
    locale, conventions = kind
    text = printed(value, locale)
    assert values([text], conventions=conventions) == [value], text
    assert values([text + "\u00a0руб."], conventions=conventions) == [value]


@given(amounts, st.sampled_from(["RUB", "USD", "EUR"]), st.sampled_from(["standard", "accounting"]))
@settings(max_examples=200, deadline=None)
def test_a_formatted_sum_of_money_comes_back(value: Decimal, currency: str, kind: str) -> None:
    value = value.quantize(Decimal("0.01"))
    for locale, conventions in (("ru", RUSSIAN), ("en", ENGLISH)):
        text = format_currency(value, currency, locale=locale, format_type=kind)
        # A negative nothing, "-0.00" or "(0.00)", stays a text: as a number it would lose its sign.
        assert values([text], conventions=conventions) == [None if not value and value.is_signed() else value]


@given(st.integers(-(10**6), 10**6).filter(bool).map(lambda n: Decimal(n).scaleb(-4)))
@settings(max_examples=100, deadline=None)
def test_a_formatted_percentage_comes_back(value: Decimal) -> None:
    for locale, conventions in (("ru", RUSSIAN), ("en", ENGLISH)):
        text = format_percent(value, "#,##0.00%" if locale == "en" else "#,##0.00\u00a0%", locale=locale)
        assert values([text], conventions=conventions) == [value], text


@given(st.dates(date(1900, 3, 1), date(2999, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_a_formatted_date_comes_back(day: date) -> None:
    for locale in ("ru", "en"):
        assert values([format_date(day, "long", locale=locale)]) == [day]
    assert values([format_date(day, "medium", locale="en"), day.isoformat(), f"{day:%d.%m.%Y}"]) == [day] * 3


@given(st.lists(st.text(st.sampled_from("0123456789.,-−()% '₽$/ \u00a0г"), max_size=12), min_size=1, max_size=4))
@settings(max_examples=500, deadline=None)
def test_no_digit_is_lost_or_made_up(texts: list[str]) -> None:
    for conventions in (RUSSIAN, ENGLISH, UNKNOWN):
        for text, typed in zip(texts, column(texts, conventions=conventions), strict=True):
            if typed and isinstance(typed.value, Decimal):
                shown = typed.value.scaleb(2) if "%" in typed.code else typed.value
                decimals = re.search(r"0\.(0+)", typed.code)
                places = len(decimals[1]) if decimals else 0
                assert re.sub("[^0-9]", "", f"{shown:.{places}f}") == re.sub("[^0-9]", "", text)
                assert (shown < 0) == bool(re.match(r"\s*[$₽]?[-−(]", text)), text


@given(tables, st.sampled_from([RUSSIAN, ENGLISH, UNKNOWN]))
@settings(max_examples=100, deadline=None)
def test_only_cells_that_hold_digits_are_typed(table: Table, conventions: Conventions) -> None:
    texts = {(cell.row, cell.column): cell for cell in table.cells}
    for place in typed_values(table, conventions):
        assert any(map(str.isdigit, texts[place].text))
        assert not texts[place].header


@given(st.lists(st.lists(hostile_texts, min_size=3, max_size=3), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_text_is_taken(rows: list[list[str]]) -> None:
    typed_values(Table.from_rows(rows), RUSSIAN)


@pytest.mark.parametrize(
    ("texts", "language", "expected"),
    [
        (["Смартфон Samsung Galaxy S24"], None, RUSSIAN),
        (["Total amount due by the end of the month, Москва"], None, ENGLISH),
        (["1 234,56"], None, UNKNOWN),
        (["Total"], "ru-RU", replace(RUSSIAN, asked_for=True)),
        (["Итого"], "en", replace(ENGLISH, asked_for=True)),
        (["Summe"], "de-DE", Conventions(",", False, asked_for=True)),
        (["Итого"], "nonsense-language", RUSSIAN),
    ],
)
def test_letters_or_the_given_language_tell_the_conventions(
    texts: list[str], language: str | None, expected: Conventions
) -> None:
    assert conventions_of(texts, language) == expected


def test_a_table_that_contradicts_its_document_decides_nothing() -> None:
    assert ENGLISH.within(RUSSIAN) == UNKNOWN
    assert UNKNOWN.within(RUSSIAN) == RUSSIAN
    assert ENGLISH.within(UNKNOWN) == ENGLISH
    german = Conventions(",", False)
    assert ENGLISH.within(german) == german


def test_a_language_that_was_asked_for_holds_for_every_table() -> None:
    asked = conventions_of(["Total"], "ru")
    assert ENGLISH.within(asked) == asked


@pytest.mark.parametrize(
    ("conventions", "texts", "decimal"),
    [
        (ENGLISH, ["3,89", "1,234"], ","),
        (ENGLISH, ["1,234", "5"], "."),
        (ENGLISH, ["3,89", "3.89"], "."),
        (UNKNOWN, ["1,234,567"], "."),
        (UNKNOWN, ["12,5"], ","),
        (UNKNOWN, ["12"], ""),
        (RUSSIAN, ["0.5", "1,234.50"], ","),
    ],
)
def test_unmistakable_numbers_correct_what_latin_letters_say(
    conventions: Conventions, texts: list[str], decimal: str
) -> None:
    assert corrected(conventions, [Table.from_rows([[text] for text in texts])]).decimal == decimal
