"""How a change of a job is written down and told: the row first, the event with it, whoever waits after the commit.

`write_news` is the one way in which jobs change: it holds the job's row until the commit, so that numbers of events
are given in the order in which they become visible. `Bell` wakes this process only; others look now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from docstation.jobs.queue_records import JobNews, JobState, NewsKind, PageState
from docstation.jobs.tables import Events, Jobs

DONE = Jobs.ok + Jobs.repaired + Jobs.fallback + Jobs.failed
"""Pages of a job that were read, well or not."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an event tells besides its kind; see `JobNews`."""

    page: int | None = None
    page_state: PageState | None = None
    seconds: float | None = None
    code: str = ""


def write_news(
    connection: Connection,
    job: str,
    kind: NewsKind,
    at: float,
    *,
    values: Mapping[str, Any] | None = None,
    where: ColumnElement[bool] | None = None,
    told: Told | None = None,
) -> bool:
    """Change a job and write down the event; whether there is such a job that meets `where`.

    Args:
        connection: in a transaction that writes.
        job: its id.
        kind: of the event.
        at: when, seconds of the epoch.
        values: what changes in its row.
        where: what must hold of the row.
        told: what else the event tells.
    """
    statement = update(Jobs).where(Jobs.id == job).values(**(values or {}), news=Jobs.news + 1)
    if where is not None:
        statement = statement.where(where)
    row = connection.execute(statement.returning(Jobs.news, Jobs.state, DONE, Jobs.total)).one_or_none()
    if row is None:
        return False
    number, state, done, total = row
    event = {"job": job, "number": number, "at": at, "kind": kind, "state": state, "done": done, "total": total}
    connection.execute(insert(Events).values(**event, **asdict(told or Told())))
    return True


def moved(before: PageState, after: PageState, pages: int = 1) -> dict[str, Any]:
    """What changes in a job's row when pages of it come from one state into another."""
    return {before: getattr(Jobs, before) - pages, after: getattr(Jobs, after) + pages}


def read_news(connection: Connection, job: str, after: int, limit: int) -> tuple[JobNews, ...]:
    """News of a job with a number above `after`, in order."""
    query = select(*Events.__table__.c).where(Events.job == job, Events.number > after)
    return tuple(_news(row) for row in connection.execute(query.order_by(Events.number).limit(limit)))


def _news(row: Row[Any]) -> JobNews:
    return JobNews(
        row.job,
        row.number,
        row.at,
        NewsKind(row.kind),
        JobState(row.state),
        row.done,
        row.total,
        row.page,
        PageState(row.page_state) if row.page_state else None,
        row.seconds,
        row.code,
    )


class Bell:
    """Wakes the threads of this process that wait for a change, and calls who asked to be called."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._callbacks: dict[object, Callable[[str], None]] = {}

    @property
    def count(self) -> int:
        """How often it was rung."""
        return self._count

    def ring(self, job: str = "") -> None:
        """Say that a job has changed; called after the commit."""
        with self._condition:
            self._count += 1
            callbacks = list(self._callbacks.values()) if job else []
            self._condition.notify_all()
        for callback in callbacks:
            callback(job)

    def wait(self, count: int, seconds: float) -> int:
        """Wait until it was rung since `count`, or for so long; how often it was rung by then."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != count, seconds)
            return self._count

    def call(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Have `callback` called with the id of every job that changes; the function that ends it."""
        key = object()
        with self._condition:
            self._callbacks[key] = callback

        def end() -> None:
            with self._condition:
                self._callbacks.pop(key, None)

        return end
