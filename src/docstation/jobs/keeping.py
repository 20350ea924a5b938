"""How long documents are kept and how much room they may take; what is beyond is deleted, the oldest first.

Only jobs that have ended are ever deleted. What nobody owns any more goes too: uploads that came to nothing, folders
without a row in the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select, update

from docstation.errors import NoRoom, NotFound
from docstation.jobs.queue_records import JobState
from docstation.jobs.queue_rows import ENDED
from docstation.jobs.tables import Documents, Jobs
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from docstation.jobs.queue import JobQueue

DAY = 86_400.0

ABANDONED_SECONDS = 6 * 3600.0
"""After this long an upload that was not submitted, or a folder without a row, is nobody's."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Bounds on what is kept; 0 means no bound.

    Attributes:
        days: after the end of its job a document is deleted.
        max_bytes: of all documents together; the oldest that have ended make room for new ones.
        free_bytes: that are left on the disk; with less nothing is taken in and no page is begun.
    """

    days: float = 0.0
    max_bytes: int = 0
    free_bytes: int = 500_000_000


def kept_bytes(connection: Connection) -> int:
    """Bytes of all documents."""
    return int(connection.scalar(select(func.coalesce(func.sum(Documents.kept), 0))) or 0)


def make_room(queue: JobQueue, size: int, name: str) -> None:
    """Delete what has ended, the oldest first, until a file of `size` bytes, called `name`, may be taken in.

    Raises:
        NoRoom: nothing that may be deleted would make enough.
    """
    keeping = queue.keeping
    if keeping.max_bytes:
        _delete_oldest(queue, keeping.max_bytes - size)
    with queue.database.reading() as connection:
        kept = kept_bytes(connection)
    if keeping.max_bytes and kept + size > keeping.max_bytes:
        raise NoRoom(
            N_("There is no room for {name}: documents take {kept} bytes of {limit}."),
            name=name,
            kept=kept,
            limit=keeping.max_bytes,
            remedy=N_("Delete documents that are no longer needed, or raise the limit in the settings."),
        )
    if queue.files.free() < keeping.free_bytes + size:
        raise NoRoom(
            N_("The disk is nearly full: {free} bytes are left."),
            free=queue.files.free(),
            remedy=N_("Free some disk space, or delete documents that are no longer needed."),
        )


def sweep(queue: JobQueue) -> int:
    """Delete what is too old or too much, and what nobody owns; returns how many documents were deleted."""
    keeping = queue.keeping
    deleted = 0
    _measure(queue)
    if keeping.days:
        deleted += _delete_older(queue, queue.now() - keeping.days * DAY)
    if keeping.max_bytes:
        deleted += _delete_oldest(queue, keeping.max_bytes)
    _sweep_uploads(queue)
    _sweep_folders(queue)
    return deleted


def _measure(queue: JobQueue) -> None:
    """Learn how much the documents of cancelled and failed jobs take; of finished ones it is known."""
    with queue.database.reading() as connection:
        unmeasured = Jobs.state.in_((JobState.CANCELLED, JobState.FAILED)) & (Documents.kept == Documents.bytes)
        query = select(Documents.id, Documents.media_type).join(Jobs, Jobs.id == Documents.id).where(unmeasured)
        found = connection.execute(query).all()
    for document, kind in found:
        size = queue.files.of(document, kind).size()
        with queue.database.writing() as connection:
            connection.execute(update(Documents).where(Documents.id == document).values(kept=size))


def _delete_older(queue: JobQueue, limit: float) -> int:
    with queue.database.reading() as connection:
        query = select(Jobs.id).where(Jobs.state.in_(ENDED), Jobs.ended < limit)
        old = connection.scalars(query).all()
    return sum(_delete(queue, job) for job in old)


def _delete_oldest(queue: JobQueue, limit: int) -> int:
    """Until all documents together have at most `limit` bytes, or none may be deleted."""
    with queue.database.reading() as connection:
        kept = kept_bytes(connection)
        if kept <= limit:
            return 0
        query = select(Jobs.id, Documents.kept).join(Documents, Documents.id == Jobs.id).where(Jobs.state.in_(ENDED))
        oldest = connection.execute(query.order_by(Jobs.ended)).all()
    deleted = 0
    for job, size in oldest:
        if kept <= limit:
            break
        deleted += _delete(queue, job)
        kept -= size
    return deleted


def _delete(queue: JobQueue, job: str) -> bool:
    with contextlib.suppress(NotFound):  # somebody was quicker
        queue.delete(job)
        return True
    return False


def _sweep_uploads(queue: JobQueue) -> None:
    for path in queue.files.uploads():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < queue.now() - ABANDONED_SECONDS:
                path.unlink()


def _sweep_folders(queue: JobQueue) -> None:
    for document in list(_without_row(queue)):
        queue.files.remove(document)


def _without_row(queue: JobQueue) -> Iterator[str]:
    found = sorted(set(queue.files.documents()))
    with queue.database.reading() as connection:
        known = set(connection.scalars(select(Documents.id)))
    for document in found:
        # A folder is made before its row: a new one may be somebody's yet.
        if document not in known and submitted_at(document) < queue.now() - ABANDONED_SECONDS:
            yield document


def submitted_at(document: str) -> float:
    """When the document of that id was submitted, seconds of the epoch."""
    return int(document[:14], 16) / 1e6
