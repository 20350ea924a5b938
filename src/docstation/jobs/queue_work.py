"""The runner's side of the queue: what is done next, and how it ended; a commit for each, told after it.

Work goes round over the jobs of the highest priority, one page at a time, so that a single page never waits for a
batch: the job that was served longest ago is next, and a new one comes after those that were there. One runner at a
time works on a queue. What it had begun when it was killed is put right by `recover`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from docstation.document.model import PageStatus, Source
from docstation.errors import DocStationError, to_record
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.queue_news import Told, moved, write_news
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_rows import job_query, options_from_text
from docstation.jobs.tables import Attempts, Documents, Jobs, Pages

INTERRUPTED = "interrupted"
"""Result of an attempt that came to no end of its own."""

LONGEST_CODE = 64
MOST_LOOKED_AT = 50
"""Jobs among which a seat looks for pages that it may read."""

_CLAIMABLE = (Jobs.state == JobState.WAITING) | (
    (Jobs.state == JobState.READING) & ((Jobs.waiting > 0) | (Jobs.reading == 0))
)


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Open a job's file, count its pages."""

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder


@dataclass(frozen=True, slots=True)
class PageWork:
    """Read a page of a job.

    Attributes:
        number: of the page.
        attempt: which one this is, from 1.
        after: why the worker of the attempt before was lost; empty otherwise.
    """

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder
    number: int
    attempt: int
    after: str


@dataclass(frozen=True, slots=True)
class AssembleWork:
    """Make the document of the pages.

    Attributes:
        numbers: of all pages asked for, ascending.
        failed: those that could not be read; they may have left no file.
    """

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder
    numbers: tuple[int, ...]
    failed: frozenset[int]


Work = OpenWork | PageWork | AssembleWork


