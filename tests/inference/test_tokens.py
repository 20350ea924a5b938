"""Token counts: exact or too many, never too few."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.inference.profile import Task
from docstation.inference.profiles import load_profile
from docstation.inference.tokens import count, harmless, is_exact
from docstation.inference.window import Need, fits, prompt_tokens, room

RUSSIAN = "Счёт на оплату № 17 от 25 ноября 2026 г. Итого к оплате: 48 300,50 руб. в т. ч. НДС 20 %"


@settings(deadline=None)
@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text):
    bound = count(text, "")
    assert bound == len(unicodedata.normalize("NFC", text).encode())
    assert count(text, "qwen") <= bound


def test_the_bound_holds_on_real_answers(corpus):
    for path in (corpus / "dots-raw").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert count(text) <= count(text, "")


def test_with_the_public_vocabulary_counts_are_exact():
    """Counts that Qwen's own tokenizer gives; without the vocabulary they are bounds."""
    known = {"Hello world": 2, "12345": 5, "Привет, мир!": 6, "": 0}
    for text, tokens in known.items():
        assert (count(text) == tokens) if is_exact() else (count(text) >= tokens)


def test_a_lone_surrogate_is_counted_too():
    assert count("\ud800", "") >= 1
    assert count("\ud800") >= 1


def test_russian_is_counted_closely_where_the_vocabulary_is_there():
    assert count(RUSSIAN) >= 30
    if is_exact():
        assert count(RUSSIAN) <= 60


@given(st.text(alphabet="<| >ab", max_size=40))
def test_text_from_outside_has_no_marks_of_a_template(text):
    assert "<|" not in harmless(text)
    assert harmless(text).replace(" ", "") == text.replace(" ", "")


def test_other_text_is_left_alone():
    assert harmless(RUSSIAN) == RUSSIAN


def test_a_request_is_counted_with_its_template():
    profile = load_profile("qwen3-vl")
    words = profile.prompt(Task.TEXT)
    frame = profile.frame
    assert prompt_tokens(profile, words, images=2) == count(words) + frame.message + frame.reply + 2 * frame.image


def test_what_is_left_of_a_window():
    assert room(8192, 4096, 230) == 3866
    assert room(4096, 4096, 230) == 0
    assert fits(Need(4096, 230, 3866), 8192)
    assert not fits(Need(4096, 230, 3867), 8192)
    assert not fits(Need(4096, 230, 0), 8192)
