"""The way in for documents: bodies of requests streamed to the disk as they come, bounded before they are looked at.

A form's file goes straight to a path of the queue's, never through memory and never under its own name; an address
is fetched to such a path where that is allowed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from docstation.bootstrap.engines import ENGINES
from docstation.errors import Interrupted, TooLarge, UnsupportedFormat, UploadStalled, UsageError
from docstation.intake.limits import Limits
from docstation.intake.ranges import parse_pages
from docstation.jobs.keys import digest
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder
from docstation.jobs.store import writing
from docstation.messages.marking import N_, Word
from docstation.service import documents_shapes as shapes
from docstation.service.documents_shapes import (
    SEE,
    ReadAsked,
    Submitted,
    UrlAsked,
    misunderstood,
    shown_name,
    typed_errors,
)
from docstation.service.exporting import Ahead
from docstation.service.url_source import Fetcher

LONGEST_JSON = 1 << 16
FETCHES = 4
"""Addresses that are fetched at once."""
STALLED_SECONDS = 60.0
"""So long may pass without a byte."""
PIECE = 1 << 20
"""Bytes that are written at once, in a thread of their own."""
OVERHEAD = 1 << 16
"""Bytes of a form beside its file: fields, headers of parts, boundaries."""
MOST_PARTS = 16
LONGEST_FIELD = 4096
_FILE = "file"
SWITCHES = "station"
"""Scope of keys that may switch models."""
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


@dataclass(frozen=True, slots=True)
class DocumentsSettings:
    """How documents are taken in.

    Attributes:
        defaults: of the options that a request leaves out.
        limits: on files, pages and children.
        engines: names that may be asked for.
        allow_urls: whether documents are fetched from public addresses that clients name.
        check_reserve: raises UsageError where a reserve model of that name cannot be asked for.
        scopes: of every API key by its digest.
        ocr_seconds: after which ``/v1/ocr`` gives up.
        fetcher: None for the one that `limits` bounds.
    """

    defaults: ReadOptions = field(default_factory=ReadOptions)
    limits: Limits = field(default_factory=Limits)
    engines: Collection[str] = ENGINES
    allow_urls: bool = False
    check_reserve: Callable[[str], None] = lambda _name: None
    scopes: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    ocr_seconds: float = 300.0
    fetcher: Fetcher | None = None


def add_intake(api: APIRouter, queue: JobQueue, settings: DocumentsSettings, ahead: Ahead) -> None:
    """Add the way in to the routes."""
    fetches = CapacityLimiter(FETCHES)

    @api.post(
        "", status_code=202, openapi_extra=shapes.BODY, responses=typed_errors(400, 401, 403, 408, 413, 415, 422, 507)
    )
    async def submit(
        request: Request,
        response: Response,
        idempotency_key: Annotated[str | None, Header(max_length=200, examples=["scan-17"])] = None,
    ) -> Submitted:
        """Take a document in and queue its reading; the same key with the same order gives the same document."""
        path = queue.receive()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "multipart/form-data":
                upload = await receive_form(request, path, settings.limits.file_bytes)
                name, sha256 = upload.name, upload.sha256
                asked = _understood(ReadAsked, {key: value for key, value in upload.fields.items() if value})
            elif kind == "application/json":
                asked = _understood(UrlAsked, await receive_bytes(request, LONGEST_JSON))
                fetch = lambda: fetcher_of(settings).fetch(asked.url, path)  # noqa: E731
                fetched = await to_thread.run_sync(fetch, limiter=fetches)
                name, sha256 = fetched.name, fetched.sha256
            else:
                raise UnsupportedFormat(N_("Send the file in a form."), remedy=N_("Use multipart/form-data."))
            options = checked_options(asked, settings, name)
            await to_thread.run_sync(check_may_switch, options, settings, request.headers)
            order = JobOrder(path, name, options, sha256, _key(request, idempotency_key))
            record = await to_thread.run_sync(queue.submit, order)
        finally:
            path.unlink(missing_ok=True)
        ahead.want(record.id, asked.formats)
        response.headers["Location"] = f"/documents/{record.id}"
        return Submitted(id=record.id, state=record.state, links=shapes.links(record.id))


def fetcher_of(settings: DocumentsSettings) -> Fetcher:
    """What fetches documents.

    Raises:
        UsageError: nothing is fetched here.
    """
    if not settings.allow_urls:
        raise UsageError(
            N_("Documents are not fetched from addresses here."),
            remedy=N_("Upload the file, or allow it with service.allow_urls in the settings."),
        )
    return settings.fetcher or Fetcher(settings.limits.file_bytes)


def checked_options(asked: ReadAsked, settings: DocumentsSettings, name: str) -> ReadOptions:
    """The options, as far as they can be judged before the file is opened.

    Raises:
        UsageError: no such engine, or no such reserve model.
        PageRangeError: the page range is none.
    """
    options = asked.options(settings.defaults)
    if options.engine not in settings.engines:
        known = ", ".join(settings.engines)
        raise UsageError(
            N_("There is no engine {name}; known are {known}."), name=options.engine, known=known, remedy=SEE
        )
    if asked.reserve and options.reserve:
        settings.check_reserve(options.reserve)
    parse_pages(options.pages or "", settings.limits.pages, name=name)
    return options


def check_may_switch(options: ReadOptions, settings: DocumentsSettings, headers: Mapping[str, str]) -> None:
    """See that who asks for a reserve model of his own may have the station switched.

    Raises:
        UsageError: his key is for other things.
    """
    if options.reserve in ("", settings.defaults.reserve):
        return
    kind, _, key = headers.get("authorization", "").partition(" ")
    given = key if kind.lower() == "bearer" else headers.get("x-api-key") or headers.get("api-key") or ""
    # The gateway has seen to it that whoever needs a key has one; the owner of the service's socket needs none.
    found = settings.scopes().get(digest(given.strip()))
    if found is not None and SWITCHES not in found:
        raise UsageError(
            N_("This API key lacks the scope {scope}."),
            scope=SWITCHES,
            remedy=N_("Ask without a reserve model, or with a key that may switch models."),
        )


Asked = TypeVar("Asked", bound=ReadAsked)


def _understood(kind: type[Asked], given: dict[str, str] | bytes) -> Asked:
    try:
        return kind.model_validate_json(given) if isinstance(given, bytes) else kind.model_validate(given)
    except ValidationError as error:
        raise misunderstood(error) from None


def _key(request: Request, key: str | None) -> str:
    """The key, apart for each who asks: nobody may learn of another's documents by a guess."""
    who = hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()[:16]
    return f"{who}:{key}" if key else ""
