"""The gateway's end of the link to its service: orders come in, news go out, and neither's death ends the other."""

from __future__ import annotations

import asyncio
import sys

from docstation.service.gateway.lines import LONGEST, Ping, heard, news_line, pong_line
from docstation.service.gateway.state import Gateway

PACE = 0.05
"""Seconds between two news at least."""
AGAIN = 0.2
"""Seconds between two attempts to connect."""
_BEHIND = 64 << 10
"""Unread bytes of news at which the service counts as hung; it gets the newest ones when it reads on."""


class Control:
    """Connects to the service for as long as the process lives.

    Args:
        gateway: that is told and tells.
        path: of the service's control socket.
    """

    def __init__(self, gateway: Gateway, path: str) -> None:
        self._gateway = gateway
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sent = b""
        self._sent_at = 0.0

    async def run(self) -> None:
        """Connect, talk, and connect again."""
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LONGEST)
                self._sent = b""
                self._send()
                await self._listen(reader)
            except (OSError, ValueError):
                # Nobody there, or a line without an end; both are mended by a new connection.
                pass
            finally:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
            await asyncio.sleep(AGAIN)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            try:
                word = heard(line)
            except ValueError as error:
                sys.stderr.write(f"The service said what the gateway does not understand: {error}\n")
                continue
            if isinstance(word, Ping):
                self._sent = b""
                self._send()
                self._write(pong_line(word, self._gateway.metrics().decode() if word.figures else ""))
            else:
                self._gateway.order(word)
                self._sent = b""
                self._send()

    def changed(self) -> None:
        """There are news: send them, at the pace."""
        if self._timer is None and self._writer is not None:
            loop = self._gateway.loop
            self._timer = loop.call_at(max(loop.time(), self._sent_at + PACE), self._due)

    def _due(self) -> None:
        self._timer = None
        self._send()

    def _send(self) -> None:
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > _BEHIND:
            return
        line = news_line(self._gateway.news())
        self._sent_at = self._gateway.loop.time()
        if line != self._sent:
            self._sent = line
            self._write(line)

    def _write(self, line: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(line)
