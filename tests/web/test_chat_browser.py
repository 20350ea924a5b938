"""The chat page in Chromium, before the scripted model: an answer with its places, Stop, edit, images, no model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from scripted_model import Scripted, scripted_service
from web_process import SAMPLES, WebService, eventually, web_server

from docstation.client.chat_calls import ChatEnded
from docstation.document.conversation import Attachment, Conversation, State

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]
expect.set_options(timeout=20_000)
SETTLED = """() => document.querySelector("[data-test-script-state=notRunning]") !== null
  && document.querySelector("[data-stale=true]") === null"""
"""Whether a run is over and what it left behind is gone; until then things are shown paler."""

CITING = (
    "The paper is called “Paper Archives and the Cost of Finding Things” [p1-b2].\n\n"
    "| what | where |\n|---|---|\n| authors | [p1-b3] |\n\n![picture](http://example.com/tell.png)"
)
LONG = "word " * 400


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    """The service of this module, whose model is scripted."""
    with scripted_service(tmp_path_factory.mktemp("chat") / "own") as made:
        yield made


@pytest.fixture(scope="module")
def service(scripted: Scripted) -> WebService:
    """For the fixtures of all tests of pages."""
    return scripted.service


@pytest.fixture(scope="module")
def web(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application in front of it."""
    with web_server(service.environment, tmp_path_factory.mktemp("streamlit") / "log") as address:
        yield address


@pytest.fixture
def talk(scripted: Scripted, document: str) -> Conversation:
    """A conversation with one answer that cites two places of page 1."""
    scripted.script(answer=CITING, piece_seconds=0.0, trouble="")
    client = scripted.service.client
    made = client.begin_conversation()
    told = list(client.ask(made.id, "What is the paper called?", [Attachment(document, 1)]))
    assert isinstance(told[-1], ChatEnded)
    return client.conversation(made.id)[0]


def _said(page: Page, text: str) -> Locator:
    """What was said last with these words: while an answer ends, the page may show it a second time for a moment."""
    return page.locator(".st-key-chat_thread").get_by_text(text).last


def test_a_page_is_attached_and_its_question_answered_with_places(
    open_page: Opens, scripted: Scripted, document: str, shot: Shot
) -> None:
    scripted.script(answer=CITING, piece_seconds=0.0)
    page = open_page("/chat")
    page.get_by_role("button", name="Прикрепить страницу").click()
    expect(page.get_by_role("dialog").locator(".page img")).to_be_visible()
    shot(page, "chat-attach-ru")
    page.get_by_role("dialog").get_by_role("button", name="Прикрепить эту страницу").click()
    expect(page.get_by_role("button", name="report-mixed.pdf, с. 1")).to_be_visible()
    _ask(page, "Как называется статья?")
    expect(_said(page, "The paper is called")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"^1 · с\. 1 · «Paper Archives"))).to_be_visible()
    expect(_said(page, "[1]")).to_be_visible()
    expect(page.get_by_role("button", name="Остановить")).to_have_count(0)
    assert page.locator("img[src*='example.com']").count() == 0
    shot(page, "chat-answer-ru")


def test_a_cited_place_is_shown_on_its_page(open_page: Opens, talk: Conversation, shot: Shot) -> None:
    page = open_page(f"/chat?chat={talk.id}", language="en")
    page.get_by_role("button", name=re.compile(r"^2 · p\. 1")).click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_attribute("data-id", "1")
    page.locator(".box").first.click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_attribute("data-id", "0")
    shot(page, "chat-place-en")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".box")).to_have_count(0)


def test_stop_keeps_what_came(open_page: Opens, scripted: Scripted, talk: Conversation, shot: Shot) -> None:
    scripted.script(answer=LONG, piece_seconds=0.05)
    page = open_page(f"/chat?chat={talk.id}")
    _ask(page, "Расскажи подробно")
    expect(_said(page, "word word word")).to_be_visible()
    page.wait_for_function(AT_END)
    shot(page, "chat-streaming-ru")
    page.get_by_role("button", name="Остановить").click()
    expect(page.get_by_text("Остановлено. То, что пришло, сохранено.")).to_be_visible()
    page.wait_for_function(SETTLED)
    shot(page, "chat-stopped-ru")
    answer = scripted.service.client.conversation(talk.id)[1][-1]
    assert answer.state is State.STOPPED
    assert 0 < len(answer.text) < len(LONG) / 2
    scripted.script(answer="Short.", piece_seconds=0.0)
    page.get_by_role("button", name="Ответить заново").click()
    expect(_said(page, "Short.")).to_be_visible()
    expect(page.get_by_text("Остановлено")).to_have_count(0)


