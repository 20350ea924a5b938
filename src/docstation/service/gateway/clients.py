"""Connections of clients: heads are read and bounded, bodies counted and passed on, requests answered one by one.

A client that sends its next request early (pipelining) waits for it; a client that leaves is felt in every phase; one
that sends or reads too slowly is let go.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from docstation.service.gateway.connection import LINGER_SECONDS, Connection
from docstation.service.gateway.door import MODELS, Route
from docstation.service.gateway.engines import reset
from docstation.service.gateway.exchange import Exchange
from docstation.service.gateway.figures import KIND
from docstation.service.gateway.heads import CHUNKED, BadHead, RequestHead, RequestReader
from docstation.service.gateway.model_exchange import ModelExchange
from docstation.service.gateway.refusals import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    ENDING,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    NOT_FOUND,
    TOO_MANY_CONNECTIONS,
    Cause,
    Refusal,
    whole_answer,
)

if TYPE_CHECKING:
    from docstation.service.gateway.state import Gateway

MOST_CONNECTIONS = 1024
SLOWEST = 16_000
"""Bytes a second that a body must come at, beyond the time that a head has."""
HURRY_SECONDS = 5.0
"""What a body for a model gets instead of a head's time while others wait: a few that drip could hold all places."""
AHEAD = 64 << 10
"""Bytes of further requests that are taken before the answer to the first."""
SKIPPED = 1 << 20
"""Bytes of a refused body that are read so that the connection may go on."""


