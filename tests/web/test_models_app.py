"""The pages of models and of the history without a model and without a browser; and two readings of one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pdf_samples import chapters, written
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from web_process import WebService


@pytest.mark.parametrize(("language", "said"), [("ru", "Видеокарты нет"), ("en", "No GPU")])
def test_without_a_card_the_page_says_so(app: Callable[..., AppTest], language: str, said: str) -> None:
    made = app(language).run()
    made.switch_page("app_pages/models.py").run()
    assert not made.exception
    assert any(said in one.value for one in made.caption)
    assert not made.button(key="models_shipped").disabled


def test_what_is_refused_is_told(app: Callable[..., AppTest]) -> None:
    made = app("en").run()
    made.switch_page("app_pages/models.py").run()
    made.button(key="models_shipped").click().run()
    assert not made.exception
    assert made.error


def test_the_settings_are_there(app: Callable[..., AppTest]) -> None:
    made = app("en").run()
    made.switch_page("app_pages/history.py").run()
    assert not made.exception
    assert made.text_input(key="history_question").label == "Search in documents"


def test_two_readings_of_a_page_stand_side_by_side(
    open_page: Callable[..., Page], service: WebService, tmp_path: Path, shot: Callable[[Page, str], Path]
) -> None:
    service.read(written(tmp_path, "Сравнение.pdf", chapters(1)))
    page = open_page("/", language="en")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("tab", name="Comparison").click()
    expect(page.get_by_text("There is one reading of this page")).to_be_visible()
    page.get_by_role("button", name="Read it with the embedded engine").click()
    expect(page.get_by_text("Alike by words")).to_be_visible(timeout=40_000)
    shot(page, "models-compared-en")
