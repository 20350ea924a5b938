"""The pass with the reserve model in the database, as statements within a transaction.

Pages of a job that is in its pass wait and are read like others, and remember by `Pages.before` what they were; whoever
ends the pass early brings them back to that. Jobs have one pass at most: `Jobs.reserve` says how it ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, select, update

from docstation.jobs.options import ReadOptions
from docstation.jobs.queue_news import Told, write_news
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_rows import options_from_text
from docstation.jobs.reserve import MENDABLE, Phase, ReservePass, Said
from docstation.jobs.tables import Jobs, Pages, ReservePasses

_ONLY = 1
"""Id of the one row."""
_MENDABLE = Pages.state.in_((PageState.FALLBACK, PageState.FAILED)) & Pages.code.startswith(MENDABLE, autoescape=True)
_IN_PASS = Pages.before != ""

HAS_PAGES = exists().where((Pages.job == Jobs.id) & (Pages.state == PageState.WAITING) & _IN_PASS)
"""Of jobs: whether pages of it wait to be read in the pass."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that is with the reserve model."""

    job: str
    options: ReadOptions


def pass_now(connection: Connection) -> ReservePass | None:
    """The pass that is under way."""
    row = connection.execute(select(*ReservePasses.__table__.c)).one_or_none()
    if row is None:
        return None
    return ReservePass(row.model, tuple(json.loads(row.names)), tuple(json.loads(row.before)), Phase(row.phase))


def begin(connection: Connection, model: str, names: tuple[str, ...], now: float) -> None:
    """A pass is under way, in its first phase."""
    values = {"model": model, "names": json.dumps(names), "before": "[]", "phase": Phase.HOLDING, "begun": now}
    connection.execute(insert(ReservePasses).values(id=_ONLY, **values))


def enter(connection: Connection, phase: Phase, before: tuple[str, ...] | None = None) -> None:
    """The pass comes into that phase; `before` is what served before it."""
    values = {"phase": phase} if before is None else {"phase": phase, "before": json.dumps(before)}
    connection.execute(update(ReservePasses).values(values))


def end(connection: Connection) -> None:
    """No pass is under way any more."""
    connection.execute(delete(ReservePasses))


def wants(connection: Connection, row: Row[Any]) -> bool:
    """Whether a job, all pages of which were read, is to have a pass first; by its id, options and `reserve`."""
    if row.reserve or not options_from_text(row.options).reserve:
        return False
    return bool(connection.scalar(select(exists().where((Pages.job == row.id) & _MENDABLE))))


def hand_over(connection: Connection, job: str, now: float) -> None:
    """Let the job wait for its pass."""
    _tell(connection, job, Said.WAITS, now, {"state": JobState.RESERVE}, Jobs.state == JobState.READING)


def waiting(connection: Connection) -> tuple[Waiting, ...]:
    """The jobs that are with the reserve model, in the order of their turns."""
    query = select(Jobs.id, Jobs.options).where(Jobs.state == JobState.RESERVE)
    rows = connection.execute(query.order_by(Jobs.priority.desc(), Jobs.turn, Jobs.id))
    return tuple(Waiting(row.id, options_from_text(row.options)) for row in rows)


def at_work(connection: Connection) -> tuple[ReadOptions, ...]:
    """How jobs are read of which pages are being read now."""
    rows = connection.scalars(select(Jobs.options).where(Jobs.reading > 0))
    return tuple(map(options_from_text, rows))


def coming(connection: Connection, most: int) -> tuple[ReadOptions, ...]:
    """How jobs are read that are not read yet, as many as are looked at."""
    states = (JobState.WAITING, JobState.OPENING, JobState.READING)
    rows = connection.scalars(select(Jobs.options).where(Jobs.state.in_(states)).limit(most))
    return tuple(map(options_from_text, rows))


def take_up(connection: Connection, job: str, now: float) -> bool:
    """Let the pages at which the model failed wait to be read by the reserve, once; whether there are any."""
    if _held(connection, job) != "":
        return False
    wanted = (Pages.job == job) & _MENDABLE
    counts = _counted(connection, Pages.state, wanted)
    if not counts:
        return False
    values: dict[str, Any] = {state: getattr(Jobs, state) - count for state, count in counts.items()}
    values |= {"waiting": Jobs.waiting + sum(counts.values()), "reserve": Said.READS}
    changes = {"before": Pages.state, "state": PageState.WAITING, "after": "", "changed": now}
    connection.execute(update(Pages).where(wanted).values(changes))
    return _tell(connection, job, Said.READS, now, values)


def is_begun(connection: Connection, job: str) -> bool:
    """Whether pages of it wait for the reserve, or are read by it."""
    return bool(connection.scalar(select(exists().where((Pages.job == job) & _IN_PASS))))


def leave(connection: Connection, job: str, code: str, now: float) -> bool:
    """End the job's pass: pages that wait for the reserve are what they were; whether it was in one.

    Pages that are being read by it come back to what they were when their work is called off.
    """
    if _held(connection, job) is None:
        return False
    values = _restored(connection, job, now)
    values |= {"state": JobState.READING, "reserve": code}
    return _tell(connection, job, code, now, values)


def leave_begun(connection: Connection, job: str, code: str, now: float) -> None:
    """`leave`, for owners who change the job: one that only waits for its pass may have it later."""
    if _held(connection, job):
        leave(connection, job, code, now)


def _held(connection: Connection, job: str) -> str | None:
    """How far the pass of a job is that is with the reserve model, empty before it; None where it is not.

    Nobody else changes the job before the transaction ends.
    """
    query = select(Jobs.state, Jobs.reserve).where(Jobs.id == job).with_for_update()
    row = connection.execute(query).one_or_none()
    return row.reserve if row is not None and row.state == JobState.RESERVE else None


def _restored(connection: Connection, job: str, now: float) -> dict[str, Any]:
    """Bring waiting pages back to what they were; what changes in the job's row with it."""
    wanted = (Pages.job == job) & (Pages.state == PageState.WAITING) & _IN_PASS
    counts = _counted(connection, Pages.before, wanted)
    changes = {"state": Pages.before, "before": "", "changed": now}
    connection.execute(update(Pages).where(wanted).values(changes))
    values: dict[str, Any] = {state: getattr(Jobs, state) + count for state, count in counts.items()}
    return values | {"waiting": Jobs.waiting - sum(counts.values())}


def _counted(connection: Connection, by: Any, wanted: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(select(by, func.count()).where(wanted).group_by(by))
    return {str(state): int(count) for state, count in rows}


def _tell(
    connection: Connection,
    job: str,
    code: str,
    now: float,
    values: dict[str, Any],
    where: ColumnElement[bool] | None = None,
) -> bool:
    return write_news(connection, job, NewsKind.RESERVE, now, values=values, where=where, told=Told(code=str(code)))
