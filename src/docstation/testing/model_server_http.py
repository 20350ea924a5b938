"""HTTP for the scripted model server: requests in, answers and event streams out, on asyncio streams.

Only what clients of vLLM send is understood. A connection is kept until its peer closes it, as uvicorn does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

_HEAD_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: in capitals.
        path: without the query.
        headers: by their names in small letters.
        body: as it came.
    """

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def content(self) -> dict[str, object]:
        """The body as a JSON object; ValueError for anything else."""
        content = json.loads(self.body)
        if not isinstance(content, dict):
            raise ValueError("no object")
        return content


class Exchange:
    """One connection, on which answers are written."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def left(self) -> bool:
        """Whether the client has gone."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def answer(self, status: int, body: bytes = b"", kind: str = "application/json") -> None:
        """Write a whole answer."""
        kinds = f"content-type: {kind}\r\n" if body else ""
        self._writer.write(f"{_status_line(status)}content-length: {len(body)}\r\n{kinds}\r\n".encode() + body)
        await self._writer.drain()

    async def answer_json(self, status: int, content: object) -> None:
        """Write a whole answer of JSON, as compact as vLLM's."""
        await self.answer(status, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    async def begin_events(self) -> None:
        """Begin a stream of events."""
        head = "content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
        self._writer.write(f"{_status_line(200)}{head}".encode())
        await self._writer.drain()

    async def event(self, content: object) -> None:
        """Write one event: JSON, or a word as it is."""
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        data = f"data: {text}\n\n".encode()
        self._writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self._writer.drain()

    async def end_events(self) -> None:
        """End the stream of events."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def cut(self) -> None:
        """Drop the connection where it stands."""
        self._writer.transport.abort()


Handler = Callable[[Request, Exchange], Awaitable[None]]


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handler) -> None:
    """Answer the requests of one connection until its client leaves."""
    exchange = Exchange(reader, writer)
    # A server that ends cancels the conversations that are open, which asyncio's streams would write a trace about.
    ended = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
    with suppress(*ended):
        while not writer.is_closing() and (request := await _read(reader)) is not None:
            await handle(request, exchange)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target.partition("?")[0], headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return body


def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nserver: uvicorn\r\n"
