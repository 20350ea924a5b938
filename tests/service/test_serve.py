"""``docstation serve`` as a process: station, events and health over its socket, and an end that leaves the model."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docstation.errors import ExitCode
from docstation.station.drivers.process import ProcessDriver

COMMAND = str(Path(sys.executable).with_name("docstation"))
JSON = {"Content-Type": "application/json"}
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"

[models.qwen3-vl-2b]
checkpoint = "{weights}"
served_name = "Qwen/Qwen3-VL-2B-Instruct"

[aliases.qwen3-vl]
candidates = ["qwen3-vl-2b"]
"""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


@dataclass
class Served:
    """A running service."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        connection = UnixConnection(self.home / "service.sock")
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def command(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [COMMAND, *words],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/station")[1]["mode"] == "ready"
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path, eventually) -> Iterator[Served]:
    home = tmp_path / "home"
    weights = home / "weights"
    weights.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(CATALOGUE.format(weights=weights))
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    port = free_port()
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_SERVICE_PORT": str(port),
    }
    process = subprocess.Popen([COMMAND, "serve"], env=environment, cwd=home, stderr=subprocess.PIPE)
    made = Served(home, port, process, environment)
    try:
        eventually(made.ready)
        yield made
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=5)


@pytest.fixture
def eventually():
    import time

    def wait(look, within: float = 30.0):
        end = time.monotonic() + within
        while not (seen := look()):
            assert time.monotonic() < end, "it did not come true"
            time.sleep(0.02)
        return seen

    return wait


def test_the_models_of_the_settings_are_started_and_the_service_is_healthy(served: Served):
    status, seen = served.ask("GET", "/health")
    assert (status, seen["status"], seen["model"]) == (200, "ok", "rednote-hilab/dots.ocr")
    _, station = served.ask("GET", "/station")
    assert [(one["model"], one["answers"]) for one in station["serving"]] == [("dots-ocr", True)]
    assert served.ask("GET", "/version")[0] == 200


def test_a_switch_is_begun_at_once_and_told_by_events(served: Served, eventually):
    before = max(one["number"] for one in served.ask("GET", "/station/events")[1]["events"])
    status, begun = served.ask("POST", "/station/switch", {"models": ["qwen3-vl"]})
    assert (status, begun["outcome"]) == (202, "begun")
    eventually(lambda: served.ask("GET", "/station")[1]["wanted"] == ["qwen3-vl-2b"])
    told = served.ask("GET", f"/station/events?after={before}")[1]["events"]
    steps = [one["body"]["step"] for one in told if one["body"].get("event") == "StepDone"]
    assert steps == ["prepare", "drain", "stop", "reclaim", "start", "load", "probe", "canary"]
    assert {one["transaction"] for one in told if one["kind"] == "event"} == {begun["transaction"]}
    assert served.ask("POST", "/station/switch", {"models": ["qwen3-vl"]})[1]["outcome"] == "already"


def test_events_are_followed_live(served: Served):
    connection = UnixConnection(served.home / "service.sock")
    connection.request("GET", "/station/events?follow=true&after=0")
    answer = connection.getresponse()
    first = [answer.readline().decode().strip() for _ in range(3)]
    connection.close()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert first[0].startswith("id: ")
    assert json.loads(first[2].removeprefix("data: "))["kind"] in {"checkpoint", "event", "note"}


def test_what_is_wrong_is_said_in_one_shape(served: Served):
    for asked, code, status in (
        ({"models": ["qwn3-vl"]}, "usage", 400),
        ({"models": []}, "usage", 400),
        ({"modells": ["dots-ocr"]}, "usage", 400),
    ):
        answered, body = served.ask("POST", "/station/switch", asked)
        assert (answered, body["error"]["code"]) == (status, code)
        assert body["error"]["message"]
    assert served.ask("GET", "/station/logs/qwen3-vl-2b")[0] == 404


def test_logs_and_plan_are_there(served: Served):
    assert served.ask("GET", "/station/logs/dots-ocr")[1]["lines"]
    plan = served.ask("GET", "/station/plan?model=dots-ocr")[1]
    assert plan["plans"][0]["model"] == "dots-ocr"


def over_the_gateway(served: Served, method: str, path: str, body: bytes | None = None, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def gateway(served: Served, eventually) -> Served:
    def answers() -> bool:
        try:
            return over_the_gateway(served, "GET", "/health")[0] == 200
        except OSError:
            return False

    eventually(answers)
    return served


def test_the_gateway_shows_the_active_model_and_passes_its_answers(gateway: Served):
    first = json.loads(over_the_gateway(gateway, "GET", "/v1/models")[1])["data"][0]
    assert (first["id"], first["max_model_len"], first["active"]) == ("rednote-hilab/dots.ocr", 8192, True)
    asked = {"model": first["id"], "messages": [{"role": "user", "content": "?"}], "max_tokens": 20}
    body = json.dumps(asked).encode()
    status, said = over_the_gateway(gateway, "POST", "/v1/chat/completions", body, **JSON)
    assert status == 200
    assert json.loads(said)["choices"][0]["message"]["content"]
    other = json.dumps({**asked, "model": "qwen3-vl"}).encode()
    status, said = over_the_gateway(gateway, "POST", "/v1/chat/completions", other, **JSON)
    assert (status, json.loads(said)["error"]["code"]) == (404, "model_not_active")


def test_a_switch_over_the_gateway_changes_what_it_shows(gateway: Served, eventually):
    body = json.dumps({"models": ["qwen3-vl"]}).encode()
    assert over_the_gateway(gateway, "POST", "/station/switch", body, **JSON)[0] == 202

    def shown() -> str:
        return str(json.loads(over_the_gateway(gateway, "GET", "/v1/models")[1])["data"][0]["id"])

    eventually(lambda: shown() == "Qwen/Qwen3-VL-2B-Instruct")
    assert over_the_gateway(gateway, "GET", "/health")[0] == 200


def test_a_document_is_uploaded_read_and_exported_over_the_gateway(gateway: Served, eventually):
    sample = Path(__file__).parents[2] / "samples" / "report-mixed.pdf"
    mark = "----boundary"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="report.pdf"\r\n\r\n'
    body = head.encode() + sample.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    form = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    status, said = over_the_gateway(gateway, "POST", "/documents", body, **form)
    assert status == 202
    document = json.loads(said)["id"]
    eventually(
        lambda: json.loads(over_the_gateway(gateway, "GET", f"/documents/{document}")[1])["state"] == "done", within=120
    )
    text = over_the_gateway(gateway, "GET", f"/documents/{document}/export?format=md")[1].decode()
    assert text.startswith("# Paper Archives and the Cost of Finding Things")


def test_a_killed_service_leaves_its_gateway_which_the_next_one_takes_over(gateway: Served, eventually):
    gateway.process.kill()
    gateway.process.wait()
    first = json.loads(over_the_gateway(gateway, "GET", "/v1/models")[1])["data"][0]
    assert first["active"] is True, "models answer on while there is no service"
    assert over_the_gateway(gateway, "GET", "/station")[0] == 503
    code, said = gateway.command("serve", "--detach", "--json")
    assert code == 0, said
    pid = json.loads(said)["pid"]
    try:
        assert over_the_gateway(gateway, "GET", "/health")[0] == 200
    finally:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not _answers(gateway))


def _answers(served: Served) -> bool:
    try:
        over_the_gateway(served, "GET", "/livez")
    except OSError:
        return False
    return True


def test_commands_speak_to_the_service_that_owns_the_station(served: Served, eventually):
    code, said = served.command("models", "switch", "qwen3-vl")
    assert code == 0, said
    assert served.ask("GET", "/station")[1]["wanted"] == ["qwen3-vl-2b"]
    code, said = served.command("models", "manage")
    assert code == ExitCode.LOCKED
    assert "serve" in said


def test_after_its_end_the_model_serves_on_and_the_next_service_takes_it_over(served: Served, eventually):
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(20) == 0

    def now() -> dict[str, object]:
        return json.loads(served.command("models", "status", "--json")[1])

    assert now()["owner"] is None
    eventually(lambda: now()["serving"][0]["answers"])
    code, said = served.command("serve", "--detach", "--json")
    try:
        assert code == 0, said
        assert served.ask("GET", "/station")[1]["since"] > 0
    finally:
        os.kill(json.loads(said)["pid"], signal.SIGTERM)
        eventually(lambda: not (served.home / "service.sock").exists() or not _listens(served.home / "service.sock"))


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def test_an_address_that_others_can_reach_is_refused_without_keys(tmp_path: Path):
    environment = {**os.environ, "DOCSTATION_HOME": str(tmp_path), "DOCSTATION_UI_LANGUAGE": "en"}
    done = subprocess.run(
        [COMMAND, "serve", "--host", "0.0.0.0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == ExitCode.USAGE
    assert "no key is asked for" in done.stderr
