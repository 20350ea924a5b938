"""What ``bench/gateway.py`` measures of a peer: delays, streams, errors, broken answers, clients that leave.

Run by itself this prints nothing.
"""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

from gateway_sides import KEY, MODEL, Peer, compiled

PATH = "/v1/chat/completions"
STATUSES = (400, 429, 503)
KEPT_HEADERS = ("content-type", "retry-after", "x-request-id")
FELT_SECONDS = 1.0
"""A client that left and was not felt after this was not felt at all."""


@dataclass(frozen=True, slots=True)
class Loops:
    """What closed loops took, in microseconds; see ``gateway_client.c``."""

    p50: float
    p99: float
    first_p50: float
    first_p99: float
    requests: int
    events: int
    seconds: float
    sum: int
    odd: int
    early: int


def body(size: int, *, events: int = 0, tick: int = 0, wish: str = "") -> bytes:
    """A body of about that size: an image first, `model` behind it, as OpenAI's client writes it.

    `wish` tells the stub what is to happen, see ``gateway_stub.c``; it stands in the text, which every peer passes.
    """
    text = f"bench:{wish};" if wish else "?"
    content: object = text
    if size > 1000:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * (size - 300)}}
        content = [{"type": "text", "text": text}, image]
    words: dict[str, object] = {"messages": [{"role": "user", "content": content}], "model": MODEL}
    if events:
        words |= {"max_tokens": events, "seed": tick, "stream": True}
    return json.dumps(words).encode()


def request(content: bytes) -> bytes:
    """One request, as bytes."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def loops(peer: Peer, content: bytes, connections: int, requests: int, warm: int = 3) -> Loops:
    """Closed loops on that many connections."""
    words = [str(compiled("client")), *map(str, (peer.port, connections, requests, warm))]
    said = subprocess.run(words, input=request(content), capture_output=True, check=True).stdout
    return Loops(**json.loads(said))


# Errors and broken answers.


def whole(peer: Peer, content: bytes, seconds: float = 10.0) -> tuple[int, dict[str, str], bytes]:
    """One answer. HTTPException where it ends early."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=seconds)
    try:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        connection.request("POST", PATH, content, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def errors_kept(peer: Peer, direct: Peer) -> int:
    """How many of six refusals (three kinds, plain and streamed) come as the model server wrote them."""
    count = 0
    for status in STATUSES:
        for events in (0, 3):
            asked = body(200, events=events, wish=f"error-{status}")
            (code, names, said), (code0, names0, said0) = whole(peer, asked), whole(direct, asked)
            same = all(names.get(name) == names0.get(name) for name in KEPT_HEADERS)
            count += code == code0 and said == said0 and same
    return count


def breaks_off(peer: Peer) -> int:
    """How many of two answers (plain, streamed) whose server dies within them look broken to the client."""
    import http.client

    count = 0
    for events in (0, 9):
        try:
            status, _, _ = whole(peer, body(200, events=events, wish="die"))
        except (http.client.HTTPException, OSError):
            count += 1
        else:
            # Nothing of the answer had been passed on, so that an error is as good.
            count += status >= 500
    return count


# Clients that leave.


class Felt:
    """Hears from the stub when it feels that a client left."""

    def __init__(self, stub: subprocess.Popen[bytes]) -> None:
        assert stub.stdout is not None
        self._lines = stub.stdout
        self._left: queue.Queue[tuple[str, int]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._lines:
            _, mark, moment = line.split()
            self._left.put((mark.decode(), int(moment)))

    def wait(self, mark: str, since: int) -> float | None:
        """Milliseconds from `since` until it was felt; None where it was not."""
        last = time.monotonic() + FELT_SECONDS
        while (left := last - time.monotonic()) > 0:
            with suppress(queue.Empty):
                told, moment = self._left.get(timeout=left)
                if told == mark:
                    return (moment - since) / 1e6
        return None


def leaving(peer: Peer, felt: Felt, times: int) -> dict[str, list[float | None]]:
    """Milliseconds until the model server feels it, by phase."""
    phases: dict[str, Callable[[socket.socket, str], None]] = {
        "upload": _half_sent,
        "prefill": _all_sent,
        "stream": _first_read,
    }
    found: dict[str, list[float | None]] = {}
    for phase, begin in phases.items():
        found[phase] = []
        for number in range(times):
            if found[phase][:3] == [None] * 3:
                break
            mark = f"{peer.port}{phase}{number}"
            connection = socket.create_connection(("127.0.0.1", peer.port))
            begin(connection, mark)
            since = time.monotonic_ns()
            connection.close()
            found[phase].append(felt.wait(mark, since))
    return found


def _half_sent(connection: socket.socket, mark: str) -> None:
    asked = request(body(300_000, wish=f"mark-{mark}"))
    connection.sendall(asked[:150_000])
    time.sleep(0.02)


def _all_sent(connection: socket.socket, mark: str) -> None:
    connection.sendall(request(body(300_000, wish=f"mark-{mark}")))
    time.sleep(0.06)


def _first_read(connection: socket.socket, mark: str) -> None:
    connection.sendall(request(body(200, events=1000, tick=2000, wish=f"mark-{mark}")))
    got = b""
    while got.count(b"data: ") < 3:
        got += connection.recv(65_536)


def middle_and_worst(values: list[float | None]) -> str:
    """``0.5 / 1.2``: the middle and the 99 % of milliseconds, or that it was never felt."""
    known = sorted(value for value in values if value is not None)
    if len(known) < len(values):
        return "never" if not known else f"{len(values) - len(known)} of {len(values)} never"
    return f"{median(known):.1f} / {known[int(0.99 * (len(known) - 1) + 0.5)]:.1f}"
