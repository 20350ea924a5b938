"""The frame around the pages: the languages, the header, a service that is away, and what the browser is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

PAGES = {
    "ru": ["Распознавание", "Извлечение", "Чат", "Модели", "История и настройки"],
    "en": ["Recognition", "Extraction", "Chat", "Models", "History and settings"],
}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_pages_are_named_in_the_language_of_the_browser(open_page: Callable[..., Page], language: str) -> None:
    page = open_page(language=language)
    for name in PAGES[language]:
        expect(page.get_by_role("link", name=name)).to_be_visible()


def test_the_header_says_what_serves(app: Callable[..., AppTest]) -> None:
    made = app("en").run()
    assert not made.exception
    assert any("Embedded engine" in one.value for one in made.markdown)
