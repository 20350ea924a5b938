"""Files read through the service by the real vLLM: blocks with boxes, large pages, a killed engine, an endless answer.

The model is tiny and says one thing whatever it is shown; the pages are drawn so that it is what stands there.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from real_vllm import DOTS_OCR, ENVIRONMENT
from running_service import COMMAND, Service, eventually, free_port
from vllm_cpu import tiny_models as builder

from docstation.station.canary import LINES, ROWS, TITLE
from docstation.station.deployment import Deployment
from docstation.station.drivers.process import ProcessDriver
from docstation.station.probes import HttpProbes
from docstation.testing.typefaces import FONTS

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

DPI = 144
SIZE = 784, 420
"""Pixels of the page at `DPI`: multiples of dots.ocr's 28, so that the picture is sent as it is."""
FORMULA = r"\int_0^1 x^2 dx = \frac{1}{3}"
PLACES = {
    "Title": (60, 40, 700, 90),
    "Text": (60, 110, 700, 140),
    "Table": (60, 200, 700, 300),
    "Formula": (60, 320, 700, 370),
}
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{models}/{dots.folder}"
served_name = "{dots.served_name}"
eager = true
"""


def answer() -> str:
    blocks = json.loads(builder.dots_answer(TITLE, LINES, ROWS))
    blocks.append({"bbox": list(PLACES["Formula"]), "category": "Formula", "text": FORMULA})
    return json.dumps(blocks, ensure_ascii=False)


@pytest.fixture(scope="module")
def served(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("home")
    models = tmp_path_factory.mktemp("models")
    builder.build_dots_ocr(models / DOTS_OCR.folder, answer())
    (home / "models.toml").write_text(CATALOGUE.format(models=models, dots=DOTS_OCR))
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "PATH": f"{vllm_python.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_STATION_HANG_SECONDS": "300",
        "DOCSTATION_SERVICE_PORT": str(ports[0]),
        "DOCSTATION_STATION_PORT": str(ports[1]),
    }
    made = Service(home, *ports, environment)
    try:
        made.start(within=500)
        yield made
    finally:
        made.end()
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=20)


def pdf(path: Path, pages: int = 1, points: tuple[float, float] = (SIZE[0] / 2, SIZE[1] / 2)) -> Path:
    """A PDF of pages that are pictures, each with what the model says at its top left."""
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    image = Image.new("RGB", (round(points[0] * 2), round(points[1] * 2)), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), 22)
    pen.text((70, 50), TITLE, fill="black", font=font)
    pen.text((70, 112), LINES[0], fill="black", font=font)
    for place, row in enumerate(ROWS):
        pen.text((70, 210 + 45 * place), "    ".join(row), fill="black", font=font)
    pen.text((70, 330), "∫ x² dx = 1/3", fill="black", font=font)
    canvas = Canvas(str(path), pagesize=points)
    for _ in range(pages):
        canvas.drawImage(ImageReader(image), 0, 0, *points)
        canvas.showPage()
    canvas.save()
    return path


def read(service: Service, file: Path, *words: str) -> dict[str, Any]:
    """The document as the command line writes it, read through the service."""
    out = file.parent / f"{file.stem}-out"
    line = [COMMAND, "ocr", str(file), "--service", "-f", "json", "-o", str(out), "--dpi", str(DPI), *words]
    done = subprocess.run(
        line, env=service.environment, cwd=service.home, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode in (0, 4), done.stderr
    found: dict[str, Any] = json.loads(next(out.glob("*.json")).read_text())
    return found


def test_a_scanned_page_becomes_a_document_with_boxes_a_table_and_a_formula(served: Service, tmp_path: Path) -> None:
    (page,) = read(served, pdf(tmp_path / "page.pdf"))["pages"]
    assert (page["engine"], page["status"]) == (DOTS_OCR.served_name, "ok"), page
    assert [block["category"] for block in page["blocks"]] == list(PLACES)
    for block, place in zip(page["blocks"], PLACES.values(), strict=True):
        assert block["box"] == pytest.approx([value * 72 / DPI for value in place], abs=72 / DPI)
    title, text, table, formula = page["blocks"]
    assert (title["text"], text["text"]) == (TITLE, LINES[0])
    assert [cell["text"] for cell in table["table"]["cells"]] == [cell for row in ROWS for cell in row]
    assert r"\frac{1}{3}" in formula["text"]
    (attempt,) = page["attempts"]
    assert (attempt["step"], attempt["end"], attempt["model"]) == ("planned", "stop", DOTS_OCR.served_name)
    assert attempt["tokens"] > 40


@pytest.mark.parametrize(("name", "points", "dpi"), [("a4", (595, 842), 300), ("a3", (842, 1191), 200)])
def test_large_pages_are_accepted(
    served: Service, tmp_path: Path, name: str, points: tuple[int, int], dpi: int
) -> None:
    (page,) = read(served, pdf(tmp_path / f"{name}.pdf", points=points), "--dpi", str(dpi))["pages"]
    assert page["status"] in ("ok", "repaired"), page["attempts"]
    assert {one["end"] for one in page["attempts"]} == {"stop"}
    assert page["engine"] == DOTS_OCR.served_name


def under_way(port: int) -> bool:
    """Whether the model server is answering."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/load")
    load = json.loads(connection.getresponse().read())["server_load"]
    connection.close()
    return bool(load)


