"""Who leaves is felt on the other side at once, and an answer that is not whole never looks whole."""

from __future__ import annotations

import http.client
import json
import queue
import select
import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from gateway_parts import CHAT, EVENTS, Talk, alpha, answering, chunk, post, raw, read_all, read_answer, until, whole

from docstation.testing.model_server import running
from docstation.testing.model_server_script import Script

ROUNDS = 15
FELT_SECONDS = 0.010


class Phase:
    """One way to be in the middle of a request: what the server does until the client leaves."""

    def __init__(self, request: bytes, said: bytes = b"", whole_body: bool = True) -> None:
        self.request, self.said, self.whole_body = request, said, whole_body


PHASES = {
    "upload": Phase(post(CHAT, b"x" * 500_000)[:200_000], whole_body=False),
    "prefill": Phase(post(CHAT, b'{"messages":"' + b"x" * 300_000 + b'"}')),
    "stream": Phase(post(), EVENTS + chunk(b"data: 1\n\n")),
}


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_client_that_leaves_is_felt_by_the_server_within_10_ms(gateway, phase, reset):
    plan = PHASES[phase]
    reached: queue.Queue[bool] = queue.Queue()
    left: queue.Queue[float] = queue.Queue()

    def talk(one: Talk) -> None:
        one.request() if plan.whole_body else one.head()
        one.say(plan.said)
        reached.put(True)
        left.put(one.left_at())

    delays = []
    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        for _ in range(ROUNDS):
            client = gateway.connect()
            client.sendall(plan.request)
            reached.get(timeout=10)
            if plan.said:
                client.recv(1000)
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone = time.monotonic()
            client.close()
            delays.append(left.get(timeout=10) - gone)
        until(lambda: gateway.metric(f'clients_left_total{{phase="{phase}"}}') == ROUNDS)
        assert gateway.metric("under_way") == 0
    # The median, as a busy machine's scheduler has pauses of its own.
    assert statistics.median(delays) < FELT_SECONDS, delays


def test_a_client_that_leaves_while_the_server_takes_nothing_is_felt(gateway):
    """Then the client is not read from, so that its end cannot be read either.

    (A mere FIN stays behind the bytes that the client's own kernel still holds, and nobody could see it.)
    """
    reached: queue.Queue[socket.socket] = queue.Queue()
    over = threading.Event()

    def talk(one: Talk) -> None:
        one.head()
        reached.put(one.connection)
        over.wait(10)

    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        client = gateway.connect()
        _send_until_full(client, post(CHAT, b"x" * 60_000_000))
        poller = select.poll()
        poller.register(reached.get(timeout=10), 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone = time.monotonic()
        client.close()
        assert poller.poll(10_000)
        felt = time.monotonic() - gone
        over.set()
    assert felt < 10 * FELT_SECONDS


def _send_until_full(client: socket.socket, request: bytes) -> None:
    client.setblocking(False)
    sent, moved = 0, time.monotonic()
    while time.monotonic() - moved < 0.2:
        try:
            sent += client.send(request[sent : sent + 1_000_000])
            moved = time.monotonic()
        except BlockingIOError:
            time.sleep(0.005)
    assert sent < len(request)


def test_vllms_double_feels_it_too(gateway):
    with running(Script(first_seconds=30.0), name="org/alpha") as server:
        gateway.serve(alpha(int(server.address.rpartition(":")[2])))
        client = gateway.connect()
        client.sendall(post(CHAT, json.dumps({"messages": [{"role": "user", "content": "a"}]}).encode()))
        until(lambda: server.api.engine.running == 1)
        client.close()
        until(lambda: server.api.engine.running == 0)
    until(lambda: gateway.service.news[-1].under_way == {})
    assert gateway.service.news[-1].last_success == 0.0


CUT_SHORT = {
    "by length": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 60,
    "in chunks": EVENTS + chunk(b"data: 1\n\n"),
    "in a chunk": EVENTS + b"40\r\ndata",
}


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("answer", CUT_SHORT)
def test_a_server_that_dies_mid_answer_breaks_the_clients_body(gateway, answer, reset):
    def talk(one: Talk) -> None:
        one.request()
        one.say(CUT_SHORT[answer])
        time.sleep(0.02)
        if reset:
            one.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw(talk) as server, closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)) as client:
        gateway.serve(alpha(server.port))
        client.request("POST", CHAT, b"{}")
        response = client.getresponse()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
    until(lambda: gateway.metric("failed_total") == 1)
    until(lambda: gateway.service.news[-1].under_way == {})
    assert gateway.service.news[-1].last_success == 0.0


