"""The scripted model server: it does what vLLM does, and what it is told to do wrong."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from driver_contract import eventually, free_port, get
from model_server_checks import CHAT, CHECKS, HELLO

from docstation.station.deployment import Deployment
from docstation.station.talk import TimedOut, Unreachable, post
from docstation.station.talk import get as ask
from docstation.testing.model_server import Running, running, understand
from docstation.testing.model_server_log import FAILURES, Phase
from docstation.testing.model_server_script import Script

Start = Callable[..., "Process"]


class Process:
    """The server as a process."""

    def __init__(self, *flags: str, **variables: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        words = ["-m", "docstation.testing.model_server", "serve", "some/model", "--port", str(self.port), *flags]
        self.popen = subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
        )

    def ready(self) -> Process:
        eventually(lambda: get(self.port, "/health")[0] == 200)
        return self

    def control(self, **news: object) -> dict[str, Any]:
        return post(f"{self.address}/control", news).json()

    def ended(self) -> tuple[int, str]:
        out, _ = self.popen.communicate(timeout=20)
        return self.popen.returncode, out


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def start(*flags: str, **variables: str) -> Process:
        started.append(Process(*flags, **variables))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.communicate()


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """What the checks of the real vLLM are made on."""
    with running() as server:
        port = int(server.address.rpartition(":")[2])
        yield Deployment(
            "scripted", "process", "scripted/model", 8192, ("scripted",), port=port, canary_prompt="Read the page."
        )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_is_like_vllm(deployment: Deployment, check: Callable[[Deployment], None]) -> None:
    check(deployment)


def chat(server: Running, **more: object) -> object:
    return post(f"{server.address}{CHAT}", {"messages": HELLO, **more}).json()


def test_flags_of_vllm_are_understood_and_others_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SERVER_LOAD_SECONDS", "2")
    monkeypatch.setenv("MODEL_SERVER_CHILD", "true")
    served, script = understand(
        ["serve", "org/model", "--served-model-name", "a", "b", "--host", "0.0.0.0", "--port", "8001",
         "--max-model-len", "4096", "--mm-processor-kwargs", '{"max_pixels":1}', "--trust-remote-code",
         "--max-num-seqs", "4", "--host", "127.0.0.1", "--double-load-seconds", "3", "--double-trouble", "hang"]
    )  # fmt: skip
    assert (served.model, served.names, served.host, served.port) == ("org/model", ("a", "b"), "127.0.0.1", 8001)
    assert (served.context, served.sequences) == (4096, 4)
    assert (script.load_seconds, script.trouble, script.child) == (3.0, "hang", True)


def test_while_it_loads_connections_are_refused_and_the_log_tells_the_phases(start: Start) -> None:
    process = start("--double-load-seconds", "0.7")
    heard: list[str] = []
    while "Starting to load model" not in "".join(heard):
        heard.append(next(process.popen.stdout))
    assert get(process.port, "/health")[0] == 0
    process.ready()
    process.popen.terminate()
    out = "".join([*heard, *process.popen.stdout])
    assert process.popen.wait() == 0
    for words in ("Model loading took 5.72 GiB", "Available KV cache memory", "GPU KV cache size",
                  "Graph capturing finished", "Application startup complete", "[shutdown] API server"):  # fmt: skip
        assert words in out


@pytest.mark.parametrize("name", FAILURES)
def test_a_start_fails_in_its_way(start: Start, name: str) -> None:
    process = start("--double-fail", name)
    code, out = process.ended()
    assert code == FAILURES[name].code
    assert FAILURES[name].lines[0] in out
    assert "Application startup complete" not in out


@pytest.mark.parametrize("phase", [Phase.CONFIG, Phase.GRAPHS])
def test_it_exits_in_any_phase_with_code_and_words(start: Start, phase: Phase) -> None:
    process = start(MODEL_SERVER_EXIT_AT=phase, MODEL_SERVER_EXIT_CODE="17", MODEL_SERVER_EXIT_TEXT="first\nsecond")
    code, out = process.ended()
    assert code == 17
    assert out.endswith("first\nsecond\n")


def test_stopped_while_it_loads_it_ends_by_the_signal(start: Start) -> None:
    process = start("--double-load-seconds", "600")
    next(iter(process.popen.stdout))
    process.popen.terminate()
    assert process.ended()[0] == -signal.SIGTERM


def test_a_slow_stop_goes_on_serving(start: Start) -> None:
    process = start("--double-stop-seconds", "0.5").ready()
    began = time.monotonic()
    process.popen.terminate()
    assert get(process.port, "/health")[0] == 200
    assert process.ended()[0] == 0
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize(("die", "code"), [(0, 0), (3, 3), (-9, -9), (-11, -11)])
def test_it_dies_on_command(start: Start, die: int, code: int) -> None:
    process = start().ready()
    with pytest.raises(Unreachable):
        process.control(die=die)
    assert process.ended()[0] == code


def test_a_dead_engine_is_told_and_the_server_exits_with_0(start: Start) -> None:
    process = start("--double-dead-seconds", "0.4").ready()
    process.control(trouble="dead")
    assert get(process.port, "/health")[0] == 503
    assert post(f"{process.address}{CHAT}", {"messages": HELLO}).status == 500
    assert process.ended()[0] == 0


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_child_outlives_it_only_if_it_is_killed(start: Start, end: str) -> None:
    process = start("--double-child", "1").ready()
    child = int(Path(f"/proc/{process.popen.pid}/task/{process.popen.pid}/children").read_text())
    getattr(process.popen, end)()
    process.popen.wait()
    try:
        os.kill(child, 0)
        alive = True
    except ProcessLookupError:
        alive = False
    assert alive == (end == "kill")
    if alive:
        os.kill(child, signal.SIGKILL)


def test_a_hung_engine_takes_requests_and_nothing_comes() -> None:
    with running(Script(trouble="hang")) as server:
        with pytest.raises(TimedOut):
            post(f"{server.address}{CHAT}", {"messages": HELLO}, read=0.2)
        assert ask(f"{server.address}/health").status == 200
        eventually(lambda: server.api.engine.running == 0)


def test_a_stream_stands_still_and_goes_on() -> None:
    with running(Script(piece_seconds=0.005)) as server:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
        connection.request("POST", CHAT, json.dumps({"messages": HELLO, "stream": True}))
        answer = connection.getresponse()
        first = answer.read1(1 << 16)
        server.api.script = server.api.script.changed({"trouble": "hang"})
        eventually(lambda: server.api.engine.running == 1)
        server.api.script = server.api.script.changed({"trouble": ""})
        assert (first + answer.read()).endswith(b"data: [DONE]\n\n")
        connection.close()


def test_trouble_wears_off() -> None:
    with running(Script(trouble="unavailable", trouble_requests=2)) as server:
        assert [ask(f"{server.address}/v1/models").status for _ in range(3)] == [503, 503, 200]


def test_a_connection_is_cut_in_the_middle_of_an_answer() -> None:
    with running(Script(trouble="cut")) as server:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
        connection.request("POST", CHAT, json.dumps({"messages": HELLO, "stream": True}))
        answer = connection.getresponse()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()


def test_a_stream_that_the_engines_death_ends_says_so() -> None:
    with running(Script(piece_seconds=0.01)) as server:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
        connection.request("POST", CHAT, json.dumps({"messages": HELLO, "stream": True}))
        answer = connection.getresponse()
        answer.read1(100)
        server.api.script = server.api.script.changed({"trouble": "dead"})
        *_, error, mark, _ = answer.read().decode().split("\n\n")
        assert mark == "data: [DONE]"
        assert json.loads(error.removeprefix("data: "))["error"]["code"] == 500
        connection.close()


def test_a_client_that_leaves_is_felt_at_once() -> None:
    with running(Script(piece_seconds=60.0)) as server:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
        connection.request("POST", CHAT, json.dumps({"messages": HELLO}))
        eventually(lambda: server.api.engine.running == 1)
        connection.close()
        eventually(lambda: server.api.engine.running == 0, within=2.0)


def test_requests_beyond_its_sequences_wait() -> None:
    with running(Script(first_seconds=0.3), sequences=1) as server:
        threads = [threading.Thread(target=lambda: chat(server)) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually(lambda: (server.api.engine.running, server.api.engine.waiting) == (1, 2))
        for thread in threads:
            thread.join()
        assert (server.api.engine.running, server.api.engine.waiting) == (0, 0)


def test_it_tells_what_it_was_asked(start: Start) -> None:
    process = start("--served-model-name", "a/b").ready()
    post(f"{process.address}{CHAT}", {"model": "a/b", "messages": HELLO, "temperature": 0.5})
    told = process.control()
    assert told["asked"][CHAT] == 1
    assert told["last_chat"]["temperature"] == 0.5


def test_an_answer_can_be_given(start: Start) -> None:
    process = start(MODEL_SERVER_ANSWER="Ответ").ready()
    answer = post(f"{process.address}{CHAT}", {"messages": HELLO}).json()
    assert answer["choices"][0]["message"]["content"] == "Ответ"


def test_a_sleeping_server_leaves_requests_lying(start: Start) -> None:
    process = start(VLLM_SERVER_DEV_MODE="1").ready()
    assert ask(f"{process.address}/is_sleeping").json() == {"is_sleeping": False}
    assert post(f"{process.address}/sleep?level=1", {}).status == 200
    assert ask(f"{process.address}/is_sleeping").json() == {"is_sleeping": True}
    with pytest.raises(TimedOut):
        post(f"{process.address}{CHAT}", {"messages": HELLO}, read=0.2)
    assert post(f"{process.address}/wake_up", {}).status == 200
    assert post(f"{process.address}{CHAT}", {"messages": HELLO}).status == 200


def test_a_kept_connection_is_answered_again_and_a_chunked_body_is_read() -> None:
    with running() as server:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
        for _ in range(2):
            connection.request("POST", CHAT, iter([json.dumps({"messages": HELLO}).encode()]), encode_chunked=True)
            answer = connection.getresponse()
            assert answer.status == 200
            assert json.loads(answer.read())["choices"]
        connection.close()
