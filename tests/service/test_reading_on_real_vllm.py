"""Files read through the service by the real vLLM: blocks with boxes, large pages, a killed engine, an endless answer.

The model is tiny and says one thing whatever it is shown; the pages are drawn so that it is what stands there.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from programmed_page import DPI, PLACES, layout, scan
from real_vllm import DOTS_OCR, ENVIRONMENT, load_of
from running_service import COMMAND, Service, eventually, free_port
from vllm_cpu import tiny_models as builder
from vllm_service import vllm_service

from docstation.station.canary import LINES, ROWS, TITLE
from docstation.station.deployment import Deployment
from docstation.station.drivers.process import ProcessDriver
from docstation.station.probes import HttpProbes

pytestmark = [pytest.mark.vllm, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    models = tmp_path_factory.mktemp("models")
    builder.build_dots_ocr(models / DOTS_OCR.folder, layout())
    with vllm_service(vllm_python, tmp_path_factory.mktemp("home"), DOTS_OCR.entry("dots-ocr", models)) as made:
        yield made


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
    (page,) = read(served, scan(tmp_path / "page.pdf"))["pages"]
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
    (page,) = read(served, scan(tmp_path / f"{name}.pdf", points=points), "--dpi", str(dpi))["pages"]
    assert page["status"] in ("ok", "repaired"), page["attempts"]
    assert {one["end"] for one in page["attempts"]} == {"stop"}
    assert page["engine"] == DOTS_OCR.served_name


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
    file = scan(tmp_path / "killed.pdf", pages=6)
    killed: list[int] = []

    def kill() -> None:
        """End the engine as soon as a page is with it."""
        eventually(lambda: load_of(served.server_port), "no page came", 400)
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
    (page,) = read(served, scan(tmp_path / "after.pdf"))["pages"]
    assert (page["status"], page["engine"]) == ("ok", DOTS_OCR.served_name)


@pytest.fixture
def endless(vllm_python: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a vLLM whose model never ends."""
    models = tmp_path / "models"
    builder.build_dots_ocr(models / DOTS_OCR.folder, layout(), endless=True)
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
    (page,) = docstation.read(scan(tmp_path / "endless.pdf"), dpi=DPI, engine="served", jobs=1).pages
    first = page.attempts[0]
    assert first.end == "loop"
    assert first.tokens < 1500
    assert page.status.value in ("repaired", "fallback")
    assert TITLE in page.text
    assert page.text.count(TITLE) == 1
