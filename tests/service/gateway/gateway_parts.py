"""Real parts for the gateway's tests: its process, the service's end of the link, and servers that speak raw bytes."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from docstation.service.gateway.words import Limits, News, Orders, Upstream

PATIENCE = 10.0
CHAT = "/v1/chat/completions"


def until(true: Callable[[], object], what: str = "") -> None:
    """Wait until something is so."""
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last, f"in vain: {what}"
        time.sleep(0.002)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, object]:
        return json.loads(self.body)["error"]


class Service:
    """The service's end of the control socket."""

    def __init__(self, path: Path) -> None:
        self.news: list[News] = []
        self.pongs: list[object] = []
        self._orders: Orders | None = None
        self._gateway: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def order(self, orders: Orders) -> None:
        """Give orders, and return once they hold."""
        self._orders = orders
        until(lambda: self._gateway is not None, "the gateway connects")
        self.say(json.dumps(asdict(orders)))
        self.ping()

    def ping(self) -> None:
        mark = len(self.pongs) + 1
        self.say(json.dumps({"ping": mark}))
        until(lambda: mark in self.pongs, "pong")

    def say(self, line: str) -> None:
        self._gateway.sendall(line.encode() + b"\n")

    def close(self) -> None:
        for one in (self._gateway, self._listener):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._gateway = connection
                for line in connection.makefile("rb"):
                    self._hear(json.loads(line))

    def _hear(self, content: dict[str, object]) -> None:
        if "pong" in content:
            self.pongs.append(content["pong"])
        else:
            self.news.append(News(**content))


class Process:
    """A gateway."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.control, self.app = folder / "gateway.sock", folder / "service.sock"
        self.service = Service(self.control)
        line = [sys.executable, "-m", "docstation.service.gateway", "--port", "0"]
        sockets = ["--control", str(self.control), "--service", str(self.app)]
        self.process = subprocess.Popen([*line, *sockets, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().rpartition(b":")[2])

    def serve(self, *upstreams: Upstream, **orders: object) -> Orders:
        """Let requests pass to these."""
        whole = Orders(**{"way": "open", "upstreams": upstreams, "known": KNOWN, **orders})
        self.service.order(whole)
        return whole

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, content, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def metric(self, start: str) -> float:
        lines = self.ask("GET", "/metrics/gateway").body.decode().splitlines()
        name = f"docstation_gateway_{start}"
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def resident(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def close(self) -> bytes:
        """End it; what it said on stderr."""
        if self.process.poll() is None:
            self.process.kill()
        _, said = self.process.communicate()
        self.service.close()
        return said


KNOWN = {"alpha": "alpha", "org/alpha": "alpha", "beta": "beta", "org/beta": "beta", "b": "beta"}


def alpha(port: int, concurrency: int = 16) -> Upstream:
    return Upstream("alpha", "org/alpha", 8192, "127.0.0.1", port, concurrency)


def beta(port: int, concurrency: int = 16) -> Upstream:
    return Upstream("beta", "org/beta", 4096, "127.0.0.1", port, concurrency)


LIMITS = Limits()


class Talk:
    """One connection at a raw server."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""

    def request(self) -> tuple[bytes, bytes]:
        """The next request: head and body (framed by its length, or by chunks, as it came)."""
        while b"\r\n\r\n" not in self.received:
            self._more()
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            while not self.received.endswith(b"0\r\n\r\n"):
                self._more()
            body, self.received = self.received, b""
            return head, body
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(self.received) < length:
            self._more()
        body, self.received = self.received[:length], self.received[length:]
        return head, body

    def head(self) -> bytes:
        """The next request's head only."""
        while b"\r\n\r\n" not in self.received:
            self._more()
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        return head

    def _more(self) -> None:
        data = self.connection.recv(1 << 20)
        if not data:
            raise ConnectionError("the other side left")
        self.received += data

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def left_at(self) -> float:
        """Wait until the other side leaves; when that was."""
        with suppress(ConnectionError):
            while self.connection.recv(1 << 16):
                pass
        return time.monotonic()


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer with its length."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"


class RawServer:
    """A server that holds these conversations, one a connection, the last one for every further connection."""

    def __init__(self, talks: Sequence[Callable[[Talk], None]], path: Path | None = None) -> None:
        self.accepted = 0
        self.failures: list[BaseException] = []
        self._talks = talks
        self._open: list[socket.socket] = []
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = self._listener.getsockname()[1]
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                talk = self._talks[min(self.accepted, len(self._talks) - 1)]
                self.accepted += 1
                self._open.append(connection)
                threading.Thread(target=self._hold, args=(talk, connection), daemon=True).start()

    def _hold(self, talk: Callable[[Talk], None], connection: socket.socket) -> None:
        with connection:
            try:
                talk(Talk(connection))
            except (ConnectionError, OSError):
                pass
            except BaseException as error:
                self.failures.append(error)


@contextmanager
def raw(*talks: Callable[[Talk], None], path: Path | None = None) -> Iterator[RawServer]:
    """A raw server for as long as the block runs."""
    server = RawServer(talks, path)
    try:
        yield server
    finally:
        server.close()
    assert not server.failures


def answering(answer: bytes) -> Callable[[Talk], None]:
    """Answers every request of a connection with the same bytes."""

    def talk(one: Talk) -> None:
        while True:
            one.request()
            one.say(answer)

    return talk


def read_answer(connection: socket.socket, length: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        assert piece, f"ended after {data!r}"
        data += piece
    return data


def read_all(connection: socket.socket) -> bytes:
    """Everything until the connection ends."""
    data = bytearray()
    while piece := connection.recv(1 << 16):
        data += piece
    return bytes(data)


def post(path: str = CHAT, body: bytes = b'{"model":"org/alpha"}', *headers: str) -> bytes:
    """A request, as bytes."""
    lines = "".join(f"{line}\r\n" for line in ("Host: localhost", *headers))
    return f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