class Ledger:
    """Gives out the work of a queue and writes down how it ended, for the threads of one runner."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._claiming = threading.Lock()
        self._turn = 0.0

    def claim(self, *, pages_of: Callable[[ReadOptions], bool] | None = None) -> Work | None:
        """What is to be done next, now under way; None where there is nothing.

        Args:
            pages_of: restricts it to pages of jobs that are read so.
        """
        with self._claiming:
            # Most of the time there is nothing, and whoever only looks holds up nobody.
            with self._queue.database.reading() as connection:
                if connection.scalar(select(Jobs.id).where(_CLAIMABLE).limit(1)) is None:
                    return None
            with self._queue.database.writing() as connection:
                work = self._claim(connection) if pages_of is None else self._claim_of(connection, pages_of)
        if work is not None:
            self._queue.bell.ring(work.job)
        return work

    def called_off(self, work: Work) -> bool:
        """Whether the work is no longer wanted."""
        with self._queue.database.reading() as connection:
            state = connection.scalar(select(Jobs.state).where(Jobs.id == work.job))
        return state in (None, JobState.CANCELLED) or (isinstance(work, AssembleWork) and state != JobState.ASSEMBLING)

    def opened(self, work: OpenWork, found: Source, numbers: Iterable[int]) -> None:
        """The file was opened, and these of its pages are asked for."""
        now = self._queue.now()
        rows = [{"job": work.job, "number": number, "state": PageState.WAITING, "changed": now} for number in numbers]
        # Whoever paused it meanwhile, or paused it and let it go on, has it so.
        may = (JobState.OPENING, JobState.WAITING, JobState.PAUSED)
        with self._queue.database.writing() as connection:
            state = _held_state(connection, work.job)
            if state not in may or connection.scalar(select(Jobs.total).where(Jobs.id == work.job)):
                return
            values = {"total": len(rows), "waiting": len(rows)}
            after = state if state == JobState.PAUSED else JobState.READING
            connection.execute(insert(Pages), rows)
            connection.execute(
                update(Documents)
                .where(Documents.id == work.job)
                .values(page_count=found.page_count, sha256=found.sha256)
            )
            write_news(connection, work.job, NewsKind.OPENED, now, values={**values, "state": after})
        self._queue.bell.ring(work.job)

    def failed(self, work: OpenWork | AssembleWork, error: DocStationError) -> None:
        """There will be no document."""
        now = self._queue.now()
        values = {"state": JobState.FAILED, "ended": now, "error": json.dumps(to_record(error))}
        where = Jobs.state == JobState.ASSEMBLING
        if isinstance(work, OpenWork):
            where = Jobs.state.in_((JobState.OPENING, JobState.WAITING, JobState.PAUSED)) & (Jobs.total == 0)
        with self._queue.database.writing() as connection:
            write_news(
                connection, work.job, NewsKind.FAILED, now, values=values, where=where, told=Told(code=error.code)
            )
        self._queue.bell.ring(work.job)

    def page_done(
        self, work: PageWork, kept: PageStatus, seconds: float, *, result: PageStatus | None = None, code: str = ""
    ) -> None:
        """The page was read, and its file is in its place.

        Args:
            work: that ended.
            kept: the status of the page that is kept.
            seconds: spent in the worker.
            result: how the attempt ended, where an earlier and better page was kept.
            code: why it is not OK.
        """
        code = code[:LONGEST_CODE]
        with self._queue.database.writing() as connection:
            self._end(connection, work, PageState(kept), result or kept, seconds, code)
        self._queue.bell.ring(work.job)

    def worker_lost(self, work: PageWork, reason: str, seconds: float) -> None:
        """Whatever ended the worker would do so again: the page waits for a try without pixels and recognition."""
        with self._queue.database.writing() as connection:
            self._end(connection, work, PageState.WAITING, INTERRUPTED, seconds, reason[:LONGEST_CODE])
        self._queue.bell.ring(work.job)

    def release(self, work: Work) -> None:
        """The work came to no end, and is to be done again unless its job has ended."""
        with self._queue.database.writing() as connection:
            if isinstance(work, PageWork):
                self._end(connection, work, PageState.WAITING, INTERRUPTED, 0.0, "", after=work.after)
            elif isinstance(work, OpenWork):
                _back(connection, JobState.OPENING, JobState.WAITING, work.job)
            else:
                _back(connection, JobState.ASSEMBLING, JobState.READING, work.job)
        self._queue.bell.ring(work.job)

    def assembled(self, work: AssembleWork, kept: int) -> None:
        """The document is in its place, and all of the job's files have `kept` bytes."""
        now = self._queue.now()
        values, where = {"state": JobState.DONE, "ended": now}, Jobs.state == JobState.ASSEMBLING
        with self._queue.database.writing() as connection:
            if write_news(connection, work.job, NewsKind.DONE, now, values=values, where=where):
                connection.execute(update(Documents).where(Documents.id == work.job).values(kept=kept))
        self._queue.bell.ring(work.job)

    def missing(self, work: AssembleWork, numbers: Collection[int]) -> None:
        """Files of finished pages are not there, by a crash of the machine or a hand: they are read again."""
        now = self._queue.now()
        with self._queue.database.writing() as connection:
            if _held_state(connection, work.job) != JobState.ASSEMBLING:
                return
            for number in numbers:
                where = (Pages.job == work.job) & (Pages.number == number)
                state = PageState(connection.execute(select(Pages.state).where(where)).scalar_one())
                connection.execute(update(Pages).where(where).values(state=PageState.WAITING, after="", changed=now))
                values = {**moved(state, PageState.WAITING), "state": JobState.READING}
                told = Told(number, PageState.WAITING)
                write_news(connection, work.job, NewsKind.PAGE, now, values=values, told=told)
        self._queue.bell.ring(work.job)

    def recover(self) -> None:
        """Put right what a killed runner left: pages that were read whole are taken, others wait again."""
        with self._queue.database.writing() as connection:
            _back(connection, JobState.OPENING, JobState.WAITING)
            _back(connection, JobState.ASSEMBLING, JobState.READING)
            query = select(Pages.job, Pages.number, Pages.attempts, Pages.after).where(Pages.state == PageState.READING)
            begun = connection.execute(query).all()
            left = [self._page_work(connection, *row) for row in begun]
        for work in left:
            page = work.folder.fresh_page(work.number)
            try:
                if page is not None:
                    work.folder.adopt(page)
            except OSError:
                page = None
            if page is None:
                self.release(work)
            else:
                self.page_done(work, page.status, 0.0, code=page.reason)

    def _claim(self, connection: Connection) -> Work | None:
        query = select(Jobs.id, Jobs.state, Jobs.waiting).where(_CLAIMABLE)
        query = query.order_by(Jobs.priority.desc(), Jobs.turn, Jobs.id).limit(1).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        now = self._queue.now()
        self._turn = max(now, self._turn + 1e-6)
        took = {"turn": self._turn, "started": func.coalesce(Jobs.started, now)}
        if row.state == JobState.WAITING:
            _set(connection, row.id, {**took, "state": JobState.OPENING})
            return OpenWork(*_facts(self._queue, _job(connection, row.id)))
        if row.waiting:
            _set(connection, row.id, took)
            return self._claim_page(connection, row.id, now)
        _set(connection, row.id, {**took, "state": JobState.ASSEMBLING})
        return self._assembly(connection, row.id)

    def _claim_of(self, connection: Connection, pages_of: Callable[[ReadOptions], bool]) -> PageWork | None:
        query = select(Jobs.id, Jobs.options).where((Jobs.state == JobState.READING) & (Jobs.waiting > 0))
        query = query.order_by(Jobs.priority.desc(), Jobs.turn, Jobs.id).limit(MOST_LOOKED_AT).with_for_update()
        for row in connection.execute(query).all():
            if pages_of(options_from_text(row.options)):
                now = self._queue.now()
                self._turn = max(now, self._turn + 1e-6)
                _set(connection, row.id, {"turn": self._turn})
                return self._claim_page(connection, row.id, now)
        return None

    def _claim_page(self, connection: Connection, job: str, now: float) -> PageWork:
        waiting = select(func.min(Pages.number)).where(Pages.job == job, Pages.state == PageState.WAITING)
        number = connection.execute(waiting).scalar_one()
        changes = {"state": PageState.READING, "attempts": Pages.attempts + 1, "changed": now}
        where = (Pages.job == job) & (Pages.number == number)
        taken = update(Pages).where(where).values(**changes).returning(Pages.attempts, Pages.after)
        attempt, after = connection.execute(taken).one()
        begun = {"attempt": attempt, "begun": now, "result": PageState.READING}
        connection.execute(insert(Attempts).values(job=job, page=number, **begun))
        values = moved(PageState.WAITING, PageState.READING)
        told = Told(number, PageState.READING)
        write_news(connection, job, NewsKind.PAGE, now, values=values, told=told)
        work = self._page_work(connection, job, number, attempt, after)
        # Before the commit: whatever is there after it, this attempt has written.
        work.folder.clear_fresh(number)
        return work

    def _page_work(self, connection: Connection, job: str, number: int, attempt: int, after: str) -> PageWork:
        return PageWork(*_facts(self._queue, _job(connection, job)), number, attempt, after)

    def _assembly(self, connection: Connection, job: str) -> AssembleWork:
        query = select(Pages.number, Pages.state).where(Pages.job == job).order_by(Pages.number)
        rows = connection.execute(query).all()
        failed = frozenset(number for number, state in rows if state == PageState.FAILED)
        numbers = tuple(number for number, _ in rows)
        return AssembleWork(*_facts(self._queue, _job(connection, job)), numbers, failed)

    def _end(
        self,
        connection: Connection,
        work: PageWork,
        state: PageState,
        result: str,
        seconds: float,
        code: str,
        *,
        after: str | None = None,
    ) -> None:
        """End an attempt; `after` is why the next one is to be careful, `code` where the page has to wait for it."""
        now = self._queue.now()
        values: dict[str, Any] = {"state": state, "seconds": seconds, "code": code, "changed": now}
        if state is PageState.WAITING:
            values["after"] = code if after is None else after
        told = Told(work.number, state, seconds, code)
        counts = moved(PageState.READING, state)
        if not write_news(connection, work.job, NewsKind.PAGE, now, values=counts, told=told):
            return  # deleted meanwhile
        where = (Pages.job == work.job) & (Pages.number == work.number)
        connection.execute(update(Pages).where(where).values(**values))
        attempt = (Attempts.job == work.job) & (Attempts.page == work.number) & (Attempts.attempt == work.attempt)
        ended = {"ended": now, "seconds": seconds, "result": result, "code": code}
        connection.execute(update(Attempts).where(attempt).values(**ended))


def _job(connection: Connection, job: str) -> Row[Any]:
    return connection.execute(job_query().where(Jobs.id == job)).one()


def _facts(queue: JobQueue, row: Row[Any]) -> tuple[str, Source, ReadOptions, DocumentFolder]:
    source = Source(row.name, row.sha256, row.media_type, row.page_count)
    return row.id, source, options_from_text(row.options), queue.files.of(row.id, row.media_type)


def _set(connection: Connection, job: str, values: dict[str, Any]) -> None:
    connection.execute(update(Jobs).where(Jobs.id == job).values(values))


def _back(connection: Connection, state: JobState, before: JobState, job: str | None = None) -> None:
    """Jobs that are in `state`, or that one, come back to where they were before; not worth to be told."""
    statement = update(Jobs).where(Jobs.state == state).values(state=before)
    connection.execute(statement if job is None else statement.where(Jobs.id == job))


def _held_state(connection: Connection, job: str) -> str | None:
    return connection.scalar(select(Jobs.state).where(Jobs.id == job).with_for_update())
