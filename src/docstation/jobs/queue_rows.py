"""Rows of the database → records of jobs and pages; only reads."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from docstation.document.model import PageStatus
from docstation.errors import DocStationError, NotFound, from_record
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue_files import is_id
from docstation.jobs.queue_records import AttemptRecord, JobRecord, JobState, PageRecord, PageState
from docstation.jobs.tables import Attempts, Documents, Jobs, Pages
from docstation.messages.marking import N_

RECENT = 16
"""Pages whose times tell how long the others will take."""

ENDED = tuple(state for state in JobState if state.ended)
ACTIVE = tuple(state for state in JobState if not state.ended)


def job_query() -> Select[*tuple[Any, ...]]:
    """Jobs with their documents; conditions are added by the caller."""
    documents = (Documents.name, Documents.media_type, Documents.sha256, Documents.bytes, Documents.page_count)
    return select(*Jobs.__table__.c, *documents).join(Documents, Documents.id == Jobs.id)


def one_job(connection: Connection, job: str, now: float) -> JobRecord:
    """The job of that id.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(job_query().where(Jobs.id == checked_id(job))).one_or_none()
    if row is None:
        raise no_job(job)
    return job_record(connection, row, now)


def checked_id(job: str) -> str:
    """The id, where it is one at all: whatever else comes from outside reaches no database and no path.

    Raises:
        NotFound: it is none.
    """
    if not is_id(job):
        raise no_job(job)
    return job


def no_job(job: str) -> NotFound:
    """There is no such job, or no longer."""
    return NotFound(N_("There is no job {name}."), name=job, remedy=N_("It may have been deleted, or was too old."))


def job_record(connection: Connection, row: Row[Any], now: float) -> JobRecord:
    """The record of a row of `job_query`."""
    counts = {state: count for state in PageState if (count := getattr(row, state))}
    return JobRecord(
        row.id,
        JobState(row.state),
        row.name,
        row.media_type,
        row.sha256,
        row.bytes,
        options_from_text(row.options),
        row.priority,
        row.created,
        row.started,
        row.ended,
        row.page_count,
        row.total,
        counts,
        _eta(connection, row, now) if row.state == JobState.READING else None,
        error_from_text(row.error),
        row.news,
    )


def page_records(connection: Connection, job: str) -> tuple[PageRecord, ...]:
    """All pages of a job, ascending."""
    query = select(Pages.number, Pages.state, Pages.attempts, Pages.seconds, Pages.code, Pages.changed)
    rows = connection.execute(query.where(Pages.job == job).order_by(Pages.number))
    return tuple(PageRecord(row.number, PageState(row.state), *row[2:]) for row in rows)


def attempt_records(connection: Connection, job: str, page: int | None) -> tuple[AttemptRecord, ...]:
    """All attempts at a page, or at all pages, in the order of pages and attempts."""
    columns = (Attempts.page, Attempts.attempt, Attempts.begun, Attempts.ended)
    query = select(*columns, Attempts.seconds, Attempts.result, Attempts.code).where(Attempts.job == job)
    if page is not None:
        query = query.where(Attempts.page == page)
    rows = connection.execute(query.order_by(Attempts.page, Attempts.attempt))
    return tuple(AttemptRecord(*row) for row in rows)


def counts_by_state(connection: Connection) -> dict[JobState, int]:
    """How many jobs are in each state."""
    rows = connection.execute(select(Jobs.state, func.count()).group_by(Jobs.state))
    return {JobState(state): count for state, count in rows}


def pages_by_state(connection: Connection) -> dict[PageState, int]:
    """How many pages are in each state, over all jobs."""
    sums = [func.coalesce(func.sum(getattr(Jobs, state)), 0) for state in PageState]
    row = connection.execute(select(*sums)).one()
    return {state: int(count) for state, count in zip(PageState, row, strict=True) if count}


def options_to_text(options: ReadOptions) -> str:
    """What of the options changes the result, as it is kept; a password is none of it."""
    chosen = {"pages": options.pages, "languages": options.languages, "dpi": options.dpi, "engine": options.engine}
    # Orders without a reserve have the fingerprints that they had before there was one.
    reserve = {"reserve": options.reserve} if options.reserve else {}
    return json.dumps(chosen | reserve, sort_keys=True)


def options_from_text(text: str) -> ReadOptions:
    """The options that `options_to_text` wrote."""
    kept = json.loads(text)
    languages, reserve = tuple(kept["languages"]), kept.get("reserve", "")
    return ReadOptions(kept["pages"], None, languages, kept["dpi"], engine=kept["engine"], reserve=reserve)


def fingerprint(sha256: str, name: str, options: ReadOptions) -> str:
    """Tells whether two orders want the same."""
    wanted = json.dumps([sha256, name, options_to_text(options)])
    return hashlib.sha256(wanted.encode()).hexdigest()


def error_from_text(text: str | None) -> DocStationError | None:
    """The error that a job failed with."""
    return from_record(json.loads(text)) if text else None


def _eta(connection: Connection, row: Row[Any], now: float) -> float | None:
    query = select(Attempts.ended, Attempts.seconds).where(Attempts.job == row.id, Attempts.result.in_(PageStatus))
    recent = connection.execute(query.order_by(Attempts.ended.desc()).limit(RECENT)).all()
    left = row.waiting + row.reading
    return remaining_seconds([(float(ended or 0), seconds) for ended, seconds in recent], left, now)


def remaining_seconds(recent: Iterable[tuple[float, float]], left: int, now: float) -> float | None:
    """How long `left` pages will take, None where fewer than two pages tell.

    What counts is how often a page ends, which tells also of workers side by side and of other jobs' turns. A longer
    gap than the slowest page explains is a time in which the service did not run.

    Args:
        recent: when pages ended, seconds of the epoch, and the seconds that each took; in any order.
        left: pages that are not read yet.
        now: seconds of the epoch.
    """
    pages = sorted(recent)
    if len(pages) < 2:
        return None
    longest = max(seconds for _, seconds in pages) + 1.0
    gaps = [min(later - earlier, longest) for (earlier, _), (later, _) in itertools.pairwise(pages)]
    gap = sum(gaps) / len(gaps)
    return max(left * gap - min(now - pages[-1][0], gap), 0.0)
