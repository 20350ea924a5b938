"""Bounds, bad requests and slow ones: each gets a typed answer, and nothing piles up."""

from __future__ import annotations

import json
import socket
import time

import pytest
from gateway_parts import CHAT, Process, Talk, alpha, answering, chunk, post, raw, read_all, until, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docstation.service.gateway.words import Limits

QUICK = Limits(head_seconds=0.3, idle_seconds=0.4, head_bytes=4096, body_bytes=50_000)


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer[9:12])


def code_of(answer: bytes) -> str:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]


def reply(gateway: Process, request: bytes) -> bytes:
    """What comes back until the gateway ends the connection."""
    with gateway.connect() as client:
        client.sendall(request)
        return read_all(client)


LINE = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n".encode()
SMUGGLED = {
    "length and chunks": LINE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": LINE + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a signed length": LINE + b"Content-Length: +5\r\n\r\nhello",
    "a length in hex": LINE + b"Content-Length: 0x5\r\n\r\nhello",
    "another coding": LINE + b"Transfer-Encoding: gzip\r\n\r\n",
    "two codings": LINE + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": LINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a hidden coding": LINE + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": LINE.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": LINE + b"Content-Length : 5\r\n\r\nhello",
    "a folded header": LINE + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "bare line feeds": LINE.replace(b"\r\n", b"\n") + b"\n",
    "a nul": LINE + b"X: a\0b\r\n\r\n",
    "a bad chunk": LINE + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk longer than it says": LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "a target that is no path": b"GET http://example.org/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=SMUGGLED)
def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_ended(gateway, request_bytes):
    asked: list[bytes] = []

    def talk(one: Talk) -> None:
        asked.append(one.request()[1])
        one.say(whole(b"{}"))

    hidden = b"GET /station HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        answer = reply(gateway, request_bytes + hidden)
    assert status_of(answer) == 400
    assert code_of(answer) == "bad_request"
    assert asked == []


def test_a_request_behind_a_chunked_body_is_not_mixed_into_it(gateway):
    bodies: list[bytes] = []

    def talk(one: Talk) -> None:
        while True:
            bodies.append(one.request()[1])
            one.say(whole(b"{}"))

    request = LINE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"{}") + b"0\r\n\r\n"
    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        answer = reply(gateway, request + post(CHAT, b'{"second":1}'))
        until(lambda: bodies)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert bodies == [chunk(b"{}") + b"0\r\n\r\n"]


def test_heads_and_bodies_beyond_the_limits_are_refused(gateway):
    gateway.serve(alpha(1), limits=QUICK)
    head = reply(gateway, LINE + b"X: " + b"x" * 5000)
    many = reply(gateway, LINE + b"".join(b"X: 1\r\n" for _ in range(200)) + b"\r\n")
    body = reply(gateway, post(CHAT, b"x" * 50_001))
    chunks = reply(gateway, LINE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"x" * 30_000) * 2)
    assert [status_of(one) for one in (head, many, body, chunks)] == [431, 431, 413, 413]
    assert code_of(head) == "head_too_large"
    assert code_of(body) == code_of(chunks) == "body_too_large"


def test_documents_have_a_limit_of_their_own(gateway):
    with raw(answering(whole(b"{}")), path=gateway.app):
        gateway.serve(alpha(1), limits=Limits(body_bytes=1000, upload_bytes=5000))
        assert gateway.ask("POST", CHAT, b"x" * 4000).status == 413
        assert gateway.ask("POST", "/documents", b"x" * 4000).status == 200
        assert gateway.ask("POST", "/documents", b"x" * 6000).status == 413


def test_chunks_that_are_all_frame_and_no_body_are_refused(gateway):
    gateway.serve(alpha(1), way="hold", limits=QUICK)
    trailers = b"0\r\n" + b"".join(b"X: 1\r\n" for _ in range(2000))
    assert status_of(reply(gateway, LINE + b"Transfer-Encoding: chunked\r\n\r\n" + trailers)) == 431


def test_a_refused_body_that_is_small_leaves_the_connection_standing(gateway):
    gateway.serve(way="closed")
    with gateway.connect() as client:
        for _ in range(3):
            client.sendall(post(CHAT, b"x" * 40_000))
            answer = client.recv(4000)
            assert status_of(answer) == 503
            assert b"connection: close" not in answer


def test_the_answer_to_a_large_refused_body_can_be_read(gateway):
    gateway.serve(way="closed")
    with gateway.connect() as client:
        client.sendall(post(CHAT, b"x" * 30_000_000)[:4_000_000])
        assert status_of(client.recv(4000)) == 503


@pytest.mark.parametrize("begun", [b"", b"POST /v1", LINE + b"X: 1\r\n"], ids=["nothing", "a line", "headers"])
def test_a_slow_head_is_not_waited_for(gateway, begun):
    gateway.serve(alpha(1), limits=QUICK)
    since = time.monotonic()
    answer = reply(gateway, begun)
    assert 0.2 < time.monotonic() - since < 5
    if begun:
        assert (status_of(answer), code_of(answer)) == (408, "request_timeout")
    else:
        assert answer == b""


