"""A client's connection without its requests: reading and pausing, writing, and noticing that nobody is there."""

from __future__ import annotations

import asyncio
import math
import socket
from typing import TYPE_CHECKING, cast

from docstation.service.gateway.engines import HIGH_WATER, write_together
from docstation.service.gateway.exchange import Exchange

if TYPE_CHECKING:
    from docstation.service.gateway.state import Gateway

LINGER_SECONDS = 2.0
"""How long a connection is read on after its last answer, so that the client can read that."""
_TCP_CLOSE, _TCP_CLOSE_WAIT = 7, 8
_TCP_STATE = getattr(socket, "TCP_INFO", 11)


class Connection(asyncio.Protocol):
    """What `clients.Client` stands on.

    Args:
        gateway: what is shared.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._ahead = b""
        self._closing = False
        self._since = gateway.time()
        self._paused_at = 0.0
        self._stalled_at = math.inf
        self._body_held = False
        self._ahead_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        # Transports of uvloop are no subclass of asyncio's.
        transport = cast(asyncio.Transport, transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self._gateway.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._gateway.clients.discard(self)
        self._gateway.watch(self, False)
        self._transport = None
        self._leave()

    def eof_received(self) -> bool:
        """The client left, or wants no more: both end what is under way."""
        if self._exchange is not None:
            self._leave()
            self._abort()
        return False

    def pause_writing(self) -> None:
        """See asyncio."""
        self._stalled_at = self._gateway.time()
        if self._exchange is not None:
            self._exchange.client_full(True)

    def resume_writing(self) -> None:
        """See asyncio."""
        self._stalled_at = math.inf
        if self._exchange is not None:
            self._exchange.client_full(False)

    def write(self, *parts: bytes) -> None:
        """See `exchange.Asker`."""
        if self._transport is not None:
            write_together(self._transport, parts)

    def hold_body(self, hold: bool) -> None:
        """See `exchange.Asker`."""
        if hold != self._body_held:
            self._body_held = hold
            self._read_or_not()

    def _read_or_not(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._body_held or self._ahead_full:
            if not self._paused_at:
                self._paused_at = self._gateway.time()
                transport.pause_reading()
                self._gateway.watch(self, True)
        elif self._paused_at:
            self._since += self._gateway.time() - self._paused_at
            self._paused_at = 0.0
            transport.resume_reading()
            self._gateway.watch(self, False)

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or its answer still on its way out."""
        return self._exchange is not None or self._unsent

    @property
    def _unsent(self) -> bool:
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def look(self) -> None:
        """See whether the client left while we do not read."""
        transport = self._transport
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        state = sock.getsockopt(socket.IPPROTO_TCP, _TCP_STATE, 1)[0]
        if state in {_TCP_CLOSE, _TCP_CLOSE_WAIT}:
            self._leave()
            self._abort()

    def tick(self, now: float) -> None:
        """Let go whoever takes too long: here, to take its answer."""
        if now - self._stalled_at > self._gateway.admission.orders.limits.idle_seconds:
            self._leave()
            self._abort()

    def _leave(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.client_left()

    def _abort(self) -> None:
        if self._transport is not None:
            self._closing = True
            self._transport.abort()

    def _linger(self) -> None:
        """End the connection, but read on for a moment: unread data would destroy the answer on its way."""
        self._closing = True
        self._since = self._gateway.time()
        self._ahead = b""
        self._body_held = self._ahead_full = False
        self._read_or_not()
        transport = self._transport
        if transport is not None and not transport.is_closing() and transport.can_write_eof():
            transport.write_eof()
