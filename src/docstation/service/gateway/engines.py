"""Connections to the servers behind: answers are framed here and passed on as they came, and idle lines are kept.

A line carries one request at a time. It is lent again only after an answer that ended cleanly, to the one who asks
next, the youngest first, and for less time than servers keep idle connections.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, cast

from docstation.service.gateway.heads import (
    CHUNKED,
    UNTIL_CLOSED,
    AnswerHead,
    AnswerReader,
    BadHead,
    PlainAnswerReader,
)

IDLE_SECONDS = 4.0
"""vLLM and uvicorn close connections that have been idle for 5 s."""
CONNECT_SECONDS = 5.0
HIGH_WATER = 256 << 10
_HEAD_LIMIT = 256 << 10
_TOGETHER = 32 << 10
_AWAITS_HEAD = -3
_RESET = struct.pack("ii", 1, 0)


class User(Protocol):
    """Who a line is lent to."""

    method: str
    plain: bool

    def connected(self, line: Line) -> None:
        """A new line stands."""

    def unreachable(self) -> None:
        """No new line could be had."""

    def answer(self, head: AnswerHead, raw: bytes, more: bool) -> None:
        """The answer's head came; `more` tells that a piece of the body came with it."""

    def answered(self, piece: bytes) -> None:
        """A piece of its body came."""

    def ended(self) -> None:
        """The answer is whole."""

    def lost(self) -> None:
        """The server ended the connection before that."""

    def server_full(self, full: bool) -> None:
        """The server takes no more for now, or again."""


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection with RST, so that the other side learns at once that nothing more is wanted."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def write_together(transport: asyncio.WriteTransport, parts: Sequence[bytes]) -> None:
    """Write parts, with one system call where they are small: the transport makes one of each."""
    if len(parts) > 1 and sum(map(len, parts)) <= _TOGETHER:
        transport.write(b"".join(parts))
        return
    for part in parts:
        transport.write(part)


class Line(asyncio.Protocol):
    """One connection to a server."""

    __slots__ = ("_head", "_keep", "_left", "_paused", "_pool", "_reader", "idle_since", "reused", "transport", "user")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.transport: asyncio.Transport | None = None
        self.user: User | None = None
        self.reused = False
        self._paused = False
        self.idle_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._left = _AWAITS_HEAD
        self._keep = False
        self._reader: AnswerReader | None = None

    def lend(self, user: User) -> None:
        """Serve `user` from now on."""
        self.user = user
        self._begin()

    def write(self, *parts: bytes) -> None:
        """Send; never refused, but see `User.server_full`."""
        if self.transport is not None:
            write_together(self.transport, parts)

    def pause(self, pause: bool) -> None:
        """Read no more for now, or again."""
        if pause == self._paused or self.transport is None or self.transport.is_closing():
            return
        self._paused = pause
        if pause:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def drop(self) -> None:
        """End the connection at once; its user hears no more."""
        self.user = None
        if self.transport is not None:
            reset(self.transport)

    def release(self, reusable: bool) -> None:
        """The user is done; keep the line where answer and request ended cleanly."""
        self.user = None
        self.pause(False)
        if reusable and self._keep:
            self._pool.give(self)
        else:
            self.drop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        # Transports of uvloop are no subclass of asyncio's.
        transport = cast(asyncio.Transport, transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        user, self.user, self.transport = self.user, None, None
        self._pool.forget(self)
        if user is None:
            return
        if self._left == UNTIL_CLOSED and exc is None:
            user.ended()
        else:
            user.lost()

    def pause_writing(self) -> None:
        """See asyncio."""
        if self.user is not None:
            self.user.server_full(True)

    def resume_writing(self) -> None:
        """See asyncio."""
        if self.user is not None:
            self.user.server_full(False)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        user = self.user
        if user is None:
            # Nobody asked: whatever it is, it must not be taken for the next answer.
            self.drop()
            return
        try:
            if self._left == _AWAITS_HEAD:
                data = self._take_head(user, data)
            if data and self.user is user:
                self._take_body(user, data)
        except BadHead:
            self.drop()
            user.lost()

    def _take_head(self, user: User, data: bytes) -> bytes:
        """Take the head, or what has come of it; what follows it. Interim answers are left out."""
        self._head += data
        while (end := self._head.find(b"\r\n\r\n") + 4) >= 4:
            raw, rest = self._head[:end], self._head[end:]
            reader = PlainAnswerReader() if user.plain else AnswerReader()
            head = reader.head(raw, user.method)
            if head.status < 200:
                self._head = rest
                continue
            self._head = b""
            self._left, self._reader, self._keep = head.length, reader, head.keep and head.length != UNTIL_CLOSED
            user.answer(head, raw, bool(rest) and head.length != 0)
            if head.length == 0 and self.user is user:
                self._end(user, clean=not rest)
                return b""
            return rest
        if len(self._head) > _HEAD_LIMIT:
            raise BadHead(502, "The answer's head is too large.")
        return b""

    def _take_body(self, user: User, data: bytes) -> None:
        if self._left > 0:
            self._left -= len(data)
            if self._left < 0:
                data, clean = data[: self._left], False
            else:
                clean = True
            user.answered(data)
            if self._left <= 0 and self.user is user:
                self._end(user, clean=clean)
        elif self._left == CHUNKED and self._reader is not None:
            self._reader.chunks(data)
            piece = self._reader.plain() if user.plain else data
            if piece:
                user.answered(piece)
            if self._reader.done and self.user is user:
                self._end(user, clean=True)
        else:
            user.answered(data)

    def _end(self, user: User, *, clean: bool) -> None:
        self._keep = self._keep and clean
        self._left = _AWAITS_HEAD
        user.ended()


Dial = Callable[[Callable[[], Line]], Awaitable[object]]


class Pool:
    """Lines to one server.

    Args:
        loop: that they live in.
        dial: opens a connection with the protocol that the given factory makes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, dial: Dial) -> None:
        self._loop = loop
        self._dial = dial
        self._idle: list[Line] = []
        self._dialling: set[asyncio.Task[None]] = set()
        self._closed = False

    def take(self) -> Line | None:
        """An idle line, the youngest; None where there is none."""
        self.sweep()
        while self._idle:
            line = self._idle.pop()
            if line.transport is not None and not line.transport.is_closing():
                line.reused = True
                return line
        return None

    def open(self, user: User) -> Callable[[], object]:
        """Open a new line for `user`, who hears `connected` or `unreachable`; the result takes that back."""
        task = self._loop.create_task(self._open(user))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)
        return task.cancel

    async def _open(self, user: User) -> None:
        line = Line(self)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._dial(lambda: line)
        except (OSError, TimeoutError):
            user.unreachable()
        except asyncio.CancelledError:
            line.drop()
            raise
        else:
            user.connected(line)

    def give(self, line: Line) -> None:
        """A line is idle."""
        if self._closed:
            line.drop()
            return
        line.idle_since = self._loop.time()
        self._idle.append(line)

    def forget(self, line: Line) -> None:
        """A line has ended."""
        if line in self._idle:
            self._idle.remove(line)

    def sweep(self) -> None:
        """Close lines that have been idle for too long."""
        oldest = self._loop.time() - IDLE_SECONDS
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.pop(0).drop()

    def close(self) -> None:
        """Close idle lines; those at work end when they are done."""
        self._closed = True
        while self._idle:
            self._idle.pop().drop()
