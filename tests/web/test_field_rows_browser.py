"""Own fields of an extraction in Chromium: rows of the editor are changed and added, and their values found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pdf_samples import written
from playwright.sync_api import Page, expect
from web_process import WebService, eventually

from docstation.testing import business

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]
INVOICE = business.draw(business.Kind.INVOICE, 7)
HEAD, ROW = 35, 35
"""Heights of the editor's heading and of a row, pixels."""
NAME, KIND = 0.08, 0.37
"""Where columns stand, as shares of its width."""
SETTLED = """() => document.querySelector("[data-test-script-state=notRunning]") !== null
  && document.querySelector("[data-stale=true]") === null"""
"""Whether a run is over and what it left behind is gone; until then the editor may move or be made anew."""


@pytest.fixture(scope="module")
def invoice(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of an invoice that was read."""
    return service.read(written(tmp_path_factory.mktemp("rows"), "Счёт строками.pdf", INVOICE.pdf))


def open_cell(page: Page, row: int, column: float) -> None:
    """Begin to edit a cell; the row behind the last one is added by that."""
    page.wait_for_function(SETTLED)
    shown = page.get_by_test_id("stDataFrame").bounding_box()
    assert shown is not None
    place = shown["x"] + column * shown["width"], shown["y"] + HEAD + (row + 0.5) * ROW
    page.mouse.dblclick(*place)


def say(page: Page, told: list[bytes], text: str) -> None:
    """Write it into the cell that is open, and wait until the server is told, which is a little later."""
    field = page.locator(".gdg-input")
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_count(0)
    eventually(lambda: page.evaluate("0") or any(text.encode() in one for one in told))


@pytest.mark.parametrize(
    ("language", "own", "kind", "extract"),
    [("ru", "Свои поля", "ИНН", "Извлечь"), ("en", "Own fields", "INN", "Extract")],
)
def test_rows_are_changed_and_added_and_their_values_found(
    open_page: Opens, invoice: str, shot: Shot, language: str, own: str, kind: str, extract: str
) -> None:
    page = open_page(f"/extract?doc={invoice}", language=language)
    told: list[bytes] = []
    page.on("websocket", lambda one: one.on("framesent", lambda sent: told.append(bytes(sent))))
    page.reload()
    page.get_by_role("radio", name=own).click()
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    open_cell(page, 0, NAME)
    say(page, told, "инн поставщика")
    open_cell(page, 0, KIND)
    page.locator(".glide-select").get_by_role("combobox").fill(kind)
    page.get_by_role("option", name=kind, exact=True).click()
    open_cell(page, 3, NAME)
    say(page, told, "Покупатель")
    shot(page, f"extract-rows-{language}")
    page.get_by_test_id("stMain").get_by_role("button", name=extract).click()
    found = page.locator("li button")
    expect(found.nth(0)).to_contain_text(INVOICE.fields["seller_inn"])
    expect(found.nth(3)).to_contain_text(INVOICE.fields["buyer"])
    expect(found).to_have_count(4)
    shot(page, f"extract-rows-found-{language}")