def test_an_answer_that_only_the_end_of_the_connection_ends_is_broken_by_a_reset(gateway):
    def talk(one: Talk) -> None:
        one.request()
        one.say(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        time.sleep(0.05)
        one.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post())
        with pytest.raises(ConnectionResetError):
            read_all(client)


def test_a_client_of_http_1_0_sees_a_broken_stream_as_broken(gateway):
    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS + chunk(b"data: 1\n\n"))
        time.sleep(0.05)

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post().replace(b"HTTP/1.1", b"HTTP/1.0"))
        with pytest.raises(ConnectionResetError):
            read_all(client)


@pytest.mark.parametrize("cut", [0, 3, 14])
def test_an_error_event_passes_as_it_is_and_counts_as_failed(gateway, cut):
    event = b'data: {"error":{"message":"EngineCore encountered an issue.","code":500}}\n\n'
    first, second = chunk(b"data: {}\n\n") + chunk(event)[: cut + 4], chunk(event)[cut + 4 :]
    body = first + second + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"

    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS + first)
        time.sleep(0.02)
        one.say(body[len(first) :])

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"{}", "Connection: close"))
        assert read_all(client).partition(b"\r\n\r\n")[2] == body
    until(lambda: gateway.metric('failed_total{model="alpha"}') == 1)
    assert gateway.service.news[-1].last_success == 0.0


def test_a_text_that_speaks_of_such_an_event_is_no_failure(gateway):
    text = json.dumps({"choices": [{"delta": {"content": 'data: {"error":1}'}}]}).encode()
    answer = EVENTS + chunk(b"data: " + text + b"\n\n") + b"0\r\n\r\n"
    with raw(answering(answer)) as server:
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", CHAT, {}).status == 200
        until(lambda: gateway.service.news[-1].last_success > 0)
        assert gateway.metric("failed_total") == 0


def _dead(code: str, status: int) -> Callable[[object], None]:
    def check(answer) -> None:
        assert (answer.status, answer.error["code"]) == (status, code)
        assert int(answer.headers["retry-after"]) >= 1

    return check


def test_a_server_that_is_away_or_dies_at_once_is_said_in_json(gateway):
    with raw(lambda one: one.request()) as server:
        gateway.serve(alpha(server.port))
        _dead("engine_died", 502)(gateway.ask("POST", CHAT, {}))
    _dead("engine_unreachable", 503)(gateway.ask("POST", CHAT, {}))
    until(lambda: gateway.service.news[-1].under_way == {})


def test_after_a_broken_answer_the_gateway_serves_on(gateway):
    def cut(one: Talk) -> None:
        one.request()
        one.say(EVENTS)

    with raw(cut, answering(whole(b"{}"))) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post())
        read_answer(client, 20)
        assert gateway.ask("POST", CHAT, {}).status == 200


def test_what_follows_an_answer_unasked_is_not_taken_for_the_next_one(gateway):
    false = whole(b"false")
    answers = [whole(b"{}") + false, EVENTS + chunk(b"data: 1\n\n") + b"0\r\n\r\n" + false]

    def talk(answer: bytes) -> Callable[[Talk], None]:
        def say(one: Talk) -> None:
            one.request()
            one.say(answer)
            one.left_at()

        return say

    with raw(talk(answers[0]), talk(answers[1]), answering(whole(b"true"))) as server:
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", CHAT, {}).body == b"{}"
        with pytest.raises((http.client.IncompleteRead, ConnectionError, http.client.BadStatusLine)):
            gateway.ask("POST", CHAT, {})
        assert gateway.ask("POST", CHAT, {}).body == b"true"
