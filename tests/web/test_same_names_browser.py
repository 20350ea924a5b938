"""Documents of the same name in Chromium: each can be opened, and extracted from, by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from pdf_samples import chapters
from playwright.sync_api import Page, expect
from web_process import WebService, eventually

from docstation.web import words

Opens = Callable[..., Page]
NAME = "Отчёт.pdf"


@pytest.fixture
def twins(service: WebService) -> Iterator[list[str]]:
    """Ids of two documents of one name and as many pages, the older first."""
    made = []
    for content in (chapters(2), chapters(2) + b"\n% another one\n"):
        id = service.client.submit(content, name=NAME).id
        eventually(lambda: service.client.job(id).over)  # noqa: B023
        made.append(id)
    assert len(set(made)) == 2
    yield made
    for id in made:
        service.client.delete(id)


def test_documents_of_one_name_are_told_apart(twins: list[str], open_page: Opens) -> None:
    older, newer = twins
    page = open_page(f"/?doc={newer}&page=2")
    expect(page.locator("li").first).to_contain_text("Chapter number 2")
    page.locator(".box").nth(1).click()  # whatever is clicked sends the choice of the document along
    expect(page.get_by_role("textbox", name="Текст блока")).to_be_visible()
    assert f"doc={newer}" in page.url
    chooser = page.get_by_test_id("stSelectbox").first.get_by_role("combobox")
    expect(chooser).to_have_value(f"{NAME} · 2 страницы (2)")
    chooser.click()
    page.get_by_role("option", name=re.compile(rf"^{NAME} · 2 страницы$")).click()
    page.wait_for_url(re.compile(f"doc={older}"))
    expect(page.locator("li").first).to_contain_text("Chapter number 1")


def test_labels_are_numbered_from_the_oldest_on() -> None:
    labels = {"c": "x", "b": "y", "a": "x", "d": "x (2)"}
    assert words.apart(labels) == {"c": "x (3)", "b": "y", "a": "x", "d": "x (2)"}
    assert words.apart({}) == {}
