"""Documents taken away together as one ZIP archive, written as it is sent; and a document read anew."""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Annotated, cast

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from docstation.errors import DocStationError, NotFound, NotReady
from docstation.export import FORMATS
from docstation.jobs.corrections import corrections_of
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobRecord
from docstation.jobs.store import writing
from docstation.service import documents_shapes as shapes
from docstation.service.corrections_shapes import body_of, heard
from docstation.service.documents_api import SAFE, Corrected, Id, disposition, guard
from docstation.service.documents_shapes import FormatName, ReadAsked, Submitted, error_shape, typed_errors
from docstation.service.exporting import Ahead, Wanted, exported
from docstation.service.making import Making
from docstation.service.uploads import DocumentsSettings, check_may_switch, checked_options

MOST = 200
"""Documents of one archive."""
PIECE = 1 << 18
PICTURES = "pictures/"
STORED = frozenset({"docx", "xlsx", "pdf"})
"""Formats that are compressed by themselves."""
ZIP = "application/zip"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
ARCHIVE: dict[int | str, dict[str, object]] = {200: {"description": "The archive.", "content": {ZIP: _BINARY}}}
REREAD = body_of(ReadAsked, required=False, dpi=300, engine="embedded")


@dataclass(frozen=True, slots=True)
class Packing:
    """What goes into an archive.

    Attributes:
        records: of the documents, all of them there.
        formats: names, in their order.
        furniture: whether running headers and footers are written too.
        corrected: whether corrections are applied.
    """

    records: Sequence[JobRecord]
    formats: Sequence[str]
    furniture: bool
    corrected: bool


def router(queue: JobQueue, settings: DocumentsSettings, making: Making, ahead: Ahead) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/documents", tags=["documents"], dependencies=[Depends(guard)])

    @api.get("/export", response_class=StreamingResponse, responses=typed_errors(400, 404, 409, 503) | ARCHIVE)
    def archive(
        ids: Annotated[list[str], Query(min_length=1, max_length=MOST, description="of documents that are there")],
        formats: Annotated[
            list[FormatName], Query(max_length=len(FORMATS), description="all where none is named")
        ] = [],  # noqa: B006
        furniture: bool = False,
        corrected: Corrected = True,
    ) -> StreamingResponse:
        """Documents in all these formats as one ZIP archive; what cannot be made is told in a file in its place."""
        records = [_there(queue, id) for id in dict.fromkeys(ids)]
        packing = Packing(records, tuple(dict.fromkeys(formats)) or tuple(FORMATS), furniture, corrected)
        name = records[0].name if len(records) == 1 else "documents"
        headers = SAFE | {"Content-Disposition": disposition(name, ".zip"), "Cache-Control": "no-store"}
        return StreamingResponse(packed(queue, making, packing), headers=headers, media_type=ZIP)

    @api.post(
        "/{id}/reread", status_code=202, openapi_extra=REREAD, responses=typed_errors(400, 404, 409, 413, 415, 422, 507)
    )
    async def reread(id: Id, request: Request, response: Response) -> Submitted:
        """Read the same file anew, as a new document; what is left out stays as it was."""
        asked = await heard(request, ReadAsked)
        record = await to_thread.run_sync(_again, queue, settings, id, asked, request.headers)
        ahead.want(record.id, asked.formats)
        response.headers["Location"] = f"/documents/{record.id}"
        return Submitted(id=record.id, state=record.state, links=shapes.links(record.id))

    return api


def packed(queue: JobQueue, making: Making, packing: Packing) -> Iterator[bytes]:
    """The archive in pieces, as its members are made."""
    sink = _Sink()
    names = _Names()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for record in packing.records:
            stem = names.give(_stem(record.name))
            folder = f"{stem}/" if len(packing.records) > 1 else ""
            for format in packing.formats:
                for _part in _member(queue, making, archive, packing, record, format, folder + stem):
                    yield from sink.taken()
            if "md" in packing.formats:
                for _part in _pictures(queue, archive, record, folder):
                    yield from sink.taken()
    yield from sink.taken()


def _member(
    queue: JobQueue,
    making: Making,
    archive: zipfile.ZipFile,
    packing: Packing,
    record: JobRecord,
    format: str,
    path: str,
) -> Iterator[None]:
    """Write a document in a format, piece by piece; or why it could not be made."""
    wanted = Wanted(format, packing.furniture, packing.corrected, PICTURES if format == "md" else None)
    try:
        revision, corrections = corrections_of(queue, record.id)
        made = exported(making.exports, queue.files_of(record.id), wanted, revision, corrections)
    except DocStationError as error:
        shown = error_shape(error)
        archive.writestr(f"{path}{FORMATS[format].suffix}.error.txt", f"{shown['message']}\n{shown['remedy']}\n")
        yield
        return
    with made.file:
        yield from _copied(archive, made.file, path + FORMATS[format].suffix, stored=format in STORED)


def _pictures(queue: JobQueue, archive: zipfile.ZipFile, record: JobRecord, folder: str) -> Iterator[None]:
    with contextlib.suppress(NotFound):  # deleted meanwhile
        for path in sorted(queue.files_of(record.id).pictures.glob("*.png")):
            with contextlib.suppress(OSError), path.open("rb") as file:
                yield from _copied(archive, file, f"{folder}{PICTURES}{path.name}", stored=True)


def _copied(archive: zipfile.ZipFile, file: IO[bytes], name: str, *, stored: bool) -> Iterator[None]:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    member.file_size = os.fstat(file.fileno()).st_size
    with archive.open(member, "w") as target:
        while piece := file.read(PIECE):
            target.write(piece)
            yield
    yield


class _Sink:
    """Where an archive is written to: it cannot be gone back in, and gives up what it holds."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Hold it."""
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is to be done."""

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        held, self._held = b"".join(self._held), []
        if held:
            yield held


class _Names:
    """Names of members, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        """The name, with a number where another has it already; letters' case makes no difference."""
        name, number = wanted, 1
        while name.casefold() in self._given:
            number += 1
            name = f"{wanted} ({number})"
        self._given.add(name.casefold())
        return name


def _stem(name: str) -> str:
    """The name of a file without its ending, as every system takes it."""
    stem = name.rpartition(".")[0] or name
    kept = "".join("_" if one in '\\/:*?"<>|' or ord(one) < 32 else one for one in stem).strip(" .")
    return kept[:120] or "document"


def _there(queue: JobQueue, id: str) -> JobRecord:
    record = queue.job(id)
    if queue.files_of(id).document is None:
        raise record.error or NotReady(state=record.state.word)
    return record


def _again(
    queue: JobQueue, settings: DocumentsSettings, id: str, asked: ReadAsked, headers: Mapping[str, str]
) -> JobRecord:
    """The new document; its file has the same bytes, and takes no room of its own where the disk can do that."""
    record, files = queue.job(id), queue.files_of(id)
    # What is asked goes over what was asked the first time, the password included.
    asked = asked.model_copy(update={"password": asked.password or files.password})
    options = checked_options(asked, replace(settings, defaults=record.options), record.name)
    check_may_switch(options, settings, headers)
    path = queue.receive()
    try:
        with writing(path.parent):
            _linked(files.given, path)
        return queue.submit(JobOrder(path, record.name, options, record.sha256))
    finally:
        path.unlink(missing_ok=True)


def _linked(file: Path, path: Path) -> None:
    try:
        path.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, path)
