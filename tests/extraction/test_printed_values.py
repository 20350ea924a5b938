from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.extraction.amounts import amounts_in
from docstation.extraction.dates import dates_in
from docstation.extraction.printed import parsed
from docstation.extraction.schema import Field, Kind, Search
from docstation.extraction.worded import sums_in_words
from docstation.testing.numerals import long_date, money, rubles_in_words, short_date


def first(text, *, comma=True):
    return next(([float(value) for value in one.values] for one in amounts_in(text, comma=comma)), [])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Итого: 7 410 930,03", [7410930.03]),
        ("27843-33", [27843.33]),
        ("RM31.00", [31.0]),
        ("$8.20", [8.2]),
        ("1,234.56", [1234.56]),
        ("1.234,56", [1234.56]),
        ("5 руб. 07 коп.", [5.07]),
        ("1 234 567", [1234567.0]),
        ("-0,50", [-0.5]),
        ("18,816 кг", [18.816, 18816.0]),
        ("№ 114/19", []),
        ("12.05.2020", []),
        ("А-12", []),
        ("40702810440297964369", []),
    ],
)
def test_numbers_are_read_as_people_print_them(text, values):
    assert first(text) == values


def test_a_sign_that_may_group_or_part_is_read_as_the_page_writes():
    assert first("1,234", comma=True) == [1.234, 1234.0]
    assert first("1,234", comma=False) == [1234.0, 1.234]


@given(st.integers(0, 10**11), st.sampled_from([" ", "\u00a0", "'", ""]), st.sampled_from(",."))
def test_every_sum_comes_back(kopecks, separator, mark):
    assert (
        Decimal(kopecks) / 100
        in next(amounts_in(f"к оплате {money(kopecks, separator=separator, comma=mark)} р")).values
    )


@given(st.dates(date(1971, 1, 1), date(2069, 12, 31)))
def test_every_date_comes_back(day):
    english = f"{day:%b} {day.day}, {day.year}"
    for text in (long_date(day), short_date(day), day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d.%m.%y}", english):
        assert day in next(dates_in(f"от {text}, и")).days, text


@pytest.mark.parametrize("text", ["31.02.2020", "192.168.01.02", "2020-13-01", "45 мая 2020", "1234", "99/99/9999"])
def test_what_is_no_date_is_none(text):
    assert list(dates_in(text)) == []


@pytest.mark.parametrize("text", ["«5» июня 2020 г.", "« 5 » июня 2020", "5 June 2020", "June 5th, 2020", "05-06-20"])
def test_dates_are_read_as_people_print_them(text):
    assert date(2020, 6, 5) in next(dates_in(text)).days


@given(st.integers(0, 10**11))
def test_sums_in_words_come_back(kopecks):
    assert list(sums_in_words(f"Всего на сумму: {rubles_in_words(kopecks)}, в т.ч. НДС")) == [Decimal(kopecks) / 100]


def test_words_that_are_no_sum_are_none():
    assert list(sums_in_words("содержит три порядковых номера записей; сто рублёвых купюр нет, рублей")) != [Decimal(3)]
    assert list(sums_in_words("три тысячи экземпляров")) == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.INN, "ИНН 77 0711 5873", "7707115873"),
        (Kind.INN, "770711587", None),
        (Kind.KPP, "770701001", "770701001"),
        (Kind.DATE, "22 октября 2019 г.", "2019-10-22"),
        (Kind.DATE, "вчера", None),
        (Kind.MONEY, "8 893 116,03 руб.", 8893116.03),
        (Kind.MONEY, "10 и 20", None),
        (Kind.INTEGER, "12 шт", 12),
        (Kind.INTEGER, "12,5", None),
        (Kind.BOOL, "Да", True),
        (Kind.BOOL, "нет", False),
        (Kind.BOOL, "может быть", None),
        (Kind.TEXT, "  ", None),
        (Kind.NUMBER, "1" + " " * 100_000 + "2", None),
    ],
)
def test_printed_values_become_what_they_mean(kind, text, value):
    assert parsed(Field("x", kind), text) == value


def test_choices_are_given_back_as_the_schema_writes_them():
    field = Field("x", Kind.ENUM, choices=("Приход", "in/out"))
    assert parsed(field, "ПРИХОД ") == "Приход"
    assert parsed(field, "возврат") is None


@given(st.sampled_from(list(Kind)), st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_value(kind, text):
    parsed(Field("x", kind, choices=("a",), search=Search(code=True)), text)
