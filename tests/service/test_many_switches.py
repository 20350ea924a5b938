"""Many switches under many clients: no request is lost, none answered by the wrong model, every refusal says when to
come again.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from real_engine import Engine, host_image
from real_vllm import DOTS_OCR, QWEN3_VL
from running_service import CHAT, Service, eventually, free_port, service

DOTS, QWEN = "rednote-hilab/dots.ocr", "Qwen/Qwen3-VL-2B-Instruct"
ENTRIES = {"dots-ocr": DOTS, "qwen3-vl-2b": QWEN}
NAMES = {DOTS: (DOTS, "dots-ocr"), QWEN: (QWEN, "qwen3-vl-2b", "qwen3-vl")}
PACE = 0.1
"""Seconds between two requests of a client."""
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"
environment = { MODEL_SERVER_PIECE_SECONDS = "0.002" }

[models.qwen3-vl-2b]
checkpoint = "{weights}"
served_name = "Qwen/Qwen3-VL-2B-Instruct"
environment = { MODEL_SERVER_PIECE_SECONDS = "0.002" }

[aliases.qwen3-vl]
candidates = ["qwen3-vl-2b"]
"""


@dataclass
class Clients:
    """Clients that ask for one model each, again and again, until they are to stop; what became of their requests.

    Attributes:
        port: of the gateway.
        asked: requests.
        answered: those that were answered whole, by the model that answered.
        refused: those that were refused as they may be, by code.
        wrong: what may not be.
    """

    port: int
    asked: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def asking(self, models: Sequence[str], each: int) -> Iterator[None]:
        """So many clients for each of these models while the block runs; they end what they have begun."""
        with ThreadPoolExecutor(each * len(models)) as pool:
            running = [pool.submit(self._run, model, number) for number in range(each) for model in models]
            try:
                yield
            finally:
                self.stop.set()
            for one in running:
                one.result()

    def _run(self, model: str, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        while not self.stop.wait(PACE):
            name = NAMES[model][number % len(NAMES[model])]
            stream = number % 2 == 1
            with self._guard:
                self.asked += 1
            try:
                status, headers, body = self._ask(connection, name, stream=stream)
            except (OSError, http.client.HTTPException) as error:
                self._note_wrong(f"{name}: {type(error).__name__}: {error}")
                connection.close()
                continue
            self._judge(model, status, headers, body, stream=stream)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, name: str, *, stream: bool) -> tuple[int, Any, bytes]:
        asked = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 4, "stream": stream, "model": name}
        connection.request("POST", CHAT, json.dumps(asked), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def _judge(self, model: str, status: int, headers: Any, body: bytes, *, stream: bool) -> None:
        if status == 200:
            by = by_whom(body, stream=stream)
            if by != {model}:
                self._note_wrong(f"{model}: by {by}: {body[-200:]!r}")
                return
            with self._guard:
                self.answered[model] += 1
            return
        code = json.loads(body)["error"]["code"]
        if status not in {404, 503} or int(headers["Retry-After"] or 0) < 1:
            self._note_wrong(f"{model}: {status} {body!r}")
            return
        with self._guard:
            self.refused[code] += 1

    def _note_wrong(self, what: str) -> None:
        with self._guard:
            self.wrong.append(what)


def by_whom(body: bytes, *, stream: bool) -> set[str]:
    """Which models an answer names; none where a stream does not end as it should."""
    if not stream:
        return {json.loads(body)["model"]}
    events = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    return {json.loads(one)["model"] for one in events[:-1]} if events[-1] == b"[DONE]" else set()


def switch(one: Service, model: str) -> None:
    """Ask for a switch as soon as no other is under way, and return when the model serves."""

    def begun() -> bool:
        answer = one.ask("POST", "/station/switch", {"models": [model]})
        assert answer.status in {202, 409}, answer.body
        return answer.status == 202

    eventually(begun, "a switch begins", within=600)
    eventually(lambda: active(one) == model, f"{model} serves", within=600)


def active(one: Service) -> object:
    """The entry that the gateway shows as the active model."""
    listed = one.ask("GET", "/v1/models").json["data"]
    assert isinstance(listed, list)
    return listed[0]["entry"]


def ended(one: Service) -> Counter[str]:
    """How many switches ended how, by the station's history."""
    found: Counter[str] = Counter()
    number = 0
    while events := one.ask("GET", f"/station/events?since=1&after={number}").json["events"]:
        assert isinstance(events, list)
        number = events[-1]["number"]
        canaries = [event for event in events if event["body"].get("step") == "canary"]
        found.update(event["body"]["event"] for event in canaries)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("on_other", "switches"), [("switch", 150), ("refuse", 50)])
def test_many_switches_under_many_clients(tmp_path: Path, on_other: str, switches: int):
    with service(tmp_path, CATALOGUE, SERVICE_ON_OTHER=on_other) as one:
        clients = Clients(one.port)
        began = time.monotonic()
        with clients.asking((DOTS, QWEN), each=16):
            for number in range(switches):
                switch(one, list(ENTRIES)[1 - number % 2])
        seconds = time.monotonic() - began
        done = ended(one)
    told = f"{switches} switches in {seconds:.0f} s, {clients.asked} requests: {clients.answered}, {clients.refused}"
    assert not clients.wrong, (told, clients.wrong[:5])
    assert sum(clients.answered.values()) + sum(clients.refused.values()) == clients.asked, told
    assert done["StepDone"] > switches, "the first start, too"
    assert not done["StepFailed"]
    assert min(clients.answered[DOTS], clients.answered[QWEN]) > switches, told
    if on_other == "switch":
        assert not clients.refused, told
    else:
        assert set(clients.refused) <= {"model_not_active"}, told
    print(told)


