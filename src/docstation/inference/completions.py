"""Asks a served model over the OpenAI interface: answers come piece by piece, and end well or with a typed error.

A connection is kept between questions; one that went stale is opened anew, once. A 503 that names a time to come again
(a switch is under way) is waited out. Ending a stream early ends its connection, so the engine drops the work at once.
A stream that breaks is an error though its status was 200. One `Client` serves one thread; `Stream.close` may come from
any.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from docstation.errors import Interrupted
from docstation.inference.asking import ChatRequest
from docstation.inference.events import Usage, chunks, error_words
from docstation.inference.failures import EngineFailed, Refused, Unavailable, one_line
from docstation.inference.wire import Incoming, Limit, Stale, Wire, bearer
from docstation.messages.marking import N_, Word

_LARGEST_ERROR = 65_536
_LARGEST_ANSWER = 64_000_000
_SLICE_SECONDS = 0.05
_WELL_ENDED = ("stop", "length", "repetition", "tool_calls", "content_filter")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long is waited, in seconds.

    Attributes:
        connect: for the connection.
        first: from the request to the first piece of the answer; the gateway may hold requests for a switch meanwhile.
        between: from one piece to the next.
        total: for the whole answer.
    """

    connect: float = 3.0
    first: float = 330.0
    between: float = 60.0
    total: float = 900.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        text: of it.
        finish_reason: ``stop``, ``length`` or ``repetition``, as the server says.
        usage: tokens; None where the server does not tell.
        seconds: from the request to the end.
    """

    text: str
    finish_reason: str
    usage: Usage | None
    seconds: float


class Client:
    """Asks one server.

    Args:
        base_url: of the server, without ``/v1``.
        key: bearer token, empty for none.
        timeouts: of each question.
        patience: seconds, all together, that a question waits for a server that says to come again.
        cancelled: whether the asker gave up; looked at in every wait.
    """

    def __init__(
        self,
        base_url: str,
        key: str = "",
        timeouts: Timeouts | None = None,
        *,
        patience: float = 300.0,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._base_url = base_url
        self._key = key
        self._timeouts = timeouts or Timeouts()
        self._patience = patience
        self._cancelled = cancelled
        self._kept: Wire | None = None

    def stream(self, request: ChatRequest) -> Stream:
        """Ask; returns when the server begins to answer.

        Raises:
            Refused, EngineFailed, Overdue, Unavailable: see `docstation.inference.failures`.
            Interrupted: the asker gave up.
        """
        wire, incoming, total = self._asked("/v1/chat/completions", _json(request.body()))
        return Stream(self, wire, incoming, self._timeouts, total)

    def ask(self, request: ChatRequest) -> Answer:
        """Ask and wait for the whole answer; errors as in `stream`, or while it comes in."""
        began = time.monotonic()
        with self.stream(request) as stream:
            text = "".join(stream)
        return Answer(text, stream.finish_reason, stream.usage, time.monotonic() - began)

    def count(self, request: ChatRequest) -> int:
        """Tokens of the request's messages with their pictures and the template, as the server itself counts them.

        Raises:
            Refused: the server does not count, or the picture cannot be used; others as in `stream`.
        """
        wire, incoming, total = self._asked("/tokenize", _json(request.counted()))
        content = _parsed(b"".join(incoming.pieces(lambda: total)))
        self.keep(wire, incoming)
        count = content.get("count") if isinstance(content, dict) else None
        if not isinstance(count, int):
            raise EngineFailed(problem=Word(N_("no count came from /tokenize")))
        return count

    def close(self) -> None:
        """End the kept connection."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def keep(self, wire: Wire, incoming: Incoming) -> None:
        """Hold a connection for the next question where its answer ended well; end it otherwise."""
        if incoming.whole and incoming.kept and self._kept is None:
            wire.used = True
            self._kept = wire
        else:
            wire.close()

    def _asked(self, path: str, body: bytes) -> tuple[Wire, Incoming, Limit]:
        """The answer's head, once the server takes the request, and the bound on all that follows.

        What is spent on waiting for a server that says to come again is not the answer's time.
        """
        patience = self._patience
        while True:
            total = Limit(self._timeouts.total, "total")
            wire, incoming = self._sent(path, body, total)
            if incoming.status == 200:
                return wire, incoming, total
            words = self._words(wire, incoming, total)
            again = _seconds(incoming.headers.get("retry-after", ""))
            if incoming.status not in (429, 503) or again is None:
                raise _failure(incoming.status, words)
            if patience <= 0:
                raise Unavailable(problem=words)
            pause = min(again, patience)
            patience -= pause
            self._pause(pause)

    def _sent(self, path: str, body: bytes, total: Limit) -> tuple[Wire, Incoming]:
        kept, self._kept = self._kept, None
        if kept is not None:
            try:
                return self._exchanged(kept, path, body, total)
            except Stale:
                kept.close()
        wire = Wire(self._base_url, Limit(self._timeouts.connect, "connect").sooner(total), self._cancelled)
        return self._exchanged(wire, path, body, total)

    def _exchanged(self, wire: Wire, path: str, body: bytes, total: Limit) -> tuple[Wire, Incoming]:
        kinds = {"Accept": "text/event-stream, application/json", "Content-Type": "application/json"}
        limit = Limit(self._timeouts.first, "first").sooner(total)
        incoming = Incoming(wire)
        with ExitStack() as undo:
            undo.callback(wire.close)
            wire.send("POST", path, body, kinds | bearer(self._key), limit)
            incoming.read_head(limit)
            undo.pop_all()
        # From here on the server has seen the request: what breaks now is no matter of a kept connection.
        wire.used = False
        return wire, incoming

    def _words(self, wire: Wire, incoming: Incoming, total: Limit) -> str:
        """The server's own words in an error."""
        body = b""
        try:
            for piece in incoming.pieces(lambda: total):
                body += piece
                if len(body) > _LARGEST_ERROR:
                    break
        except EngineFailed:
            incoming.whole = False
        self.keep(wire, incoming)
        return error_words(_parsed(body)) or one_line(body.decode("utf-8", "replace")) or str(incoming.status)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._cancelled():
                raise Interrupted
            time.sleep(min(left, _SLICE_SECONDS))


