"""What owners do to jobs (pause, resume, cancel, retry, delete), as statements within a transaction.

Each is refused or passed over by the state that the job is in when its row is held, whoever else changes it meanwhile.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update

from docstation.errors import NotFound
from docstation.jobs.queue_news import Told, write_news
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_rows import ACTIVE, checked_id, no_job
from docstation.jobs.reserve import Said
from docstation.jobs.reserve_rows import is_begun, leave_begun
from docstation.jobs.tables import Documents, Jobs, Pages
from docstation.messages.marking import N_

_MAY_PAUSE = (JobState.WAITING, JobState.OPENING, JobState.READING, JobState.RESERVE)
_READ_AGAIN = tuple(state for state in PageState if state.ended)


def check(connection: Connection, job: str) -> None:
    """See that there is such a job.

    Raises:
        NotFound: there is none.
    """
    if connection.scalar(select(Jobs.id).where(Jobs.id == checked_id(job))) is None:
        raise no_job(job)


def cancel(connection: Connection, job: str, now: float) -> None:
    """End the job unless it has ended."""
    check(connection, job)
    leave_begun(connection, job, Said.CANCELLED, now)
    _change(connection, job, NewsKind.CANCELLED, now, ACTIVE, {"state": JobState.CANCELLED, "ended": now})


def pause(connection: Connection, job: str, now: float) -> None:
    """Let no more of the job be begun, unless it is past that; a pass with the reserve model ends."""
    check(connection, job)
    leave_begun(connection, job, Said.PAUSED, now)
    _change(connection, job, NewsKind.PAUSED, now, _MAY_PAUSE, {"state": JobState.PAUSED})


def resume(connection: Connection, job: str, now: float) -> None:
    """Let a paused job go on where it was."""
    check(connection, job)
    _change(connection, job, NewsKind.RESUMED, now, (JobState.PAUSED,), {"state": _GOES_ON})


def retry(connection: Connection, job: str, number: int | None, now: float) -> None:
    """Have a page read again, or all failed pages; a job that failed as a whole or was cancelled goes on where it was.

    Raises:
        NotFound: there is no such job, or no such page in it.
    """
    state = _hold(connection, job)
    if number is not None:
        _check_page(connection, job, number)
    again = _ask_again(connection, job, number, now)
    if not again and state not in (JobState.FAILED, JobState.CANCELLED):
        return
    values: dict[str, Any] = {name: getattr(Jobs, name) - count for name, count in again.items()}
    values |= {"waiting": Jobs.waiting + sum(again.values()), "ended": None, "error": None}
    # Pages that the reserve model is to read are left to it; those that are asked for now come after them.
    if state is not JobState.PAUSED and not (state is JobState.RESERVE and is_begun(connection, job)):
        values["state"] = _GOES_ON
    write_news(connection, job, NewsKind.RETRIED, now, values=values, told=Told(number))


def remove(connection: Connection, job: str) -> None:
    """Delete all rows of the document.

    Raises:
        NotFound: there is no such job.
    """
    _hold(connection, job)
    connection.execute(delete(Documents).where(Documents.id == job))


_GOES_ON = case((Jobs.total > 0, JobState.READING.value), else_=JobState.WAITING.value)


def _change(
    connection: Connection,
    job: str,
    kind: NewsKind,
    now: float,
    states: tuple[JobState, ...],
    values: dict[str, Any],
) -> None:
    write_news(connection, job, kind, now, values=values, where=Jobs.state.in_(states))


def _hold(connection: Connection, job: str) -> JobState:
    """The job's state, which nobody else changes before the transaction ends."""
    state = connection.scalar(select(Jobs.state).where(Jobs.id == checked_id(job)).with_for_update())
    if state is None:
        raise no_job(job)
    return JobState(state)


def _ask_again(connection: Connection, job: str, number: int | None, now: float) -> dict[str, int]:
    """Let pages wait again; how many were in each state."""
    states = _READ_AGAIN if number is not None else (PageState.FAILED,)
    wanted: ColumnElement[bool] = (Pages.job == job) & Pages.state.in_(states)
    if number is not None:
        wanted &= Pages.number == number
    query = select(Pages.state, func.count()).where(wanted).group_by(Pages.state)
    again = {state: int(count) for state, count in connection.execute(query)}
    connection.execute(update(Pages).where(wanted).values(state=PageState.WAITING, after="", changed=now))
    return again


def _check_page(connection: Connection, job: str, number: int) -> None:
    if connection.scalar(select(Pages.number).where(Pages.job == job, Pages.number == number)) is None:
        raise NotFound(
            N_("There is no page {number} in the job {name}."),
            number=number,
            name=job,
            remedy=N_("See the job's list of pages."),
        )
