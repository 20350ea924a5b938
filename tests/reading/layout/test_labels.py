"""Labels and their values become one line, columns of prose stay apart."""

from __future__ import annotations

from docstation.document.geometry import Box
from docstation.document.text import Line, Word
from docstation.reading.layout.labels import with_values
from docstation.reading.layout.rows import Row, row_of


def row(text: str, x: float, y: float) -> Row:
    words, at = [], x
    for word in text.split():
        words.append(Word(word, Box(at, y, at + 5 * len(word), y + 9), font_size=10))
        at += 5 * len(word) + 3
    return row_of(Line(tuple(words)))


def texts(*rows: Row) -> list[str]:
    return [made.text for made in with_values(rows)]


def test_a_label_and_the_value_beside_it_are_one_line():
    receipt = [row("Date :", 20, 10), row("Cashier :", 20, 24), row("25/12/2018", 120, 10), row("MANIS", 120, 24)]
    assert texts(*receipt) == ["Date : 25/12/2018", "Cashier : MANIS"]


def test_an_amount_is_read_with_the_words_before_it():
    assert texts(row("Итого", 20, 10), row("1 234,50", 300, 10), row("Скидка", 20, 24), row("10,00", 312, 24)) == [
        "Итого 1 234,50",
        "Скидка 10,00",
    ]


def test_a_line_of_prose_that_ends_with_a_colon_takes_nothing_from_the_next_column():
    left = [row("the parties agree on this", 20, 10 + 12 * n) for n in range(6)] + [row("as follows:", 20, 82)]
    right = [row("another column of running text", 220, 10 + 12 * n) for n in range(7)]
    assert texts(*left, *right) == [made.text for made in (*left, *right)]


def test_a_value_that_is_a_label_itself_starts_its_own_line():
    assert texts(row("Поставщик:", 20, 10), row("Покупатель:", 220, 10)) == ["Поставщик:", "Покупатель:"]
