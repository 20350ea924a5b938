"""The clients of ``soak.py``: what they ask, how they misbehave, and what of the answers is in order.

An answer is in order when it is whole and right, or a refusal that names its code, with Retry-After where another
attempt may help. A connection that ends before or within an answer is in order only close to a crash of the model
server. Run by itself this prints nothing.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from soak_service import ALIASES, MODELS, Answer, Soaked, answer_of

CHAT = "/v1/chat/completions"
NAMES = {name: (name, served, *(one for one, of in ALIASES.items() if of == name)) for name, served in MODELS.items()}
RETRIED = {502, 503}
NEAR = 6.0
"""Seconds around a crash in which connections may end early."""
DOCUMENT_PATIENCE = 120.0
_RESET = struct.pack("ii", 1, 0)


class Tally:
    """What became of all requests.

    Attributes:
        asked: requests by kind.
        outcomes: by kind and outcome.
        wrong: what was not in order, in words.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.crashes: deque[float] = deque(maxlen=50)
        self._guard = threading.Lock()

    def add(self, kind: str, outcome: str) -> None:
        """One request ended."""
        with self._guard:
            self.asked[kind] += 1
            self.outcomes[outcome] += 1

    def complain(self, text: str) -> None:
        """Something was not in order."""
        with self._guard:
            self.wrong.append(text)

    def crashed(self) -> None:
        """Something is being killed now."""
        self.crashes.append(time.monotonic())

    def near_crash(self, begun: float) -> bool:
        """Whether something was killed while a request that began then was under way, or just before."""
        return any(one > begun - NEAR for one in list(self.crashes))


