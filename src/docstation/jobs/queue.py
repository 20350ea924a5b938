"""The durable queue of documents to be read: what doors and the service submit, follow and change.

Rows in the database say what is wanted and where it stands, files in the document's folder hold what was read; a
commit comes after the files it tells of. Every method is synchronous, short and safe to call from any thread and, on
the same database and folder, from any process. Reading itself is `docstation.jobs.runner`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select

from docstation.document.codec import from_json, loads
from docstation.document.json_reader import FormatError
from docstation.document.model import Document, Page
from docstation.intake.limits import Limits
from docstation.jobs import queue_changes as changes
from docstation.jobs.database import Database
from docstation.jobs.keeping import Keeping, kept_bytes
from docstation.jobs.queue_files import DocumentFiles, DocumentFolder
from docstation.jobs.queue_news import Bell, read_news
from docstation.jobs.queue_records import (
    AttemptRecord,
    JobFiles,
    JobNews,
    JobOrder,
    JobRecord,
    JobState,
    PageRecord,
    Usage,
)
from docstation.jobs.queue_rows import (
    ACTIVE,
    attempt_records,
    checked_id,
    counts_by_state,
    job_query,
    job_record,
    no_job,
    one_job,
    page_records,
    pages_by_state,
)
from docstation.jobs.queue_submission import Ids, Submission
from docstation.jobs.tables import Documents, Jobs

LOOK_SECONDS = 0.5
"""How often whoever waits for news looks for those of other processes."""


class JobQueue:
    """All documents and their jobs; every method that takes an id raises `NotFound` for an unknown one.

    Args:
        database: holds the rows.
        folder: holds the documents' files, the same one for all queues of a database.
        keeping: how long and how much is kept.
        limits: `file_bytes` bounds what is taken in.
        now: the clock, seconds of the epoch.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        keeping: Keeping | None = None,
        limits: Limits | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self.files = DocumentFiles(folder)
        self.keeping = keeping or Keeping()
        self.now = now
        self.bell = Bell()
        self._limits = limits or Limits()
        self._ids = Ids(now)

    def receive(self) -> Path:
        """A path for an upload, for `submit`; what is not submitted goes away after some hours."""
        return self.files.receive()

    def submit(self, order: JobOrder) -> JobRecord:
        """Take a file in and queue its reading; safe on the disk when this returns.

        A file that `receive` named is gone afterwards, whatever happens.

        Raises:
            UnsupportedFormat: it is of a kind that is not read, or an archive.
            TooLarge: it is larger than the limit.
            InputError: it is empty, damaged or locked, or there is no room for it.
            UsageError: its idempotency key is none, or was used for another order.
        """
        try:
            id = Submission(self, order, self._limits).place(self._ids.new())
        finally:
            self.files.discard(order.path)
        self.bell.ring(id)
        return self.job(id)

    def job(self, id: str) -> JobRecord:
        """The job as it stands."""
        with self.database.reading() as connection:
            return one_job(connection, id, self.now())

    def jobs(self, limit: int = 50, before: str | None = None, state: JobState | None = None) -> tuple[JobRecord, ...]:
        """Jobs, the newest first.

        Args:
            limit: how many at most.
            before: id of the last job seen: those submitted earlier follow.
            state: only those in it.
        """
        query = job_query().order_by(Jobs.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Jobs.id < checked_id(before))
        if state is not None:
            query = query.where(Jobs.state == state)
        with self.database.reading() as connection:
            return tuple(job_record(connection, row, self.now()) for row in connection.execute(query).all())

    def pages(self, id: str) -> tuple[PageRecord, ...]:
        """The job's pages, ascending; none before the file was opened."""
        with self.database.reading() as connection:
            changes.check(connection, id)
            return page_records(connection, id)

    def attempts(self, id: str, number: int | None = None) -> tuple[AttemptRecord, ...]:
        """All attempts at a page, or at all pages."""
        with self.database.reading() as connection:
            changes.check(connection, id)
            return attempt_records(connection, id, number)

    def page(self, id: str, number: int) -> Page | None:
        """What was read on a page, as soon as it was; block categories may still change in the document.

        While a page is read again, its last result stays.
        """
        return self._folder(id).page(number)

    def document(self, id: str) -> Document | None:
        """The document, None before it was assembled; while pages are read again, the last one stays."""
        try:
            return from_json(loads(self._folder(id).document.read_bytes()))
        except (FileNotFoundError, FormatError):
            return None

    def files_of(self, id: str) -> JobFiles:
        """Where the job's files are, for exports and page images."""
        folder = self._folder(id)
        document = folder.document if folder.document.exists() else None
        return JobFiles(folder.given, folder.original, folder.pictures, document, folder.password)

    def cancel(self, id: str) -> JobRecord:
        """End the job; pages that were read stay. Nothing happens to one that has ended."""
        return self._change(id, changes.cancel)

    def pause(self, id: str) -> JobRecord:
        """Begin no more pages of the job; nothing happens to one that is paused, being assembled or has ended."""
        return self._change(id, changes.pause)

    def resume(self, id: str) -> JobRecord:
        """Go on with a paused job; nothing happens to another one."""
        return self._change(id, changes.resume)

    def retry(self, id: str, number: int | None = None) -> JobRecord:
        """Read a page again, or all failed pages; a job that failed as a whole or was cancelled goes on where it was.

        Nothing happens where there is nothing to retry.

        Raises:
            NotFound: there is no such job, or no such page in it.
        """
        return self._change(id, lambda connection, job, now: changes.retry(connection, job, number, now))

    def delete(self, id: str) -> None:
        """Delete the document, its job and all their files; what is under way is killed."""
        with self.database.writing() as connection:
            changes.remove(connection, id)
        self.files.remove(id)
        self.bell.ring(id)

    def news(self, id: str, after: int = 0, limit: int = 500) -> tuple[JobNews, ...]:
        """What happened to the job after the news of that number, the oldest first; never blocks."""
        with self.database.reading() as connection:
            changes.check(connection, id)
            return read_news(connection, id, after, limit)

    def watch(self, id: str, after: int = 0, *, stop: threading.Event | None = None) -> Iterator[JobNews]:
        """News as they come, until the job has ended and all is told, it is deleted, or `stop` is set.

        Raises:
            NotFound: there is no such job at the beginning.
        """
        with self.database.reading() as connection:
            changes.check(connection, id)
        while stop is None or not stop.is_set():
            count = self.bell.count
            with self.database.reading() as connection:
                state = connection.scalar(select(Jobs.state).where(Jobs.id == id))
                news = read_news(connection, id, after, 500)
            yield from news
            if news:
                after = news[-1].number
            elif state is None or JobState(state).ended:
                return
            else:
                self.bell.wait(count, LOOK_SECONDS)

    def on_change(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Have `callback` called with a job's id after each of its changes by this process; returns what ends it.

        It is called in the thread that made the change, and must be quick.
        """
        return self.bell.call(callback)

    def usage(self) -> Usage:
        """What the queue holds."""
        with self.database.reading() as connection:
            oldest = connection.scalar(select(func.min(Jobs.created)).where(Jobs.state.in_(ACTIVE)))
            jobs, pages = counts_by_state(connection), pages_by_state(connection)
            return Usage(jobs, pages, kept_bytes(connection), self.keeping.max_bytes, self.files.free(), oldest)

    def _change(self, id: str, change: Callable[[Connection, str, float], None]) -> JobRecord:
        with self.database.writing() as connection:
            change(connection, id, self.now())
        self.bell.ring(id)
        return self.job(id)

    def _folder(self, id: str) -> DocumentFolder:
        with self.database.reading() as connection:
            kind = connection.scalar(select(Documents.media_type).where(Documents.id == checked_id(id)))
        if kind is None:
            raise no_job(id)
        return self.files.of(id, kind)
