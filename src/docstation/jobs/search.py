"""The search over documents: which ones are to be indexed, their words kept, and what a question finds.

Documents are indexed once they are there, and again when they were read anew or corrected; the index goes with them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from docstation.document.model import Document
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_changes import check
from docstation.jobs.queue_records import JobState
from docstation.jobs.search_index import matching
from docstation.jobs.search_words import Phrase, Snippet, best_block, stems, understood
from docstation.jobs.tables import Documents, Jobs, SearchedDocuments, SearchedPages

MOST_PAGES = 2000
"""Pages that a question is answered from; the best of them."""
HITS = 3
"""Pages shown of each document, of which the question asks among others."""
HITS_OF_ONE = 200


@dataclass(frozen=True, slots=True)
class Stale:
    """A document whose words are not in the index as it is now: which reading and which revision of it that is."""

    id: str
    ended: float
    revision: int


@dataclass(frozen=True, slots=True)
class PageWords:
    """What is kept of a page: ids and texts of its blocks, and the stems of all of them."""

    page: int
    blocks: tuple[tuple[str, str], ...]
    stems: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A page on which all was found.

    Attributes:
        page: its number.
        block: the block that holds most of it, empty for the document's name.
        snippet: of that block.
    """

    page: int
    block: str
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document in which all was found.

    Attributes:
        id: its id.
        name: as its owner calls the file.
        created: when it was submitted.
        pages: how many of its pages hold all.
        hits: the best of them.
    """

    id: str
    name: str
    created: float
    pages: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A part of what a question found, the best first; `total` documents in all."""

    documents: tuple[FoundDocument, ...]
    total: int


def words_of(document: Document) -> tuple[PageWords, ...]:
    """What is kept of each page; the document's name counts as a part of its first."""
    found = []
    for place, page in enumerate(document.pages):
        named = (("", document.source.name),) if place == 0 else ()
        blocks = named + tuple((block.id, block.text) for block in page.blocks if block.text)
        found.append(PageWords(page.number, blocks, " ".join(stems(text) for _id, text in blocks)))
    return tuple(found)


def stale(queue: JobQueue, besides: Collection[Stale] = ()) -> Stale | None:
    """The newest document that is to be indexed; those of `besides` are left alone."""
    known = (SearchedDocuments.ended == Jobs.ended) & (SearchedDocuments.revision == Documents.revision)
    query = (
        select(Jobs.id, Jobs.ended, Documents.revision)
        .join(Documents, Documents.id == Jobs.id)
        .outerjoin(SearchedDocuments, (SearchedDocuments.document == Jobs.id) & known)
        .where(Jobs.state == JobState.DONE, SearchedDocuments.document.is_(None))
        .order_by(Jobs.ended.desc())
        .limit(len(besides) + 1)
    )
    with queue.database.reading() as connection:
        rows = [Stale(row.id, row.ended, row.revision) for row in connection.execute(query)]
    return next((one for one in rows if one not in besides), None)


def keep(queue: JobQueue, document: Stale, pages: Sequence[PageWords]) -> bool:
    """Put the words of a document in place of those before; whether it is still the same document."""
    with queue.database.writing() as connection:
        query = select(Jobs.ended, Documents.revision).join(Documents, Documents.id == Jobs.id)
        now = connection.execute(query.where(Jobs.id == document.id).with_for_update()).one_or_none()
        if now is None or (now.ended, now.revision) != (document.ended, document.revision):
            return False
        for table in (SearchedPages, SearchedDocuments):
            connection.execute(delete(table).where(table.document == document.id))
        rows = [
            {
                "document": document.id,
                "page": one.page,
                "blocks": json.dumps(one.blocks, ensure_ascii=False),
                "stems": one.stems,
            }
            for one in pages
        ]
        if rows:
            connection.execute(insert(SearchedPages), rows)
        values = {"document": document.id, "ended": document.ended, "revision": document.revision}
        connection.execute(insert(SearchedDocuments).values(values))
    return True


def search(queue: JobQueue, question: str, *, document: str = "", limit: int = 20, offset: int = 0) -> Found:
    """Documents with a page that holds all that is asked for.

    Args:
        queue: of the documents.
        question: words, phrases in quotes; the last word may be unfinished.
        document: only this one; empty for all.
        limit: of documents.
        offset: documents that were shown before.

    Raises:
        NotFound: there is no such document.
    """
    asked = understood(question)
    with queue.database.reading() as connection:
        if document:
            check(connection, document)
        rows = matching(connection, asked, document, MOST_PAGES) if asked else []
        pages: dict[str, list[int]] = {}
        for row, id, _page in rows:
            pages.setdefault(id, []).append(row)
        shown = list(pages)[offset : offset + limit]
        most = HITS_OF_ONE if document else HITS
        documents = tuple(_document(connection, id, pages[id], asked, most) for id in shown)
    return Found(documents, len(pages))


def _document(connection: Connection, id: str, rows: list[int], asked: Sequence[Phrase], most: int) -> FoundDocument:
    named = connection.execute(select(Documents.name, Documents.created).where(Documents.id == id)).one()
    query = select(SearchedPages.id, SearchedPages.page, SearchedPages.blocks)
    found = {row.id: row for row in connection.execute(query.where(SearchedPages.id.in_(rows[:most])))}
    hits = []
    for row in (found[one] for one in rows[:most]):
        block, snippet = best_block(json.loads(row.blocks), asked)
        hits.append(Hit(row.page, block, snippet))
    return FoundDocument(id, named.name, named.created, len(rows), tuple(hits))
