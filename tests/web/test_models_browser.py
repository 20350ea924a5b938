"""The page of models in Chromium: a switch that is watched, one that is rolled back, and one that is called off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from station_service import StationService, station_service
from web_process import web_server

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]


def visit(open_page: Opens, *, language: str = "ru", width: int = 1280, dark: bool = False) -> Page:
    """The page of models, come to by the navigation."""
    page = open_page("/", language=language, width=width, dark=dark)
    if width < 640:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name={"ru": "Модели", "en": "Models"}[language]).click()
    if width < 640:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(page.locator(".st-key-models_card_dots-ocr")).to_be_visible()
    return page


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationService]:
    """A service whose models are the scripted server: one good, one slow, one that cannot be loaded."""
    with station_service(tmp_path_factory.mktemp("station")) as made:
        yield made


@pytest.fixture(scope="module")
def web(station: StationService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application in front of it."""
    with web_server(station.service.environment, tmp_path_factory.mktemp("streamlit") / "log") as address:
        yield address


def test_a_switch_is_made_from_its_card_and_told_step_by_step(
    open_page: Opens, station: StationService, shot: Shot
) -> None:
    station.stopped()
    page = visit(open_page)
    page.locator(".st-key-models_switch_slow button").click()
    change = page.locator(".st-key-models_now")
    expect(change).to_contain_text("Переключение на slow")
    expect(change).to_contain_text("загрузка")
    expect(change.get_by_role("button", name="Отменить переключение")).to_be_visible()
    shot(page, "models-switching-ru")
    expect(page.locator(".st-key-models_card_slow")).to_contain_text("работает", timeout=30_000)
    expect(page.locator(".st-key-models_ending")).to_contain_text("slow")
    shot(page, "models-ru")
    assert station.serving() == "slow"


def test_a_model_that_cannot_be_loaded_is_rolled_back_with_cause_and_remedy(
    open_page: Opens, station: StationService, shot: Shot
) -> None:
    station.serve("dots-ocr")
    page = visit(open_page, language="en")
    page.locator(".st-key-models_switch_broken button").click()
    told = page.locator(".st-key-models_ending")
    expect(told).to_contain_text("was rolled back", timeout=40_000)
    expect(told).to_contain_text("memory")
    expect(told.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator(".st-key-models_card_dots-ocr")).to_contain_text("serves")
    shot(page, "models-rolled-back-en")
    page.get_by_role("tab", name="Events").click()
    happened = page.get_by_role("tabpanel", name="Events")
    event = happened.get_by_test_id("stExpander").filter(has_text="Switch to broken")
    expect(event).to_contain_text("rolled back")
    expect(event).to_contain_text("max_pixels")
    shot(page, "models-events-en")
    told.get_by_role("button", name="Put away").click()
    expect(told).to_have_count(0)
    assert station.serving() == "dots-ocr"


def test_a_switch_is_called_off(open_page: Opens, station: StationService, shot: Shot) -> None:
    station.serve("dots-ocr")
    page = visit(open_page)
    page.locator(".st-key-models_switch_endless button").click()
    expect(page.locator(".st-key-models_now")).to_contain_text("загрузка")
    page.get_by_role("button", name="Отменить переключение").click()
    expect(page.locator(".st-key-models_ending")).to_contain_text("Переключение на endless отменено", timeout=40_000)
    shot(page, "models-called-off-ru")
    assert station.serving() == "dots-ocr"


def test_what_serves_is_stopped_and_brought_back(open_page: Opens, station: StationService) -> None:
    station.serve("dots-ocr")
    page = visit(open_page, language="en")
    page.locator(".st-key-models_stop button").click()
    expect(page.locator(".st-key-models_now")).to_contain_text("The embedded engine reads pages", timeout=20_000)
    # Cards are drawn last: until then the one of before still says that its model serves.
    expect(page.locator(".st-key-models_card_dots-ocr")).not_to_contain_text("serves", timeout=20_000)
    page.locator(".st-key-models_restore button").click()
    expect(page.locator(".st-key-models_card_dots-ocr")).to_contain_text("serves", timeout=30_000)
    assert station.serving() == "dots-ocr"


@pytest.mark.parametrize(("language", "dark"), [("ru", False), ("en", True)])
def test_it_is_of_use_on_a_phone(
    open_page: Opens, station: StationService, shot: Shot, language: str, dark: bool
) -> None:
    station.serve("dots-ocr")
    page = visit(open_page, language=language, width=390, dark=dark)
    expect(page.locator(".st-key-models_switch_slow button")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than the window"
    shot(page, f"models-{language}-390{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_page: Opens, station: StationService, dark: bool) -> None:
    station.serve("dots-ocr")
    page = visit(open_page, dark=dark)
    expect(page.locator(".st-key-models_switch_slow button")).to_be_visible()
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