class Clients:
    """All clients; each request is one call from any thread.

    Args:
        service: that they ask.
        tally: that keeps the outcomes.
        sample: a document to upload.
    """

    def __init__(self, service: Soaked, tally: Tally, sample: Path) -> None:
        self._service = service
        self._tally = tally
        self._sample = sample.read_bytes()
        self._active = next(iter(NAMES))
        self._kinds: dict[str, tuple[int, Callable[[random.Random], str]]] = {
            "chat": (44, self._chat),
            "stream": (20, self._stream),
            "leaves while uploading": (4, self._leave_upload),
            "leaves before the answer": (4, self._leave_prefill),
            "leaves within the stream": (5, self._leave_stream),
            "models, health, metrics, station": (13, self._look),
            "malformed": (5, self._malformed),
            "document": (3, self._document),
            "document, ended early": (2, self._document_ended),
        }

    def one(self, chance: random.Random) -> None:
        """One request of a kind drawn by chance; its outcome is counted."""
        names = list(self._kinds)
        kind = chance.choices(names, [weight for weight, _ in self._kinds.values()])[0]
        begun = time.monotonic()
        try:
            outcome = self._kinds[kind][1](chance)
        except (OSError, http.client.HTTPException) as error:
            outcome = "broken off by a crash"
            if not self._tally.near_crash(begun):
                outcome = "lost"
                self._tally.complain(f"{kind}: {type(error).__name__} {error} after {time.monotonic() - begun:.2f} s")
        self._tally.add(kind, outcome)

    # Models.

    def _name(self, chance: random.Random) -> str:
        """Mostly one of the model that serves, as far as this side knows."""
        others = [name for name in NAMES if name != self._active]
        return chance.choice(NAMES[self._active if chance.random() < 0.9 else others[0]])

    def _chat(self, chance: random.Random) -> str:
        name = self._name(chance)
        answer = self._service.ask("POST", CHAT, _question(chance, name))
        if answer[0] != 200:
            return self._refused("chat", answer)
        return self._right(name, str(json.loads(answer[2])["model"]))

    def _stream(self, chance: random.Random) -> str:
        name = self._name(chance)
        begun = time.monotonic()
        answer = self._service.ask("POST", CHAT, _question(chance, name) | {"stream": True})
        if answer[0] != 200:
            return self._refused("stream", answer)
        if b'data: {"error"' in answer[2]:
            return "told that the engine died" if self._tally.near_crash(begun) else self._odd("an error in a stream")
        if not answer[2].rstrip().endswith(b"data: [DONE]"):
            return self._odd("a stream that ends without [DONE]")
        return self._right(name, str(json.loads(answer[2].split(b"\n", 1)[0].removeprefix(b"data: "))["model"]))

    def _right(self, asked: str, answered: str) -> str:
        expected = MODELS.get(ALIASES.get(asked, asked), asked)
        if answered != expected:
            return self._odd(f"{asked} was answered by {answered}")
        self._active = next(name for name, served in MODELS.items() if served == answered)
        return "answered"

    def _odd(self, what: str) -> str:
        self._tally.complain(what)
        return "wrong"

    def _refused(self, kind: str, answer: Answer) -> str:
        status, headers, body = answer
        try:
            code = str(json.loads(body)["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return self._odd(f"{kind}: {status} without a code: {body[:100]!r}")
        if status in RETRIED and "retry-after" not in headers:
            return self._odd(f"{kind}: {status} {code} without Retry-After")
        if status == 500:
            return self._odd(f"{kind}: 500 {code}") if "code" not in code and not code.isdecimal() else "engine's 500"
        return f"{status} {code}"

    # Clients that leave.

    def _begun(self, chance: random.Random, part: float, *, stream: bool) -> socket.socket:
        """A connection on which that part of a request was sent."""
        body = json.dumps(_question(chance, self._name(chance)) | {"stream": stream}).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        connection = socket.create_connection(("127.0.0.1", self._service.port), timeout=30)
        if chance.random() < 0.5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.sendall(head.encode() + body[: int(part * len(body))])
        return connection

    def _leave_upload(self, chance: random.Random) -> str:
        with self._begun(chance, chance.random() * 0.9, stream=False):
            time.sleep(chance.random() * 0.05)
        return "left"

    def _leave_prefill(self, chance: random.Random) -> str:
        with self._begun(chance, 1.0, stream=chance.random() < 0.5):
            time.sleep(chance.random() * 0.02)
        return "left"

    def _leave_stream(self, chance: random.Random) -> str:
        with self._begun(chance, 1.0, stream=True) as connection:
            for _ in range(chance.randrange(1, 20)):
                if not connection.recv(4096):
                    break
        return "left"

    # What is no model's.

    def _look(self, chance: random.Random) -> str:
        paths = ("/v1/models", "/health", "/readyz", "/version", "/metrics/gateway", "/station", "/documents")
        path = chance.choice(paths)
        answer = self._service.ask("GET", path)
        if answer[0] == 200 or path in {"/health", "/readyz"}:
            return "answered"
        return self._refused(path, answer)

    def _malformed(self, chance: random.Random) -> str:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        wrong = (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            head + b"Content-Length: -1\r\n\r\n",
            head + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
            head + b"Content-Length: 99999999999\r\n\r\n",
        )
        with socket.create_connection(("127.0.0.1", self._service.port), timeout=30) as connection:
            with suppress(ConnectionError):
                connection.sendall(chance.choice(wrong))
            said = connection.recv(100)
        return "refused" if said.startswith(b"HTTP/1.1 4") else self._odd(f"malformed: {said!r}")

    def _upload(self, chance: random.Random) -> Answer:
        mark = f"mark{chance.randrange(10**9)}"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="soak.pdf"\r\n\r\n'
        body = head.encode() + self._sample + f"\r\n--{mark}--\r\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=60)
        try:
            return answer_of(connection, "POST", "/documents", body, f"multipart/form-data; boundary={mark}")
        finally:
            connection.close()

    def _not_taken(self, answer: Answer) -> str:
        outcome = self._refused("upload", answer)
        return outcome if answer[0] in RETRIED else self._odd(f"upload: {outcome}")

    def _document(self, chance: random.Random) -> str:
        begun = time.monotonic()
        answer = self._upload(chance)
        if answer[0] != 202:
            return self._not_taken(answer)
        path = f"/documents/{json.loads(answer[2])['id']}"
        last = time.monotonic() + DOCUMENT_PATIENCE
        while (state := (seen := json.loads(self._service.ask("GET", path)[2]))["state"]) not in {"done", "failed"}:
            if time.monotonic() > last:
                return self._odd(f"document: still {state} after {DOCUMENT_PATIENCE:.0f} s")
            time.sleep(0.25)
        if state == "failed":
            return self._failed(begun, path, str(seen["error"]))
        for wanted in chance.sample(("export?format=md", "export?format=docx", "pages/1", "pages/1/image"), 2):
            answer = self._service.ask("GET", f"{path}/{wanted}")
            if answer[0] != 200 and not self._tally.near_crash(begun):
                self._odd(f"{wanted}: {answer[0]} {answer[2][:100]!r}")
        self._service.ask("DELETE", path)
        return "read"

    def _failed(self, begun: float, path: str, error: str) -> str:
        """A page whose worker was killed twice is given up, as one that kills its workers must be."""
        self._service.ask("DELETE", path)
        killed = self._tally.near_crash(begun) and "the process that read it died" in error
        return "given up, workers killed" if killed else self._odd(f"{path} failed: {error}")

    def _document_ended(self, chance: random.Random) -> str:
        answer = self._upload(chance)
        if answer[0] != 202:
            return self._not_taken(answer)
        path = f"/documents/{json.loads(answer[2])['id']}"
        head = f"GET {path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self._service.port), timeout=30) as connection:
            connection.sendall(head)
            connection.recv(4096)
            time.sleep(chance.random() * 0.2)
            if chance.random() < 0.5:
                self._service.ask("POST", f"{path}/cancel")
        answer = self._service.ask("DELETE", path)
        return "deleted" if answer[0] == 204 else self._refused("delete", answer)


def _question(chance: random.Random, name: str) -> dict[str, object]:
    """A chat request of 200 B, or now and then of a page image's size; the model last, as OpenAI's client has it."""
    size = chance.choice((20, 20, 20, 2000, 7000))
    content: object = "A" * size
    if chance.random() < 0.1:
        # The double believes whatever begins like a picture.
        picture = "iVBORw0KGgo" + "A" * (4 * chance.randrange(10_000, 75_000) + 1)
        content = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}]
    return {
        "messages": [{"role": "user", "content": content}],
        "model": name,
        "max_tokens": chance.choice((5, 40, 200)),
    }
