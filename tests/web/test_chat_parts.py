"""The parts of the chat page that need no browser: harmless answers, numbered places, the page without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from web_process import WebService

from docstation import messages
from docstation.document.conversation import Attachment, Citation
from docstation.document.geometry import Box
from docstation.web.chat.wording import (
    attachment_label,
    citation_label,
    harmless,
    harmless_pieces,
    numbered,
)

BOX = Box(0, 0, 10, 10)
CITED = (Citation("d", 2, "p2-b5", BOX, "a quotation"), Citation("d", 1, "p1-b1", BOX))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    messages.use("en")
    yield
    messages.use("en")


def test_marks_become_numbers_of_places() -> None:
    assert numbered("So it is [p2-b5], see [p1-b1].", CITED) == "So it is **\\[1\\]**, see **\\[2\\]**."


def test_several_marks_in_one_bracket_are_numbered_together() -> None:
    assert numbered("[ap1-b1; bp2-b5; p2-b5]", CITED) == "**\\[2, 1\\]**"


def test_marks_of_nothing_that_was_cited_stay_as_they_are() -> None:
    assert numbered("[p9-b9] [see above] [p2-b55]", CITED) == "[p9-b9] [see above] [p2-b55]"


def test_no_picture_is_fetched() -> None:
    assert harmless("![x](http://a/b.png) !important ![y][z]") == "!\\[x](http://a/b.png) !important !\\[y][z]"
    assert "![" not in numbered("![p2-b5](http://a)", CITED)


@given(st.lists(st.text("![a ", max_size=4)))
def test_a_text_is_as_harmless_in_pieces_as_it_is_whole(pieces: list[str]) -> None:
    assert "".join(harmless_pieces(pieces)) == harmless("".join(pieces))


def test_a_citation_says_where_it_stands_and_what_is_quoted() -> None:
    assert citation_label(1, CITED[0]) == "1 · p. 2 · «a quotation»"
    assert citation_label(2, CITED[1], name="act.pdf") == "2 · act.pdf · p. 1"
    assert len(citation_label(1, Citation("d", 1, "p1-b1", BOX, "long " * 50))) < 90


def test_what_a_question_is_about_is_named() -> None:
    assert attachment_label(Attachment("d", name="act.pdf")) == "act.pdf"
    assert attachment_label(Attachment("d", 3, name="act.pdf")) == "act.pdf, p. 3"
    assert attachment_label(Attachment("d", 3, BOX, name="act.pdf")) == "act.pdf, p. 3, a region"
    assert attachment_label(Attachment(image="i")) == "Image"


def test_without_a_model_the_page_says_why_and_leads_to_the_models(app: Callable[..., AppTest]) -> None:
    made = app("en").run().switch_page("app_pages/chat.py").run()
    assert not made.exception
    assert any("No model that answers questions is running" in one.value for one in made.markdown)
    assert made.chat_input(key="chat_question").disabled
    assert made.button(key="chat_attach").disabled
    made.button(key="chat_models").click().run()
    assert not made.exception


def test_conversations_of_before_are_readable_without_a_model(app: Callable[..., AppTest], service: WebService) -> None:
    made = service.client.begin_conversation("Договор *аренды*")
    page = app("ru", chat=made.id).run().switch_page("app_pages/chat.py").run()
    assert not page.exception
    shown = page.button(key=f"chat_open_{made.id}")
    assert shown.label == "Договор \\*аренды\\*"
    page.text_input(key="chat_search").set_value("аренд").run()
    assert page.button(key=f"chat_open_{made.id}")
    page.text_input(key="chat_search").set_value("nothing like this").run()
    assert made.id not in {one.key.removeprefix("chat_open_") for one in page.button if one.key}
    service.client.delete_conversation(made.id)


def test_a_conversation_that_was_deleted_elsewhere_is_said_so(app: Callable[..., AppTest]) -> None:
    page = app("en", chat="0000000000000000").run()
    page.query_params["chat"] = "0000000000000000"
    page.switch_page("app_pages/chat.py").run()
    assert not page.exception
