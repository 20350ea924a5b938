"""The small HTTP client: bounded in time and size, and clear about what went wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from driver_contract import free_port

from docstation.station.talk import Answer, GaveUp, TimedOut, Unreachable, get, one_line, post

OK = b"HTTP/1.1 200 OK\r\n"


def whole_request(connection: socket.socket) -> bytes:
    """A request with as much of a body as it says that it has."""
    request = b""
    while piece := connection.recv(1 << 16):
        request += piece
        head, end, body = request.partition(b"\r\n\r\n")
        lengths = [int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")]
        if end and len(body) >= sum(lengths):
            break
    return request


@contextmanager
def answering(*pieces: bytes, pause: float = 0.0, asked: list[bytes] | None = None) -> Iterator[str]:
    """The address of a server that takes one request, says these bytes with pauses between them, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                request = whole_request(connection)
                if asked is not None:
                    asked.append(request)
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def test_an_answer_has_its_status_and_body() -> None:
    asked: list[bytes] = []
    with answering(OK + b"content-length: 8\r\n\r\n", b'{"a": 1}', asked=asked) as address:
        answer = get(f"{address}/v1/models?level=1", key="secret")
    assert (answer.status, answer.json()) == (200, {"a": 1})
    assert asked[0].startswith(b"GET /v1/models?level=1 HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret\r\n" in asked[0]


def test_json_is_sent_as_such() -> None:
    asked: list[bytes] = []
    with answering(OK + b"content-length: 0\r\n\r\n", asked=asked) as address:
        assert post(f"{address}/x", {"a": "я"}).status == 200
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert b"Content-Type: application/json" in head
    assert b"Authorization" not in head
    assert body == b'{"a": "\\u044f"}'


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n") as address:
        assert get(address).status == 302


def test_only_so_much_of_a_body_is_kept() -> None:
    with answering(OK + b"content-length: 5000\r\n\r\n" + b"x" * 5000) as address:
        assert get(address, largest=100).body == b"x" * 100


def test_a_body_without_end_is_cut_off_by_the_clock() -> None:
    began = time.monotonic()
    with answering(OK + b"\r\n", *[b"x"] * 100, pause=0.05) as address, pytest.raises(TimedOut):
        get(address, read=0.3)
    assert time.monotonic() - began < 7.0


def test_silence_ends_with_the_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            get(f"http://127.0.0.1:{silent.getsockname()[1]}/health", read=0.2)
        assert 0.2 <= time.monotonic() - began < 2.0


def test_who_no_longer_wants_the_answer_does_not_wait_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(GaveUp):
            post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, read=60.0, cancelled=lambda: True)
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-OpenSSH_9.6\r\n", OK + b"content-length: 10\r\n\r\nhalf",
     OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhal", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200],
)  # fmt: skip
def test_what_is_no_whole_answer_is_none(said: bytes) -> None:
    with answering(said) as address, pytest.raises(Unreachable):
        get(address)


def test_a_closed_port_is_told_at_once() -> None:
    with pytest.raises(Unreachable, match="refused"):
        get(f"http://127.0.0.1:{free_port()}/health")


@pytest.mark.parametrize(
    "url", ["", "http://", "http://[", "http://127.0.0.1:x/", "http://127.0.0.1/\u0444", "file:///etc/passwd",
            "http://user:pass@127.0.0.1/", f"http://{'a' * 70}.invalid/"],
)  # fmt: skip
def test_what_is_no_address_reaches_nobody_and_tells_no_password(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        get(url)
    assert "pass@" not in str(caught.value)


def test_an_error_says_its_words_whatever_its_form() -> None:
    assert Answer(400, b'{"error": {"message": "too\\nlong", "code": 400}}').words == "too long"
    assert Answer(400, b'{"error": "plain"}').words == "plain"
    assert Answer(400, b'{"message": "other"}').words == "other"
    assert Answer(502, b"<html>Bad\x00 Gateway</html>").words == "<html>Bad Gateway</html>"
    assert Answer(500, b"").words == ""
    assert Answer(500, b"[1]").json() == [1]
    assert Answer(500, b"\xff").json() is None


def test_text_from_outside_becomes_one_printable_line() -> None:
    assert one_line("a\x1b[31m\r\n\tb\u2028c") == "a [31m b c"
    assert one_line("слово " * 1000, 20) == "слово слово слово сл"
