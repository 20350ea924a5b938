"""Two documents of the service compared page by page: the same file read by two models, or read twice."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from docstation.jobs.queue import JobQueue
from docstation.service.documents_api import Id, guard
from docstation.service.documents_shapes import typed_errors
from docstation.service.extracting import read_document

Other = Annotated[
    str, Path(description="Id of the other document.", examples=["0650f2c1d35a8b00a1b2c3d4"], max_length=64)
]


class ScoresShown(BaseModel):
    """How far two readings agree, 1 where they are alike, null where there is nothing to compare.

    Attributes:
        characters: letters, in reading order.
        words: words, whatever their order.
        blocks: letters of matching blocks.
        order: of matching blocks.
        tables: mean TEDS.
    """

    characters: float | None
    words: float | None
    blocks: float | None
    order: float | None
    tables: float | None


class PieceShown(BaseModel):
    """Words that both have (same), or one has where the other has others or none."""

    kind: Literal["same", "changed", "first", "second"]
    first: str
    second: str


class PageComparedShown(BaseModel):
    """A page: scores, how many places differ, and all words."""

    number: int
    scores: ScoresShown
    differences: int
    pieces: list[PieceShown]


class ComparedShown(BaseModel):
    """Two documents: mean scores, and each page."""

    first: str
    second: str
    scores: ScoresShown
    pages: list[PageComparedShown]


def router(queue: JobQueue) -> APIRouter:
    """The routes."""
    api = APIRouter(tags=["documents"], dependencies=[Depends(guard)])

    @api.get("/documents/{id}/compare/{other}", responses=typed_errors(404, 409))
    def compare(id: Id, other: Other) -> ComparedShown:
        """Where two readings differ; neither is taken for the truth."""
        from docstation.bootstrap.comparison_report import agreement_to_json, pages_to_json
        from docstation.evaluation.differing import compare_documents, mean

        pages = compare_documents(read_document(queue, id), read_document(queue, other))
        scores = ScoresShown.model_validate(agreement_to_json(mean(pages)))
        shown = [PageComparedShown.model_validate(page) for page in pages_to_json(pages)]
        return ComparedShown(first=id, second=other, scores=scores, pages=shown)

    return api
