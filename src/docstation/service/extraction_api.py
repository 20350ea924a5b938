"""Extraction over HTTP: asked for below ``/documents/{id}``; followed and corrected under ``/extractions``."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from docstation.bootstrap.engines import Endpoint, endpoint
from docstation.bootstrap.extracting import named_schema
from docstation.bootstrap.extraction_files import write_extractions
from docstation.errors import NotReady, UsageError
from docstation.extraction.codec import schema_to_json
from docstation.extraction.presets import list_presets
from docstation.extraction.printed import Scalar
from docstation.jobs.extractions import NOT_DONE, ExtractionStore
from docstation.jobs.queue import JobQueue
from docstation.messages.marking import N_
from docstation.service.corrections_shapes import body_of, heard
from docstation.service.documents_api import Id, guard
from docstation.service.documents_shapes import typed_errors
from docstation.service.extracting import Extractor, read_document
from docstation.service.extraction_shapes import (
    MEDIA_TYPES,
    ExtractAsked,
    ExtractionList,
    ExtractionShown,
    Format,
    PresetList,
    ValuesAsked,
    extraction_shown,
    preset_shown,
)
from docstation.service.making import Making

ExtractionId = Annotated[str, Path(description="Id of an extraction.", max_length=64, examples=["5f2c1d35a8b00a1b"])]
Ids = Annotated[list[Annotated[str, Query(max_length=64)]], Query(min_length=1, max_length=1000)]
Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait for its end.")]
MOST_WAITING = 16
"""Requests that wait for an end at the same time."""
SEVERAL_SCHEMAS = N_("These extractions are by several schemas; take those by one.")
ASKED = body_of(ExtractAsked, preset="счёт")
VALUES = body_of(ValuesAsked, values=[{"path": "total", "value": "1 200,00"}])


def router(queue: JobQueue, making: Making, where: Callable[[], Endpoint] = endpoint) -> APIRouter:
    """The routes; what is under way ends with the application.

    Args:
        queue: of the documents.
        making: draws pages.
        where: tells where the model is asked.
    """
    work: list[tuple[ExtractionStore, Extractor]] = []

    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        store = ExtractionStore(queue.database)
        await to_thread.run_sync(store.recover)
        work.append((store, Extractor(queue, store, making.images.make, where)))
        yield
        await to_thread.run_sync(work.pop()[1].close)

    api = APIRouter(tags=["extraction"], lifespan=lifespan, dependencies=[Depends(guard)])
    _add_looks(api, queue, lambda: work[0])
    _add_changes(api, queue, lambda: work[0])
    _add_files(api, lambda: work[0])
    return api


Work = Callable[[], tuple[ExtractionStore, Extractor]]


def _add_looks(api: APIRouter, queue: JobQueue, work: Work) -> None:
    @api.get("/extractions/presets")
    def presets() -> PresetList:
        """What can be asked for by name."""
        return PresetList(presets=[preset_shown(one) for one in list_presets()])

    @api.get("/documents/{id}/extractions", responses=typed_errors(404))
    def extractions(id: Id) -> ExtractionList:
        """Extractions from a document, the newest first."""
        queue.job(id)
        return ExtractionList(extractions=[extraction_shown(one) for one in work()[0].of_document(id)])


def _add_changes(api: APIRouter, queue: JobQueue, work: Work) -> None:
    @api.post(
        "/documents/{id}/extract", status_code=202, openapi_extra=ASKED, responses=typed_errors(400, 404, 409, 413, 503)
    )
    async def extract(id: Id, request: Request) -> ExtractionShown:
        """Extract values from a document that was read."""
        asked = await heard(request, ExtractAsked)
        schema = named_schema(asked.json_schema, asked.preset, asked.fields)
        return extraction_shown(await to_thread.run_sync(work()[1].begin, id, schema, asked.by))

    @api.patch("/extractions/{extraction}", openapi_extra=VALUES, responses=typed_errors(400, 404, 409, 413))
    async def correct(extraction: ExtractionId, request: Request) -> ExtractionShown:
        """Correct values; checks are made anew."""
        asked = await heard(request, ValuesAsked)
        said: dict[str, Scalar] = {one.path: one.value for one in asked.values if not one.undo}
        undone = [one.path for one in asked.values if one.undo]
        store = work()[0]

        def change() -> ExtractionShown:
            document = read_document(queue, store.get(extraction).document)
            return extraction_shown(store.correct(extraction, document, said, undone))

        return await to_thread.run_sync(change)

    @api.delete("/extractions/{extraction}", status_code=204, responses=typed_errors(404))
    def delete(extraction: ExtractionId) -> None:
        """Forget an extraction; one that is under way is broken off."""
        work()[1].delete(extraction)


def _add_files(api: APIRouter, work: Work) -> None:
    waiting = CapacityLimiter(MOST_WAITING)
    files = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": files}}

    @api.get("/extractions/export", response_class=Response, responses=typed_errors(400, 404, 409) | found)
    def export(ids: Ids, format: Format = "json") -> Response:
        """Extractions by one schema as one file: a row for each document, and tables of their lists."""
        kept = [work()[0].get(id) for id in ids]
        results = [one.result for one in kept if one.result is not None]
        if len(results) < len(kept):
            raise NotReady(NOT_DONE, state=next(one.state.word for one in kept if one.result is None))
        if any(schema_to_json(one.schema) != schema_to_json(kept[0].schema) for one in kept):
            raise UsageError(SEVERAL_SCHEMAS)
        stream = io.BytesIO()
        write_extractions(results, stream, format)
        name = f'attachment; filename="extraction.{format}"'
        return Response(stream.getvalue(), media_type=MEDIA_TYPES[format], headers={"Content-Disposition": name})

    # Behind the routes with names of their own, which it would take for ids.
    @api.get("/extractions/{extraction}", responses=typed_errors(404))
    async def extraction(extraction: ExtractionId, wait: Wait = 0) -> ExtractionShown:
        """An extraction, once it has ended or after a while."""
        store, extractor = work()
        # Whoever waits holds a thread; those who find none free are answered at once.
        if wait and waiting.available_tokens >= 1:
            kept = await to_thread.run_sync(extractor.await_change, extraction, wait, limiter=waiting)
        else:
            kept = await to_thread.run_sync(store.get, extraction)
        return extraction_shown(kept)
