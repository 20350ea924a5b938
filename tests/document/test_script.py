"""Look-alike letters: what is repaired, what stays, and what can be said about a word."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.script import (
    CYRILLIC_TWINS,
    LATIN_TWINS,
    Script,
    cleaned,
    is_ambiguous,
    repaired,
    script_of,
)

TO_LATIN = dict(zip(CYRILLIC_TWINS, LATIN_TWINS, strict=True))

RUSSIAN = """
Договор поставки № 17 от 12.03.2024 заключён между ООО «Вектор» и АО «Северсталь» о поставке оборудования.
Настоящий договор составлен в двух экземплярах, имеющих одинаковую юридическую силу, по одному для каждой из сторон.
В случае просрочки оплаты покупатель уплачивает пеню в размере 0,1 % от суммы долга за каждый день просрочки.
А также стороны договорились о том, что споры решаются в суде по месту нахождения ответчика.
Подписи: Иванов А.С., Петрова Н.Ю. С уважением, отдел продаж. О ходе работ у нас есть отчёт.
"""
LINES = [line.split() for line in RUSSIAN.strip().splitlines()]


def test_clean_russian_text_stays_as_it_is():
    assert repaired(LINES) == LINES


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_latin_letters_in_russian_text_become_cyrillic_again(share):
    chance = random.Random(7)
    spoilt = [
        ["".join(TO_LATIN[c] if c in TO_LATIN and chance.random() < share else c for c in word) for word in line]
        for line in LINES
    ]
    assert spoilt != LINES
    assert repaired(spoilt) == LINES


def test_cyrillic_letters_in_english_text_become_latin_again():
    spoilt = ["Тhе", "Соmраnу", "shall", "рау", "44.0В", "tokens"]
    assert repaired([spoilt]) == [["The", "Company", "shall", "pay", "44.0B", "tokens"]]


@pytest.mark.parametrize("code", ["АБ-12X", "AB-12Х", "C4", "ТУ-154M", "MC-21", "BMX"])
def test_codes_and_foreign_capitals_among_russian_words_stay_untouched(code):
    assert repaired([["модель", code, "поставлена"]]) == [["модель", code, "поставлена"]]


@pytest.mark.parametrize("address", ["https://site.ru/files/method_ВБ-ИC.pdf", "info@сервер-cloud.ru"])
def test_addresses_stay_as_they_are(address):
    line = ["Источник:", address, "дата", "обращения"]
    assert repaired([line]) == [line]


def test_a_greek_letter_in_a_russian_word_becomes_russian_and_formulas_stay():
    line = ["Φизика", "и", "τемпература,", "угол", "φ", "равен", "Δφ", "или", "αк"]
    assert repaired([line]) == [["Физика", "и", "температура,", *line[3:]]]


def test_a_russian_word_beside_a_latin_one_keeps_its_script():
    line = ["программа", "Microsoft", "Office", "и", "браузер", "Chrome"]
    assert repaired([line]) == [line]


@pytest.mark.parametrize(("word", "script"), [
    ("слово", Script.CYRILLIC), ("word", Script.LATIN), ("сор", Script.OPEN), ("12,5", Script.NONE),
    ("wordы", Script.MIXED),
])  # fmt: skip
def test_the_script_of_a_word(word, script):
    assert script_of(word) is script


@pytest.mark.parametrize(("word", "expected"), [
    ("АБ-12X", True), ("МХ-12X", True), ("слово", False), ("BMX", True), ("12", False),
])  # fmt: skip
def test_ambiguous_codes_are_flagged(word, expected):
    assert is_ambiguous(word) is expected


def test_odd_spaces_hyphens_and_full_width_signs_take_their_plain_form():
    assert cleaned("Итого\u00a0：\u200b１２，5\u2011й") == "Итого :12,5-й"


@given(st.lists(st.lists(st.text(alphabet=CYRILLIC_TWINS + LATIN_TWINS + "бжюdfz0123-.,", min_size=1, max_size=8))))
def test_repair_exchanges_look_alikes_only(lines):
    once = repaired(lines)
    assert [[len(word) for word in line] for line in once] == [[len(word) for word in line] for line in lines]
    twins, digits = str.maketrans(TO_LATIN), str.maketrans({"o": "0", "з": "3"})
    for before, after in zip(lines, once, strict=True):
        for old, new in zip(before, after, strict=True):
            assert new.translate(twins).translate(digits) == old.translate(twins).translate(digits)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    assert cleaned(cleaned(text)) == cleaned(text)
