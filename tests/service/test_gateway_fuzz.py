"""Requests that no client in its right mind sends, to a whole service: typed answers, flat memory, nobody waits."""

from __future__ import annotations

import http.client
import json
import os
import random
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from statistics import median

import pytest
from running_service import CHAT, Service, eventually, service

from docstation.service.gateway.words import Limits, Orders, Upstream

PATIENCE = 20.0
BODY_BYTES, FILE_BYTES = 200_000, 300_000
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"
"""
TYPED = {400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 422, 429, 431, 501, 502, 503, 505}
FINE = {200, 202, 204, 206, 304, 307}
CHILDREN = 20
"""Descriptors of children that may have been started meanwhile."""
LONGEST = 15.0
ROUNDS = 500
QUIET = 0.4
"""Seconds after which a client takes it that its spoiled request is waited for."""
SEED = 7


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    limits = {"SERVICE_BODY_BYTES": BODY_BYTES, "LIMITS_FILE_BYTES": FILE_BYTES}
    with service(tmp_path_factory.mktemp("fuzz"), CATALOGUE, **limits) as made:
        yield made


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the connection ends; it may end hard. TimeoutError where it does not end."""
    data = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            data += piece
    return bytes(data)


def exchange(port: int, request: bytes, quiet: float = PATIENCE) -> bytes:
    """What comes back to these bytes. A client that hears nothing for `quiet` seconds says that it sends no more."""
    with connect(port) as client:
        with suppress(ConnectionError):
            client.sendall(request)
        data = b""
        with suppress(ConnectionResetError):
            while select.select([client], [], [], quiet)[0]:
                if not (piece := client.recv(1 << 16)):
                    return data
                data += piece
            client.shutdown(socket.SHUT_WR)
        return data + rest_of(client)


def answers_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Status and body of each answer; of the last one what came."""
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 "), head[:300]
        status, lower = int(head[9:12]), head.lower()
        if status < 200:
            continue
        body = data
        if b"content-length:" in lower:
            length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0])
            body, data = data[:length], data[length:]
        else:
            # None of ours is chunked but streams, and they end with the connection.
            data = b""
        yield status, body


def check(answer: bytes) -> None:
    """Every refusal names its code; nothing is our fault."""
    for status, body in answers_in(answer):
        assert status in TYPED | FINE, body[:400]
        if status >= 400 and body:
            error = json.loads(body)
            # Paths that the model server does not know have its own shape.
            assert "error" in error or "detail" in error, body


# What a client would send, as bytes to be spoiled.


def ask(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in ("Host: localhost", "Connection: close", *headers))
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{lines}{length}\r\n".encode() + body


def form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(b"--m\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--m--\r\n"


JSON = "Content-Type: application/json"
FORM = "Content-Type: multipart/form-data; boundary=m"
FILE = 'Content-Disposition: form-data; name="file"; filename="a.pdf"'
OPTION = 'Content-Disposition: form-data; name="pages"'
QUESTION = b'{"messages":[{"role":"user","content":"?"}],"max_tokens":3,"model":"dots-ocr"}'
CHUNKED = (
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" % CHAT.encode()
)
SOUND = (
    ask("POST", CHAT, QUESTION, JSON),
    CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(QUESTION), QUESTION),
    ask("POST", "/tokenize", b'{"prompt":"abc","model":"dots-ocr"}', JSON),
    ask("GET", "/v1/models"),
    ask("GET", "/station/events?after=0"),
    ask("GET", "/station/plan?model=dots-ocr"),
    ask("POST", "/station/switch", b'{"models":["dots-ocr"]}', JSON),
    ask("GET", "/documents?limit=5"),
    ask("GET", "/documents/0650f2c1d35a8b00a1b2c3d4/pages/1/image?width=100"),
    ask("POST", "/documents", form((FILE, b"%PDF-1.7\n1 0 obj"), (OPTION, b"1-2")), FORM),
    ask("POST", "/documents", b'{"url":"https://localhost/a.pdf"}', JSON),
    ask("POST", "/v1/ocr", b'{"model":"x","document":{"type":"document_url","document_url":"data:,a"}}', JSON),
    ask("GET", "/metrics"),
    ask("DELETE", "/documents/0650f2c1d35a8b00a1b2c3d4"),
)
MEAN = (
    b"\r\n", b"\r\n\r\n", b"\0", b"\n", b":", b"%00", b"../../etc/passwd", b"\xff\xfe", b"{", b'"', b"[" * 3000,
    b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Host: example.org\r\n", b"Expect: 100-continue\r\n", b"X: " + b"y" * 9000, b"--m", b"0\r\n\r\n", b"1e999", b"-1",
    b"\xed\xa0\x80", b"\\ud800", b'{"a":' * 900, b"9" * 400, b"Upgrade: websocket\r\nConnection: upgrade\r\n",
)  # fmt: skip


def spoiled(chance: random.Random) -> bytes:
    """A sound request with some bytes changed, left out, doubled, cut off, or something mean put in."""
    data = chance.choice(SOUND)
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        upto = min(len(data), at + chance.choice((1, 1, 2, 8, 40)))
        middle = chance.choice((b"", data[at:upto] * 2, chance.choice(MEAN), chance.choice(MEAN), chance.randbytes(3)))
        data = data[:at] + middle + (b"" if chance.random() < 0.1 else data[upto if chance.random() < 0.5 else at :])
    return data


# What the service holds.


def gateway_of(made: Service) -> int:
    assert made.process is not None
    for pid in Path(f"/proc/{made.process.pid}/task/{made.process.pid}/children").read_text().split():
        if b"docstation.service.gateway" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                if str(made.home / "gateway.sock").encode() in (folder / "cmdline").read_bytes():
                    return int(folder.name)
    raise AssertionError("no gateway")


def held(pid: int) -> tuple[int, int]:
    """Bytes of memory, and descriptors."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0]) * 1024
    return resident, len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def nothing_grows(made: Service, most: int = 8_000_000) -> Iterator[None]:
    """Memory stays, and all connections are given back."""
    pids = {"service": made.process.pid if made.process else 0, "gateway": gateway_of(made)}
    before = {name: held(pid) for name, pid in pids.items()}
    yield
    for name, pid in pids.items():
        resident, descriptors = before[name]
        # Connections that wait for their next request stay a moment longer; children that read and draw have a few.
        eventually(lambda pid=pid, most=descriptors: held(pid)[1] <= most + CHILDREN, f"{name} keeps descriptors", 15.0)
        assert held(pid)[0] - resident < most, name
    assert made.process is not None
    assert made.process.poll() is None
    assert made.chat("dots-ocr").status == 200


