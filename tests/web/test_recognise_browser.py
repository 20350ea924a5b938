"""The recognition page in Chromium: files in, the queue, block and box marking each other, pages, downloads."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from pdf_samples import SECRET, chapters, locked, written
from playwright.sync_api import Locator, Page, expect
from web_process import WebService

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]
PRESSED = "[aria-pressed=true]"
QUEUE = ".st-key-recognise_queue"


@pytest.fixture(scope="module")
def book(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of a document of twelve pages."""
    return service.read(written(tmp_path_factory.mktemp("book"), "Книга.pdf", chapters(12)))


def test_a_box_marks_its_block_and_a_block_its_box(open_page: Opens, document: str, shot: Shot) -> None:
    page = open_page(f"/?doc={document}")
    page.locator(".box").nth(2).click()
    expect(page.locator("li button").nth(2)).to_have_attribute("aria-pressed", "true")
    page.locator("li button").nth(4).click()
    expect(page.locator(".box").nth(4)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f".box{PRESSED}")).to_have_count(1)
    expect(page.get_by_role("textbox", name="Текст блока")).to_be_visible()
    shot(page, "recognise-block-ru")


def test_pages_are_turned_by_strip_button_and_key(open_page: Opens, book: str, shot: Shot) -> None:
    page = open_page(f"/?doc={book}&page=3")
    heading = page.locator("li").first
    expect(heading).to_contain_text("Chapter number 3")
    page.get_by_role("navigation", name="Страницы").get_by_role("button", name="Страница 5").click()
    expect(heading).to_contain_text("Chapter number 5")
    page.get_by_role("button", name="Следующая страница").click()
    expect(heading).to_contain_text("Chapter number 6")
    page.keyboard.press("ArrowLeft")
    expect(heading).to_contain_text("Chapter number 5")
    assert "page=5" in page.url
    shot(page, "recognise-pages-ru")


def test_keys_that_move_in_a_text_do_not_turn_the_page(open_page: Opens, book: str) -> None:
    page = open_page(f"/?doc={book}&page=3")
    page.locator(".box").nth(1).click()
    field = page.get_by_role("textbox", name="Текст блока")
    field.click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("li").first).to_contain_text("Chapter number 3")
    expect(field).to_be_visible()


def test_markdown_tables_and_json_stand_beside_the_page(open_page: Opens, book: str, shot: Shot) -> None:
    page = open_page(f"/?doc={book}&page=2", language="en")
    expect(_panel(page, "Markdown").get_by_test_id("stCode")).to_contain_text("Page 2 paragraph 4")
    expect(_panel(page, "JSON").get_by_test_id("stCode")).to_contain_text('"number": 2')
    expect(_panel(page, "Tables").get_by_test_id("stDataFrame")).to_be_visible()
    shot(page, "recognise-table-en")


def _panel(page: Page, name: str) -> Locator:
    """What stands under a tab that is opened; what stood under the one before may still be there for a moment."""
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel", name=name)


def test_a_document_is_taken_away_in_all_formats(open_page: Opens, document: str) -> None:
    page = open_page(f"/?doc={document}", language="en")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as word:
        page.get_by_role("button", name="Word (.docx)").click()
    assert word.value.suggested_filename == "report-mixed.docx"
    with page.expect_download(timeout=60_000) as everything:
        page.get_by_role("button", name="Everything as a ZIP archive").click()
    with zipfile.ZipFile(BytesIO(everything.value.path().read_bytes())) as archive:
        assert {Path(name).suffix for name in archive.namelist()} >= {".docx", ".xlsx", ".pdf", ".md", ".html", ".json"}


def test_what_is_dropped_is_read_while_the_tab_is_closed(
    open_page: Opens, service: WebService, tmp_path: Path, shot: Shot
) -> None:
    long = written(tmp_path, "Длинная.pdf", chapters(400))
    page = open_page()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([long])
    page.get_by_role("button", name="Распознать").click()
    expect(page.locator(QUEUE)).to_contain_text(re.compile(r"\d+ из 400 стр\."))
    expect(page.locator("li").first).to_contain_text("Chapter number 1")
    shot(page, "recognise-queue-ru")
    address = page.url
    page.context.close()
    again = open_page(address.partition("8501")[2] or address[address.index("/?") :])
    queue = again.locator(QUEUE)
    queue.get_by_role("button", name="Пауза").click()
    expect(queue).to_contain_text("на паузе")
    again.keyboard.press("Escape")
    expect(queue).to_have_count(0)
    told = again.locator(".st-key-recognise_cancelled")
    expect(told).to_contain_text("Чтение отменено: не хватает")
    shot(again, "recognise-cancelled-ru")
    id = address.partition("doc=")[2].partition("&")[0]
    cancelled = service.client.job(id)
    assert cancelled.state == "cancelled"
    told.get_by_role("button", name="Дочитать").click()
    expect(queue.get_by_test_id("stProgress")).to_be_visible()
    expect(told).to_have_count(0)
    assert service.client.job(id).done >= cancelled.done > 0
    queue.get_by_role("button", name="Отменить").click()
    expect(queue).to_have_count(0)
    assert service.client.job(id).state == "cancelled"
    again.context.close()
    service.client.delete(id)


