"""Servers that somebody else runs: asked at their own address, over TLS too, with their own key and none of ours."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from gateway_parts import CHAT, Process, Talk, post, raw, until, whole
from self_signed import certificate

from docstation.service.gateway.heads import RequestHead
from docstation.service.gateway.remote import abroad
from docstation.service.gateway.words import Upstream

FAR = Upstream("far", "org/far", 8192, "models.example.org", 443, tls=True, path="/api", remote=True)
BODY = json.dumps({"messages": [], "model": "org/far"}).encode()


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    monkeypatch.setenv("FAR_KEY", "far-secret")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path).public))
    process = Process(tmp_path)
    yield process
    assert process.close() == b""


def head(*headers: tuple[bytes, bytes]) -> RequestHead:
    return RequestHead("POST", CHAT.encode(), "1.1", [(b"Host", b"localhost:8000"), *headers], hosts=1)


def test_a_request_goes_to_the_servers_own_address_with_its_own_key():
    mine = [(b"Authorization", b"Bearer mine"), (b"X-API-Key", b"mine"), (b"Cookie", b"mine"), (b"X-More", b"1")]
    seen = abroad(head(*mine), replace(FAR, key_variable="FAR_KEY"), {"FAR_KEY": " far-secret\n"})
    assert seen.target == b"/api/v1/chat/completions"
    assert seen.headers == [
        (b"host", b"models.example.org"),
        (b"X-More", b"1"),
        (b"authorization", b"Bearer far-secret"),
    ]


@pytest.mark.parametrize("key", ["", "two\r\nlines", "ключ"])
def test_what_is_no_key_is_not_sent(key: str):
    seen = abroad(head((b"Authorization", b"Bearer mine")), replace(FAR, key_variable="FAR_KEY"), {"FAR_KEY": key})
    assert seen.headers == [(b"host", b"models.example.org")]


@pytest.mark.parametrize(
    ("host", "port", "tls", "shown"),
    [("a.org", 443, True, b"a.org"), ("a.org", 443, False, b"a.org:443"), ("::1", 8000, False, b"[::1]:8000")],
)
def test_its_address_is_written_as_it_should_be(host: str, port: int, tls: bool, shown: bytes):
    assert abroad(head(), replace(FAR, host=host, port=port, tls=tls), {}).headers[0] == (b"host", shown)


def test_it_answers_through_the_gateway_and_never_sees_a_clients_key(gateway: Process):
    heads: list[bytes] = []

    def talk(one: Talk) -> None:
        while True:
            heads.append(one.request()[0])
            one.say(whole(b'{"by":"far"}'))

    with raw(talk) as server:
        far = replace(FAR, host="127.0.0.1", port=server.port, tls=False, key_variable="FAR_KEY")
        gateway.serve(far, known={"far": "far", "org/far": "far"})
        answer = gateway.ask("POST", CHAT, BODY, {"Authorization": "Bearer mine", "Cookie": "a=b"})
    assert answer.body == b'{"by":"far"}'
    (seen,) = heads
    assert seen.startswith(b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n" % server.port)
    assert b"authorization: Bearer far-secret" in seen
    assert b"mine" not in seen
    assert b"a=b" not in seen


class Answering(BaseHTTPRequestHandler):
    """Says what it was asked, and streams three events where it is told to."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if json.loads(body).get("stream"):
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for number in range(3):
                event = b"data: %d\n\n" % number
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.write(b"0\r\n\r\n")
            return
        said = json.dumps({"length": len(body), "path": self.path, "key": self.headers["authorization"]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def over_tls(folder: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder).both)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_is_spoken_to_over_tls_large_bodies_and_streams_included(gateway: Process, tmp_path: Path):
    with over_tls(tmp_path) as port:
        gateway.serve(replace(FAR, host="localhost", port=port, key_variable="FAR_KEY"))
        large = json.dumps({"messages": "x" * 2_000_000, "model": "org/far"}).encode()
        answer = gateway.ask("POST", CHAT, large)
        said = json.loads(answer.body)
        assert said == {"length": len(large), "path": f"/api{CHAT}", "key": "Bearer far-secret"}
        streamed = gateway.ask("POST", CHAT, {"model": "org/far", "stream": True})
        assert streamed.body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_a_certificate_that_is_not_trusted_is_refused(gateway: Process, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with over_tls(elsewhere) as port:
        gateway.serve(replace(FAR, host="localhost", port=port))
        answer = gateway.ask("POST", CHAT, BODY)
        assert (answer.status, answer.error["code"]) == (503, "engine_unreachable")
        assert answer.headers["retry-after"]


def test_a_client_that_leaves_frees_the_remote_server_at_once(gateway: Process):
    gone = threading.Event()

    def talk(one: Talk) -> None:
        one.request()
        one.left_at()
        gone.set()

    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(replace(FAR, host="127.0.0.1", port=server.port, tls=False))
        client.sendall(post(CHAT, BODY))
        until(lambda: gateway.service.news[-1].under_way == {"far": 1})
        client.close()
        assert gone.wait(10)