def test_a_head_that_drips_is_not_waited_for(gateway):
    gateway.serve(alpha(1), limits=QUICK)
    with gateway.connect() as client:
        client.settimeout(0.05)
        for sign in (LINE + b"X: " + b"x" * 1000).decode():
            try:
                client.sendall(sign.encode())
                answer = client.recv(4000)
                break
            except TimeoutError:
                continue
    assert status_of(answer) == 408


def test_a_body_that_drips_is_not_waited_for_and_its_place_is_given_back(gateway):
    with raw(lambda one: one.request()) as server:
        gateway.serve(alpha(server.port), limits=QUICK)
        answer = reply(gateway, post(CHAT, b"x" * 2000)[:-1000])
    assert (status_of(answer), code_of(answer)) == (408, "request_timeout")
    until(lambda: gateway.service.news[-1].under_way == {})


def test_a_long_answer_is_waited_for_longer_than_any_head(gateway):
    def talk(one: Talk) -> None:
        one.request()
        time.sleep(1.0)
        one.say(whole(b"{}"))

    with raw(talk) as server:
        gateway.serve(alpha(server.port), limits=QUICK)
        assert gateway.ask("POST", CHAT, {}).status == 200


def test_a_client_that_takes_nothing_is_let_go(gateway):
    gone: list[float] = []

    def talk(one: Talk) -> None:
        one.request()
        one.say(b"HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n")
        try:
            while True:
                one.say(b"x" * 1_000_000)
        finally:
            gone.append(time.monotonic())

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port), limits=QUICK)
        client.sendall(post(CHAT, b"{}"))
        until(lambda: gone, "the server is told")


def test_many_pipelined_requests_whose_answers_nobody_takes_do_not_pile_up(gateway):
    gateway.serve(known={f"model-{number}": f"model-{number}" for number in range(300)}, way="closed")
    before = gateway.resident()
    requests = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
    with gateway.connect() as client:
        client.setblocking(False)
        moved = time.monotonic()
        while time.monotonic() - moved < 0.3 and gateway.resident() - before < 20_000_000:
            try:
                client.send(requests)
                moved = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        assert gateway.resident() - before < 8_000_000
        assert gateway.ask("GET", "/livez").status == 200


def test_connections_are_bounded(gateway):
    held = [gateway.connect() for _ in range(1024)]
    until(lambda: _refused(gateway), "one too many")
    for one in held:
        one.close()
    until(lambda: not _refused(gateway), "room again")


def _refused(gateway: Process) -> bool:
    with gateway.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return status_of(client.recv(1000)) == 503


def test_memory_stays_flat_over_thousands_of_requests(gateway):
    body, large = post(CHAT, b"{}", "Connection: close"), post(CHAT, b"x" * 400_000)
    with raw(answering(whole(b"y" * 1000))) as server:
        gateway.serve(alpha(server.port))

        def round_of(count: int) -> None:
            with gateway.connect() as client:
                for number in range(count):
                    client.sendall(large if number % 10 == 0 else post(CHAT, b"{}"))
                    got = b""
                    while not got.endswith(b"y" * 1000):
                        got += client.recv(1 << 16)
            for number in range(count // 10):
                with gateway.connect() as client:
                    client.sendall(body if number % 2 else large[:100_000])

        round_of(500)
        before = gateway.resident()
        round_of(2000)
        until(lambda: gateway.service.news[-1].under_way == {})
        assert gateway.resident() - before < 1_500_000
        assert gateway.resident() < 45_000_000


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory):
    process = Process(tmp_path_factory.mktemp("lasting"))
    with raw(answering(whole(b"{}"))) as server:
        process.serve(alpha(server.port), limits=Limits(head_seconds=0.2, idle_seconds=0.2))
        yield process
    assert process.close() == b""


NAMES = b"POST |GET |/v1/chat/completions|/livez| HTTP/1.1|Host: localhost|Content-Length: 5|Transfer-Encoding: chunked"
SIGNS = b"\r\n|\r\n\r\n|\n|hello|: |\0|5\r\nhello\r\n|0\r\n\r\n|Expect: 100-continue|Connection: close|CONNECT x:1"
tokens = st.sampled_from([*NAMES.split(b"|"), *SIGNS.split(b"|"), b"Upgrade: websocket"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(tokens | st.binary(max_size=20), max_size=14))
def test_any_bytes_get_a_typed_answer_or_none(lasting, parts):
    with lasting.connect() as client:
        client.sendall(b"".join(parts))
        client.shutdown(socket.SHUT_WR)
        try:
            answer = read_all(client)
        except ConnectionResetError:
            answer = b""
    for one in answer.split(b"HTTP/1.1 ")[1:]:
        assert int(one[:3]) in {100, 200, 400, 403, 404, 405, 408, 413, 431, 501, 503, 505}
    assert lasting.ask("GET", "/livez").status == 200