def in_parallel(work: Callable[[int], object], count: int, workers: int = 24) -> None:
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, range(count)):
            pass


def settle(made: Service) -> None:
    """Documents that came in whole are of no interest."""
    shown = made.ask("GET", "/documents?limit=500").json["documents"]
    assert isinstance(shown, list)
    for one in shown:
        made.ask("DELETE", f"/documents/{one['id']}")


@pytest.mark.slow
def test_spoiled_requests_get_typed_answers_and_leave_nothing_behind(served: Service):
    def one(number: int) -> None:
        request = spoiled(random.Random(f"{SEED} {number}"))
        try:
            check(exchange(served.port, request, QUIET))
        except TimeoutError:
            raise AssertionError(f"no end of {request[:300]!r}") from None
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{error} to {request[:300]!r}") from error

    in_parallel(one, 150)
    settle(served)
    with nothing_grows(served):
        in_parallel(lambda number: one(1000 + number), ROUNDS)
        settle(served)


def test_every_sound_request_is_answered_and_none_is_a_servers_fault(served: Service):
    for request in SOUND:
        answer = exchange(served.port, request)
        assert answer.startswith(b"HTTP/1.1 "), request
        check(answer)
    settle(served)


def test_bodies_beyond_the_limit_are_refused_whether_they_say_so_or_not(served: Service):
    large = b"x" * (4 * FILE_BYTES)
    upload = form((FILE, large))
    too_large = (
        ask("POST", CHAT, b"x" * (BODY_BYTES + 1), JSON),
        CHUNKED + b"".join(b"2710\r\n%s\r\n" % (b"y" * 10_000) for _ in range(60)) + b"0\r\n\r\n",
        ask("POST", "/documents", upload, FORM),
        ask("POST", "/documents", form(*((OPTION, b"1") for _ in range(4000)), (FILE, b"%PDF")), FORM),
        b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n" + large,
        ask("POST", "/v1/ocr", b'{"document":{"type":"document_url","document_url":"data:,' + large + b'"}}', JSON),
    )
    for request in too_large:
        exchange(served.port, request)
    with nothing_grows(served):
        for request in too_large * 3:
            answer = exchange(served.port, request)
            # The rest of the body may cross the answer on its way.
            assert not answer or int(answer[9:12]) in {400, 413, 422}, (answer[:300], request[:200])
            check(answer)
    settle(served)


