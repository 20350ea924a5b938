"""The documents over HTTP under ``/documents``: taking in, following, results, exports, images, and changes of mind.

The queue keeps what is said here and its runner reads; the routes only translate. No name from outside becomes a path,
and nothing that a file or a model said is sent as something that a browser would run.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from docstation import __version__
from docstation.document.codec import page_to_json
from docstation.errors import NotFound, NotReady
from docstation.export import FORMATS
from docstation.jobs.corrections import NO_BLOCK, NO_PAGE, NO_PAGE_YET, corrected_page, corrections_of, read_page
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_files import is_id
from docstation.jobs.queue_records import JobRecord, JobState
from docstation.jobs.queue_rows import no_job
from docstation.service import documents_shapes as shapes
from docstation.service.documents_shapes import (
    DocumentList,
    DocumentShown,
    DocumentWithPages,
    FormatName,
    NewsList,
    typed_errors,
)
from docstation.service.exporting import Ahead, Wanted, exported
from docstation.service.making import Making
from docstation.service.page_images import ImageFormat, ImageTask
from docstation.service.uploads import DocumentsSettings, add_intake

Id = Annotated[str, Path(description="Id of a document.", examples=["0650f2c1d35a8b00a1b2c3d4"], max_length=64)]
Corrected = Annotated[bool, Query(description="Whether corrections are applied.")]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="Number of a page in its file, from 1.")]
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
"""Whatever a browser takes an answer for, it runs nothing of it."""
QUIET_SECONDS = 15.0
"""After this long without news a stream of events says that it is there."""
LOOK_SECONDS = 2.0
"""How often a stream looks for news of other processes, which do not wake it."""
PIECE = 1 << 18
THUMBNAILS = "thumbnails"
THUMBNAIL = 400
"""Pixels of the width up to which images are kept: a list shows many of them, and again and again."""
BLOCK = re.compile(r"p([1-9][0-9]{0,5})-b[1-9][0-9]{0,6}")


def router(queue: JobQueue, settings: DocumentsSettings, making: Making, ahead: Ahead) -> APIRouter:
    """The routes; the children of `making` end with the application, and so does what is made `ahead`."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        with ahead:
            yield
        await to_thread.run_sync(making.close)

    api = APIRouter(prefix="/documents", tags=["documents"], lifespan=lifespan, dependencies=[Depends(guard)])
    add_intake(api, queue, settings, ahead)
    _add_looks(api, queue)
    _add_files(api, queue, making)
    _add_changes(api, queue)
    return api


async def guard(response: Response) -> None:
    """Have a browser run nothing of the answer."""
    response.headers.update(SAFE)


def _add_looks(api: APIRouter, queue: JobQueue) -> None:
    @api.get("", responses=typed_errors(400))
    def documents(
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[str | None, Query(description="`next` of the part before", max_length=64)] = None,
        state: JobState | None = None,
    ) -> DocumentList:
        """Documents, the newest first."""
        if before is not None and not is_id(before):
            raise no_job(before)
        found = queue.jobs(limit + 1, before, state)
        shown = [DocumentShown(**shapes.document_shape(one)) for one in found[:limit]]
        return DocumentList(documents=shown, next=shown[-1].id if len(found) > limit else None)

    @api.get("/{id}", responses=typed_errors(404))
    def document(id: Id) -> DocumentWithPages:
        """A document: its state, progress and pages."""
        return DocumentWithPages(
            **shapes.document_shape(queue.job(id)),
            pages=[shapes.PageShown(**shapes.page_shape(page)) for page in queue.pages(id)],
        )

    @api.get("/{id}/pages/{number}", responses=typed_errors(404, 409))
    def page(id: Id, number: Number, corrected: Corrected = True) -> dict[str, Any]:
        """What was read on a page, as in the JSON export; there as soon as the page was read."""
        return page_to_json((corrected_page if corrected else read_page)(queue, id, number))

    @api.get("/{id}/events", response_model=NewsList, responses=typed_errors(404) | shapes.EVENTS)
    async def events(
        id: Id,
        request: Request,
        after: Annotated[int | None, Query(ge=0, le=2**62, description="polls: events after that number")] = None,
        last_event_id: Annotated[str | None, Header(max_length=32)] = None,
    ) -> Any:
        """Events: live as server-sent events, from `Last-Event-ID` on; or, with `after`, those until now as JSON."""
        record = await to_thread.run_sync(queue.job, id)
        if after is not None and "text/event-stream" not in request.headers.get("accept", ""):
            news = await to_thread.run_sync(queue.news, id, after)
            shown = [shapes.news_shape(one) for one in news]
            last = news[-1].number if news else min(after, record.last_news)
            return {"events": shown, "last": last, "ended": record.state.ended and last >= record.last_news}
        last_id = last_event_id or ""
        since = int(last_id) if last_id.isascii() and last_id.isdecimal() else after or 0
        if record.state.ended and since >= record.last_news:
            return Response(status_code=204)  # which tells an EventSource not to come back
        headers = SAFE | {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_live(queue, id, min(since, 2**62)), media_type="text/event-stream", headers=headers)


