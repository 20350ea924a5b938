"""How far jobs are, for whoever looks every half second: few rows, however many pages a document has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobRecord, PageState
from docstation.jobs.queue_rows import ACTIVE, job_query, job_record, one_job
from docstation.jobs.tables import Events, Jobs, Pages

MOST = 200
"""Jobs told of at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A job as it stands, with the pages that changed.

    Attributes:
        job: without its pages.
        pages: number → state of each page that changed after the news that was known.
    """

    job: JobRecord
    pages: Mapping[int, PageState]


def progress(queue: JobQueue, id: str, after: int = 0) -> Progress:
    """The job, and those of its pages that changed after the news of that number; with 0 all pages.

    Raises:
        NotFound: there is no such job.
    """
    with queue.database.reading() as connection:
        job = one_job(connection, id, queue.now())
        return Progress(job, _pages(connection, id, after) if job.last_news > after else {})


def active(queue: JobQueue) -> tuple[JobRecord, ...]:
    """The jobs that have not ended, the newest first."""
    query = job_query().where(Jobs.state.in_(ACTIVE)).order_by(Jobs.id.desc()).limit(MOST)
    with queue.database.reading() as connection:
        return tuple(job_record(connection, row, queue.now()) for row in connection.execute(query).all())


def _pages(connection: Connection, id: str, after: int) -> dict[int, PageState]:
    query = select(Pages.number, Pages.state).where(Pages.job == id).order_by(Pages.number)
    new = (Events.job == id) & (Events.number > after)
    # News of the job itself, such as a retry, may be of any page.
    if after and not connection.scalar(select(exists().where(new, Events.page.is_(None)))):
        query = query.where(Pages.number.in_(select(Events.page).where(new)))
    return {number: PageState(state) for number, state in connection.execute(query)}
