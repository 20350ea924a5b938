"""Corrections of documents in the database: written one by one, and what was read with them applied.

They lie beside what was read and never change it. Each change raises the document's `revision`, by which exports and
the index of words know that they are old.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, func, insert, select, update

from docstation.document.corrections import Correction, added_id, corrected, placed
from docstation.document.corrections_codec import correction_from_json, correction_to_json
from docstation.document.model import Block, Category, Document, Page
from docstation.errors import NotFound, NotReady
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_changes import check
from docstation.jobs.queue_rows import no_job
from docstation.jobs.tables import Corrections, Documents, Jobs, Pages
from docstation.messages.marking import N_

NO_BLOCK = N_("There is no block {block} in {name}.")
NO_PAGE = N_("There is no page {number} in {name}.")
NO_PAGE_YET = N_("Page {number} is not there yet: the document is {state}.")

Change = Callable[[Block, Correction], Correction]
"""What a correction becomes, given its block as it was read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A correction in the database.

    Attributes:
        number: in its document.
        changed: when, seconds of the epoch.
        correction: itself.
    """

    number: int
    changed: float
    correction: Correction


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a change led to.

    Attributes:
        block: id of the block that was corrected or added.
        page: with all its corrections.
        revision: of the document, after it.
    """

    block: str
    page: Page
    revision: int


@dataclass(frozen=True, slots=True)
class Listed:
    """All corrections of a document or of a page.

    Attributes:
        revision: of the document.
        items: with the id of the block that each holds for now, empty where the page has no such block any more.
    """

    revision: int
    items: tuple[tuple[str, Kept], ...]


def read_page(queue: JobQueue, id: str, number: int) -> Page:
    """The page as it was read.

    Raises:
        NotFound: no such document, or no such page in it.
        NotReady: it was not read yet.
    """
    record = queue.job(id)
    found = queue.page(id, number)
    if found is not None:
        return found
    if record.total and all(page.number != number for page in queue.pages(id)):
        raise NotFound(NO_PAGE, number=number, name=record.name)
    raise NotReady(NO_PAGE_YET, number=number, state=record.state.word)


def revision_of(queue: JobQueue, id: str) -> int:
    """How often the document's corrections were changed."""
    with queue.database.reading() as connection:
        return _revision(connection, id)


def corrections_of(queue: JobQueue, id: str, page: int = 0) -> tuple[int, tuple[Correction, ...]]:
    """The document's revision and its corrections, or those of a page; both of the same moment."""
    with queue.database.reading() as connection:
        return _revision(connection, id), tuple(one.correction for one in _kept(connection, id, page))


def corrected_page(queue: JobQueue, id: str, number: int) -> Page:
    """The page with its corrections; see `read_page`."""
    page = read_page(queue, id, number)
    return corrected(page, corrections_of(queue, id, number)[1])


def corrected_document(queue: JobQueue, id: str) -> Document | None:
    """The document with its corrections; None before there is one."""
    document = queue.document(id)
    return None if document is None else with_corrections(document, corrections_of(queue, id)[1])


def with_corrections(document: Document, corrections: Sequence[Correction]) -> Document:
    """The document with the corrections of its pages, and its body put together over them."""
    by_page: dict[int, list[Correction]] = {}
    for one in corrections:
        by_page.setdefault(one.page, []).append(one)
    pages = tuple(corrected(page, by_page.get(page.number, ())) for page in document.pages)
    if all(page is before for page, before in zip(pages, document.pages, strict=True)):
        return document
    from docstation.reading.assembly import body_of

    return replace(document, pages=pages, body=body_of(pages))


def listed(queue: JobQueue, id: str, page: int = 0) -> Listed:
    """The document's corrections, or those of a page, in the order in which they were made."""
    with queue.database.reading() as connection:
        revision, kept = _revision(connection, id), _kept(connection, id, page)
        query = select(Pages.number, Pages.changed).where(Pages.job == id)
        changed = {row.number: row.changed for row in connection.execute(query)}
    again = {one.correction.page for one in kept if one.changed <= changed.get(one.correction.page, 0.0)}
    # Blocks of a page that was not read since then are those that were corrected.
    places = {one.number: one.correction.block for one in kept if one.correction.page not in again}
    for number in again:
        read = queue.page(id, number)
        if read is not None:
            places |= {made.number: block for block, made in _holding(read, kept).items()}
    return Listed(revision, tuple((places.get(one.number, ""), one) for one in kept))


