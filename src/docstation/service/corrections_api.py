"""Corrections over HTTP, below ``/documents/{id}``: blocks changed, added and struck out; parts of pages read alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request

from docstation.document.codec import page_to_json
from docstation.document.corrections import Correction
from docstation.document.corrections_codec import correction_to_json
from docstation.document.model import Block, Page
from docstation.errors import NotFound, NotReady
from docstation.jobs import corrections
from docstation.jobs.corrections import NO_BLOCK, NO_PAGE, NO_PAGE_YET, Kept, read_page
from docstation.jobs.queue import JobQueue
from docstation.jobs.region import RegionTask
from docstation.jobs.runner_worker import ReadTask
from docstation.service.corrections_shapes import (
    BlockAsked,
    CorrectedShown,
    CorrectionAsked,
    CorrectionList,
    RegionAsked,
    RegionShown,
    as_added,
    body_of,
    heard,
)
from docstation.service.documents_api import BLOCK, Id, Number, guard
from docstation.service.documents_shapes import ReadAsked, typed_errors
from docstation.service.making import Making
from docstation.service.uploads import DocumentsSettings, checked_options

BlockId = Annotated[str, Path(description="Id of a block.", examples=["p1-b2"], max_length=64)]
_CELL = {"row": 1, "column": 2, "text": "1 200,00"}
CORRECTION = body_of(CorrectionAsked, cells=[_CELL])
ADDED = body_of(BlockAsked, box=[72, 90, 300, 120], text="Директор: Иванов И. И.")
REGION = body_of(RegionAsked, box=[72, 90, 300, 120])


def router(queue: JobQueue, settings: DocumentsSettings, making: Making) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/documents/{id}", tags=["corrections"], dependencies=[Depends(guard)])
    _add_corrections(api, queue)
    _add_changes(api, queue)
    _add_regions(api, queue, settings, making)
    return api


def _add_corrections(api: APIRouter, queue: JobQueue) -> None:
    @api.get("/corrections", responses=typed_errors(404))
    def listed(
        id: Id, page: Annotated[int, Query(ge=0, le=1_000_000, description="0: all pages")] = 0
    ) -> CorrectionList:
        """What was corrected, apart from what was read."""
        found = corrections.listed(queue, id, page)
        shown = [_shown(block, kept) for block, kept in found.items]
        return CorrectionList(revision=found.revision, corrections=shown)

    @api.delete("/corrections", status_code=204, responses=typed_errors(404))
    def clear(id: Id) -> None:
        """Take away all corrections, added blocks too."""
        corrections.clear(queue, id)


def _add_changes(api: APIRouter, queue: JobQueue) -> None:
    async def correct(id: str, block: str, change: Callable[[Block, Correction], Correction]) -> CorrectedShown:
        found = BLOCK.fullmatch(block)
        if found is None:
            record = await to_thread.run_sync(queue.job, id)
            raise NotFound(NO_BLOCK, block=block, name=record.name)
        made = await to_thread.run_sync(corrections.correct, queue, id, int(found[1]), block, change)
        there = any(one.id == made.block for one in made.page.blocks)
        return CorrectedShown(block=block if there else "", page=page_to_json(made.page), revision=made.revision)

    @api.patch("/corrections/{block}", openapi_extra=CORRECTION, responses=typed_errors(400, 404, 409, 413))
    async def amend(id: Id, block: BlockId, request: Request) -> CorrectedShown:
        """Correct a block; what is left out stays as it was corrected before."""
        asked = await heard(request, CorrectionAsked)
        return await correct(id, block, asked.correction)

    @api.put("/corrections/{block}", openapi_extra=CORRECTION, responses=typed_errors(400, 404, 409, 413))
    async def replace(id: Id, block: BlockId, request: Request) -> CorrectedShown:
        """Correct a block; what is left out is as it was read."""
        asked = await heard(request, CorrectionAsked)
        return await correct(id, block, lambda read, before: asked.correction(read, _plain(before)))

    @api.delete("/corrections/{block}", responses=typed_errors(404, 409))
    async def undo(id: Id, block: BlockId) -> CorrectedShown:
        """A block as it was read; one that was added goes away."""
        return await correct(id, block, lambda _read, before: Correction(before.block, before.page, before.box))

    @api.post(
        "/pages/{number}/blocks", status_code=201, openapi_extra=ADDED, responses=typed_errors(400, 404, 409, 413)
    )
    async def add(id: Id, number: Number, request: Request) -> CorrectedShown:
        """Add a block that nobody read."""
        asked = await heard(request, BlockAsked)
        new = [asked.correction(number)]
        ids, page, revision = await to_thread.run_sync(corrections.add, queue, id, number, new)
        return CorrectedShown(block=ids[0], page=page_to_json(page), revision=revision)


def _add_regions(api: APIRouter, queue: JobQueue, settings: DocumentsSettings, making: Making) -> None:
    def prepared(id: str, number: int, asked: RegionAsked) -> ReadTask:
        """What the child is asked."""
        record, files = queue.job(id), queue.files_of(id)
        if asked.add:
            read_page(queue, id, number)
        if record.page_count == 0:
            raise record.error or NotReady(NO_PAGE_YET, number=number, state=record.state.word)
        if number > record.page_count:
            raise NotFound(NO_PAGE, number=number, name=record.name)
        options = checked_options(ReadAsked(engine=asked.engine), settings, record.name)
        task = RegionTask(files.original, record.name, number, files.password, record.options.dpi, asked.area)
        return ReadTask(options.engine, record.options.languages, task)

    @api.post("/pages/{number}/read", openapi_extra=REGION, responses=typed_errors(400, 404, 409, 413, 422, 503))
    async def read(id: Id, number: Number, request: Request) -> RegionShown:
        """Read a part of a page alone; it is kept only where it is to be added."""
        asked = await heard(request, RegionAsked)
        began = time.monotonic()
        task = await to_thread.run_sync(prepared, id, number, asked)
        page: Page = await making.make(task)
        ids: tuple[str, ...] = ()
        if asked.add and page.blocks:
            ids, _page, _revision = await to_thread.run_sync(corrections.add, queue, id, number, as_added(page))
        seconds = round(time.monotonic() - began, 3)
        return RegionShown(page=page_to_json(page), seconds=seconds, added=list(ids))


def _plain(before: Correction) -> Correction:
    """A correction of the same block that changes nothing yet; an added one stays one."""
    return Correction(before.block, before.page, before.box, added=before.added, after=before.after)


def _shown(block: str, kept: Kept) -> dict[str, Any]:
    return {**correction_to_json(kept.correction), "block": block or None, "changed": kept.changed}
