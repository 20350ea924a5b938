"""The process: its link to the service, its orders from a file, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from gateway_parts import (
    CHAT,
    EVENTS,
    Process,
    Service,
    Talk,
    alpha,
    answering,
    chunk,
    post,
    raw,
    read_all,
    until,
    whole,
)

from docstation.service.gateway.lines import Ping, heard, orders_of
from docstation.service.gateway.words import Failed, Limits, Orders


def test_before_any_orders_requests_are_refused(gateway: Process):
    for method, path in (("POST", CHAT), ("GET", "/station"), ("GET", "/v1/models")):
        answer = gateway.ask(method, path, {})
        assert (answer.status, answer.error["code"]) == (503, "service_unavailable"), "keys may be asked for"
    assert gateway.ask("GET", "/livez").body == b'{"status":"ok"}'


def test_it_tells_news_on_change_and_no_more_than_twenty_times_a_second(gateway: Process):
    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS)
        for _ in range(400):
            one.say(chunk(b"data: 1\n\n"))
            time.sleep(0.001)
        one.say(b"0\r\n\r\n")

    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        before, begun = len(gateway.service.news), time.monotonic()
        assert gateway.ask("POST", CHAT, {}).status == 200
        took = time.monotonic() - begun
        until(lambda: gateway.service.news[-1].under_way == {})
        news = gateway.service.news[before:]
    assert news[0].under_way == {"alpha": 1}
    assert 3 <= len(news) <= took / 0.05 + 3
    assert sorted(one.passed for one in news) == [one.passed for one in news]
    assert news[-1].passed >= 400 / 20
    assert news[-1].last_success == pytest.approx(time.time(), abs=5)
    said = len(gateway.service.news)
    time.sleep(0.2)
    assert len(gateway.service.news) == said


def test_a_ping_is_answered_after_the_news_of_that_moment(gateway: Process):
    until(lambda: gateway.service.news)
    before = len(gateway.service.news)
    gateway.service.ping()
    assert len(gateway.service.news) == before + 1


def test_words_that_it_does_not_understand_change_nothing(tmp_path: Path):
    process = Process(tmp_path)
    with raw(answering(whole(b"{}"))) as server:
        process.serve(alpha(server.port))
        for line in ("no word", "[]", '{"way": "ajar"}'):
            process.service.say(line)
        process.service.ping()
        assert process.ask("POST", CHAT, {}).status == 200
    assert process.close().count(b"does not understand") == 3


def test_it_survives_its_service_and_keeps_its_orders(gateway: Process):
    with raw(answering(whole(b"{}"))) as server:
        gateway.serve(alpha(server.port))
        gateway.service.close()
        for _ in range(3):
            assert gateway.ask("POST", CHAT, {}).status == 200
        gateway.service = Service(gateway.control)
        until(lambda: gateway.service.news, "it comes back")
        assert gateway.service.news[-1].last_success > 0
        gateway.serve(way="closed")
        assert gateway.ask("POST", CHAT, {}).status == 503


def test_a_stream_goes_on_while_the_service_is_gone(gateway: Process):
    may = threading.Event()

    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS + chunk(b"1"))
        assert may.wait(10)
        one.say(chunk(b"2") + b"0\r\n\r\n")

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"{}", "Connection: close"))
        client.recv(1000)
        gateway.service.close()
        time.sleep(0.3)
        may.set()
        assert read_all(client).endswith(chunk(b"2") + b"0\r\n\r\n")


def test_orders_may_come_from_a_file_and_anew_on_sighup(tmp_path: Path):
    file = tmp_path / "orders.json"
    with raw(answering(whole(b"{}"))) as server:
        file.write_text(json.dumps(asdict(Orders("open", (alpha(server.port),)))))
        process = Process(tmp_path, "--orders", str(file))
        assert process.ask("POST", CHAT, {}).status == 200
        file.write_text(json.dumps(asdict(Orders("closed"))))
        os.kill(process.process.pid, signal.SIGHUP)
        until(lambda: process.ask("POST", CHAT, {}).status == 503)
        assert process.close() == b""


def test_sigterm_lets_requests_under_way_end_and_takes_no_more(gateway: Process):
    may = threading.Event()

    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS + chunk(b"1"))
        assert may.wait(10)
        one.say(chunk(b"2") + b"0\r\n\r\n")

    with raw(talk) as server, gateway.connect() as client, gateway.connect() as idle:
        gateway.serve(alpha(server.port))
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        idle.recv(1000)
        client.sendall(post(CHAT, b"{}"))
        client.recv(1000)
        gateway.process.terminate()
        assert idle.recv(1000) == b""
        with pytest.raises(ConnectionRefusedError):
            gateway.connect()
        may.set()
        assert read_all(client).endswith(b"0\r\n\r\n")
        assert gateway.process.wait(10) == 0


def test_an_address_in_use_is_said_with_an_exit_code_of_its_own(gateway: Process, tmp_path: Path):
    line = [sys.executable, "-m", "docstation.service.gateway", "--port", str(gateway.port)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 8
    assert "cannot listen" in done.stderr


def test_nothing_heavy_is_loaded_and_little_memory_is_held(gateway: Process):
    code = "import sys, docstation.service.gateway.__main__; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.startswith("docstation")}
    allowed = ("docstation", "docstation.service", "docstation.messages", "docstation.messages.marking")
    assert {name for name in ours if not name.startswith("docstation.service.gateway")} <= set(allowed)
    assert not {"pydantic", "fastapi", "numpy", "sqlalchemy", "click", "docker"} & set(loaded)
    assert gateway.resident() < 45_000_000


def test_orders_are_read_strictly_and_unknown_fields_passed_over():
    orders = Orders("open", (alpha(1),), {"a": "b"}, "switch", "Why", 7, {"0": ("read",)}, Limits(waiting=3))
    orders = replace(orders, failed={"b": Failed("It crashed.", 1.0, 60.0, begun=True)})
    assert heard(json.dumps(asdict(orders)).encode()) == orders
    assert orders_of({"way": "hold", "colour": "red", "limits": {"depth": 3}}) == Orders("hold")
    assert heard(b'{"ping": 3}') == Ping(3)
    for bad in ({"way": "ajar"}, {"upstreams": [{"id": "a"}]}, {"upstreams": 3}, {"on_other": "?"}, {"keys": 3}):
        with pytest.raises(ValueError, match=r"."):
            orders_of(bad)