class Stream:
    """An answer that comes in: iterate over its pieces of text, or leave early; a context that ends it.

    Iterating raises EngineFailed where it breaks (an error among the events, no proper end), Overdue, and Interrupted
    where the asker gave up or `close` was called meanwhile.

    Attributes:
        finish_reason: empty until it ended.
        usage: tokens; None until it ended, or where the server does not tell.
        request_id: of the server's log, empty until the first piece.
    """

    def __init__(self, client: Client, wire: Wire, incoming: Incoming, timeouts: Timeouts, total: Limit) -> None:
        self._client = client
        self._wire = wire
        self._incoming = incoming
        self._timeouts = timeouts
        self._total = total
        self._first = Limit(timeouts.first, "first").sooner(total)
        self._said: list[str] = []
        self._over = False
        self.finish_reason = ""
        self.usage: Usage | None = None
        self.request_id = ""

    @property
    def text(self) -> str:
        """All that came so far."""
        return "".join(self._said)

    def close(self) -> None:
        """End it, from whatever thread: the connection is cut and the engine drops the work."""
        if not self._over:
            self._over = True
            self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._deltas()
        finally:
            self.close()

    def _deltas(self) -> Iterator[str]:
        size, done = 0, False
        for chunk in chunks(self._incoming.pieces(self._limit)):
            if chunk is None:
                done = True
                continue
            self.finish_reason = chunk.finish_reason or self.finish_reason
            self.usage = chunk.usage or self.usage
            self.request_id = self.request_id or chunk.id
            if chunk.text:
                size += len(chunk.text)
                if size > _LARGEST_ANSWER:
                    raise EngineFailed(problem=Word(N_("an answer without end")))
                self._said.append(chunk.text)
                yield chunk.text
        if not done or self.finish_reason not in _WELL_ENDED:
            raise EngineFailed(problem=Word(N_("the answer was cut off")))
        self._over = True
        self._client.keep(self._wire, self._incoming)

    def _limit(self) -> Limit:
        """The bound on the next wait."""
        if not self._said:
            return self._first
        return Limit(self._timeouts.between, "between").sooner(self._total)


def _failure(status: int, words: str) -> EngineFailed | Refused:
    """The error of a status that is not waited out."""
    return EngineFailed(problem=words) if status >= 500 else Refused(status=status, problem=words)


def _seconds(retry_after: str) -> float | None:
    """What a Retry-After header asks for, no less than a moment; None where it is missing or a date."""
    try:
        return max(0.05, float(retry_after)) if retry_after.isascii() and retry_after.strip().isdigit() else None
    except ValueError:
        return None


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None
