"""Which model reads a page: the one that serves now, waited for through a switch; without one the embedded engine."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from docstation.bootstrap import engines
from docstation.bootstrap.engines import ActiveEngine, Endpoint, endpoint, engine_of, reading_through
from docstation.document.geometry import Affine, Box
from docstation.document.model import Page
from docstation.errors import NoEngine
from docstation.intake.limits import Limits
from docstation.intake.page import PreparedPage
from docstation.reading.engine import ReadPage
from docstation.settings import load
from docstation.testing import marked_pages as marked
from docstation.testing.model_server import running
from docstation.testing.model_server_api import Said

DOTS, MOCR = "rednote-hilab/dots.ocr", "rednote-hilab/dots.mocr"
NOBODY = "http://127.0.0.1:9"


class Plain:
    name = "embedded"

    def read(self, page: PreparedPage) -> ReadPage:
        return ReadPage(Page(page.number, *page.page_size, engine=self.name), {})


def active(name: str, address: str) -> ActiveEngine:
    return ActiveEngine(name, Plain, Limits(page_seconds=30.0), lambda: Endpoint(address))


def page() -> PreparedPage:
    pixels, scale = marked.drawn(1), marked.DPI / 72
    size = pixels.shape[1] / scale, pixels.shape[0] / scale
    return PreparedPage(1, size, size, pixels, scale, Affine(), unread=(Box(0, 0, *size),))


def good(body: Mapping[str, object]) -> Said:
    return Said(marked.answer(body))


def test_without_a_server_the_embedded_engine_reads_and_served_refuses() -> None:
    assert active("auto", NOBODY).read(page()).page.engine == "embedded"
    for name in ("served", "dots-ocr"):
        with pytest.raises(NoEngine, match="cannot read: no model serves"):
            active(name, NOBODY).check()


def test_the_model_that_serves_reads() -> None:
    with running(name=DOTS) as server:
        server.api.says = good
        for name in ("auto", "served", DOTS):
            read = active(name, server.address).read(page()).page
            assert read.engine == DOTS
            assert [block.text for block in read.blocks] == [line.text for line in marked.lines_of(1)]


def test_another_model_than_the_one_that_is_asked_for_is_named() -> None:
    with running(name=MOCR) as server, pytest.raises(NoEngine, match=f"{DOTS} cannot read: {MOCR} serves"):
        active(DOTS, server.address).check()


def test_a_page_that_meets_a_model_which_has_gone_is_read_by_the_one_that_came() -> None:
    with running(name=DOTS) as server:
        server.api.says = good
        engine = active("auto", server.address)
        assert engine.read(page()).page.engine == DOTS
        server.api.script = server.api.script.changed({"served_name": MOCR})
        # What serves was looked for an instant ago.
        assert engine.read(page()).page.engine == MOCR


def test_a_list_of_models_that_comes_late_does_not_send_pages_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LOOK_SECONDS", 0.0)
    with running(name=DOTS) as server:
        server.api.says = good
        engine = active("auto", server.address)
        assert engine.read(page()).page.engine == DOTS
        monkeypatch.setattr(engines, "ASK_SECONDS", 0.0)
        assert engine.read(page()).page.engine == DOTS


class _Gateway(http.server.BaseHTTPRequestHandler):
    """A gateway whose station is switching for some looks; then nothing serves there."""

    looks = 0

    def do_GET(self) -> None:
        cards = [{"id": "embedded", "owned_by": "docstation", "active": True, "chat": False}]
        if self.path == "/station":
            type(self).looks -= 1
            content: object = {"mode": "switching" if type(self).looks >= 0 else "idle"}
        else:
            content = {"data": cards}
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def gateway(looks: int) -> Iterator[str]:
    _Gateway.looks = looks
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Gateway) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_page_waits_for_the_end_of_a_switch_and_that_is_not_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(engines, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(engines, "ask_for_time", asked.append)
    with gateway(5) as address:
        assert active("auto", address).read(page()).page.engine == "embedded"
    assert len(asked) == 5
    asked.clear()
    monkeypatch.setattr(engines, "SWITCH_SECONDS", 0.02)
    with gateway(99) as address:
        assert active("auto", address).read(page()).page.engine == "embedded"
    assert len(asked) == 2


def test_the_embedded_engine_asks_nobody() -> None:
    assert engine_of("embedded", ("rus",), Limits()).name == "embedded"


def test_the_service_reads_through_itself_wherever_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTATION_SERVICE_PORT", "8341")
    monkeypatch.setenv("DOCSTATION_KEY", "secret")
    monkeypatch.delenv("DOCSTATION_READING_ENDPOINT", raising=False)
    with reading_through(load(flags={"service.port": 8342}).settings):
        assert endpoint() == Endpoint("http://127.0.0.1:8342", "secret")
    assert endpoint().base_url == "http://127.0.0.1:8341"
    monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", "http://models:9000")
    with reading_through(load().settings):
        assert endpoint().base_url == "http://models:9000"