@contextmanager
def heard(queue: JobQueue, id: str) -> Iterator[asyncio.Event]:
    """An event that is set whenever the job changes, for the running loop."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake(changed: str) -> None:
        if changed == id:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(event.set)

    end = queue.on_change(wake)
    try:
        yield event
    finally:
        end()


async def _live(queue: JobQueue, id: str, since: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    quiet = 0.0
    with heard(queue, id) as changed:
        while True:
            changed.clear()
            try:
                record = await to_thread.run_sync(queue.job, id)
                news = await to_thread.run_sync(queue.news, id, since)
            except NotFound:
                yield "event: deleted\ndata: {}\n\n"
                return
            for one in news:
                since = one.number
                text = json.dumps(shapes.news_shape(one), ensure_ascii=False)
                yield f"id: {one.number}\nevent: {one.kind.value}\ndata: {text}\n\n"
            if record.state.ended and since >= record.last_news:
                return
            if news:
                quiet = 0.0
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), LOOK_SECONDS)
            quiet += LOOK_SECONDS
            if quiet >= QUIET_SECONDS:
                quiet = 0.0
                yield ": still here\n\n"


def _add_files(api: APIRouter, queue: JobQueue, making: Making) -> None:
    @api.get("/{id}/export", response_class=Response, responses=typed_errors(400, 404, 409, 503) | shapes.EXPORTS)
    async def export(
        id: Id, request: Request, format: FormatName, furniture: bool = False, corrected: Corrected = True
    ) -> Response:
        """The document in a format, always as a file to be saved."""
        look = lambda: (queue.job(id), queue.files_of(id), *corrections_of(queue, id))  # noqa: E731
        record, files, revision, corrections = await to_thread.run_sync(look)
        if files.document is None:
            raise record.error or NotReady(state=record.state.word)
        kind = FORMATS[format]
        wanted = Wanted(format, furniture, corrected)
        work = lambda: exported(making.exports, files, wanted, revision, corrections)  # noqa: E731
        made = await making.wait(making.exports, work)
        headers = SAFE | {
            "ETag": f'"{_digest(id, made.version)}"',
            "Cache-Control": "private, no-cache",
            "Content-Disposition": disposition(record.name, kind.suffix),
        }
        if _known(request, headers["ETag"]):
            made.file.close()
            return Response(status_code=304, headers=headers)
        size = os.fstat(made.file.fileno()).st_size
        headers["Content-Length"] = str(size)
        media = f"{kind.media_type}; charset=utf-8" if kind.media_type.startswith("text/") else kind.media_type
        return StreamingResponse(_pieces(made.file, size), headers=headers, media_type=media)

    @api.get(
        "/{id}/pages/{number}/image", response_class=Response, responses=typed_errors(404, 409, 503) | shapes.IMAGES
    )
    async def page_image(
        id: Id,
        number: Number,
        request: Request,
        width: Annotated[int, Query(ge=16, le=8000, description="pixels")] = 1000,
        format: ImageFormat = "png",
    ) -> Response:
        """A page of the file as a viewer shows it; a file never changes, so neither does its image."""
        record, files = await to_thread.run_sync(lambda: (queue.job(id), queue.files_of(id)))
        if record.page_count == 0:
            raise record.error or NotReady(NO_PAGE_YET, number=number, state=record.state.word)
        if number > record.page_count:
            raise NotFound(NO_PAGE, number=number, name=record.name)
        task = ImageTask(files.original, files.password, number, width=width, format=format)
        etag = f'"{_digest(record.sha256, number, width, format)}"'
        kept = files.pictures.parent / THUMBNAILS / f"{number}-{width}.{format}" if width <= THUMBNAIL else None
        return await _image(making, task, request, etag, "private, max-age=604800, immutable", kept)

    @api.get(
        "/{id}/blocks/{block}/image", response_class=Response, responses=typed_errors(404, 409, 503) | shapes.IMAGES
    )
    async def block_image(
        id: Id,
        block: Annotated[str, Path(examples=["p1-b2"], max_length=64)],
        request: Request,
        dpi: Annotated[int, Query(ge=18, le=600)] = 150,
        format: ImageFormat = "png",
    ) -> Response:
        """A block cut out of its page; it may change when the page is read again."""
        record, files = await to_thread.run_sync(lambda: (queue.job(id), queue.files_of(id)))
        named = BLOCK.fullmatch(block)
        number = int(named[1]) if named else 0
        page = await to_thread.run_sync(corrected_page, queue, id, number) if named else None
        found = next((one for one in page.blocks if one.id == block), None) if page else None
        if found is None:
            raise NotFound(NO_BLOCK, block=block, name=record.name)
        box = found.box.rounded()
        task = ImageTask(files.original, files.password, number, dpi=dpi, box=box, format=format)
        return await _image(making, task, request, f'"{_digest(record.sha256, box, dpi, format)}"', "private, no-cache")


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    with file:
        while size > 0 and (piece := file.read(min(size, PIECE))):
            size -= len(piece)
            yield piece


async def _image(
    making: Making, task: ImageTask, request: Request, etag: str, caching: str, kept: FilePath | None = None
) -> Response:
    headers = SAFE | {"ETag": etag, "Cache-Control": caching}
    if _known(request, etag):
        return Response(status_code=304, headers=headers)
    data = await to_thread.run_sync(_kept_bytes, kept) if kept else b""
    if not data:
        data = await making.make(task)
        if kept:
            await to_thread.run_sync(_keep_bytes, kept, data)
    return Response(data, headers=headers, media_type=f"image/{task.format}")


def _kept_bytes(path: FilePath) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _keep_bytes(path: FilePath, data: bytes) -> None:
    """Keep a small image beside its document; where that cannot be, it is drawn again the next time."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr((__version__, *parts)).encode()).hexdigest()[:32]


