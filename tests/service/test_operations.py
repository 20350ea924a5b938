"""``/metrics`` and logs of a real service behind its gateway, after a switch, a chat, a document and a few slips."""

from __future__ import annotations

import http.client
import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from run_samples import text_pdf
from test_serve import CATALOGUE, COMMAND, JSON, free_port

from docstation.station.drivers.process import ProcessDriver

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "docstation.json"
SECRET = "hunter2-never-to-be-seen"
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass
class Service:
    """A running service and what it was asked."""

    home: Path
    port: int
    document: str = ""

    @property
    def log(self) -> Path:
        return self.home / "stderr.jsonl"

    @property
    def gateway_log(self) -> Path:
        return self.home / "station" / "logs" / "gateway.log"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): one for name, one in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def asks(self, path: str) -> dict[str, object]:
        return json.loads(self.ask("GET", path)[1])

    def ready(self, model: str) -> bool:
        try:
            status, body = self.ask("GET", "/health")
        except OSError:
            return False
        return status == 200 and json.loads(body)["model"] == model

    def scrape(self) -> dict[str, Metric]:
        status, page = self.ask("GET", "/metrics")
        assert status == 200
        return {one.name: one for one in text_string_to_metric_families(page.decode())}

    def lines(self, path: Path) -> list[dict[str, object]]:
        return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def until(look: Callable[[], object]) -> None:
    last = time.monotonic() + 60
    while not look():
        assert time.monotonic() < last, "it did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("operations")
    weights = home / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(CATALOGUE.format(weights=weights))
    program = home / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    made = Service(home, free_port())
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_SERVICE_PORT": str(made.port),
    }
    with made.log.open("wb") as log:
        words = [COMMAND, "serve", "--log-format", "json"]
        process = subprocess.Popen(words, env=environment, cwd=home, stderr=log)
    try:
        until(lambda: made.ready("rednote-hilab/dots.ocr"))
        use(made)
        yield made
    finally:
        process.terminate()
        process.wait(20)
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=5)


def use(service: Service) -> None:
    """A chat, a document, a slip of the tongue, a switch."""
    service.scrape()
    asked = {"model": "rednote-hilab/dots.ocr", "messages": [{"role": "user", "content": SECRET}]}
    words = {**JSON, "X_Request_Id": "mine-1", "Authorization": f"Bearer {SECRET}"}
    assert service.ask("POST", "/v1/chat/completions", json.dumps(asked).encode(), **words)[0] == 200
    service.scrape()
    given = text_pdf(service.home / f"{SECRET}.pdf", 1).read_bytes()
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{SECRET}.pdf"\r\n\r\n'
    form = {"Content_Type": "multipart/form-data; boundary=b", "X_Request_Id": "mine-2"}
    status, said = service.ask("POST", "/documents", head.encode() + given + b"\r\n--b--\r\n", **form)
    assert status == 202
    service.document = json.loads(said)["id"]
    until(lambda: service.asks(f"/documents/{service.document}")["state"] == "done")
    assert service.ask("GET", f"/nothing/{SECRET}?password={SECRET}", X_Request_Id="mine-3")[0] == 404
    assert service.ask("GET", f"/documents?before={SECRET}")[0] == 404
    body = json.dumps({"models": ["qwen3-vl"]}).encode()
    assert service.ask("POST", "/station/switch", body, **JSON)[0] == 202
    until(lambda: service.ready("Qwen/Qwen3-VL-2B-Instruct"))


@pytest.fixture(scope="module")
def scraped(service: Service) -> dict[str, Metric]:
    return service.scrape()


def value(scraped: dict[str, Metric], name: str, **labels: str) -> float:
    family = next(one for one in scraped.values() if any(sample.name == name for sample in one.samples))
    return next(one.value for one in family.samples if one.name == name and labels.items() <= one.labels.items())


def test_switches_are_counted_by_outcome_with_the_seconds_of_their_steps(scraped: dict[str, Metric]):
    assert value(scraped, "docstation_switches_total", kind="switch", outcome="done") == 2
    assert value(scraped, "docstation_switches_total", kind="switch", outcome="rolled-back") == 0
    assert value(scraped, "docstation_switch_seconds_count", outcome="done") == 2
    assert value(scraped, "docstation_switch_step_seconds_count", step="load", result="done") == 2
    assert value(scraped, "docstation_switch_step_seconds_sum", step="load", result="done") > 0


