from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.chat.passages import Passage
from docstation.chat.window import LEAST_ANSWER, messages_of, prepared
from docstation.document.conversation import Message, Role
from docstation.document.geometry import Box
from docstation.errors import InputError
from docstation.inference.grid import image_tokens
from docstation.inference.profiles import load_profile
from docstation.inference.tokens import count

PROFILES = [load_profile(name) for name in ("dots_ocr", "qwen3_vl", "generic")]
WORDS = st.text("абвгд ежз 123.,", min_size=1, max_size=400)


def history(texts: list[str]) -> list[Message]:
    roles = (Role.USER, Role.ASSISTANT)
    return [Message(str(n), roles[n % 2], text, 0.0) for n, text in enumerate(texts)]


def cost(ready, profile) -> int:
    frame = profile.frame
    said = messages_of(ready, profile, [])
    words = sum(frame.message + count(str(one["content"]), profile.vocabulary) for one in said)
    pictures = sum(image_tokens(*size, profile.grid) + frame.image for size in ready.sent)
    return words + pictures + frame.reply + ready.max_tokens


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(PROFILES),
    st.sampled_from([4096, 8192, 16384, 32768]),
    WORDS,
    st.lists(WORDS, max_size=40),
    st.lists(WORDS, max_size=60),
    st.lists(st.tuples(st.integers(20, 4000), st.integers(20, 4000)), max_size=4),
)
def test_whatever_is_said_and_shown_fits_in_the_window(profile, window, question, said, blocks, pictures):
    passages = [Passage(f"p1-b{n}", "d", 1, f"p1-b{n}", Box(0, 0, 9, 9), text) for n, text in enumerate(blocks, 1)]
    ready = prepared(profile, window, question, history=history(said), passages=passages, pictures=pictures)
    assert cost(ready, profile) <= window
    assert ready.max_tokens >= LEAST_ANSWER
    assert len(ready.sent) <= len(pictures)
    assert ready.dropped + len(ready.history) == len(said)


def test_the_newest_messages_are_kept_and_an_answer_is_never_the_first():
    said = history([f"вопрос или ответ номер {n} " * 40 for n in range(30)])
    ready = prepared(PROFILES[1], 4096, "и что?", history=said)
    assert ready.history
    assert ready.history[0]["role"] == "user"
    assert ready.history[-1]["content"] == said[-1].text
    assert ready.dropped > 0


def test_a_question_that_does_not_fit_by_itself_is_refused():
    with pytest.raises(InputError):
        prepared(PROFILES[0], 4096, "слово " * 9000)


def test_the_last_picture_gets_the_larger_share():
    ready = prepared(PROFILES[1], 8192, "что это?", pictures=[(3000, 3000), (3000, 3000)])
    (first, last) = ready.sent
    assert last[0] * last[1] >= first[0] * first[1]
