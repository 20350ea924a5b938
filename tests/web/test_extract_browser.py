"""The extraction page in Chromium: presets, own fields, evidence, corrections, many files in one table, downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from pdf_samples import written
from playwright.sync_api import Page, expect
from web_process import WebService

from docstation.testing import business

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]
expect.set_options(timeout=20_000)
SETTLED = """() => document.querySelector("[data-test-script-state=notRunning]") !== null
  && document.querySelector("[data-stale=true]") === null"""
"""Whether a run is over and what it left behind is gone; until then things are shown paler."""
INVOICE = business.draw(business.Kind.INVOICE, 7)
OTHER = business.draw(business.Kind.INVOICE, 8)


@pytest.fixture(scope="module")
def invoice(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of an invoice that was read."""
    return service.read(written(tmp_path_factory.mktemp("invoice"), "Счёт 7.pdf", INVOICE.pdf))


@pytest.fixture(scope="module")
def other(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of another one."""
    return service.read(written(tmp_path_factory.mktemp("other"), "Счёт 8.pdf", OTHER.pdf))


@pytest.fixture(scope="module")
def extracted(service: WebService, invoice: str) -> str:
    """Id of an extraction from the invoice."""
    client = service.client
    return client.await_extraction(client.extract(invoice, preset="счёт").id).id


def test_values_of_a_preset_stand_beside_their_places(open_page: Opens, invoice: str, shot: Shot) -> None:
    page = open_page(f"/extract?doc={invoice}")
    expect(page.get_by_role("button", name="Извлечь")).to_be_enabled()
    shot(page, "extract-ask-ru")
    page.get_by_role("button", name="Извлечь").click()
    number = page.locator("li button").first
    expect(number).to_contain_text(INVOICE.fields["number"])
    number.click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_count(1)
    expect(page.get_by_role("textbox", name="Номер")).to_have_value(INVOICE.fields["number"])
    page.locator(".box").nth(2).click()
    expect(page.locator("li button[aria-pressed=true]")).to_have_count(1)
    assert "values=" in page.url
    shot(page, "extract-values-ru")


def test_a_closed_tab_comes_back_by_its_address(open_page: Opens, extracted: str, shot: Shot) -> None:
    page = open_page(f"/extract?values={extracted}", language="en")
    expect(page.locator("li button").first).to_contain_text(INVOICE.fields["number"])
    shot(page, "extract-values-en")


def test_a_corrected_value_is_in_the_file_that_is_taken_away(
    open_page: Opens, service: WebService, invoice: str, shot: Shot
) -> None:
    client = service.client
    made = client.await_extraction(client.extract(invoice, preset="счёт").id)
    page = open_page(f"/extract?values={made.id}", language="en")
    page.locator("li button").first.click()
    field = page.get_by_role("textbox").last
    field.fill("999-Ъ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("li button").first).to_contain_text("999-Ъ")
    expect(page.locator("li button").first).to_contain_text("corrected")
    shot(page, "extract-corrected-en")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Excel: values and lists (.xlsx)").click()
    sheet = openpyxl.load_workbook(BytesIO(taken.value.path().read_bytes())).worksheets[0]
    assert "999-Ъ" in {cell.value for row in sheet.iter_rows() for cell in row}
    page.keyboard.press("Escape")
    page.get_by_role("button", name="As it was found").click()
    expect(page.locator("li button").first).to_contain_text(INVOICE.fields["number"])


def test_rows_of_a_list_are_a_table_whose_cells_are_shown_and_corrected(
    open_page: Opens, service: WebService, extracted: str, shot: Shot
) -> None:
    page = open_page(f"/extract?values={extracted}")
    name = re.compile("Позиции|Товары")
    page.get_by_role("tab", name=name).click()
    table = page.get_by_role("tabpanel", name=name).get_by_test_id("stDataFrame")
    expect(table.locator("canvas").first).to_be_visible()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 90, box["y"] + 52)
    expect(page.locator(".box[aria-pressed=true]")).to_have_count(1)
    expect(page.get_by_role("button", name="Сохранить")).to_be_visible()
    shot(page, "extract-list-ru")


def test_many_files_become_one_table(open_page: Opens, invoice: str, other: str, shot: Shot) -> None:
    page = open_page("/extract")
    expect(page.get_by_role("button", name="Извлечь")).to_be_enabled()
    chosen = page.get_by_test_id("stMultiSelect")
    for name in ("Счёт 7.pdf", "Счёт 8.pdf"):
        if not chosen.get_by_text(name, exact=True).count():
            chosen.get_by_role("combobox").fill(name)
            page.get_by_role("option", name=name).first.click()
            expect(chosen.get_by_text(name, exact=True)).to_be_visible()
            # While the choices are open, nothing else is there for those who ask by role.
            page.keyboard.press("Escape")
    page.get_by_role("button", name="Извлечь").click()
    page.get_by_role("tab", name="Все документы").click()
    everything = page.get_by_role("tabpanel", name="Все документы")
    expect(everything.get_by_test_id("stDataFrame")).to_be_visible()
    shot(page, "extract-table-ru")
    page.get_by_role("button", name="Скачать").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Таблица (.csv)").click()
    text = taken.value.path().read_text("utf-8-sig")
    assert all(one.fields["number"] in text for one in (INVOICE, OTHER))


def test_own_fields_as_text_and_a_schema_that_is_none(open_page: Opens, invoice: str, shot: Shot) -> None:
    page = open_page(f"/extract?doc={invoice}", language="en")
    page.get_by_role("radio", name="As text").click()
    field = page.get_by_role("textbox", name="One line of fields, or a JSON Schema")
    field.fill("{")
    field.press("Tab")
    expect(page.get_by_text("The schema is no JSON.")).to_be_visible()
    expect(page.get_by_role("button", name="Extract", exact=False).last).to_be_disabled()
    field.fill("инн")
    page.keyboard.press("Control+Enter")
    page.get_by_test_id("stMain").get_by_role("button", name="Extract").click()
    expect(page.locator("li button").first).to_contain_text("инн")
    shot(page, "extract-line-en")


def test_a_dropped_file_is_read_and_extracted_from(open_page: Opens, tmp_path: Path, shot: Shot) -> None:
    page = open_page("/extract")
    page.get_by_role("button", name="Добавить файлы").click()
    file = written(tmp_path, "Акт.pdf", business.draw(business.Kind.ACT, 3).pdf)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
    page.get_by_role("button", name="Прочитать 1 файл").click()
    expect(page.get_by_test_id("stMultiSelect").get_by_text("Акт.pdf")).to_be_visible()
    page.get_by_role("button", name="Извлечь").click()
    expect(page.locator("li button").first).to_be_visible(timeout=40_000)


@pytest.mark.parametrize(("language", "dark"), [("ru", False), ("en", True)])
def test_it_is_of_use_on_a_phone(open_page: Opens, extracted: str, shot: Shot, language: str, dark: bool) -> None:
    page = open_page(f"/extract?values={extracted}", language=language, width=390, dark=dark)
    page.locator("li button").nth(1).click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than the window"
    shot(page, f"extract-{language}-390{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_page: Opens, extracted: str, dark: bool) -> None:
    page = open_page(f"/extract?values={extracted}", dark=dark)
    page.locator("li button").nth(1).click()
    expect(page.get_by_role("button", name="Сохранить")).to_be_visible()
    page.wait_for_function(SETTLED)
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