def test_a_damaged_file_says_what_happened_and_what_to_do(
    open_page: Opens, service: WebService, tmp_path: Path, shot: Shot
) -> None:
    page = open_page(language="en")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        [written(tmp_path, "broken.pdf", b"%PDF-1.7 nothing")]
    )
    page.get_by_role("button", name="Recognise").click()
    expect(page.get_by_role("alert").get_by_text("broken.pdf").first).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    shot(page, "recognise-damaged-en")
    id = page.url.partition("doc=")[2].partition("&")[0]
    page.context.close()  # a page that is open asks for the pictures of its document
    service.client.delete(id)


@pytest.mark.parametrize(("language", "width", "dark"), [("ru", 390, False), ("en", 390, True), ("ru", 1280, True)])
def test_it_is_of_use_on_a_phone_and_in_the_dark(
    open_page: Opens, document: str, shot: Shot, language: str, width: int, dark: bool
) -> None:
    page = open_page(f"/?doc={document}", language=language, width=width, dark=dark)
    page.locator(".box").nth(1).click()
    expect(page.locator(f"li button{PRESSED}")).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than the window"
    shot(page, f"recognise-{language}-{width}{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_page: Opens, document: str, dark: bool) -> None:
    page = open_page(f"/?doc={document}", dark=dark)
    page.locator(".box").nth(1).click()
    expect(page.get_by_role("textbox", name="Текст блока")).to_be_visible()
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


@pytest.fixture
def sheet(service: WebService, tmp_path: Path) -> Iterator[str]:
    """Id of a document of one page with a table, for a test that changes it; asked for before the browser, whose pages
    are to be gone when it is deleted."""
    id = service.read(written(tmp_path, "Ведомость.pdf", chapters(1)))
    yield id
    service.client.delete(id)


def test_a_corrected_text_is_kept_and_taken_back(sheet: str, open_page: Opens, service: WebService) -> None:
    page = open_page(f"/?doc={sheet}")
    page.locator("li button", has_text="paragraph 2").click()
    field = page.get_by_role("textbox", name="Текст блока")
    expect(field).to_have_value(re.compile("paragraph 2"))
    field.fill("Исправленный текст")
    page.keyboard.press("Control+s")
    row = page.locator("li button", has_text="Исправленный текст")
    expect(row).to_contain_text("исправлено")
    assert "Исправленный текст" in service.client.export(sheet, "md").decode()
    page.get_by_role("button", name="Вернуть как было").click()
    expect(row).to_have_count(0)
    expect(page.locator("li button", has_text="paragraph 2")).to_be_visible()


def test_a_corrected_cell_is_in_the_sheet_that_is_saved(sheet: str, open_page: Opens, shot: Shot) -> None:
    page = open_page(f"/?doc={sheet}")
    page.get_by_role("tab", name="Таблицы").click()
    grid = page.get_by_test_id("stDataFrame")
    expect(grid).to_be_visible()
    grid.scroll_into_view_if_needed()
    place = grid.bounding_box()
    assert place is not None
    page.mouse.dblclick(place["x"] + 60, place["y"] + 50)
    field = page.locator(".gdg-input")
    field.fill("1 234,50 руб.")
    field.press("Enter")
    expect(field).to_have_count(0)
    shot(page, "recognise-cell-ru")
    page.get_by_role("button", name="Сохранить").click()
    page.get_by_role("tab", name="Блоки").click()
    expect(page.locator("li button", has_text="1 234,50 руб.")).to_contain_text("исправлено")
    page.get_by_role("button", name="Скачать").click()
    with page.expect_download(timeout=60_000) as saved:
        page.get_by_role("button", name="Excel: все таблицы (.xlsx)").click()
    book = openpyxl.load_workbook(BytesIO(saved.value.path().read_bytes()))
    cells = [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    assert any("1 234,50" in str(value) or value == 1234.5 for value in cells)


def test_a_drawn_region_is_read_alone_and_put_in(sheet: str, open_page: Opens, shot: Shot) -> None:
    page = open_page(f"/?doc={sheet}")
    expect(page.locator(".box").first).to_be_visible()
    before = page.locator(".box").count()
    page.get_by_role("button", name="Обвести область").click()
    shown = page.locator(".page").bounding_box()
    assert shown is not None
    scale = shown["width"] / 595
    page.mouse.move(shown["x"] + 60 * scale, shown["y"] + 40 * scale)
    page.mouse.down()
    page.mouse.move(shown["x"] + 400 * scale, shown["y"] + 70 * scale, steps=4)
    page.mouse.up()
    card = page.locator(".st-key-recognise_region_card")
    expect(card).to_contain_text("Chapter", timeout=60_000)
    shot(page, "recognise-region-ru")
    card.get_by_role("button", name="Вставить как блок").click()
    expect(card).to_have_count(0)
    expect(page.locator(".box")).to_have_count(before + 1)


def test_a_locked_file_asks_for_its_password(open_page: Opens, service: WebService, tmp_path: Path, shot: Shot) -> None:
    page = open_page()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([locked(tmp_path)])
    expect(page.get_by_role("button", name="Распознать")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    page.get_by_role("textbox", name="Пароль файла").fill(SECRET)
    shot(page, "recognise-locked-ru")
    page.get_by_role("button", name="Открыть").click()
    expect(page.locator("li button").first).to_be_visible(timeout=60_000)
    id = page.url.partition("doc=")[2].partition("&")[0]
    page.context.close()  # a page that is open asks for the pictures of its document
    service.client.delete(id)