def correct(queue: JobQueue, id: str, number: int, block: str, change: Change) -> Corrected:
    """Change the correction of a block; one that comes to nothing is taken away.

    Args:
        queue: of the document.
        id: of the document.
        number: of the page.
        block: its id as the page has it now, or the id of an added one.
        change: given an empty correction where there is none.

    Raises:
        NotFound: no such document, page or block.
        NotReady: the page was not read yet.
    """
    page = read_page(queue, id, number)
    with queue.database.writing() as connection:
        name = _held(connection, id)
        kept = _kept(connection, id, number)
        own, read = _found(page, kept, block, name)
        before = own.correction if own else Correction(block, number, read.box)
        after = replace(change(read, before), block=block, box=before.box if before.added else read.box)
        _write(connection, id, own, after, queue.now())
        revision = _raised(connection, id)
        made = Corrected(block, corrected(page, [one.correction for one in _kept(connection, id, number)]), revision)
    queue.bell.ring(id)
    return made


def add(queue: JobQueue, id: str, number: int, new: Sequence[Correction]) -> tuple[tuple[str, ...], Page, int]:
    """Add blocks to a page that was read; their ids, the page with them and the document's revision.

    Raises:
        NotFound: no such document or page.
        NotReady: the page was not read yet.
    """
    page = read_page(queue, id, number)
    ids = []
    with queue.database.writing() as connection:
        _held(connection, id)
        for one in new:
            taken = [each.correction for each in _kept(connection, id, number)]
            ids.append(added_id(number, taken))
            after = one.after if one.after or len(ids) == 1 else ids[-2]
            made = replace(one, block=ids[-1], page=number, added=True, after=after)
            _write(connection, id, None, made, queue.now())
        revision = _raised(connection, id)
        page = corrected(page, [one.correction for one in _kept(connection, id, number)])
    queue.bell.ring(id)
    return tuple(ids), page, revision


def clear(queue: JobQueue, id: str) -> None:
    """Take away all corrections of a document, added blocks too."""
    with queue.database.writing() as connection:
        _held(connection, id)
        connection.execute(delete(Corrections).where(Corrections.document == id))
        _raised(connection, id)
    queue.bell.ring(id)


def _holding(page: Page, kept: Sequence[Kept]) -> dict[str, Kept]:
    """Id of a block → its correction, of those of this page."""
    own = [one for one in kept if one.correction.page == page.number]
    found = placed(page, [one.correction for one in own])
    return {block: next(one for one in own if one.correction is made) for block, made in found.items()}


def _found(page: Page, kept: Sequence[Kept], block: str, name: str) -> tuple[Kept | None, Block]:
    """The correction of the block, if any, and the block as it was read."""
    own = _holding(page, kept).get(block)
    read = next((one for one in page.blocks if one.id == block), None)
    if read is None and own is not None and own.correction.added:
        read = Block(block, own.correction.category or Category.TEXT, own.correction.box)
    if read is None:
        raise NotFound(NO_BLOCK, block=block, name=name)
    return own, read


def _held(connection: Connection, id: str) -> str:
    """The document's name; its corrections are changed by nobody else before the transaction ends."""
    check(connection, id)
    connection.execute(select(Jobs.id).where(Jobs.id == id).with_for_update())
    name = connection.scalar(select(Documents.name).where(Documents.id == id))
    if name is None:
        raise no_job(id)
    return name


def _revision(connection: Connection, id: str) -> int:
    check(connection, id)
    return int(connection.scalar(select(Documents.revision).where(Documents.id == id)) or 0)


def _raised(connection: Connection, id: str) -> int:
    raised = update(Documents).where(Documents.id == id).values(revision=Documents.revision + 1)
    return int(connection.execute(raised.returning(Documents.revision)).scalar_one())


def _kept(connection: Connection, id: str, page: int = 0) -> list[Kept]:
    query = select(Corrections.number, Corrections.changed, Corrections.body).where(Corrections.document == id)
    if page:
        query = query.where(Corrections.page == page)
    rows = connection.execute(query.order_by(Corrections.number))
    return [Kept(row.number, row.changed, correction_from_json(json.loads(row.body))) for row in rows]


def _write(connection: Connection, id: str, own: Kept | None, correction: Correction, now: float) -> None:
    where = (Corrections.document == id) & (Corrections.number == (own.number if own else 0))
    if correction.is_empty:
        connection.execute(delete(Corrections).where(where))
        return
    values = {"page": correction.page, "body": json.dumps(correction_to_json(correction)), "changed": now}
    if own is not None:
        connection.execute(update(Corrections).where(where).values(values))
        return
    last = select(func.coalesce(func.max(Corrections.number), 0)).where(Corrections.document == id)
    number = int(connection.scalar(last) or 0) + 1
    connection.execute(insert(Corrections).values(document=id, number=number, **values))
