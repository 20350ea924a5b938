"""A server that says byte for byte what a test wants, on real sockets, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

Script = Callable[["Talk"], None]


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(content: object) -> bytes:
    return (
        b"data: "
        + (content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
        + b"\n\n"
    )


def delta(text: str, finish: str | None = None) -> bytes:
    return event({"id": "chat-1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def stream(*texts: str, finish: str = "stop") -> bytes:
    """The events of a whole answer."""
    usage = event({"id": "chat-1", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(texts)}})
    return b"".join([*(delta(text) for text in texts), delta("", finish), usage, event(b"[DONE]")])


def plain(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(
        [f"HTTP/1.1 {status}", "content-type: application/json", f"content-length: {len(body)}", *headers]
    )
    return head.encode() + b"\r\n\r\n" + body


@dataclass
class Talk:
    """One connection: requests that came, and what to say."""

    wire: socket.socket
    requests: list[bytes] = field(default_factory=list)

    def hear(self) -> bytes:
        """One whole request; empty when the client left."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.wire.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        while len(body) < length:
            body += self.wire.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def say(self, data: bytes) -> None:
        self.wire.sendall(data)

    def answer(self, events: bytes) -> None:
        self.say(HEAD + chunked(events) + b"0\r\n\r\n")

    def left(self, within: float = 5.0) -> bool:
        """Whether the client ends the connection in time."""
        self.wire.settimeout(within)
        try:
            return self.wire.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


@dataclass
class Server:
    address: str = ""
    talks: list[Talk] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def requests(self) -> list[bytes]:
        return [one for talk in self.talks for one in talk.requests]


@contextmanager
def speaking(scripts: Sequence[Script]) -> Iterator[Server]:
    """A server whose n-th connection follows the n-th script, the last one all further ones."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                wire, _ = listening.accept()
                server.times.append(time.monotonic())
                talk = Talk(wire)
                server.talks.append(talk)
                script = scripts[min(len(server.talks), len(scripts)) - 1]
                thread = threading.Thread(target=follow, args=(script, talk), daemon=True)
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()
        for thread in threads:
            thread.join(5)


def follow(script: Script, talk: Talk) -> None:
    with talk.wire, suppress(OSError):
        script(talk)
