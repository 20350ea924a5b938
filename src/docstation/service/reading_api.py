"""How the service reads, and the files behind a document: what a client needs to give the same results as the library.

The defaults and limits under ``/reading``; the file that was given or read, and pictures that were cut out of it, below
``/documents``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from mimetypes import guess_extension
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from docstation.errors import NotFound, NotReady
from docstation.jobs.queue import JobQueue
from docstation.messages.marking import N_
from docstation.service.documents_api import SAFE, Id, disposition
from docstation.service.documents_shapes import typed_errors
from docstation.service.uploads import DocumentsSettings

BYTES, PNG = "application/octet-stream", "image/png"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": {BYTES: _BINARY}}}
IMAGE: dict[int | str, dict[str, Any]] = {200: {"description": "The picture.", "content": {PNG: _BINARY}}}
PIECE = 1 << 18
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,64}\.png")


class ReadingShown(BaseModel):
    """How documents are read where an order says nothing else, and what is refused.

    Attributes:
        languages: Tesseract codes, the main one first.
        dpi: resolution at which pages are rasterised.
        engine: name of the engine.
        engines: names that may be asked for.
        workers: pages that are read at once.
        limits: bounds on files, pages and workers, by the keys of the settings.
    """

    languages: list[str]
    dpi: int
    engine: str
    engines: list[str]
    workers: int
    limits: dict[str, float]


def router(queue: JobQueue, settings: DocumentsSettings, workers: int) -> APIRouter:
    """The routes."""
    api = APIRouter(tags=["documents"])
    defaults = settings.defaults

    @api.get("/reading")
    def reading() -> ReadingShown:
        """How documents are read where an order says nothing else."""
        return ReadingShown(
            languages=list(defaults.languages),
            dpi=defaults.dpi,
            engine=defaults.engine,
            engines=list(settings.engines),
            workers=workers,
            limits=asdict(settings.limits),
        )

    @api.get("/documents/{id}/file", response_class=StreamingResponse, responses=typed_errors(404, 409) | FILE)
    def file(id: Id, read: bool = False) -> StreamingResponse:
        """The file as it was given; with `read` the one whose pages are read, an office file's PDF."""
        record, files = queue.job(id), queue.files_of(id)
        path = files.original if read else files.given
        kind = record.media_type if path == files.given else "application/pdf"
        try:
            return _sent(path, BYTES, disposition(record.name, guess_extension(kind) or ""))
        except FileNotFoundError:
            raise NotReady(state=record.state.word) from None

    @api.get("/documents/{id}/pictures/{name}", response_class=StreamingResponse, responses=typed_errors(404) | IMAGE)
    def picture(
        id: Id, name: Annotated[str, Path(description="As a block names it.", examples=["p1-b2.png"], max_length=80)]
    ) -> StreamingResponse:
        """A picture that was cut out when its page was read."""
        record, files = queue.job(id), queue.files_of(id)
        missing = NotFound(N_("There is no picture {picture} in {name}."), picture=name, name=record.name)
        if not _PICTURE.fullmatch(name):
            raise missing
        try:
            return _sent(files.pictures / name, PNG, disposition(name, ".png"))
        except FileNotFoundError:
            raise missing from None

    return api


def _sent(path: FilePath, media_type: str, shown: str) -> StreamingResponse:
    """The file, to be saved and not to be run by a browser."""
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    headers = SAFE | {"Content-Disposition": shown, "Cache-Control": "private, no-cache", "Content-Length": str(size)}
    return StreamingResponse(_pieces(file, size), headers=headers, media_type=media_type)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    with file:
        while size > 0 and (piece := file.read(min(size, PIECE))):
            size -= len(piece)
            yield piece
