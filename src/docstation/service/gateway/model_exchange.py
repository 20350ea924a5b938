"""A request to a model: it waits for its turn, bets on the active model, and gives way when it names another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from docstation.service.gateway.admission import Place
from docstation.service.gateway.door import KEY_HEADERS
from docstation.service.gateway.engines import Line
from docstation.service.gateway.exchange import Asker, Exchange
from docstation.service.gateway.heads import AnswerHead, Headers, RequestHead, request_bytes
from docstation.service.gateway.refusals import ENGINE_AWAY, ENGINE_DIED, QUEUE_FULL, Refusal
from docstation.service.gateway.remote import abroad
from docstation.service.gateway.scanning import SMALL, ModelScanner, model_of
from docstation.service.gateway.words import Upstream

if TYPE_CHECKING:
    from docstation.service.gateway.state import Gateway

ERROR_EVENT = b'data: {"error"'
"""How vLLM says within a stream that its engine died; ``[DONE]`` follows all the same. Inside a text the quotes would
be escaped."""
_OVERLAP = len(ERROR_EVENT) - 1


class ModelExchange(Exchange):
    """See `admission.Waiter`, which it is."""

    __slots__ = ("_events", "_failed", "_model", "_place", "_position", "_scanner", "_tail", "_upstream", "_waited")

    def __init__(self, gateway: Gateway, client: Asker, head: RequestHead) -> None:
        super().__init__(gateway, client, head)
        self._scanner: ModelScanner | None = None
        self._model: str | None = None
        self._place: Place | None = None
        self._position = 0
        self._waited = 0.0
        self._upstream: Upstream | None = None
        self._events = False
        self._failed = False
        self._tail = b""

    @property
    def who(self) -> str:
        """Entry name of the model that answers."""
        return self._upstream.model if self._upstream is not None else "gateway"

    @property
    def model(self) -> str | None:
        """See `admission.Waiter`."""
        return self._model

    @property
    def whole(self) -> bool:
        """See `admission.Waiter`."""
        return self._body_done

    @property
    def phase(self) -> str:
        """See `Exchange`."""
        return "waiting" if self._place is not None else super().phase

    @property
    def _repeatable(self) -> bool:
        return True

    def start(self) -> None:
        """Go on at once, or wait."""
        admission = self._gateway.admission
        outcome = admission.enter(self, self._gateway.time())
        if isinstance(outcome, Refusal):
            self.refuse(outcome)
        elif outcome is not None:
            self._place, self._position = outcome, outcome.position
            if not self._reserve(admission.orders.limits.waiting_bytes):
                self._no_room()
        self._gateway.changed()

    def go(self, upstream: Upstream) -> None:
        """See `admission.Waiter`."""
        if self._place is not None:
            self._waited += self._gateway.time() - self._place.since
            self._place = None
        self._upstream = upstream
        self._reach(self._gateway.pool(upstream))

    def piece(self, data: bytes) -> None:
        """See `Exchange`."""
        model = self._read(data)
        if model == self._model:
            super().piece(data)
            return
        self._model = model
        line = self._line
        self._keep(data)
        if self._place is not None:
            # Whoever goes on now sends all that was kept, this piece included.
            self._gateway.admission.pump(self._gateway.time())
        elif self._upstream is not None and not self._fits(self._upstream) and not self.begun:
            self._give_way(self._upstream)
        elif line is not None and line is self._line:
            line.write(*self._framed([data]))

    def body_ended(self) -> None:
        """See `Exchange`."""
        super().body_ended()
        if self._place is not None and self._model is None:
            self._gateway.admission.pump(self._gateway.time())

    def _read(self, data: bytes) -> str | None:
        """What the body says of its model, with this piece."""
        if self._scanner is None:
            if len(data) == self._head.length <= SMALL:
                return model_of(data)
            self._scanner = ModelScanner()
        self._scanner.feed(data)
        return self._scanner.model

    def _fits(self, upstream: Upstream) -> bool:
        """Whether the bet on `upstream` was right."""
        if self._model in {None, upstream.id, upstream.model}:
            return True
        return self._gateway.admission.choice(self._model, self._gateway.time()) == upstream

    def _give_way(self, upstream: Upstream) -> None:
        """The body names another model than the one that it is being sent to."""
        admission, now = self._gateway.admission, self._gateway.time()
        choice = admission.choice(self._model, now)
        if isinstance(choice, Refusal):
            self.refuse(choice)
            return
        if self._kept is None:
            self.refuse(admission.refusal(QUEUE_FULL, waiting=admission.waiting))
            return
        self._leave_line()
        self._upstream = None
        admission.ended(upstream, now)
        self._client.hold_body(False)
        self.start()
        admission.pump(now)

    def answer(self, head: AnswerHead, raw: bytes, more: bool) -> None:
        """See `Exchange`."""
        self._events = head.events
        super().answer(head, raw, more)

    def answered(self, piece: bytes) -> None:
        """See `Exchange`."""
        if self._answer is not None and self._answer.status == 200:
            # A server refuses even while its engine hangs: only answers show that it works.
            self._gateway.figures.passed += 1
            self._gateway.changed()
        if self._events:
            if ERROR_EVENT in piece or ERROR_EVENT in self._tail + piece[:_OVERLAP]:
                self._failed = True
            self._tail = (self._tail + piece)[-_OVERLAP:] if len(piece) < _OVERLAP else piece[-_OVERLAP:]
        super().answered(piece)

    def ended(self) -> None:
        """See `Exchange`."""
        if self._failed:
            self._gateway.figures.failed[self.who] += 1
        elif self._answer is not None and self._answer.status == 200:
            self._gateway.succeeded()
        super().ended()

    def _finish(self, status: int) -> None:
        super()._finish(status)
        admission, upstream = self._gateway.admission, self._upstream
        if self._place is not None:
            self._place = None
            admission.leave(self)
        if upstream is not None:
            self._upstream = None
            now = self._gateway.time()
            admission.ended(upstream, now)
            admission.pump(now)
        self._gateway.changed()

    def _must_keep(self, line: Line) -> bool:
        orders = self._gateway.admission.orders
        undecided = self._model is None and (orders.on_other == "switch" or len(orders.upstreams) > 1)
        if undecided and not self._body_done and self._reserve(orders.limits.waiting_bytes):
            return True
        return super()._must_keep(line)

    def _no_room(self) -> None:
        if self._place is None:
            super()._no_room()
        else:
            admission = self._gateway.admission
            self.refuse(admission.refusal(QUEUE_FULL, waiting=admission.waiting))

    def _extra(self, head: AnswerHead) -> Headers:
        extra = super()._extra(head)
        if self._position:
            extra.append((b"x-queue-position", b"%d" % self._position))
            extra.append((b"x-queue-seconds", b"%.3f" % self._waited))
        return extra

    def _head_bytes(self) -> bytes:
        upstream = self._upstream
        if upstream is None or not upstream.remote:
            return super()._head_bytes()
        return request_bytes(abroad(self._head, upstream, os.environ))

    def _left_out(self) -> frozenset[bytes]:
        # A key of ours is no business of the model server.
        return KEY_HEADERS if self._gateway.admission.orders.keys else frozenset()

    def _away(self) -> Refusal:
        return Refusal(ENGINE_AWAY, retry_after=self._gateway.admission.orders.retry_after)

    def _died(self) -> Refusal:
        return Refusal(ENGINE_DIED, retry_after=self._gateway.admission.orders.retry_after)