def test_stop_ends_a_model_that_says_nothing(open_page: Opens, scripted: Scripted, talk: Conversation) -> None:
    scripted.script(answer=LONG, trouble="hang")
    page = open_page(f"/chat?chat={talk.id}", language="en")
    _ask(page, "And?")
    expect(page.get_by_text(re.compile("The model is thinking… [1-9]"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    scripted.script(trouble="")


def test_a_closed_tab_stops_the_answer(open_page: Opens, scripted: Scripted, talk: Conversation) -> None:
    scripted.script(answer=LONG, piece_seconds=0.05)
    page = open_page(f"/chat?chat={talk.id}", language="en")
    _ask(page, "Tell me all")
    expect(_said(page, "word word word")).to_be_visible()
    page.context.close()
    client = scripted.service.client
    eventually(lambda: client.conversation(talk.id)[1][-1].state is State.STOPPED, 20)
    again = open_page(f"/chat?chat={talk.id}", language="en")
    expect(again.get_by_text("Stopped. What had come is kept.")).to_be_visible()


def test_a_question_is_edited_and_sent_again(open_page: Opens, scripted: Scripted, talk: Conversation) -> None:
    scripted.script(answer="Second answer.", piece_seconds=0.0)
    page = open_page(f"/chat?chat={talk.id}", language="en")
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Question", exact=True).fill("Who wrote it?")
    page.get_by_role("button", name="Send again").click()
    expect(_said(page, "Second answer.")).to_be_visible()
    expect(page.get_by_text("The paper is called")).to_have_count(0)
    said = scripted.service.client.conversation(talk.id)[1]
    assert [one.text for one in said] == ["Who wrote it?", "Second answer."]
    assert said[0].attachments[0].page == 1


def test_an_image_is_dropped_and_pasted(open_page: Opens, scripted: Scripted, shot: Shot) -> None:
    scripted.script(answer="A contract.", piece_seconds=0.0)
    page = open_page("/chat", language="en")
    field = page.get_by_test_id("stChatInputTextArea")
    expect(field).to_be_enabled()
    page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files([SAMPLES / "dogovor-scan.jpg"])
    field.click()
    page.evaluate(PASTE)
    for name in ("dogovor-scan.jpg", "pasted.png"):
        expect(page.get_by_test_id("stChatInput").get_by_text(name)).to_be_visible()
    _ask(page, "What is it?")
    expect(_said(page, "A contract.")).to_be_visible()
    expect(page.get_by_test_id("stChatMessage").first.locator("img")).to_have_count(2)
    shot(page, "chat-image-en")


AT_END = """() => {
  const inside = document.querySelector(".st-key-chat_thread");
  const all = [inside, ...inside.querySelectorAll("*"), inside.parentElement];
  const scrolls = (one) => one.scrollHeight > one.clientHeight + 4 && getComputedStyle(one).overflowY === "auto";
  const thread = all.find(scrolls);
  return thread && thread.scrollHeight - thread.clientHeight - thread.scrollTop < 60;
}"""
"""Whether the newest of what was said is in sight."""
PASTE = """async () => {
  const canvas = new OffscreenCanvas(64, 64);
  canvas.getContext("2d").fillRect(8, 8, 32, 32);
  const file = new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" });
  const data = new DataTransfer();
  data.items.add(file);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""


def test_conversations_are_found_renamed_and_deleted(
    open_page: Opens, scripted: Scripted, talk: Conversation, shot: Shot
) -> None:
    page = open_page(f"/chat?chat={talk.id}", language="en")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Title").fill("About *archives*")
    page.get_by_role("button", name="Save").click()
    entry = page.get_by_role("button", name="About *archives*")
    expect(entry).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("nothing like this")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("archives")
    page.keyboard.press("Enter")
    expect(entry).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    shot(page, "chat-delete-en")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(entry).to_have_count(0)
    assert talk.id not in {one.id for one in scripted.service.client.conversations()}


def test_an_engine_that_breaks_off_is_told_and_asked_again(
    open_page: Opens, scripted: Scripted, talk: Conversation, shot: Shot
) -> None:
    scripted.script(answer=LONG, piece_seconds=0.0, trouble="cut", trouble_requests=1)
    page = open_page(f"/chat?chat={talk.id}")
    _ask(page, "Ещё раз")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.wait_for_function(SETTLED)
    shot(page, "chat-broken-ru")
    scripted.script(answer="Whole.", trouble="")
    page.get_by_role("button", name="Ответить заново").click()
    expect(_said(page, "Whole.")).to_be_visible()


@pytest.mark.parametrize(("language", "dark"), [("ru", False), ("en", True)])
def test_it_is_of_use_on_a_phone(open_page: Opens, talk: Conversation, shot: Shot, language: str, dark: bool) -> None:
    page = open_page(f"/chat?chat={talk.id}", language=language, width=390, dark=dark)
    page.get_by_role("button", name=re.compile(r"^1 · ")).click()
    expect(page.locator(".box").first).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than the window"
    shot(page, f"chat-{language}-390{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_page: Opens, talk: Conversation, dark: bool) -> None:
    page = open_page(f"/chat?chat={talk.id}", dark=dark)
    page.get_by_role("button", name=re.compile(r"^1 · ")).click()
    expect(page.locator(".box").first).to_be_visible()
    page.wait_for_function(SETTLED)
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def _ask(page: Page, text: str) -> None:
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(text)
    page.get_by_test_id("stChatInputSubmitButton").click()
