from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.text import Line, Word
from docstation.evaluation.normalising import normalised
from docstation.evaluation.placed_scores import characters_in_place
from docstation.evaluation.text_scores import Ratio, bag_f1, characters, look_alikes, word_f1, words

TEXT = st.text(alphabet=st.sampled_from("абвгё ABCabc123.,-—«»\"' \n\t"), max_size=60)


def test_dashes_quotes_and_spaces_are_one():
    assert normalised("«Ёлка» —  это…\n--\u00ad „да“") == '"Ёлка" - это... - "да"'


def test_leaders_are_three_dots_however_long():
    assert normalised("Введение .......... 5") == normalised("Введение . . . . . 5") == "Введение ... 5"
    assert normalised("т. е. вот…") == "т. е. вот..."


def test_characters_by_hand():
    # кот → кит: one substitution of three; one insertion of two more.
    assert characters("кот", "кит") == Ratio(1, 3)
    assert characters("кот", "котик") == Ratio(2, 3)
    assert characters("", "а").value == 1.0
    assert characters("", "").value == 0.0


def test_words_by_hand():
    assert words("один два три", "один три") == Ratio(1, 3)
    assert word_f1("один два три", "три один") == pytest.approx(2 * 2 / 5)


def test_order_changes_the_error_rate_and_not_the_bag():
    assert word_f1("а б в", "в б а") == 1.0
    assert characters("а б в", "в б а").value > 0


def test_look_alikes_are_words_with_a_foreign_twin():
    assert look_alikes("Сумма", "Cумма") == Ratio(1, 1)
    assert look_alikes("Сумма", "Сумма").value == 0
    # A foreign letter without a twin is a mistake of another kind; a word of the truth is right as it is.
    assert look_alikes("слово", "словоZ").value == 0
    assert look_alikes("RАL", "RАL").value == 0


def _line(text: str, x: float, y: float) -> Line:
    made = []
    for word in text.split():
        made.append(Word(word, Box(x, y, x + 5 * len(word), y + 10)))
        x += 5 * len(word) + 5
    return Line(tuple(made))


def test_place_makes_order_irrelevant_and_strays_count():
    truth = [_line("первая строка", 0, 0), _line("вторая строка", 0, 20)]
    read = [*truth[1].words, *truth[0].words]
    assert characters_in_place(truth, read) == Ratio(0, 26)
    stray = Word("мусор", Box(0, 200, 20, 210))
    assert characters_in_place(truth, [*read, stray]) == Ratio(5, 26)
    assert characters_in_place(truth, truth[0].words) == Ratio(13, 26)


@given(TEXT)
def test_a_text_equals_itself(text):
    assert characters(text, text).value == 0
    assert words(text, text).value == 0
    assert word_f1(text, text) == 1.0
    assert look_alikes(text, text).value == 0


@given(TEXT, TEXT)
def test_bounds_and_symmetry(truth, found):
    score = characters(truth, found)
    assert 0 <= score.part <= max(len(normalised(truth)), len(normalised(found)))
    assert 0 <= word_f1(truth, found) <= 1
    assert word_f1(truth, found) == pytest.approx(word_f1(found, truth))
    assert characters(found, truth).part == score.part


@given(TEXT)
def test_the_normal_form_is_stable(text):
    assert normalised(normalised(text)) == normalised(text)


def test_empty_bags_agree():
    assert bag_f1([], []) == 1.0
    assert bag_f1(["а"], []) == 0.0
