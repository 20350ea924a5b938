"""What passes through the gateway is what was sent, byte for byte and piece by piece."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import threading

import pytest
from gateway_parts import (
    CHAT,
    EVENTS,
    Talk,
    alpha,
    answering,
    chunk,
    post,
    raw,
    read_all,
    read_answer,
    whole,
)

from docstation.service.gateway.connection import LINGER_SECONDS
from docstation.testing.model_server import running
from docstation.testing.model_server_script import Script


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def direct(port: int, method: str, path: str, body: bytes | None) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    try:
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


IMAGE = "data:image/png;base64,iVBORw0KGgo="
PICTURE = [{"type": "image_url", "image_url": {"url": IMAGE}}, {"type": "text", "text": "Read."}]
QUESTIONS = [
    {"model": "org/alpha", "max_tokens": 9000, "messages": []},
    {"model": "nobody's", "messages": [{"role": "user", "content": "hi"}]},
    {"model": "org/alpha"},
    {"model": "org/alpha", "messages": [{"role": "user", "content": "a" * 9000}]},
]


@pytest.mark.parametrize("question", [*QUESTIONS, "no json"], ids=range(5))
def test_errors_of_the_model_server_are_its_own(gateway, question):
    body = json.dumps(question).encode() if isinstance(question, dict) else b"{nonsense"
    with running(Script(), name="org/alpha") as server:
        port = port_of(server.address)
        gateway.serve(alpha(port))
        status, headers, content = direct(port, "POST", CHAT, body)
        passed = direct(gateway.port, "POST", CHAT, body)
    assert status >= 400
    assert passed[0] == status
    assert passed[2] == content
    assert [one for one in passed[1] if one[0] != "x-request-id"] == headers


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_the_model_servers(gateway, stream):
    body = json.dumps({"messages": [{"role": "user", "content": PICTURE}], "model": "org/alpha", "stream": stream})
    with running(Script(answer="страница 1"), name="org/alpha") as server:
        gateway.serve(alpha(port_of(server.address)))
        status, headers, content = direct(gateway.port, "POST", CHAT, body.encode())
        assert server.api.last_chat == json.loads(body)
    assert status == 200
    assert ("server", "uvicorn") in headers
    assert ("content" if not stream else "[DONE]") in content.decode()


def test_errors_keep_retry_after_and_request_id(gateway):
    answer = whole(b'{"error":"x"}', "429 Too Many Requests", "Retry-After: 7", "X-Request-Id: engine-1", "Odd:  a b")
    with raw(answering(answer)) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post())
        assert read_answer(client, len(answer)) == answer


def test_a_clients_request_id_goes_both_ways_and_one_is_made_otherwise(gateway):
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        while True:
            seen.append(one.request()[0])
            one.say(whole(b"{}"))

    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        own = gateway.ask("POST", CHAT, {}, {"X-Request-Id": "client-7"})
        made = gateway.ask("POST", CHAT, {}).headers["x-request-id"]
    assert own.headers["x-request-id"] == "client-7"
    assert b"x-request-id: client-7" in seen[0]
    assert f"x-request-id: {made}".encode() in seen[1]
    for path in ("/livez", "/nowhere", "/v1/models"):
        assert gateway.ask("GET", path, headers={"x-request-id": "c"}).headers["x-request-id"] == "c"


def test_a_stream_is_not_cut_anew_and_each_piece_comes_when_it_is_said(gateway):
    said, heard = threading.Semaphore(0), threading.Semaphore(0)
    pieces = [chunk(b"data: {}\n\n"), chunk(b"data: a\n\nda") + b"3\r", b"\nta:\r\n", b"0\r\n\r\n"]

    def talk(one: Talk) -> None:
        one.request()
        for piece in [EVENTS, *pieces]:
            one.say(piece)
            said.release()
            assert heard.acquire(timeout=10)

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b'{"model":"org/alpha"}', "X-Request-Id: 1"))
        head = EVENTS[:-2] + b"x-request-id: 1\r\n\r\n"
        for piece in [head, *pieces]:
            assert said.acquire(timeout=10)
            assert read_answer(client, len(piece)) == piece
            heard.release()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_arrives_as_it_was_sent(gateway, chunked):
    body = json.dumps({"messages": "A" * 3_000_000, "model": "org/alpha"}).encode()
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        seen.append(one.request()[1])
        one.say(whole(b"{}"))

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        if chunked:
            client.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for at in range(0, len(body), 100_000):
                client.sendall(chunk(body[at : at + 100_000]))
            client.sendall(b"0\r\n\r\n")
        else:
            client.sendall(post(CHAT, body))
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
    got = _unchunked(seen[0]) if chunked else seen[0]
    assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()


def _unchunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, data = data.partition(b"\r\n")
        parts.append(data[: int(size, 16)])
        data = data[int(size, 16) + 2 :]
    return b"".join(parts)


def test_a_slow_reader_gets_everything_and_little_of_it_lies_here(gateway):
    piece, count = chunk(b"x" * 65_000), 600
    sent: list[int] = []

    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS)
        for number in range(count):
            one.say(piece)
            sent.append(number)
        one.say(b"0\r\n\r\n")

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        before = gateway.resident()
        client.sendall(post(CHAT, b"{}", "X-Request-Id: 1", "Connection: close"))
        client.recv(1000)
        threading.Event().wait(0.3)
        assert len(sent) < count
        assert gateway.resident() - before < 8_000_000
        read_all(client)
    assert len(sent) == count


def test_a_connection_whose_reader_was_slow_is_as_good_as_any_afterwards(gateway):
    sizes = iter([size for step in range(3, 40) for size in (step * 150_000, 10)])

    def talk(one: Talk) -> None:
        while True:
            one.request()
            one.say(whole(b"x" * next(sizes)))

    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        for _ in range(37):
            with gateway.connect() as client:
                client.sendall(post(CHAT, b"{}", "Connection: close"))
                threading.Event().wait(0.01)
                read_all(client)
            assert gateway.ask("POST", CHAT, {}).body == b"x" * 10


def test_the_last_answer_of_a_connection_is_given_time_to_be_read(gateway):
    answer = whole(b"x" * 6_000_000)
    with raw(answering(answer)) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"{}", "Connection: close"))
        threading.Event().wait(LINGER_SECONDS + 0.5)
        assert read_all(client).endswith(b"x" * 6_000_000)


def test_a_slow_server_holds_the_upload_back(gateway):
    may = threading.Event()
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        one.head()
        assert may.wait(10)
        one.received = b""
        one.say(whole(b"{}", "200 OK", "Connection: close"))
        seen.append(b"")

    body = b"{" + b" " * 40_000_000 + b"}"
    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        before = gateway.resident()
        thread = threading.Thread(target=_push, args=(client, post(CHAT, body)))
        thread.start()
        threading.Event().wait(0.3)
        assert gateway.resident() - before < 12_000_000
        may.set()
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        client.close()
        thread.join()


def _push(client, data: bytes) -> None:
    with contextlib.suppress(OSError):
        client.sendall(data)


def test_connections_to_the_server_are_kept_and_used_again(gateway):
    with raw(answering(whole(b"{}"))) as server:
        gateway.serve(alpha(server.port))
        for _ in range(5):
            assert gateway.ask("POST", CHAT, {}).status == 200
        assert server.accepted == 1


def test_a_kept_connection_that_died_costs_no_request(gateway):
    def once(one: Talk) -> None:
        one.request()
        one.say(whole(b"{}"))
        one.request()
        # The second request gets no byte: as from a server that closed just now.

    bodies: list[bytes] = []

    def second(one: Talk) -> None:
        bodies.append(one.request()[1])
        one.say(whole(b'{"second":1}'))

    content = {"model": "org/alpha", "messages": "x" * 400_000}
    with raw(once, second) as server:
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", CHAT, {}).status == 200
        assert gateway.ask("POST", CHAT, content).body == b'{"second":1}'
    assert json.loads(bodies[0]) == content
    assert gateway.metric("retries_total") == 1


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("DELETE", 200), ("POST", 502)])
def test_what_the_service_may_have_done_already_is_not_asked_for_twice(gateway, method, status):
    def once(one: Talk) -> None:
        one.request()
        one.say(whole(b"{}"))
        one.request()

    gateway.serve()
    with raw(once, answering(whole(b"{}")), path=gateway.app):
        assert gateway.ask("GET", "/documents").status == 200
        assert gateway.ask(method, "/documents").status == status


def test_a_new_connection_that_dies_is_not_tried_again(gateway):
    with raw(lambda one: one.request()) as server:
        gateway.serve(alpha(server.port))
        answer = gateway.ask("POST", CHAT, {})
        assert (answer.status, answer.error["code"]) == (502, "engine_died")
        assert server.accepted == 1


def test_pipelined_requests_are_answered_one_after_the_other(gateway):
    order: list[str] = []

    def talk(one: Talk) -> None:
        while True:
            number = json.loads(one.request()[1])["n"]
            order.append(f"asked {number}")
            one.say(whole(f'{{"n":{number}}}'.encode()))

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        requests = [post(CHAT, f'{{"n":{number}}}'.encode(), "X-Request-Id: 1") for number in range(20)]
        client.sendall(b"".join(requests))
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 20 or not answers.endswith(b"}"):
            answers += client.recv(65_536)
    assert [int(part.partition(b"}")[0]) for part in answers.split(b'{"n":')[1:]] == list(range(20))
    assert order == [f"asked {number}" for number in range(20)]


def test_expect_continue_is_answered_at_once(gateway):
    with raw(answering(whole(b"{}"))) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        head, _, body = post(CHAT, b'{"model":"org/alpha"}', "Expect: 100-continue").partition(b"\r\n\r\n")
        client.sendall(head + b"\r\n\r\n")
        assert read_answer(client, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert read_answer(client, 12) == b"HTTP/1.1 200"


def test_interim_answers_of_the_server_are_left_out(gateway):
    with raw(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(b"{}"))) as server:
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", CHAT, {}).body == b"{}"


def test_a_server_that_answers_before_the_body_has_come_is_heard(gateway):
    def early(one: Talk) -> None:
        one.head()
        one.say(whole(b"too much", "413 Content Too Large"))
        one.left_at()

    with raw(early) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"x" * 50_000)[:20_000])
        assert client.recv(1000).startswith(b"HTTP/1.1 413")


def test_a_client_of_http_1_0_gets_no_chunks(gateway):
    def talk(one: Talk) -> None:
        one.request()
        one.say(EVENTS + chunk(b"data: 1\n\n"))
        one.say(chunk(b"data: 2\n\n") + b"0\r\n\r\n")

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"))
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"data: 1\n\ndata: 2\n\n"


def test_an_answer_without_an_end_of_its_own_ends_with_the_connection(gateway):
    def talk(one: Talk) -> None:
        one.request()
        one.say(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post())
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    assert body == b"all of it"
    assert b"connection: close" in head


def test_what_concerns_one_connection_is_not_passed_on(gateway):
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        seen.append(one.request()[0].lower())
        one.say(whole(b"{}", "200 OK", "Connection: close", "Keep-Alive: timeout=5"))

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, b"{}", "Connection: keep-alive, X-Hop", "X-Hop: 1", "Upgrade: h2c", "X-Other: 2"))
        head = client.recv(1000).partition(b"\r\n\r\n")[0].lower()
        client.sendall(post())
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
    assert not any(word in seen[0] for word in (b"x-hop", b"upgrade", b"keep-alive"))
    assert b"x-other: 2" in seen[0]
    assert b"connection" not in head
    assert b"keep-alive" not in head
