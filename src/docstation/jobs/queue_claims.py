"""Whose turn it is: the next work of a queue, taken within a transaction.

While a pass with the reserve model is under way, pages of it go first, and no page is begun that the reserve would read
by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select, update

from docstation.document.model import Source
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.queue_news import Told, moved, write_news
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_rows import job_query, options_from_text
from docstation.jobs.queue_tasks import AssembleWork, OpenWork, PageWork, Work
from docstation.jobs.reserve import Phase, ReservePass
from docstation.jobs.reserve_rows import HAS_PAGES, hand_over, pass_now, wants
from docstation.jobs.tables import Attempts, Jobs, Pages

MOST_LOOKED_AT = 50
"""Jobs among which one is looked for that may go on."""

_CLAIMABLE = (Jobs.state == JobState.WAITING) | (
    (Jobs.state == JobState.READING) & ((Jobs.waiting > 0) | (Jobs.reading == 0))
)
_WITH_PAGES = (Jobs.state == JobState.READING) & (Jobs.waiting > 0)
_IN_PASS = (Jobs.state == JobState.RESERVE) & HAS_PAGES

ANY = _CLAIMABLE | _IN_PASS
"""Of jobs: whether there may be work."""


class Claims:
    """Takes the next work, for one ledger.

    Attributes:
        handed: jobs that came to wait for the reserve model meanwhile; emptied by the ledger.
    """

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._turn = 0.0
        self.handed: list[str] = []

    def next(self, connection: Connection, pages_of: Callable[[ReadOptions], bool] | None) -> Work | None:
        """See `docstation.jobs.queue_work.Ledger.claim`."""
        held = pass_now(connection)
        if held is not None and held.phase is Phase.READING:
            row = _next(connection, _IN_PASS, None, pages_of)
            if row is not None:
                _set(connection, row.id, {"turn": self._next_turn()})
                return self._page(connection, row.id, held.entry)
        while (row := _next(connection, _CLAIMABLE if pages_of is None else _WITH_PAGES, held, pages_of)) is not None:
            if not _is_whole(row) or not wants(connection, row):
                return self._taken(connection, row)
            hand_over(connection, row.id, self._queue.now())
            # Whoever sees to passes is told after the commit, like all others.
            self.handed.append(row.id)
        return None

    def _taken(self, connection: Connection, row: Row[Any]) -> Work:
        took = {"turn": self._next_turn(), "started": func.coalesce(Jobs.started, self._queue.now())}
        if row.state == JobState.WAITING:
            _set(connection, row.id, {**took, "state": JobState.OPENING})
            return OpenWork(*_facts(self._queue, _job(connection, row.id)))
        if row.waiting:
            _set(connection, row.id, took)
            return self._page(connection, row.id)
        _set(connection, row.id, {**took, "state": JobState.ASSEMBLING})
        return self._assembly(connection, row.id)

    def _next_turn(self) -> float:
        self._turn = max(self._queue.now(), self._turn + 1e-6)
        return self._turn

    def _page(self, connection: Connection, job: str, reserve: str = "") -> PageWork:
        """A page of the job; one of its pass where the reserve is named."""
        now = self._queue.now()
        waiting = select(func.min(Pages.number)).where(Pages.job == job, Pages.state == PageState.WAITING)
        waiting = waiting.where((Pages.before != "") if reserve else (Pages.before == ""))
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
        work = self.page_work(connection, job, number, attempt, after, reserve)
        # Before the commit: whatever is there after it, this attempt has written.
        work.folder.clear_fresh(number)
        return work

    def page_work(
        self, connection: Connection, job: str, number: int, attempt: int, after: str, reserve: str
    ) -> PageWork:
        """The work on a page that was begun."""
        return PageWork(*_facts(self._queue, _job(connection, job)), number, attempt, after, reserve)

    def _assembly(self, connection: Connection, job: str) -> AssembleWork:
        query = select(Pages.number, Pages.state).where(Pages.job == job).order_by(Pages.number)
        rows = connection.execute(query).all()
        failed = frozenset(number for number, state in rows if state == PageState.FAILED)
        numbers = tuple(number for number, _ in rows)
        return AssembleWork(*_facts(self._queue, _job(connection, job)), numbers, failed)


def _next(
    connection: Connection,
    wanted: ColumnElement[bool],
    held: ReservePass | None,
    pages_of: Callable[[ReadOptions], bool] | None,
) -> Row[Any] | None:
    """The job whose turn it is, among those that may go on while `held` holds the others up."""
    columns = (Jobs.id, Jobs.state, Jobs.waiting, Jobs.options, Jobs.reserve)
    query: Select[*tuple[Any, ...]] = select(*columns).where(wanted)
    # Those that are whole need no model: they are not to stand behind many that are held up.
    first = () if held is None else ((Jobs.state != JobState.READING) | (Jobs.waiting > 0),)
    query = query.order_by(*first, Jobs.priority.desc(), Jobs.turn, Jobs.id).with_for_update()
    free = held is None and pages_of is None
    for row in connection.execute(query.limit(1 if free else MOST_LOOKED_AT)).all():
        options = options_from_text(row.options)
        may = held is None or _is_whole(row) or held.leaves(options)
        if may and (pages_of is None or pages_of(options)):
            return row
    return None


def _is_whole(row: Row[Any]) -> bool:
    """Whether no page of a job that may be claimed is left: it is assembled, which needs no model."""
    return row.state == JobState.READING and not row.waiting


def _job(connection: Connection, job: str) -> Row[Any]:
    return connection.execute(job_query().where(Jobs.id == job)).one()


def _facts(queue: JobQueue, row: Row[Any]) -> tuple[str, Source, ReadOptions, DocumentFolder]:
    source = Source(row.name, row.sha256, row.media_type, row.page_count)
    return row.id, source, options_from_text(row.options), queue.files.of(row.id, row.media_type)


def _set(connection: Connection, job: str, values: dict[str, Any]) -> None:
    connection.execute(update(Jobs).where(Jobs.id == job).values(values))
