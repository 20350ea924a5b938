"""``POST /v1/ocr``, shaped as Mistral's OCR endpoint, so that clients written for it work: a document in, pages out.

The request waits for its result. The document goes through the queue like any other, before those that nobody waits
for, and is deleted when the answer is made. What reads is the engine of the settings, whatever model was asked for;
the answer says which.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from docstation.bootstrap.engines import EMBEDDED
from docstation.document.geometry import POINTS_PER_INCH, Box
from docstation.document.model import Block, Category, Document, Page
from docstation.errors import DeadlinePassed, InputError, Interrupted, NotFound, TooLarge, UsageError
from docstation.jobs.options import NO_RESERVE
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobFiles, JobOrder, JobRecord, JobState
from docstation.messages.marking import N_
from docstation.service.documents_api import heard
from docstation.service.documents_shapes import (
    SEE,
    ReadAsked,
    inlined,
    misunderstood,
    shown_name,
    typed_errors,
)
from docstation.service.forms import receive_bytes
from docstation.service.making import Making
from docstation.service.page_images import MarkdownTask
from docstation.service.uploads import DocumentsSettings, checked_options, fetcher_of

PRIORITY = 10
"""Somebody waits: before documents of the same moment that nobody waits for."""
LONGEST_BODY = 128 * 2**20
LOOK_SECONDS = 0.5
"""How often to look whether the client is still there."""


class ImageUrl(BaseModel, extra="forbid"):
    """The address of an image; `detail` is taken and means nothing here."""

    url: str
    detail: str | None = None


class DocumentUrlChunk(BaseModel, extra="forbid"):
    """A document by its address: ``data:`` with the file itself, or http and https where that is allowed."""

    type: Literal["document_url"] = "document_url"
    document_url: str
    document_name: Annotated[str, Field(max_length=1000)] | None = None


class ImageUrlChunk(BaseModel, extra="forbid"):
    """An image by its address."""

    type: Literal["image_url"] = "image_url"
    image_url: str | ImageUrl


class OcrAsked(BaseModel, extra="forbid"):
    """What is to be read.

    Attributes:
        document: the document or image.
        model: taken, and answered by what reads.
        id: taken and not used.
        pages: numbers from 0, as a list or as text such as ``0-2,5``; all where it is left out.
        include_image_base64: whether pictures come with the answer.
        image_limit: most pictures of the whole answer.
        image_min_size: least width and height of a picture, pixels.
        include_blocks: whether all blocks come with their boxes.
        extract_header: may say no, and so may `extract_footer`: running headers and footers are never in the Markdown.
        table_format: null, as the others below: what they ask for is not made here.
    """

    document: DocumentUrlChunk | ImageUrlChunk
    model: Annotated[str, Field(max_length=200)] | None = None
    id: Annotated[str, Field(max_length=200)] | None = None
    pages: (
        Annotated[int, Field(ge=0, lt=10**6)]
        | Annotated[list[Annotated[int, Field(ge=0, lt=10**6)]], Field(max_length=10_000)]
        | Annotated[str, Field(pattern=r"^\s*\d{1,6}(\s*-\s*\d{1,6})?(\s*,\s*\d{1,6}(\s*-\s*\d{1,6})?)*\s*$")]
        | None
    ) = None
    include_image_base64: bool | None = None
    image_limit: Annotated[int, Field(ge=0)] | None = None
    image_min_size: Annotated[int, Field(ge=0)] | None = None
    include_blocks: bool | None = None
    extract_header: Literal[False] | None = None
    extract_footer: Literal[False] | None = None
    table_format: None = None
    bbox_annotation_format: None = None
    document_annotation_format: None = None
    document_annotation_prompt: None = None
    confidence_scores_granularity: None = None

    @property
    def address(self) -> str:
        """Of the document or image."""
        if isinstance(self.document, DocumentUrlChunk):
            return self.document.document_url
        given = self.document.image_url
        return given if isinstance(given, str) else given.url

    @property
    def name(self) -> str:
        """As the client calls the document."""
        named = self.document.document_name if isinstance(self.document, DocumentUrlChunk) else None
        return shown_name(named or "", "")

    @property
    def page_range(self) -> str | None:
        """As the reader takes it, from 1."""
        match self.pages:
            case None | []:
                return None
            case int(one):
                return str(one + 1)
            case str(text):
                return re.sub(r"\d+", lambda found: str(int(found[0]) + 1), text)
            case numbers:
                return ",".join(str(one + 1) for one in numbers)


class OcrBox(BaseModel):
    """A place on a page, pixels at its `dpi`."""

    top_left_x: int
    top_left_y: int
    bottom_right_x: int
    bottom_right_y: int


class OcrImage(OcrBox):
    """A picture on a page and, where that was asked for, its PNG."""

    id: str
    image_base64: str | None = None


class OcrBlock(OcrBox):
    """A block of a page; `image_id` is that of a picture."""

    type: Literal["title", "text", "list", "table", "image", "equation", "caption", "header", "footer"]
    content: str
    image_id: str | None = None


class OcrDimensions(BaseModel):
    """The size of a page, pixels."""

    dpi: int
    height: int
    width: int


class OcrPage(BaseModel):
    """A page; `index` counts from 0, the Markdown links pictures by their ids."""

    index: int
    markdown: str
    images: list[OcrImage]
    dimensions: OcrDimensions
    blocks: list[OcrBlock] | None = None


class OcrUsage(BaseModel):
    """What it took."""

    pages_processed: int
    doc_size_bytes: int


class OcrAnswer(BaseModel):
    """What was read; `model` names what read it."""

    pages: list[OcrPage]
    model: str
    document_annotation: None = None
    usage_info: OcrUsage


_EXAMPLE = {
    "model": "mistral-ocr-latest",
    "document": {"type": "document_url", "document_url": "data:application/pdf;base64,…", "document_name": "a.pdf"},
    "pages": [0, 1],
    "include_image_base64": True,
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": inlined(OcrAsked), "example": _EXAMPLE}},
    }
}


def router(queue: JobQueue, settings: DocumentsSettings, making: Making) -> APIRouter:
    """The route; `making` is that of the documents' routes."""
    api = APIRouter(prefix="/v1", tags=["ocr"])
    errors = typed_errors(400, 401, 403, 408, 413, 415, 422, 503, 504, 507)

    @api.post("/ocr", response_model_exclude_none=True, responses=errors, openapi_extra=_BODY)
    async def ocr(request: Request) -> OcrAnswer:
        """Read a document and wait for it."""
        most = min(settings.limits.file_bytes * 4 // 3 + 65_536, LONGEST_BODY)
        asked = await to_thread.run_sync(_understood, await receive_bytes(request, most))
        path = queue.receive()
        try:
            name, sha256 = await to_thread.run_sync(_bring, asked, path, settings)
            options = checked_options(ReadAsked(pages=asked.page_range, reserve=NO_RESERVE), settings, name)
            order = JobOrder(path, name, options, sha256, priority=PRIORITY)
            record = await to_thread.run_sync(queue.submit, order)
        finally:
            path.unlink(missing_ok=True)
        try:
            record = await _finished(queue, record, request, settings.ocr_seconds)
            return await _answer(queue, record, asked, making)
        finally:
            # Shielded: a client that left must not leave its document behind.
            await asyncio.shield(asyncio.ensure_future(to_thread.run_sync(_forget, queue, record.id)))

    return api


def _understood(body: bytes) -> OcrAsked:
    try:
        return OcrAsked.model_validate_json(body)
    except ValidationError as error:
        raise misunderstood(error) from None


def _bring(asked: OcrAsked, path: Path, settings: DocumentsSettings) -> tuple[str, str]:
    """Put the document at `path`; its name, and the SHA-256 of its bytes where that is known."""
    scheme, _, rest = asked.address.partition(":")
    if scheme.lower() != "data":
        fetched = fetcher_of(settings).fetch(asked.address, path)
        return asked.name or fetched.name, fetched.sha256
    data = _decoded(rest)
    if len(data) > settings.limits.file_bytes:
        raise TooLarge(name=asked.name or "document")
    path.write_bytes(data)
    return asked.name or "document", ""


def _decoded(rest: str) -> bytes:
    """The bytes of a ``data:`` address (RFC 2397)."""
    kind, comma, data = rest.partition(",")
    if not comma:
        raise UsageError(N_("The data address is not understood."), remedy=SEE)
    try:
        if kind.lower().endswith(";base64"):
            return base64.b64decode(re.sub(r"\s+", "", data), validate=True)
        return unquote_to_bytes(data)
    except (binascii.Error, ValueError):
        raise UsageError(N_("The data address is not understood."), remedy=SEE) from None


async def _finished(queue: JobQueue, record: JobRecord, request: Request, seconds: float) -> JobRecord:
    """The job at its end.

    Raises:
        DeadlinePassed: it takes too long.
        Interrupted: the client left, or the job was cancelled.
        DocStationError: what the job failed with.
    """
    last = asyncio.get_running_loop().time() + seconds
    with heard(queue, record.id) as changed:
        while not record.state.ended:
            if asyncio.get_running_loop().time() > last:
                raise DeadlinePassed(name=record.name, seconds=round(seconds))
            if await request.is_disconnected():
                raise Interrupted
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), LOOK_SECONDS)
            changed.clear()
            record = await to_thread.run_sync(queue.job, record.id)
    if record.state is JobState.FAILED:
        raise record.error or InputError
    if record.state is JobState.CANCELLED:
        raise Interrupted
    return record