def test_pipelined_requests_are_answered_in_their_order(served: Service):
    chance = random.Random(SEED)
    asked = []
    for number in range(60):
        path = chance.choice(("/v1/models", "/livez", "/version", "/documents", "/nowhere"))
        body = QUESTION if chance.random() < 0.3 else b""
        method, path = ("POST", CHAT) if body else ("GET", path)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: n{number}\r\n{JSON}\r\n{length}\r\n"
        asked.append(head.encode() + body)
    with connect(served.port) as client:
        client.sendall(b"".join(asked))
        for number in range(60):
            answer = http.client.HTTPResponse(client)
            # Its reader must not take more than its own answer.
            answer.fp = _Unbuffered(client)  # type: ignore[assignment]
            answer.begin()
            answer.read()
            assert answer.headers["x-request-id"] == f"n{number}"


class _Unbuffered:
    """A file of a socket that takes no byte too many."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def readline(self, _limit: int = -1) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self.read(1)
        return line

    def read(self, size: int = -1) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._connection.recv(size - len(data))
            assert piece, "the connection ended early"
            data += piece
        return data

    def readinto(self, target: memoryview) -> int:
        piece = self.read(len(target))
        target[: len(piece)] = piece
        return len(piece)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def round_trip(made: Service) -> float:
    """Seconds of a question to the model and one to the service."""
    begun = time.monotonic()
    assert made.chat("dots-ocr").status == 200
    assert made.ask("GET", "/version").status == 200
    return time.monotonic() - begun


def test_the_patient_are_served_while_two_hundred_drip(served: Service):
    starts = (
        b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n",
        b"GET /liv",
        CHUNKED + b"5\r\n",
    )
    usual = median(round_trip(served) for _ in range(5))
    with nothing_grows(served):
        dripping = [connect(served.port) for _ in range(200)]
        try:
            for number, one in enumerate(dripping):
                one.sendall(starts[number % len(starts)])
            took = []
            for number in range(12):
                for one in dripping[number % 10 :: 10]:
                    with suppress(ConnectionError):
                        one.sendall(b"a" if number % 2 else b"1")
                took.append(round_trip(served))
            assert median(took) < 5 * usual + 0.2
            # Those that drip into a model's body stand in the way, but not for as long as a head may take.
            assert max(took) < LONGEST
        finally:
            for one in dripping:
                one.close()


@contextmanager
def hasty_gateway(folder: Path, server_port: int) -> Iterator[int]:
    """A gateway of its own that waits for nobody; its port."""
    orders = Orders(
        "open",
        (Upstream("dots-ocr", "rednote-hilab/dots.ocr", 8192, "127.0.0.1", server_port),),
        limits=Limits(head_seconds=0.3, idle_seconds=0.5),
    )
    file = folder / "orders.json"
    file.write_text(json.dumps(asdict(orders)))
    line = [sys.executable, "-m", "docstation.service.gateway", "--port", "0", "--orders", str(file)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, env={**os.environ})
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().rpartition(b":")[2])
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_hundred_slow_clients_are_told_so_and_let_go(served: Service, tmp_path: Path):
    starts = (b"POST ", CHUNKED, ask("POST", CHAT, QUESTION, JSON)[:-20], b"GET /livez HTTP/1.1\r\nHost: loc")
    with hasty_gateway(tmp_path, served.server_port) as port:
        slow = [connect(port) for _ in range(100)]
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.05):
                for one in slow:
                    with suppress(OSError):
                        one.send(b"1")

        for number, one in enumerate(slow):
            one.sendall(starts[number % len(starts)])
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            answers = [rest_of(one) for one in slow]
        finally:
            stop.set()
            dripping.join()
            for one in slow:
                one.close()
    for answer in answers:
        # One that still sends may lose the answer, not the end.
        assert not answer or int(answer[9:12]) in {400, 408}, answer[:200]
        check(answer)
    assert sum(answer.startswith(b"HTTP/1.1 408") for answer in answers) > 50