def test_what_serves_is_shown_with_its_context_and_memory(scraped: dict[str, Metric]):
    names = {"model": "qwen3-vl-2b", "id": "Qwen/Qwen3-VL-2B-Instruct", "driver": "process"}
    assert value(scraped, "docstation_model_info", **names) == 1
    assert value(scraped, "docstation_model_context_tokens", model="qwen3-vl-2b") == 8192
    assert value(scraped, "docstation_station_mode", mode="ready") == 1
    assert value(scraped, "docstation_memory_budget_bytes") == 12e9
    for name in ("docstation_model_planned_bytes", "docstation_model_measured_bytes"):
        assert value(scraped, name, model="qwen3-vl-2b") >= 0


def test_pages_are_told_as_they_stand_and_as_they_were_read(scraped: dict[str, Metric]):
    assert value(scraped, "docstation_pages", state="ok") == 1
    assert value(scraped, "docstation_pages_read_total", state="ok") == 1
    assert value(scraped, "docstation_page_seconds_count") == 1
    assert value(scraped, "docstation_jobs", state="done") == 1
    assert value(scraped, "docstation_jobs_ended_total", state="done") == 1
    assert value(scraped, "docstation_oldest_job_seconds") == 0
    assert value(scraped, "docstation_documents_bytes", what="kept") > 0


def test_the_gateways_figures_and_those_of_the_processes_are_on_the_same_page(scraped: dict[str, Metric]):
    assert value(scraped, "docstation_gateway_requests_total", model="dots-ocr", status="200") == 1
    assert value(scraped, "docstation_gateway_waiting") == 0
    assert value(scraped, "docstation_gateway_oldest_waiting_seconds") == 0
    assert value(scraped, "docstation_model_tokens_total", model="dots-ocr", kind="generation") > 0
    assert value(scraped, "docstation_requests_total", route="/documents", method="POST", status="202") == 1
    for name in ("process_resident_memory_bytes", "docstation_gateway_resident_memory_bytes"):
        assert 10e6 < value(scraped, name) < 500e6


def test_no_label_grows_with_use(service: Service, scraped: dict[str, Metric]):
    told = {label for family in scraped.values() for one in family.samples for label in one.labels.values()}
    assert not any(SECRET in label or service.document in label for label in told)
    assert sum(len(family.samples) for family in scraped.values()) < 600
    for family in scraped.values():
        assert family.documentation, family.name


def test_every_panel_of_the_dashboard_shows_what_there_is(scraped: dict[str, Metric]):
    known = {f"{family.name}{ending}" for family in scraped.values() for ending in ENDINGS.get(family.type, ("",))}
    panels = [one for one in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"] if one["type"] != "row"]
    for panel in panels:
        for target in panel["targets"]:
            names = set(re.findall(r"\b(?:docstation|process)_[a-z_]+", target["expr"]))
            assert names, target
            assert names <= known, panel["title"]


def test_each_request_has_a_line_with_its_id_its_route_and_its_document(service: Service):
    told = {one["request"]: one for one in service.lines(service.log) if one["event"] == "request"}
    taken = told["mine-2"]
    assert (taken["method"], taken["route"], taken["status"], taken["job"]) == (
        "POST",
        "/documents",
        202,
        service.document,
    )
    assert taken["ms"] > 0
    assert (told["mine-3"]["route"], told["mine-3"]["status"]) == ("-", 404)
    for one in told.values():
        assert {"at", "level", "event", "request", "method", "route", "status", "ms"} <= set(one)


def test_the_gateway_logs_every_request_under_the_same_id(service: Service):
    until(lambda: any(one["path"] == "/nothing/…" for one in service.lines(service.gateway_log)))
    told = {one["request"]: one for one in service.lines(service.gateway_log)}
    chat = told["mine-1"]
    assert (chat["path"], chat["to"], chat["status"], chat["by"]) == (
        "/v1/chat/completions",
        "dots-ocr",
        200,
        "gateway",
    )
    assert (told["mine-2"]["path"], told["mine-2"]["to"]) == ("/documents", "service")


def test_switches_and_documents_are_logged_as_they_go_on(service: Service):
    told = service.lines(service.log)
    ended = [one for one in told if one["event"] == "switch"]
    assert [(one["outcome"], one["models"]) for one in ended] == [("done", "dots-ocr"), ("done", "qwen3-vl-2b")]
    steps = [one["step"] for one in told if one.get("transaction") == ended[1]["transaction"] and "step" in one]
    assert steps == ["prepare", "drain", "stop", "reclaim", "start", "load", "probe", "canary"]
    jobs = [(one["job"], one["state"]) for one in told if one["event"] == "job"]
    assert jobs == [(service.document, "waiting"), (service.document, "done")]


def test_no_log_tells_a_secret(service: Service):
    until(lambda: any(one["path"] == "/documents" for one in service.lines(service.gateway_log)))
    logs = [service.log, *(service.home / "station" / "logs").glob("*.log")]
    assert len(logs) > 1
    for path in logs:
        assert SECRET not in path.read_text(), path.name