async def _answer(queue: JobQueue, record: JobRecord, asked: OcrAsked, making: Making) -> OcrAnswer:
    files = await to_thread.run_sync(queue.files_of, record.id)
    document = await to_thread.run_sync(queue.document, record.id)
    if document is None:
        raise NotFound(name=record.name)
    markdown: dict[int, str] = await making.make(MarkdownTask(files))
    work: Callable[[], list[OcrPage]] = lambda: _pages(document, markdown, files, asked, record.options.dpi)  # noqa: E731
    pages = await to_thread.run_sync(work)
    engines = sorted({page.engine for page in document.pages if page.engine}) or [EMBEDDED]
    usage = OcrUsage(pages_processed=len(pages), doc_size_bytes=record.bytes)
    return OcrAnswer(pages=pages, model="+".join(engines), usage_info=usage)


def _pages(document: Document, markdown: dict[int, str], files: JobFiles, asked: OcrAsked, dpi: int) -> list[OcrPage]:
    left = asked.image_limit if asked.image_limit is not None else 10**9
    made = []
    for page in document.pages:
        images = _images(page, files, asked, dpi)[: max(left, 0)]
        left -= len(images)
        size = OcrDimensions(dpi=dpi, height=pixels(page.height, dpi), width=pixels(page.width, dpi))
        text = markdown.get(page.number, "")
        blocks = [_block(one, dpi) for one in page.blocks] if asked.include_blocks else None
        made.append(OcrPage(index=page.number - 1, markdown=text, images=images, dimensions=size, blocks=blocks))
    return made