@pytest.mark.slow
def test_wishes_of_many_clients_switch_by_themselves_and_do_not_thrash(tmp_path: Path):
    """Half of them want one model, half the other; nobody else asks for a switch."""
    with service(tmp_path, CATALOGUE, SERVICE_ON_OTHER="switch", SERVICE_WAITING_SECONDS=10) as one:
        clients = Clients(one.port)
        began = time.monotonic()
        with clients.asking((DOTS, QWEN), each=8):
            eventually(lambda: ended(one)["StepDone"] > 6, "switches come of wishes")
        seconds = time.monotonic() - began
        done = ended(one)["StepDone"] - 1
    told = f"{done} switches in {seconds:.0f} s, {clients.asked} requests: {clients.answered}, {clients.refused}"
    assert not clients.wrong, (told, clients.wrong[:5])
    assert sum(clients.answered.values()) + sum(clients.refused.values()) == clients.asked, told
    assert done <= seconds + 1, f"a model works for a second at least before it gives way: {told}"
    assert sum(clients.answered.values()) > 8 * done, f"each switch serves all who wait: {told}"
    print(told)


@pytest.mark.slow
def test_a_service_that_is_killed_and_started_again_loses_no_request(tmp_path: Path):
    with service(tmp_path, CATALOGUE) as one:
        clients = Clients(one.port)
        with clients.asking((DOTS,), each=8):
            for _ in range(2):
                assert one.process is not None
                one.process.kill()
                one.process.communicate()
                before = clients.answered[DOTS]
                eventually(partial(more, clients, DOTS, before), "the gateway goes on alone")
                one.start()
                before = clients.answered[DOTS]
                eventually(partial(more, clients, DOTS, before), "it goes on")
    assert not clients.wrong, clients.wrong[:5]
    assert not clients.refused
    assert clients.answered[DOTS] == clients.asked


REAL_IMAGE = "docstation-test/switches:1"
REAL_CATALOGUE = """
[models.dots-ocr]
checkpoint = "{models}/{dots.folder}"
served_name = "{dots.served_name}"
image = "{image}"
eager = true

[models.qwen3-vl-2b]
checkpoint = "{models}/{qwen.folder}"
served_name = "Qwen/Qwen3-VL-2B-Instruct"
image = "{image}"
eager = true

[aliases.qwen3-vl]
candidates = ["qwen3-vl-2b"]
"""


@pytest.fixture
def on_containers(
    engine: Engine, engine_client: Any, vllm_python: Path, tiny_models: Path, tmp_path: Path
) -> Iterator[Service]:
    programs = vllm_python.parent.resolve()
    image = host_image(engine_client, REAL_IMAGE, programs.parent, path=str(programs))
    home = tmp_path / "home"
    home.mkdir()
    text = REAL_CATALOGUE.format(models=tiny_models, image=REAL_IMAGE, dots=DOTS_OCR, qwen=QWEN3_VL)
    (home / "models.toml").write_text(text)
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "container",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_SERVICE_ON_OTHER": "switch",
        "DOCSTATION_SERVICE_WAITING_SECONDS": "900",
        "DOCSTATION_SERVICE_PORT": str(ports[0]),
        "DOCSTATION_STATION_PORT": str(ports[1]),
        "DOCSTATION_STATION_MOUNTS": ",".join(str(one.source) for one in image.mounts),
    }
    made = Service(home, *ports, environment)
    try:
        made.start(within=400)
        yield made
    finally:
        with suppress(OSError):
            made.ask("POST", "/station/stop")
            eventually(lambda: made.serving() == [], within=120)
        made.end()


def more(clients: Clients, model: str, than: int) -> bool:
    """Whether a model has answered more often than that."""
    return clients.answered[model] > than


@pytest.mark.engine
@pytest.mark.vllm
@pytest.mark.slow
def test_switches_of_the_real_vllm_under_clients(on_containers: Service, engine_client: Any):
    clients = Clients(on_containers.port)
    began = time.monotonic()
    with clients.asking((DOTS, QWEN), each=2):
        for entry in ("qwen3-vl-2b", "dots-ocr") * 3:
            answered = clients.answered[ENTRIES[entry]]
            switch(on_containers, entry)
            eventually(partial(more, clients, ENTRIES[entry], answered), "it answers", within=120)
    told = f"6 switches in {time.monotonic() - began:.0f} s, {clients.asked} requests: {clients.answered}"
    assert not clients.wrong, (told, clients.wrong[:5])
    assert not clients.refused, (told, clients.refused)
    assert sum(clients.answered.values()) == clients.asked, told
    done = ended(on_containers)
    assert done["StepDone"] >= 7, done
    assert not done["StepFailed"]
    print(told)
