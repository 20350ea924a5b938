"""The page of history and settings in Chromium: search and the way to a page, reading again, deleting, settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from pdf_samples import chapters, written
from playwright.sync_api import Page, expect
from web_process import WebService, eventually

from docstation.errors import NotFound

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def book(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of a document of three pages."""
    return service.read(written(tmp_path_factory.mktemp("history"), "Главы.pdf", chapters(3)))


def visit(open_page: Opens, *, language: str = "ru", width: int = 1280, dark: bool = False) -> Page:
    """The page, come to by the navigation."""
    page = open_page("/", language=language, width=width, dark=dark)
    if width < 640:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name={"ru": "История и настройки", "en": "History and settings"}[language]).click()
    if width < 640:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(page.get_by_role("tab").first).to_be_visible()
    return page


def test_words_are_found_and_lead_to_their_page(open_page: Opens, book: str, shot: Shot) -> None:
    page = visit(open_page)
    expect(page.locator(f".st-key-history_row_{book} img")).to_be_visible()
    shot(page, "history-ru")
    field = page.get_by_role("textbox", name="Поиск по документам")
    field.fill("Chapter number 2")
    field.press("Enter")
    found = page.locator(f".st-key-history_found_{book}")
    expect(found).to_contain_text("Chapter")
    shot(page, "history-found-ru")
    found.get_by_role("button", name="Страница 2").first.click()
    expect(page.locator(".box").first).to_be_visible(timeout=40_000)
    assert book in page.url
    assert "page=2" in page.url


def test_nothing_found_says_what_to_try(open_page: Opens, book: str) -> None:
    page = visit(open_page, language="en")
    field = page.get_by_role("textbox", name="Search in documents")
    field.fill("xylophone zebra")
    field.press("Enter")
    expect(page.get_by_text("Nothing was found")).to_be_visible()


def test_a_document_is_read_again_and_deleted_after_a_question(
    open_page: Opens, service: WebService, tmp_path: Path, shot: Shot
) -> None:
    id = service.read(written(tmp_path, "Лишний.pdf", chapters(1)))
    page = visit(open_page)
    row = page.locator(f".st-key-history_row_{id}")
    row.get_by_role("button", name="Ещё").click()
    page.get_by_text("Прочитать заново").click()
    expect(page.locator(".box").first).to_be_visible(timeout=60_000)
    made = page.url.partition("doc=")[2].partition("&")[0]
    assert made != id
    page.get_by_role("link", name="История и настройки").click()
    for one in (id, made):
        page.locator(f".st-key-history_choose_{one} label").click()
    page.get_by_role("button", name="Удалить выбранные").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Удалить 2 документа?")
    shot(page, "history-delete-ru")
    asked.get_by_role("button", name="Оставить").click()
    expect(asked).to_have_count(0)
    assert service.client.job(id).id == id
    page.get_by_role("button", name="Удалить выбранные").click()
    page.get_by_role("dialog").get_by_role("button", name="Удалить").click()
    expect(row).to_have_count(0)
    for one in (id, made):
        with pytest.raises(NotFound):
            eventually(lambda one=one: service.client.job(one) is None)


def test_language_is_changed_and_settings_say_where_they_are_from(
    open_page: Opens, service: WebService, shot: Shot
) -> None:
    page = visit(open_page, language="en")
    page.get_by_role("tab", name="Settings").click()
    table = page.get_by_role("tabpanel", name="Settings").get_by_test_id("stTable")
    expect(table).to_contain_text("service.keep_days")
    shot(page, "history-settings-en")
    page.get_by_role("radio", name="Русский").or_(page.get_by_role("button", name="Русский")).first.click()
    expect(page.get_by_role("link", name="История и настройки")).to_be_visible()
    table = page.get_by_role("tabpanel", name="Настройки").get_by_test_id("stTable")
    expect(table).to_contain_text("Сколько дней")


def test_a_key_is_made_shown_this_once_and_taken_back(open_page: Opens, service: WebService, shot: Shot) -> None:
    page = visit(open_page)
    page.get_by_role("tab", name="Ключи API").click()
    panel = page.get_by_role("tabpanel", name="Ключи API")
    panel.get_by_role("textbox", name="Кому он нужен").fill("ноутбук")
    shot(page, "history-keys-first-ru")
    panel.get_by_role("button", name="Создать ключ").click()
    made = panel.locator(".st-key-history_key_new")
    expect(made.get_by_test_id("stCode")).to_contain_text("ds_")
    shot(page, "history-keys-made-ru")
    (known,) = service.client.api_keys()
    assert (known.name, known.scopes) == ("ноутбук", ("read", "write"))
    made.get_by_role("button", name="Я скопировал").click()
    expect(made).to_have_count(0)
    expect(panel.get_by_text("ds_")).to_have_count(0)
    panel.get_by_role("textbox", name="Кому он нужен").fill("ноутбук")
    panel.get_by_role("button", name="Создать ключ").click()
    expect(panel.get_by_text("Ключ с именем ноутбук уже есть.")).to_be_visible()
    row = panel.locator(f".st-key-history_key_{known.id}")
    row.get_by_role("button", name="Отозвать").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Это последний ключ")
    shot(page, "history-keys-revoke-ru")
    asked.get_by_role("button", name="Отозвать").click()
    expect(row).to_have_count(0)
    assert service.client.api_keys() == ()


@pytest.mark.parametrize(("language", "dark"), [("ru", False), ("en", True)])
def test_it_is_of_use_on_a_phone(open_page: Opens, book: str, shot: Shot, language: str, dark: bool) -> None:
    page = visit(open_page, language=language, width=390, dark=dark)
    expect(page.locator(f".st-key-history_row_{book} img")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than the window"
    shot(page, f"history-{language}-390{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_page: Opens, book: str, dark: bool) -> None:
    page = visit(open_page, dark=dark)
    expect(page.locator(f".st-key-history_row_{book} img")).to_be_visible()
    assert _serious(page) == []
    page.get_by_role("tab", name="Ключи API").click()
    expect(page.get_by_role("tabpanel", name="Ключи API").get_by_role("button", name="Создать ключ")).to_be_visible()
    expect(page.locator(f".st-key-history_row_{book}")).to_have_count(0)
    assert _serious(page) == []


def _serious(page: Page) -> list[tuple[str, list[str]]]:
    """Violations that keep people from reading or using the page, each with a few places."""
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
