"""The way in for documents: a form's file goes straight to a path of the queue's, and so does what an address gives,
where addresses are allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from docstation.bootstrap.engines import ENGINES
from docstation.errors import UnsupportedFormat, UsageError
from docstation.intake.limits import Limits
from docstation.intake.ranges import parse_pages
from docstation.jobs.keys import digest
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder
from docstation.messages.marking import N_
from docstation.service import documents_shapes as shapes
from docstation.service.documents_shapes import (
    SEE,
    ReadAsked,
    Submitted,
    UrlAsked,
    misunderstood,
    typed_errors,
)
from docstation.service.exporting import Ahead
from docstation.service.forms import receive_bytes, receive_form
from docstation.service.url_source import Fetcher

LONGEST_JSON = 1 << 16
FETCHES = 4
"""Addresses that are fetched at once."""
SWITCHES = "station"
"""Scope of keys that may switch models."""


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
