"""One request on its way to the server behind and its answer on the way back; the body passes in pieces, as it comes.

`Exchange` passes to the service. What models need beyond that (the scanner, the queue, places) is in `model_exchange`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from docstation.service.gateway.engines import Line, Pool
from docstation.service.gateway.heads import (
    CHUNKED,
    UNTIL_CLOSED,
    AnswerHead,
    Headers,
    RequestHead,
    answer_bytes,
    request_bytes,
)
from docstation.service.gateway.refusals import SERVICE_AWAY, SERVICE_DIED, Refusal

if TYPE_CHECKING:
    from docstation.service.gateway.state import Gateway

QUEUED = 512 << 10
"""Bytes of a body that are taken while a line is being opened."""
KEPT_FOR_RETRY = 8 << 20
"""Bytes of bodies, of all requests together, that are kept in case a kept line has died."""


_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))


class Asker(Protocol):
    """The client, as an exchange sees it."""

    def write(self, *parts: bytes) -> None:
        """Send pieces of the answer."""

    def answered(self, keep: bool) -> None:
        """The answer is whole; `keep` tells whether the connection may go on."""

    def refused(self, refusal: Refusal) -> None:
        """No answer had begun, and this is it."""

    def broken(self, framed: bool) -> None:
        """The answer will never be whole; `framed` tells whether a mere end of the connection shows that."""

    def hold_body(self, hold: bool) -> None:
        """Read no more of the body for now, or again."""


class Exchange:
    """A request and its answer.

    Args:
        gateway: what is shared.
        client: that asks.
        head: of the request.

    Attributes:
        phase: ``upload``, ``waiting``, ``prefill`` or ``stream``.
    """

    __slots__ = (
        "_answer",
        "_body_done",
        "_cancel",
        "_client",
        "_code",
        "_gateway",
        "_head",
        "_head_out",
        "_kept",
        "_kept_bytes",
        "_line",
        "_most",
        "_over",
        "_pool",
        "_reserved",
        "_retried",
        "_started",
        "method",
        "plain",
    )

    def __init__(self, gateway: Gateway, client: Asker, head: RequestHead) -> None:
        self._gateway = gateway
        self._client = client
        self._head = head
        self.method = head.method
        self.plain = head.version == "1.0"
        self._started = gateway.time()
        self._line: Line | None = None
        self._pool: Pool | None = None
        self._cancel: Callable[[], object] | None = None
        self._kept: list[bytes] | None = []
        self._kept_bytes = 0
        self._reserved = 0
        self._most = 0
        self._retried = False
        self._body_done = head.length == 0
        self._answer: AnswerHead | None = None
        self._head_out = b""
        self._over = False
        self._code = ""

    @property
    def who(self) -> str:
        """Who answers, for the figures."""
        return "service"

    @property
    def phase(self) -> str:
        """What is under way."""
        if self._answer is not None:
            return "stream"
        return "prefill" if self._body_done else "upload"

    @property
    def _repeatable(self) -> bool:
        """Whether it may be sent twice: the service may have acted on the first one before it died."""
        return self.method in _IDEMPOTENT

    @property
    def begun(self) -> bool:
        """Whether the answer has begun."""
        return self._answer is not None

    def start(self) -> None:
        """Begin."""
        self._reach(self._gateway.service)

    # From the client.

    def piece(self, data: bytes) -> None:
        """A piece of the body came."""
        self._keep(data)
        if self._line is not None:
            self._line.write(*self._framed([data]))

    def body_ended(self) -> None:
        """The body is whole."""
        self._body_done = True
        if self._line is not None and self._head.length == CHUNKED:
            self._line.write(b"0\r\n\r\n")

    def client_left(self) -> None:
        """Nobody waits for the answer any more."""
        if not self._over:
            self._gateway.figures.left[self.phase] += 1
            self._code = f"client_left_{self.phase}"
            self._finish(499)

    def client_full(self, full: bool) -> None:
        """The client takes no more for now, or again."""
        if self._line is not None:
            self._line.pause(full)

    def refuse(self, refusal: Refusal) -> None:
        """End with an answer of our own, or break off an answer that has begun."""
        if self._over:
            return
        if self._answer is not None:
            self._break_off()
            return
        self._gateway.figures.refused[refusal.cause.code] += 1
        self._code = refusal.cause.code
        self._finish(refusal.cause.status)
        self._client.refused(refusal)

    # From the line.

    def connected(self, line: Line) -> None:
        """See `engines.User`."""
        self._cancel = None
        self._use(line)
        self._client.hold_body(False)

    def unreachable(self) -> None:
        """See `engines.User`."""
        self._cancel = None
        self.refuse(self._away())

    def answer(self, head: AnswerHead, raw: bytes, more: bool) -> None:
        """See `engines.User`."""
        self._answer = head
        self._forget_body()
        self._gateway.figures.began(self.who, self._gateway.time() - self._started)
        answer = answer_bytes(raw, head, self._extra(head), plain=self.plain)
        if more:
            self._head_out = answer
        else:
            self._client.write(answer)

    def answered(self, piece: bytes) -> None:
        """See `engines.User`."""
        self._gateway.figures.bytes_out += len(piece)
        if self._head_out:
            self._client.write(self._head_out, piece)
            self._head_out = b""
        else:
            self._client.write(piece)

    def ended(self) -> None:
        """See `engines.User`."""
        line, self._line = self._line, None
        if line is not None:
            line.release(self._body_done)
        answer = self._answer
        self._finish(answer.status if answer else 0)
        self._client.answered(self._keeps())

    def lost(self) -> None:
        """See `engines.User`."""
        line, self._line = self._line, None
        if self._answer is not None:
            self._break_off()
        elif (
            line is not None
            and line.reused
            and self._repeatable
            and not self._retried
            and self._kept is not None
            and self._pool
        ):
            # A kept line that died without a byte had died before we wrote to it.
            self._retried = True
            self._gateway.figures.retries += 1
            self._dial(self._pool)
        else:
            self.refuse(self._died())

    def server_full(self, full: bool) -> None:
        """See `engines.User`."""
        self._client.hold_body(full)

    # Steps.

    def _reach(self, pool: Pool) -> None:
        """Get a line, idle or new, and send what there is of the request."""
        self._pool = pool
        line = pool.take()
        if line is None:
            self._dial(pool)
        else:
            self._use(line)

    def _dial(self, pool: Pool) -> None:
        self._cancel = pool.open(self)

    def _use(self, line: Line) -> None:
        line.lend(self)
        self._line = line
        line.write(self._head_bytes(), *self._framed(self._kept or []))
        if self._body_done and self._head.length == CHUNKED:
            line.write(b"0\r\n\r\n")
        if not self._must_keep(line):
            self._forget_body()

    def _leave_line(self) -> None:
        """Nothing more is wanted of the server: it is to learn that at once."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        line, self._line = self._line, None
        if line is not None:
            line.drop()

    # The body, as far as it may have to be sent once more.

    def _must_keep(self, line: Line) -> bool:
        """Whether the body may have to be sent again, and there is room to keep it."""
        return line.reused and self._repeatable and not self._retried and self._reserve(KEPT_FOR_RETRY)

    def _keep(self, data: bytes) -> None:
        self._gateway.figures.bytes_in += len(data)
        if self._kept is None:
            return
        self._kept.append(data)
        self._kept_bytes += len(data)
        if self._most:
            if self._head.length == CHUNKED and not self._reserve_more(len(data)):
                self._no_room()
        elif self._line is None and self._kept_bytes > QUEUED:
            self._client.hold_body(True)

    def _reserve(self, most: int) -> bool:
        """Make room for the whole body, or for what has come of it where it comes in chunks; whether there is any."""
        if not self._most:
            if not self._reserve_more(self._kept_bytes if self._head.length == CHUNKED else self._head.length, most):
                return False
            self._most = most
        return True

    def _reserve_more(self, size: int, most: int = 0) -> bool:
        if not self._gateway.admission.reserve(size, most or self._most):
            return False
        self._reserved += size
        return True

    def _no_room(self) -> None:
        """The body can be kept no longer."""
        self._forget_body()

    def _forget_body(self) -> None:
        self._kept = None
        self._gateway.admission.held -= self._reserved
        self._reserved = self._most = 0

    def _framed(self, pieces: list[bytes]) -> list[bytes]:
        if self._head.length != CHUNKED:
            return pieces
        return [part for piece in pieces for part in (b"%x\r\n" % len(piece), piece, b"\r\n")]

    def _keeps(self) -> bool:
        """Whether the client's connection may go on after this answer."""
        known = self._answer is not None and self._answer.length != UNTIL_CLOSED
        return self._head.keep and known and not (self.plain and self._answer and self._answer.length == CHUNKED)

    def _extra(self, head: AnswerHead) -> Headers:
        """Headers that the answer gets from us."""
        extra: Headers = []
        if not head.has_id:
            extra.append((b"x-request-id", self._head.id))
        if not self._keeps():
            extra.append((b"connection", b"close"))
        elif self.plain:
            extra.append((b"connection", b"keep-alive"))
        return extra

    def _break_off(self) -> None:
        """The answer ends here, and must not look whole."""
        self._gateway.figures.failed[self.who] += 1
        self._code = "broken_off"
        framed = self._answer is not None and self._answer.length != UNTIL_CLOSED and not self.plain
        self._finish(self._answer.status if self._answer else 0)
        self._client.broken(framed)

    def _finish(self, status: int) -> None:
        """The exchange is over: give back what it holds."""
        self._over = True
        self._leave_line()
        self._forget_body()
        seconds = self._gateway.time() - self._started
        self._gateway.figures.ended(self.who, status, seconds)
        if (log := self._gateway.log) is not None:
            log.tell(self._head.id, self.method, self._head.path, self.who, status, seconds, self._code)

    def _head_bytes(self) -> bytes:
        """The request's head for the server behind."""
        return request_bytes(self._head, self._left_out())

    def _left_out(self) -> frozenset[bytes]:
        """Headers that the server behind is not to see."""
        return frozenset()

    def _away(self) -> Refusal:
        return Refusal(SERVICE_AWAY, retry_after=2)

    def _died(self) -> Refusal:
        return Refusal(SERVICE_DIED, retry_after=2)