def _known(request: Request, etag: str) -> bool:
    """Whether the client has it already (RFC 9110, 13.1.2)."""
    given = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag in given or "*" in given


def disposition(name: str, suffix: str) -> str:
    """The header that has a file saved, under a name for all clients and one in full (RFC 6266, RFC 8187)."""
    stem = name.rpartition(".")[0] or name
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "_" for one in stem)
    return f"attachment; filename=\"{plain.lstrip('.')[:100] or 'document'}{suffix}\"; filename*=UTF-8''" + quote(
        stem.encode("utf-8", "replace")[:200].decode("utf-8", "ignore") + suffix, safe=""
    )


def _add_changes(api: APIRouter, queue: JobQueue) -> None:
    def shown(record: JobRecord) -> DocumentShown:
        return DocumentShown(**shapes.document_shape(record))

    @api.post("/{id}/cancel", responses=typed_errors(404))
    def cancel(id: Id) -> DocumentShown:
        """End the reading; pages that were read stay, and a retry reads the others."""
        return shown(queue.cancel(id))

    @api.post("/{id}/pause", responses=typed_errors(404))
    def pause(id: Id) -> DocumentShown:
        """Begin no more pages."""
        return shown(queue.pause(id))

    @api.post("/{id}/resume", responses=typed_errors(404))
    def resume(id: Id) -> DocumentShown:
        """Go on with a paused document."""
        return shown(queue.resume(id))

    @api.post("/{id}/retry", responses=typed_errors(400, 404))
    def retry(id: Id) -> DocumentShown:
        """Read all failed pages again; what failed as a whole or was cancelled goes on with what is missing."""
        return shown(queue.retry(id))

    @api.post("/{id}/pages/{number}/retry", responses=typed_errors(400, 404))
    def retry_page(id: Id, number: Number) -> DocumentShown:
        """Read a page again; its last result stays until then."""
        return shown(queue.retry(id, number))

    @api.delete("/{id}", status_code=204, responses=typed_errors(404))
    def delete(id: Id) -> None:
        """Delete the document with all that was made of it."""
        queue.delete(id)
