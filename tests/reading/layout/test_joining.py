"""Lines joined to running text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.reading.layout.joining import join, joined, vocabulary


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        ("инвестиционный потен-", "циал региона", "инвестиционный потенциал региона"),
        ("сделано по-", "русски и", "сделано по-русски и"),
        ("вышел из-", "за угла", "вышел из-за угла"),
        ("кто-", "то пришёл", "кто-то пришёл"),
        ("Санкт-", "Петербург", "Санкт-Петербург"),
        ("в 2010-", "2012 годах", "в 2010-2012 годах"),
        ("recogni-", "tion of text", "recognition of text"),
        ("self-", "evident truth", "self-evident truth"),
        ("мягкий пере\u00ad", "нос", "мягкий перенос"),
        ("одна строка", "другая", "одна строка другая"),
        ("https://example.org/a-", "b", "https://example.org/a-b"),
        ("日本", "語", "日本語"),
    ],
)
def test_line_ends(left: str, right: str, text: str):
    assert join(left, right) == text


def test_the_documents_own_words_decide():
    known = vocabulary(["Наш бизнес-план готов", "научно-технический прогресс", "показатель роста"])
    assert join("научно-", "технический", known) == "научно-технический"
    assert join("показа-", "тель", known) == "показатель"


def test_fragments_at_line_ends_are_no_words():
    assert "потен" not in vocabulary(["инвестиционный потен-"])


def test_meant_line_breaks_are_kept():
    assert joined(["ООО «Ромашка»", "Иванову", "И. И."], kept={0}) == "ООО «Ромашка»\nИванову И. И."


@given(st.lists(st.text(alphabet="абвxyz -", min_size=1, max_size=12).map(str.strip), max_size=6))
def test_no_letter_is_lost(lines: list[str]):
    letters = [c for line in lines for c in line if c.isalpha()]
    assert [c for c in joined(lines) if c.isalpha()] == letters
