"""Bodies of requests, streamed to the disk as they come and bounded before they are looked at.

A form's file goes straight to a path of the queue's, never through memory and never under its own name.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from docstation.errors import Interrupted, TooLarge, UploadStalled, UsageError
from docstation.jobs.store import writing
from docstation.messages.marking import N_, Word
from docstation.service.documents_shapes import shown_name

STALLED_SECONDS = 60.0
"""So long may pass without a byte."""
PIECE = 1 << 20
"""Bytes that are written at once, in a thread of their own."""
OVERHEAD = 1 << 16
"""Bytes of a form beside its file: fields, headers of parts, boundaries."""
MOST_PARTS = 16
LONGEST_FIELD = 4096
_FILE = "file"
_AGAIN = N_("Send multipart/form-data with one part named file, see /openapi.json.")


@dataclass(slots=True)
class Upload:
    """What a form held.

    Attributes:
        path: where its file is.
        name: as the client calls the file, made fit to be shown.
        sha256: of the file.
        bytes: of the file.
        fields: the other parts, by name.
    """

    path: Path
    name: str = ""
    sha256: str = ""
    bytes: int = 0
    fields: dict[str, str] = field(default_factory=dict)


async def receive_form(request: Request, path: Path, most: int, seconds: float = STALLED_SECONDS) -> Upload:
    """The form that the request brings, its file at `path`, which is taken away again when anything fails.

    Args:
        request: whose body was not read yet.
        path: for the file; not there yet.
        most: bytes of the file.
        seconds: that may pass without a byte.

    Raises:
        TooLarge: the file, by its announced or its real size.
        UsageError: this is no such form.
        UploadStalled: nothing came any more.
        Interrupted: the client left.
        NoRoom: the disk is full.
    """
    _check_announced(request, most + OVERHEAD)
    form = _Form(path, _boundary(request), most)
    try:
        async for piece in _pieces(request, seconds):
            await to_thread.run_sync(form.feed, piece)
        return await to_thread.run_sync(form.finish)
    except BaseException:
        form.close()
        path.unlink(missing_ok=True)
        raise


async def receive_bytes(request: Request, most: int, seconds: float = STALLED_SECONDS) -> bytes:
    """A small body whole.

    Raises:
        TooLarge: it has more than `most` bytes.
        UploadStalled: nothing came any more.
        Interrupted: the client left.
    """
    _check_announced(request, most)
    body = bytearray()
    async for piece in _pieces(request, seconds):
        body += piece
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


def _check_announced(request: Request, most: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(N_("The request is larger than {limit} bytes."), limit=most)


def _boundary(request: Request) -> bytes:
    _kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        raise UsageError(N_("The form has no boundary."), remedy=_AGAIN)
    return boundary


async def _pieces(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body in pieces of about `PIECE` bytes."""
    stream = aiter(request.stream())
    held = bytearray()
    while True:
        try:
            got = await asyncio.wait_for(anext(stream), seconds)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise UploadStalled(seconds=round(seconds)) from None
        except ClientDisconnect:
            raise Interrupted from None
        held += got
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


class _Form:
    """A form on its way in; fed from one thread at a time."""

    def __init__(self, path: Path, boundary: bytes, most: int) -> None:
        self._upload = Upload(path)
        self._most = most
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._parts = 0
        self._ended = False
        self._header = (bytearray(), bytearray())
        self._headers: dict[str, str] = {}
        self._field = ""
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._part_goes_on,
                    "on_part_end": self._part_ends,
                    "on_end": self._form_ends,
                },
            )
        except FormParserError as error:
            raise _not_understood(str(error)) from error

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        try:
            with writing(self._upload.path.parent):
                self._parser.write(data)
        except FormParserError as error:
            raise _not_understood(str(error)) from error

    def finish(self) -> Upload:
        """What the form held, once all of it was fed."""
        if not self._ended:
            raise _not_understood(Word(N_("it ends in the middle")))
        if self._file is None:
            raise _not_understood(Word(N_("it has no file")))
        with writing(self._upload.path.parent):
            self.close()
        self._upload.sha256 = self._digest.hexdigest()
        return self._upload

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _not_understood(Word(N_("it has too many parts")))
        self._headers.clear()
        self._value.clear()

    def _header_ends(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        name.clear()
        value.clear()

    def _headers_end(self) -> None:
        kind, parameters = parse_options_header(self._headers.get("content-disposition", ""))
        self._field = _text(parameters.get(b"name", b""))
        if kind != b"form-data" or not self._field:
            raise _not_understood(Word(N_("a part has no name")))
        if self._field in self._upload.fields or (self._field == _FILE and self._file is not None):
            raise _not_understood(Word(N_("a part comes twice")))
        if self._field == _FILE:
            self._upload.name = shown_name(_text(parameters.get(b"filename", b"")).replace("%22", '"'))
            self._file = self._upload.path.open("xb")

    def _part_goes_on(self, data: bytes, start: int, end: int) -> None:
        if self._field != _FILE or self._file is None:
            self._value += data[start:end]
            if len(self._value) > LONGEST_FIELD:
                raise _not_understood(Word(N_("a field is too long")))
            return
        piece = memoryview(data)[start:end]
        self._upload.bytes += len(piece)
        if self._upload.bytes > self._most:
            raise TooLarge(name=self._upload.name)
        self._digest.update(piece)
        self._file.write(piece)

    def _part_ends(self) -> None:
        if self._field != _FILE:
            self._upload.fields[self._field] = _text(bytes(self._value))

    def _form_ends(self) -> None:
        self._ended = True


def _text(data: bytes) -> str:
    """Browsers and clients send UTF-8; whatever else comes is still shown."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _not_understood(problem: str) -> UsageError:
    return UsageError(N_("The form is not understood: {problem}."), problem=problem, remedy=_AGAIN)
