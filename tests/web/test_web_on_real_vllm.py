"""The pages in Chromium before the real vLLM: read, extract, talk, switch, and a switch that vLLM itself refuses.

The models are tiny and say one thing whatever they are asked; the page is drawn so that it is what stands there. Starts
of vLLM are the dear part: the tests stand in the order in which one model serves as many of them as can be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from programmed_page import DPI, FORMULA, PLACES, POINTS, SIZE, layout, paper, scan
from real_vllm import DOTS_OCR, NO_BLANKS, START_SECONDS, TinyModel, end_servers, load_of, station_variables
from station_service import StationService
from vllm_cpu import tiny_models as builder
from web_process import WebService, eventually, free_port, web_server, web_service

from docstation.client import JobOptions
from docstation.document.conversation import State
from docstation.document.geometry import Box
from docstation.station.canary import LINES, ROWS, TITLE
from docstation.testing.numerals import in_words

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]

READER, TALKER, REFUSED = "dots-ocr", "qwen3-vl-2b", "mistyped"
TALKING = TinyModel("qwen3-vl", "Qwen/Qwen3-VL-2B-Instruct")
WINDOW = 16384
"""Of the talker, tokens: its answer is bound to a quarter of it, which takes longer than a click on Stop."""
FLAG, VALUE = "--uvicorn-log-level", "loudest"
"""A flag that vLLM knows, which is seen before a switch, with a value that only its own parser refuses."""
START_MS = 1000 * START_SECONDS
MODEL_MS = 120_000.0
"""For what a model is asked for the first time, on a busy machine."""
SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"title": "Номер", "enum": ["17", "250"]},
        "paid": {"title": "Оплачено", "type": "boolean"},
    },
    "required": ["number", "paid"],
}
WORDS = {
    "ru": {
        "as text": "Текстом",
        "schema": "Поля одной строкой или JSON Schema",
        "extract": "Извлечь",
        "unproven": "так говорит модель, на странице этого нет",
        "attach": "Прикрепить страницу",
        "attach this": "Прикрепить эту страницу",
        "stop": "Остановить",
        "stopped": "Остановлено. То, что пришло, сохранено.",
        "recognise": "Распознать",
        "tables": "Таблицы",
        "ready": "готова",
    },
    "en": {
        "as text": "As text",
        "schema": "One line of fields, or a JSON Schema",
        "extract": "Extract",
        "unproven": "the model says so, the page does not",
        "attach": "Attach a page",
        "attach this": "Attach this page",
        "stop": "Stop",
        "stopped": "Stopped. What had come is kept.",
        "recognise": "Recognise",
        "tables": "Tables",
        "ready": "ready",
    },
}
BOXES = """(page) => [...page.querySelectorAll(".box")].map((one) => [
  one.offsetLeft / page.clientWidth, one.offsetTop / page.clientHeight,
  (one.offsetLeft + one.offsetWidth) / page.clientWidth, (one.offsetTop + one.offsetHeight) / page.clientHeight,
])"""
"""The boxes on the page: their corners as shares of its width and height."""
AT_REST = "document.getAnimations().every((one) => one.playState !== 'running')"
SETTLED = """() => document.querySelector("[data-test-script-state=notRunning]") !== null
  && document.querySelector("[data-stale=true]") === null"""
both_languages = pytest.mark.parametrize("language", list(WORDS))


def answer() -> str:
    """What the talker says over and over: what stands on the page with its places, and numbers without a repeat.

    Three times this is more than the guard against loops looks back, so only Stop ends it.
    """
    cells = f"«{ROWS[1][0]}», {ROWS[0][1]} {ROWS[1][1]}, {ROWS[0][2]} {ROWS[1][2]}"
    said = f"Это «{TITLE}» [p1-b1], {LINES[0]} [p1-b2]. {ROWS[0][0]}: {cells} [p1-b3].\n\nПрописью: "
    numbers = (in_words(number * 245_489 % 1_000_000) for number in range(1, 50))
    return said + ", ".join(numbers) + ". "


@pytest.fixture(scope="module")
def station(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationService]:
    """A service at which nothing serves yet: a reader, a talker, and one that vLLM does not start."""
    folder = tmp_path_factory.mktemp("real-vllm")
    models, home = folder / "models", folder / "service" / "home"
    builder.build_dots_ocr(models / DOTS_OCR.folder, layout())
    builder.build_qwen3_vl(models / TALKING.folder, answer(), endless=True)
    entries = [
        DOTS_OCR.entry(READER, models),
        TALKING.entry(TALKER, models, f"context = {WINDOW}", NO_BLANKS),
        TALKING.entry(REFUSED, models, f'arguments = ["{FLAG}", "{VALUE}"]'),
    ]
    (folder / "models.toml").write_text("\n".join(entries))
    variables = {
        **station_variables(vllm_python),
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_STATION_STABLE_SECONDS": "0",
        "DOCSTATION_STATION_CATALOG": str(folder / "models.toml"),
        "DOCSTATION_READING_DPI": str(DPI),
    }
    try:
        with web_service(folder / "service", **variables) as service:
            yield StationService(service, START_SECONDS)
    finally:
        end_servers(home)


@pytest.fixture(scope="module")
def service(station: StationService) -> WebService:
    """For the fixtures of all tests of pages."""
    return station.service


@pytest.fixture(scope="module")
def web(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application in front of it."""
    with web_server(service.environment, tmp_path_factory.mktemp("streamlit") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def act(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of the page as a born-digital file, read by the embedded engine."""
    return service.read(paper(tmp_path_factory.mktemp("act") / "Акт 17.pdf"), JobOptions(engine="embedded"))


@pytest.fixture
def talker(station: StationService) -> str:
    """The talker, which serves."""
    station.serve(TALKER)
    return TALKER


@pytest.fixture
def reader(station: StationService) -> str:
    """The reader, which serves."""
    station.serve(READER)
    return READER


def header(page: Page) -> Locator:
    """The line above every page that says what serves."""
    return page.get_by_test_id("stMarkdown").first


def id_in(page: Page, name: str) -> str:
    """The id that the address of a page gives under that name, as soon as it does."""
    page.wait_for_url(re.compile(f"{name}="))
    return page.url.partition(f"{name}=")[2].partition("&")[0]


@both_languages
def test_the_model_fills_in_a_schema_and_its_values_stand_on_the_page(
    open_page: Opens, service: WebService, act: str, talker: str, shot: Shot, language: str
) -> None:
    words = WORDS[language]
    page = open_page(f"/extract?doc={act}", language=language)
    expect(header(page)).to_contain_text(f"{talker} {words['ready']}")
    page.get_by_role("radio", name=words["as text"]).click()
    field = page.get_by_role("textbox", name=words["schema"])
    field.fill(json.dumps(SCHEMA, ensure_ascii=False))
    field.press("Tab")
    page.get_by_test_id("stMain").get_by_role("button", name=words["extract"]).click()
    number, paid = page.locator("li button").nth(0), page.locator("li button").nth(1)
    expect(number).to_contain_text("17", timeout=MODEL_MS)
    expect(paid).to_contain_text(words["unproven"])
    number.click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_count(1)
    shot(page, f"vllm-extract-{language}")
    done = service.client.extraction(id_in(page, "values"))
    found = {one.path: one for one in done.fields}
    assert done.model == TALKING.served_name
    assert (found["number"].value, found["number"].by) == ("17", "model")
    assert found["number"].evidence is not None
    title = service.client.page(act, 1).blocks[0].box
    assert title.contains(*found["number"].evidence.box.center)


@both_languages
def test_an_answer_comes_until_it_is_stopped_and_shows_what_it_cites(
    open_page: Opens, service: WebService, act: str, talker: str, shot: Shot, language: str
) -> None:
    words, client = WORDS[language], service.client
    page = open_page("/chat", language=language)
    page.get_by_role("button", name=words["attach"]).click()
    page.get_by_role("dialog").get_by_role("button", name=words["attach this"]).click()
    expect(page.get_by_role("button", name=re.compile(r"^Акт 17\.pdf"))).to_be_visible()
    page.get_by_test_id("stChatInputTextArea").fill("Что это?")
    page.get_by_test_id("stChatInputSubmitButton").click()
    said = page.get_by_test_id("stChatMessage").last
    expect(said).to_contain_text(ROWS[1][0], timeout=MODEL_MS)
    came = len(said.inner_text())
    eventually(lambda: len(said.inner_text()) > came)
    expect(page.get_by_role("button", name=re.compile(r"^Акт 17\.pdf"))).to_have_count(1)  # of the question alone
    shot(page, f"vllm-chat-streaming-{language}")
    page.get_by_role("button", name=words["stop"]).click()
    expect(page.get_by_text(words["stopped"])).to_be_visible()
    vllm = int(service.environment["DOCSTATION_STATION_PORT"])
    eventually(lambda: load_of(vllm) == 0)
    kept = client.conversation(id_in(page, "chat"))[1][-1]
    assert (kept.state, kept.model) == (State.STOPPED, TALKING.served_name)
    assert came <= len(kept.text)
    assert (answer() * (1 + len(kept.text) // len(answer()))).startswith(kept.text)
    page.get_by_role("button", name=re.compile(rf"^1 · .*«{TITLE}»")).click()
    expect(page.locator(".box[aria-pressed=true]")).to_have_attribute("data-id", "0")
    expect(page.locator(".box")).to_have_count(3)
    shot(page, f"vllm-chat-cited-{language}")


def test_a_switch_is_followed_step_by_step_and_the_header_says_what_serves(
    open_page: Opens, station: StationService, talker: str, shot: Shot
) -> None:
    page = open_page("/models")
    expect(header(page)).to_contain_text(f"{talker} готова")
    page.locator(f".st-key-models_switch_{READER} button").click()
    change = page.locator(".st-key-models_now")
    expect(change).to_contain_text(f"Переключение на {READER}")
    expect(header(page)).to_contain_text(f"{READER} переключается")
    for step in ("проверка", "остановка", "запуск", "загрузка", "пробная страница"):
        expect(change).to_contain_text(step)
    expect(change.get_by_test_id("stCode")).to_contain_text("vLLM", timeout=START_MS)
    shot(page, "vllm-switching-ru")
    expect(page.locator(f".st-key-models_card_{READER}")).to_contain_text("работает", timeout=START_MS)
    expect(page.locator(".st-key-models_ending")).to_contain_text(READER)
    expect(header(page)).to_contain_text(f"{READER} готова")
    assert station.serving() == READER
    shot(page, "vllm-switched-ru")


def test_a_model_that_vllm_refuses_is_rolled_back_with_its_reason_and_the_old_one_reads_on(
    open_page: Opens, station: StationService, reader: str, tmp_path: Path, shot: Shot
) -> None:
    page = open_page("/models", language="en")
    page.locator(f".st-key-models_switch_{REFUSED} button").click()
    change = page.locator(".st-key-models_now")
    expect(change).to_contain_text(f"vLLM does not accept {FLAG}", timeout=START_MS)
    expect(change).to_contain_text("what served before is brought back")
    expect(change.get_by_test_id("stCode")).to_contain_text("vLLM", timeout=START_MS)
    shot(page, "vllm-rolling-back-en")
    told = page.locator(".st-key-models_ending")
    expect(told).to_contain_text("was rolled back", timeout=START_MS)
    expect(told).to_contain_text(f"vLLM does not accept {FLAG}")
    expect(page.locator(f".st-key-models_card_{reader}")).to_contain_text("serves")
    expect(header(page)).to_contain_text(f"{reader} ready")
    told.get_by_text("Last lines of the server's log").click()
    expect(told.get_by_test_id("stCode")).to_contain_text(f"argument {FLAG}: invalid choice: '{VALUE}'")
    page.wait_for_function(AT_REST)
    shot(page, "vllm-rolled-back-en")
    assert station.serving() == reader
    page.get_by_role("link", name="Recognition").click()
    have_read(station.service, page, scan(tmp_path / "after.pdf"), "en")
    assert read_by(station.service, page) == DOTS_OCR.served_name


def have_read(service: WebService, page: Page, file: Path, language: str) -> None:
    """Have the file read, and wait until what the reader says of a page is there."""
    before = [job.id for job in service.client.jobs().jobs]
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([file])
    page.get_by_role("button", name=WORDS[language]["recognise"]).click()
    # Until then the page shows the document that was sent last.
    page.wait_for_url(lambda url: "doc=" in url and not any(f"doc={id}" in url for id in before), timeout=MODEL_MS)
    expect(page.get_by_text(file.name).first).to_be_visible()
    expect(page.locator(".box")).to_have_count(len(PLACES), timeout=MODEL_MS)
    # Until it is over, a strip stands above the page, which moves when that goes.
    eventually(lambda: service.client.job(id_in(page, "doc")).over)
    expect(page.locator(".st-key-recognise_queue")).to_have_count(0)
    # The page is drawn anew when that has gone, and stays as it is from then on.
    page.wait_for_function(SETTLED)
    eventually(lambda: page.locator(".page").evaluate("(page) => page.isConnected && page.clientWidth > 0"))


def read_by(service: WebService, page: Page) -> str:
    """Id of the model that has read the open page."""
    return service.client.page(id_in(page, "doc"), 1).engine


@both_languages
def test_a_scan_becomes_blocks_with_boxes_and_a_table(
    open_page: Opens, service: WebService, reader: str, tmp_path: Path, shot: Shot, language: str
) -> None:
    words = WORDS[language]
    page = open_page(language=language)
    expect(header(page)).to_contain_text(f"{reader} {words['ready']}")
    have_read(service, page, scan(tmp_path / f"scan-{language}.pdf"), language)
    assert read_by(service, page) == DOTS_OCR.served_name
    for box, place in zip(page.locator(".page").evaluate(BOXES), PLACES.values(), strict=True):
        assert box == pytest.approx([value / side for value, side in zip(place, (*SIZE, *SIZE), strict=True)], abs=0.01)
    for block, said in zip(page.locator("li button").all(), (TITLE, LINES[0], ROWS[1][0], "frac{1}{3}"), strict=True):
        expect(block).to_contain_text(said)
    page.locator("li button").nth(2).click()
    expect(page.locator(".box").nth(2)).to_have_attribute("aria-pressed", "true")
    shot(page, f"vllm-recognise-{language}")
    page.get_by_role("tab", name=words["tables"]).click()
    # The editor of the table that was clicked may still stand in the panel that is left.
    tables = page.get_by_role("tabpanel", name=words["tables"])
    expect(tables.get_by_test_id("stDataFrame")).to_be_visible()
    shot(page, f"vllm-table-{language}")


def test_a_drawn_region_is_read_alone_by_the_model_and_put_in(
    open_page: Opens, service: WebService, reader: str, tmp_path: Path, shot: Shot
) -> None:
    id = service.read(scan(tmp_path / "region.pdf"))
    page = open_page(f"/?doc={id}", language="en")
    expect(header(page)).to_contain_text(reader)
    expect(page.locator(".box")).to_have_count(len(PLACES))
    page.get_by_role("button", name="Draw a region").click()
    region = Box(4, 4, POINTS[0] - 4, POINTS[1] - 4)
    shown = page.locator(".page").bounding_box()
    assert shown is not None
    scale = shown["width"] / POINTS[0]
    page.mouse.move(shown["x"] + region.x0 * scale, shown["y"] + region.y0 * scale)
    page.mouse.down()
    page.mouse.move(shown["x"] + region.x1 * scale, shown["y"] + region.y1 * scale, steps=4)
    page.mouse.up()
    card = page.locator(".st-key-recognise_region_card")
    # Nobody but the model says a formula so. Its boxes are those of the whole page, so other engines mend the rest.
    expect(card).to_contain_text(FORMULA, timeout=MODEL_MS)
    shot(page, "vllm-region-en")
    card.get_by_role("button", name="Put in as a block").click()
    expect(card).to_have_count(0)
    ids = service.client.corrections(id, 1).blocks
    added = [one for one in service.client.page(id, 1).blocks if one.id in ids]
    assert FORMULA in {one.text for one in added}
    assert all(region.contains(*one.box.center) for one in added)
    expect(page.locator(".box")).to_have_count(len(PLACES) + len(added))