_TYPES = {
    Category.TITLE: "title",
    Category.SECTION_HEADER: "title",
    Category.LIST_ITEM: "list",
    Category.TABLE: "table",
    Category.FORMULA: "equation",
    Category.CAPTION: "caption",
    Category.PAGE_HEADER: "header",
    Category.PAGE_FOOTER: "footer",
}


def _block(block: Block, dpi: int) -> OcrBlock:
    image = block.picture.file if block.picture is not None else ""
    kind: Any = "image" if image else _TYPES.get(block.category, "text")
    return OcrBlock(type=kind, content=block.text, image_id=image or None, **_corners(block.box, dpi))


def _corners(box: Box, dpi: int) -> dict[str, Any]:
    return {
        "top_left_x": pixels(box.x0, dpi),
        "top_left_y": pixels(box.y0, dpi),
        "bottom_right_x": pixels(box.x1, dpi),
        "bottom_right_y": pixels(box.y1, dpi),
    }


def pixels(points: float, dpi: float) -> int:
    """A length on the page at that resolution."""
    return round(points * dpi / POINTS_PER_INCH)


def _images(page: Page, files: JobFiles, asked: OcrAsked, dpi: int) -> list[OcrImage]:
    found = []
    for block in page.blocks:
        if block.category is not Category.PICTURE or block.picture is None or not block.picture.file:
            continue
        corners = _corners(block.box, dpi)
        width = corners["bottom_right_x"] - corners["top_left_x"]
        height = corners["bottom_right_y"] - corners["top_left_y"]
        if min(width, height) < (asked.image_min_size or 0):
            continue
        data = _encoded(files.pictures / Path(block.picture.file).name) if asked.include_image_base64 else None
        found.append(OcrImage(id=block.picture.file, image_base64=data, **corners))
    return found


def _encoded(path: Path) -> str | None:
    try:
        return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    except OSError:
        return None


def _forget(queue: JobQueue, id: str) -> None:
    with contextlib.suppress(NotFound):
        queue.delete(id)
