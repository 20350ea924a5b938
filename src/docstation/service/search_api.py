"""What is looked for among documents: words in them, and how far those are that are being read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from docstation.jobs import progress, search
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobRecord, JobState, PageState
from docstation.service.documents_api import Id, guard
from docstation.service.documents_shapes import typed_errors
from docstation.service.indexing import Indexer
from docstation.service.making import Making

LONGEST_QUESTION = 400


class HitShown(BaseModel):
    """A page on which all was found.

    Attributes:
        page: its number.
        block: the block that holds most of it; null for the document's name.
        snippet: of that block, on one line.
        marks: begin and end, in the snippet, of each word that was found.
    """

    page: int
    block: str | None
    snippet: str
    marks: list[tuple[int, int]]


class FoundDocumentShown(BaseModel):
    """A document in which all was found: how many of its pages hold it, and the best of them."""

    id: str
    name: str
    created: float
    pages: int
    hits: list[HitShown]


class FoundShown(BaseModel):
    """What was found, the best first; `next` is the ``offset`` of the next part, null where this is the last."""

    documents: list[FoundDocumentShown]
    total: int
    next: int | None


class ProgressShown(BaseModel):
    """How far a document is.

    Attributes:
        id: of the document.
        name: as its owner calls the file.
        state: where its reading stands.
        done: pages that were read, well or not.
        total: pages that are asked for, 0 before it was opened.
        failed: of those done, how many could not be read.
        progress: 0 to 1, null before the file was opened.
        eta_seconds: until the document is there, null where that is not known.
        last_news: what to give as ``after`` the next time.
        pages: number → state of each page that changed after that.
    """

    id: str
    name: str
    state: JobState
    done: int
    total: int
    failed: int
    progress: float | None
    eta_seconds: float | None
    last_news: int
    pages: dict[int, PageState]


class ActiveShown(BaseModel):
    """The documents that have not ended, the newest first; without their pages."""

    documents: list[ProgressShown]


def router(queue: JobQueue, making: Making) -> APIRouter:
    """The routes; the index is kept while the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        with Indexer(queue, making.exports) as indexer:
            yield
        await to_thread.run_sync(making.exports.close)
        await to_thread.run_sync(indexer.join)
        await to_thread.run_sync(making.exports.close)  # what it may have begun in between

    api = APIRouter(prefix="/documents", tags=["documents"], lifespan=lifespan, dependencies=[Depends(guard)])

    @api.get("/search", responses=typed_errors(400, 404))
    def found(
        q: Annotated[str, Query(max_length=LONGEST_QUESTION, description="words, phrases in quotes")],
        document: Annotated[str, Query(max_length=64, description="only in this one")] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=search.MOST_PAGES)] = 0,
    ) -> FoundShown:
        """Documents with a page that holds all these words, in any of their forms; the last one may be unfinished."""
        made = search.search(queue, q, document=document, limit=limit, offset=offset)
        after = offset + limit
        return FoundShown(
            documents=[_found(one) for one in made.documents],
            total=made.total,
            next=after if after < made.total else None,
        )

    @api.get("/progress")
    def active() -> ActiveShown:
        """How far the documents are that have not ended; cheap enough to be asked every half second."""
        return ActiveShown(documents=[ProgressShown(**_progress(one), pages={}) for one in progress.active(queue)])

    @api.get("/{id}/progress", responses=typed_errors(404))
    def progressed(
        id: Id, after: Annotated[int, Query(ge=0, le=2**62, description="`last_news` of the time before")] = 0
    ) -> ProgressShown:
        """How far a document is, and the pages that changed; cheap enough to be asked every half second."""
        made = progress.progress(queue, id, after)
        return ProgressShown(**_progress(made.job), pages=dict(made.pages))

    return api


def _found(one: search.FoundDocument) -> FoundDocumentShown:
    hits = [
        HitShown(page=hit.page, block=hit.block or None, snippet=hit.snippet.text, marks=list(hit.snippet.marks))
        for hit in one.hits
    ]
    return FoundDocumentShown(id=one.id, name=one.name, created=one.created, pages=one.pages, hits=hits)


def _progress(record: JobRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "state": record.state,
        "done": record.done,
        "total": record.total,
        "failed": record.counts.get(PageState.FAILED, 0),
        "progress": round(record.done / record.total, 4) if record.total else None,
        "eta_seconds": record.eta_seconds,
        "last_news": record.last_news,
    }