def engines_of(port: int) -> list[psutil.Process]:
    """The engine processes of the model server on that port."""
    found = []
    for one in psutil.process_iter():
        # Others end while they are looked at.
        with suppress(psutil.Error):
            is_engine = "EngineCore" in " ".join((one.name(), *one.cmdline()))
            if is_engine and any(str(port) in above.cmdline() for above in one.parents()):
                found.append(one)
    return found


def test_an_engine_that_is_killed_under_its_pages_is_brought_back_and_no_page_is_lost(
    served: Service, tmp_path: Path
) -> None:
    file = pdf(tmp_path / "killed.pdf", pages=6)
    killed: list[int] = []

    def kill() -> None:
        """End the engine as soon as a page is with it."""
        eventually(lambda: under_way(served.server_port), "no page came", 400)
        for one in engines_of(served.server_port):
            killed.append(one.pid)
            one.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        pages = read(served, file)["pages"]
    finally:
        killer.join()
    assert killed
    assert [page["number"] for page in pages] == list(range(1, 7))
    assert all(page["status"] in ("ok", "repaired", "fallback") and page["blocks"] for page in pages), pages
    eventually(lambda: served.ask("GET", "/station").json["mode"] == "ready", "it was not brought back", 400)
    (page,) = read(served, pdf(tmp_path / "after.pdf"))["pages"]
    assert (page["status"], page["engine"]) == ("ok", DOTS_OCR.served_name)


@pytest.fixture
def endless(vllm_python: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a vLLM whose model never ends."""
    models = tmp_path / "models"
    builder.build_dots_ocr(models / DOTS_OCR.folder, answer(), endless=True)
    driver = ProcessDriver(tmp_path / "processes", program=(str(vllm_python.with_name("vllm")), "serve"))
    deployment = Deployment(
        model=DOTS_OCR.folder,
        driver="process",
        served_name=DOTS_OCR.served_name,
        context=8192,
        arguments=DOTS_OCR.arguments(models),
        port=free_port(),
        checkpoint=str(models / DOTS_OCR.folder),
        environment=tuple(sorted(ENVIRONMENT.items())),
        canary_prompt="?",
    )

    def still_running() -> bool:
        found = driver.find(deployment.instance)
        return found is not None and found.running

    driver.prepare(deployment)
    driver.start(deployment)
    try:
        HttpProbes({}).wait_until_answers(
            deployment, seconds=400, still_running=still_running, cancelled=threading.Event()
        )
        yield f"http://127.0.0.1:{deployment.port}"
    finally:
        driver.stop(deployment.instance, grace=20)


def test_a_model_that_never_ends_is_cut_and_what_it_said_first_is_kept(
    endless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import docstation

    monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", endless)
    (page,) = docstation.read(pdf(tmp_path / "endless.pdf"), dpi=DPI, engine="served", jobs=1).pages
    first = page.attempts[0]
    assert first.end == "loop"
    assert first.tokens < 1500
    assert page.status.value in ("repaired", "fallback")
    assert TITLE in page.text
    assert page.text.count(TITLE) == 1