class Client(Connection):
    """One client."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._head: RequestHead | None = None
        self._reader: RequestReader | None = None
        self._left = 0
        self._received = 0
        self._limit = 0
        self._skipping = False
        self._in_next = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        if len(self._gateway.clients) > MOST_CONNECTIONS:
            self._own(Refusal(TOO_MANY_CONNECTIONS), keep=False)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        if self._exchange is None:
            self._next()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._closing:
            return
        if self._left:
            self._body(data)
            return
        if self._free and not self._ahead:
            self._since = self._gateway.time()
        self._ahead = self._ahead + data if self._ahead else data
        if self._free:
            self._next()
        elif len(self._ahead) > AHEAD:
            self._ahead_full = True
            self._read_or_not()

    # Heads.

    def _next(self) -> None:
        """Begin whatever requests have come, one after the other."""
        if self._in_next:
            return
        self._in_next = True
        while self._ahead and self._free and self._begin():
            pass
        self._in_next = False
        if self._ahead_full and len(self._ahead) <= AHEAD:
            self._ahead_full = False
            self._read_or_not()

    @property
    def _free(self) -> bool:
        """Whether the next request may begin: not while the last one goes on, or its answer is not taken."""
        return self._exchange is None and not self._left and not self._closing and self._stalled_at == math.inf

    def _begin(self) -> bool:
        """Begin the next request; whether its head has come."""
        self._head = None
        data, limit = self._ahead.lstrip(b"\r\n"), self._gateway.admission.orders.limits.head_bytes
        end = data.find(b"\r\n\r\n") + 4
        if end < 4 or end > limit:
            self._ahead = data
            if len(data) > limit:
                self._own(Refusal(HEAD_TOO_LARGE, {"limit": limit}), keep=False)
            elif b"\n\n" in data:
                self._own(Refusal(BAD_REQUEST, {"detail": "Lines of a head end with CR LF."}), keep=False)
            return False
        reader = RequestReader()
        try:
            head = reader.head(data[:end])
        except BadHead as error:
            self._own(_refusal_of(error), keep=False)
            return False
        self._ahead = b""
        head.id = head.id or self._gateway.new_id()
        self._start(head, reader, data[end:])
        return True

    def _start(self, head: RequestHead, reader: RequestReader, rest: bytes) -> None:
        self._head, self._reader = head, reader
        self._left, self._received, self._skipping = head.length, 0, False
        self._since = self._gateway.time()
        orders = self._gateway.admission.orders
        outcome = Refusal(ENDING) if self._gateway.ending else self._gateway.door.look(head, orders)
        self._limit = orders.limits.upload_bytes if outcome is Route.SERVICE else orders.limits.body_bytes
        if head.length > self._limit:
            self._own(Refusal(BODY_TOO_LARGE, {"limit": self._limit}), keep=False)
            return
        if isinstance(outcome, Refusal):
            self._own(outcome, keep=not self._gateway.ending)
        elif outcome is Route.MODEL or outcome is Route.SERVICE:
            self._pass_on(ModelExchange if outcome is Route.MODEL else Exchange, head, rest)
            return
        else:
            self._answer_here(outcome, head)
        self._go_on(rest)

    def _pass_on(self, kind: type[Exchange], head: RequestHead, rest: bytes) -> None:
        """Begin an exchange; what has come of the body goes out together with the head."""
        self._exchange = exchange = kind(self._gateway, self, head)
        if head.expects and self._left and not rest:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._go_on(rest)
        if self._exchange is exchange:
            exchange.start()

    def _go_on(self, rest: bytes) -> None:
        """Take what came behind a head."""
        if self._closing:
            return
        if self._left and rest:
            self._body(rest)
        else:
            self._ahead = rest

    # Bodies.

    def _body(self, data: bytes) -> None:
        try:
            pieces, rest = self._pieces(data)
        except BadHead as error:
            self._fail(_refusal_of(error))
            return
        for piece in pieces:
            self._received += len(piece)
            if self._exchange is not None:
                self._exchange.piece(piece)
        if self._received > self._limit:
            self._fail(Refusal(BODY_TOO_LARGE, {"limit": self._limit}))
        elif not self._left and not self._closing:
            self._ahead += rest
            self._body_whole()
        elif self._skipping and self._received > SKIPPED:
            self._linger()

    def _pieces(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The body's part of `data`, and what follows the body. Counts down what is left."""
        if self._left > 0:
            size = len(data)
            if size <= self._left:
                self._left -= size
                return [data], b""
            part, rest = data[: self._left], data[self._left :]
            self._left = 0
            return [part], rest
        reader = self._reader
        assert reader is not None
        pieces = reader.chunks(data)
        if reader.idle > self._gateway.admission.orders.limits.head_bytes:
            raise BadHead(431, "The body's chunks have too much about them.")
        if reader.done:
            self._left = 0
            if reader.extra and self._head is not None:
                # Where the next request begins cannot be told; it is not answered, and its sender sees that.
                self._head.keep = False
        return pieces, b""

    def _body_whole(self) -> None:
        if self._exchange is not None:
            self._exchange.body_ended()
        else:
            self._skipping = False
            self._since = self._gateway.time()
            self._next()

    def _fail(self, refusal: Refusal) -> None:
        """The body cannot be taken to its end."""
        if self._head is not None:
            self._head.keep = False
        if self._exchange is not None:
            self._exchange.refuse(refusal)
        elif self._skipping:
            self._linger()

    # Answers.

    def _answer_here(self, route: Route, head: RequestHead) -> None:
        """Answer what the gateway knows itself."""
        if route is Route.LIVE:
            self._answered_here(200, b'{"status":"ok"}')
        elif route is Route.METRICS:
            self._answered_here(200, self._gateway.metrics(), kind=KIND)
        else:
            body = self._gateway.models(head.path.removeprefix(MODELS).removeprefix("/"))
            if body is None:
                self._own(Refusal(NOT_FOUND, {"path": head.path}), keep=True)
            else:
                self._answered_here(200, body)

    def _answered_here(self, status: int, body: bytes, *, kind: bytes = b"application/json") -> None:
        self._log(status)
        self._say(status, body, kind=kind)

    def _own(self, refusal: Refusal, *, keep: bool) -> None:
        """Refuse a request that was not begun."""
        self._gateway.figures.refused[refusal.cause.code] += 1
        self._log(refusal.cause.status, refusal.cause.code)
        self._say(refusal.cause.status, refusal.body(self._accept_language), refusal.headers, keep=keep)

    @property
    def _accept_language(self) -> bytes:
        return b"" if self._head is None else self._head.first(b"accept-language")

    def _log(self, status: int, code: str = "") -> None:
        """Log what was answered here; a request without a head that is understood has neither path nor id."""
        head, log = self._head, self._gateway.log
        if log is None:
            return
        id, method, path = (head.id, head.method, head.path) if head is not None else (b"-", "-", "-")
        log.tell(id, method, path, "gateway", status, self._gateway.time() - self._since, code)

    def _say(
        self,
        status: int,
        body: bytes,
        headers: list[tuple[bytes, bytes]] | None = None,
        *,
        kind: bytes = b"application/json",
        keep: bool = True,
    ) -> None:
        """Send an answer of our own; the request's body, if there is more of it, is skipped or the connection ends."""
        head = self._head
        keep = keep and head is not None and head.keep and not (self._left and head.expects) and self._skippable()
        extra = [(b"x-request-id", head.id if head is not None else self._gateway.new_id()), *(headers or ())]
        head_only = head is not None and head.method == "HEAD"
        self.write(whole_answer(status, body, extra, kind=kind, keep=keep, head_only=head_only))
        self._exchange = None
        if not keep:
            self._linger()
        else:
            self._skipping = bool(self._left)

    def _skippable(self) -> bool:
        return self._left == CHUNKED or self._left <= SKIPPED

    # exchange.Asker; the rest of it is in Connection.

    def answered(self, keep: bool) -> None:
        """See `exchange.Asker`."""
        self._exchange = None
        self._since = self._gateway.time()
        self._body_held = False
        if not keep or not self._skippable():
            self._linger()
            return
        self._skipping = bool(self._left)
        self._read_or_not()
        self._next()

    def refused(self, refusal: Refusal) -> None:
        """See `exchange.Asker`."""
        self._body_held = False
        self._say(refusal.cause.status, refusal.body(self._accept_language), refusal.headers)
        self._read_or_not()
        self._next()

    def broken(self, framed: bool) -> None:
        """See `exchange.Asker`."""
        self._exchange = None
        transport = self._transport
        if transport is None:
            return
        self._closing = True
        if framed:
            transport.close()
        else:
            reset(transport)

    def tick(self, now: float) -> None:
        """Let go whoever takes too long."""
        super().tick(now)
        limits = self._gateway.admission.orders.limits
        if self._closing:
            if self._unsent:
                self._since = now
            elif now - self._since > LINGER_SECONDS:
                self._abort()
        elif self._left:
            patience = min(limits.head_seconds, HURRY_SECONDS) if self._in_the_way else limits.head_seconds
            if not self._paused_at and now - self._since > patience + self._received / SLOWEST:
                self._fail(Refusal(BODY_TOO_SLOW))
        elif self._exchange is None:
            self._tick_idle(now, limits.head_seconds, limits.idle_seconds)

    @property
    def _in_the_way(self) -> bool:
        """Whether others wait for a place at a model, and the request whose body drips has one, or stands in line."""
        return self._gateway.admission.waiting > 0 and isinstance(self._exchange, ModelExchange)

    def _tick_idle(self, now: float, head_seconds: float, idle_seconds: float) -> None:
        if self._ahead:
            if now - self._since > head_seconds:
                self._head = None
                self._own(Refusal(HEAD_TOO_SLOW, {"seconds": head_seconds}), keep=False)
        elif now - self._since > idle_seconds or self._gateway.ending:
            self._abort()


def _refusal_of(error: BadHead) -> Refusal:
    cause = Cause("bad_request", error.status, "{detail}")
    return Refusal(cause, {"detail": error.reason})
