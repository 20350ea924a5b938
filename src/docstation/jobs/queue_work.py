"""The runner's side of the queue: what is done next, and how it ended; a commit for each, told after it.

Work goes round over the jobs of the highest priority, one page at a time, so that a single page never waits for a
batch: the job that was served longest ago is next, and a new one comes after those that were there. One runner at a
time works on a queue. What it had begun when it was killed is put right by `recover`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select, update

from docstation.document.model import Page, PageStatus, Source
from docstation.errors import DocStationError, InputError, to_record
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_claims import ANY, Claims
from docstation.jobs.queue_news import Told, moved, write_news
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_tasks import INTERRUPTED, AssembleWork, Ended, OpenWork, PageWork, Work
from docstation.jobs.reserve_pages import is_better, keep_better
from docstation.jobs.reserve_rows import pass_now
from docstation.jobs.tables import Attempts, Documents, Jobs, Pages

__all__ = ["AssembleWork", "Ledger", "OpenWork", "PageWork", "Work"]

RESERVE = "reserve"
"""Stands for the reserve model where the pass that it read in is over."""

LONGEST_CODE = 64


class Ledger:
    """Gives out the work of a queue and writes down how it ended, for the threads of one runner."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._claiming = threading.Lock()
        self._claims = Claims(queue)

    def claim(self, *, pages_of: Callable[[ReadOptions], bool] | None = None) -> Work | None:
        """What is to be done next, now under way; None where there is nothing.

        Args:
            pages_of: restricts it to pages of jobs that are read so.
        """
        with self._claiming:
            # Most of the time there is nothing, and whoever only looks holds up nobody.
            with self._queue.database.reading() as connection:
                if connection.scalar(select(Jobs.id).where(ANY).limit(1)) is None:
                    return None
            with self._queue.database.writing() as connection:
                work = self._claims.next(connection, pages_of)
            handed, self._claims.handed = self._claims.handed, []
        for job in (*handed, *([work.job] if work is not None else [])):
            self._queue.bell.ring(job)
        return work

    @contextmanager
    def still(self) -> Iterator[None]:
        """Have nothing claimed while the block lasts."""
        with self._claiming:
            yield

    def called_off(self, work: Work) -> bool:
        """Whether the work is no longer wanted."""
        with self._queue.database.reading() as connection:
            state = connection.scalar(select(Jobs.state).where(Jobs.id == work.job))
        if isinstance(work, PageWork) and work.reserve:
            return state != JobState.RESERVE
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
        self,
        work: PageWork,
        kept: PageStatus,
        seconds: float,
        *,
        result: PageStatus | None = None,
        code: str = "",
        kept_code: str | None = None,
    ) -> None:
        """The page was read, and its file is in its place.

        Args:
            work: that ended.
            kept: the status of the page that is kept.
            seconds: spent in the worker.
            result: how the attempt ended, where an earlier and better page was kept.
            code: why the attempt is not OK.
            kept_code: why the page that is kept is not OK, None for the same.
        """
        code = code[:LONGEST_CODE]
        kept_code = code if kept_code is None else kept_code[:LONGEST_CODE]
        with self._queue.database.writing() as connection:
            self._end(connection, work, PageState(kept), result or kept, seconds, code, kept_code=kept_code)
        self._queue.bell.ring(work.job)

    def worker_lost(self, work: PageWork, reason: str, seconds: float) -> None:
        """Whatever ended the worker would do so again: the page waits for a try without pixels and recognition.

        The reserve model has no second try: the page is what it was.
        """
        reason = reason[:LONGEST_CODE]
        with self._queue.database.writing() as connection:
            if work.reserve:
                self._come_back(connection, work, Ended(INTERRUPTED, seconds, reason), again=False)
            else:
                self._end(connection, work, PageState.WAITING, INTERRUPTED, seconds, reason)
        self._queue.bell.ring(work.job)

    def release(self, work: Work) -> None:
        """The work came to no end, and is to be done again unless its job has ended."""
        with self._queue.database.writing() as connection:
            if isinstance(work, PageWork) and work.reserve:
                self._come_back(connection, work, Ended(INTERRUPTED), again=True)
            elif isinstance(work, PageWork):
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
            columns = (Pages.job, Pages.number, Pages.attempts, Pages.after)
            begun = connection.execute(select(*columns, Pages.before).where(Pages.state == PageState.READING)).all()
            held = pass_now(connection)
            reserve = held.entry if held is not None else RESERVE
            left = [(self._claims.page_work(connection, *row[:4], reserve if row.before else ""), row) for row in begun]
        for work, row in left:
            try:
                read = _read_of(work, row.before)
            except (OSError, InputError):
                read = None
            if read is None:
                self.release(work)
            else:
                fresh, kept = read
                self.page_done(work, kept.status, 0.0, result=fresh.status, code=fresh.reason, kept_code=kept.reason)

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
        kept_code: str | None = None,
    ) -> None:
        """End an attempt; `after` is why the next one is to be careful, `code` where the page has to wait for it."""
        values: dict[str, Any] = {"seconds": seconds, "code": code if kept_code is None else kept_code, "before": ""}
        if state is PageState.WAITING:
            values["after"] = code if after is None else after
        self._ended(connection, work, state, values, Ended(result, seconds, code))

    def _come_back(self, connection: Connection, work: PageWork, ended: Ended, *, again: bool) -> None:
        """End an attempt of the reserve's that gave nothing: the page waits for another, or is what it was."""
        state = _held_state(connection, work.job)
        where = (Pages.job == work.job) & (Pages.number == work.number)
        before = connection.scalar(select(Pages.before).where(where))
        if before is None:
            return  # deleted meanwhile
        if again and state == JobState.RESERVE:
            self._ended(connection, work, PageState.WAITING, {}, ended)
        else:
            self._ended(connection, work, PageState(before), {"before": ""}, ended)

    def _ended(
        self, connection: Connection, work: PageWork, state: PageState, values: dict[str, Any], ended: Ended
    ) -> None:
        """Write down that the page came into that state by the attempt, and what else changes in its row."""
        now = self._queue.now()
        told = Told(work.number, state, ended.seconds, ended.code)
        counts = moved(PageState.READING, state)
        if not write_news(connection, work.job, NewsKind.PAGE, now, values=counts, told=told):
            return  # deleted meanwhile
        where = (Pages.job == work.job) & (Pages.number == work.number)
        connection.execute(update(Pages).where(where).values(state=state, changed=now, **values))
        attempt = (Attempts.job == work.job) & (Attempts.page == work.number) & (Attempts.attempt == work.attempt)
        connection.execute(update(Attempts).where(attempt).values(ended=now, **asdict(ended)))


def _read_of(work: PageWork, before: str) -> tuple[Page, Page] | None:
    """What a killed runner has read of a page, and what is kept of that; None where it is to be read again."""
    fresh = work.folder.fresh_page(work.number)
    if not work.reserve:
        if fresh is not None:
            work.folder.adopt(fresh)
        return None if fresh is None else (fresh, fresh)
    if fresh is not None:
        return fresh, keep_better(work.folder, fresh)
    kept = work.folder.page(work.number)
    return (kept, kept) if kept is not None and is_better(kept.status, PageStatus(before)) else None


def _back(connection: Connection, state: JobState, before: JobState, job: str | None = None) -> None:
    """Jobs that are in `state`, or that one, come back to where they were before; not worth to be told."""
    statement = update(Jobs).where(Jobs.state == state).values(state=before)
    connection.execute(statement if job is None else statement.where(Jobs.id == job))


def _held_state(connection: Connection, job: str) -> str | None:
    return connection.scalar(select(Jobs.state).where(Jobs.id == job).with_for_update())
