"""The thread of the runner that sees to passes with the reserve model: two switches, and the reading between them.

Everything that it has to know stands in the database before it is done, so that another runner goes on where this one
was killed: what is found there and what the station is about tell what comes next. While a pass is under way, the
claims of `docstation.jobs.queue_claims` hold other pages back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from docstation.errors import DocStationError
from docstation.jobs import reserve_rows as rows
from docstation.jobs.database import UNANSWERED
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_claims import MOST_LOOKED_AT
from docstation.jobs.queue_work import Ledger
from docstation.jobs.reserve import ModelSwitch, Phase, ReservePass, Said, Standing, Switched
from docstation.jobs.reserve_rows import Waiting
from docstation.jobs.runner_seat import RunnerSettings
from docstation.messages import explain

ILL_SECONDS = 120.0
"""For so long a reserve that stopped serving is waited for: the station brings it back meanwhile."""
MOST_RETURNS = 5
"""Tries to bring back what served before; after these, others go on with what serves."""

_FAILED = {
    Switched.REFUSED: Said.REFUSED,
    Switched.ROLLED_BACK: Said.ROLLED_BACK,
    Switched.FELL_BACK: Said.FELL_BACK,
}
_LOG = logging.getLogger(__name__)


class ReservePasses:
    """Carries out passes until `stop` is set.

    Args:
        queue: of the jobs.
        ledger: gives out their pages.
        settings: `switch` and how patient it is.
        stop: ends the work; what is under way is gone on with by the next runner.
    """

    def __init__(self, queue: JobQueue, ledger: Ledger, settings: RunnerSettings, stop: threading.Event) -> None:
        self._queue = queue
        self._ledger = ledger
        self._settings = settings
        self._stop = stop
        self._waits_since: float | None = None
        self._ill_since: float | None = None
        self._returns = 0

    def run(self) -> None:
        """Work until `stop` is set."""
        while not self._stop.is_set():
            count = self._queue.bell.count
            if not self._step_safely():
                self._queue.bell.wait(count, self._settings.look_seconds)

    def _step_safely(self) -> bool:
        try:
            return self._step()
        except UNANSWERED:
            _LOG.warning("the database does not answer; it is asked again", exc_info=True)
        except Exception:
            # As in the seats: a bug must not leave the reserve model serving and all others waiting.
            _LOG.exception("unexpected, at a pass with the reserve model")
        self._stop.wait(self._settings.look_seconds)
        return False

    def _step(self) -> bool:
        """Do what comes next; whether there may be more to do at once."""
        with self._queue.database.reading() as connection:
            now = rows.pass_now(connection)
        if now is None:
            return self._begun()
        switch = self._settings.switch
        if switch is None:
            # Whoever began it had a station: what that serves is its owner's affair now.
            self._close(now, Said.NO_STATION)
            return True
        standing = switch.standing()
        if standing.changing and now.phase is not Phase.READING:
            return False
        match now.phase:
            case Phase.HOLDING:
                return self._held(now, standing)
            case Phase.SWITCHING:
                return self._switched(now, standing, switch)
            case Phase.READING:
                return self._read(now, standing)
            case Phase.RETURNING:
                return self._returned(now, standing, switch)

    # Beginning.

    def _begun(self) -> bool:
        """Begin a pass for those that wait for one, where it is time."""
        with self._queue.database.reading() as connection:
            jobs = rows.waiting(connection)
        if not jobs:
            self._waits_since = None
            return False
        if self._waits_since is None:
            self._waits_since = time.monotonic()
        model = jobs[0].options.reserve
        if self._others_come(model):
            return False
        switch = self._settings.switch
        if switch is None:
            self._leave(_of_model(jobs, model), Said.NO_STATION)
            return True
        standing = switch.standing()
        if standing.changing or (_is_ill(standing) and self._waited < ILL_SECONDS):
            return False
        try:
            names = switch.names(model)
        except DocStationError as error:
            self._leave(_of_model(jobs, model), _refused(model, error))
            return True
        if (why_not := _why_not(names[0], standing)) is not None:
            self._leave(_of_model(jobs, model), why_not)
            return True
        with self._ledger.still(), self._queue.database.writing() as connection:
            rows.begin(connection, model, names, self._queue.now())
        self._ill_since, self._returns, self._waits_since = None, 0, None
        return True

    @property
    def _waited(self) -> float:
        """Seconds for which jobs wait for a pass."""
        return 0.0 if self._waits_since is None else time.monotonic() - self._waits_since

    def _others_come(self, model: str) -> bool:
        """Whether jobs that allow the same reserve are still being read, and it is not too long to wait for them."""
        if self._waited >= self._settings.reserve_patience:
            return False
        with self._queue.database.reading() as connection:
            return any(options.reserve == model for options in rows.coming(connection, MOST_LOOKED_AT))

    # The phases.

    def _held(self, now: ReservePass, standing: Standing) -> bool:
        with self._queue.database.reading() as connection:
            busy = not all(map(now.leaves, rows.at_work(connection)))
        if busy:
            return False
        if (why_not := _why_not(now.entry, standing)) is not None:
            self._close(now, why_not)
        elif self._nobody_waits(now):
            self._close(now, Said.READ)
        else:
            self._enter(Phase.SWITCHING, before=standing.wanted)
        return True

    def _switched(self, now: ReservePass, standing: Standing, switch: ModelSwitch) -> bool:
        """The switch to the reserve: asked for, or found done by whoever was killed."""
        if standing.wanted == (now.entry,):
            return self._serves(now, standing)
        if standing.wanted != now.before:
            self._give_up(now, Said.TAKEN)
            return True
        if self._nobody_waits(now):
            self._close(now, Said.READ)
            return True
        try:
            end = switch.to((now.entry,), self._stop.is_set)
        except DocStationError as error:
            self._close(now, _refused(now.entry, error))
            return True
        if end is Switched.DONE:
            self._enter(Phase.READING)
        elif end in _FAILED:
            self._close(now, _FAILED[end])
        return end is not Switched.BUSY

    def _serves(self, now: ReservePass, standing: Standing) -> bool:
        """The reserve is what is to serve: let it read, unless it is ill for too long."""
        if standing.serving == standing.wanted:
            self._ill_since = None
            self._enter(Phase.READING)
            return True
        if self._ill_since is None:
            self._ill_since = time.monotonic()
        if time.monotonic() - self._ill_since < ILL_SECONDS:
            return False
        self._give_up(now, Said.AWAY)
        return True

    def _read(self, now: ReservePass, standing: Standing) -> bool:
        """Its pages are handed out by the ledger; the end of that is seen here."""
        if standing.wanted != (now.entry,):
            self._give_up(now, Said.TAKEN)
            return True
        if standing.serving != standing.wanted:
            # Its pages wait where they are: the station is bringing it back.
            self._enter(Phase.SWITCHING)
            return True
        clock = self._queue.now()
        with self._queue.database.writing() as connection:
            jobs = [one.job for one in rows.waiting(connection) if now.is_of(one.options)]
            under_way = [job for job in jobs if rows.is_begun(connection, job)]
            begun = [job for job in jobs if job not in under_way and rows.take_up(connection, job, clock)]
            read = [job for job in jobs if job not in under_way and job not in begun]
            for job in read:
                rows.leave(connection, job, Said.READ, clock)
            if len(read) == len(jobs):
                rows.enter(connection, Phase.RETURNING)
        if begun or read:
            self._ring([*begun, *read])
        return len(read) == len(jobs)

    def _returned(self, now: ReservePass, standing: Standing, switch: ModelSwitch) -> bool:
        """The switch back, unless it is done, or somebody has chosen otherwise."""
        if standing.wanted != (now.entry,):
            self._end()
            return True
        try:
            end = switch.to(now.before, self._stop.is_set)
        except DocStationError as error:
            _refused(", ".join(now.before), error)
            end = Switched.REFUSED
        if end not in _FAILED:
            return end is Switched.DONE
        self._returns += 1
        if self._returns >= MOST_RETURNS:
            _LOG.error("what served before the reserve model does not come back; others go on with what serves")
            self._end()
            return True
        self._stop.wait(self._settings.reserve_rest * self._returns)
        return True

    # Writing down.

    def _nobody_waits(self, now: ReservePass) -> bool:
        with self._queue.database.reading() as connection:
            return not any(now.is_of(one.options) for one in rows.waiting(connection))

    def _enter(self, phase: Phase, before: tuple[str, ...] | None = None) -> None:
        with self._queue.database.writing() as connection:
            rows.enter(connection, phase, before)
        self._queue.bell.ring()

    def _close(self, now: ReservePass, code: str) -> None:
        """The pass is over before anything was switched."""
        self._leave_all(now, code, rows.end)

    def _give_up(self, now: ReservePass, code: str) -> None:
        """Nothing more is read by the reserve; what served before comes back, unless somebody has chosen otherwise."""
        self._leave_all(now, code, lambda connection: rows.enter(connection, Phase.RETURNING))

    def _leave_all(self, now: ReservePass, code: str, then: Callable[[Connection], None]) -> None:
        clock = self._queue.now()
        with self._queue.database.writing() as connection:
            jobs = [one.job for one in rows.waiting(connection) if now.is_of(one.options)]
            for job in jobs:
                rows.leave(connection, job, code, clock)
            then(connection)
        self._ring(jobs)

    def _leave(self, jobs: Iterable[Waiting], code: str) -> None:
        """These have no pass."""
        clock, left = self._queue.now(), [one.job for one in jobs]
        with self._queue.database.writing() as connection:
            for job in left:
                rows.leave(connection, job, code, clock)
        self._ring(left)

    def _end(self) -> None:
        with self._queue.database.writing() as connection:
            rows.end(connection)
        self._queue.bell.ring()

    def _ring(self, jobs: Iterable[str]) -> None:
        self._queue.bell.ring()
        for job in jobs:
            self._queue.bell.ring(job)


def _refused(model: str, error: DocStationError) -> str:
    """The code of an error that refused a switch; all that it says goes to the log."""
    _LOG.warning("no switch to %s for a pass with the reserve model: %s", model, " ".join(explain(error)))
    return error.code


def _why_not(entry: str, standing: Standing) -> Said | None:
    """Why a pass cannot begin."""
    if entry in standing.wanted:
        return Said.ACTIVE
    return Said.NOT_SERVING if not standing.serving or _is_ill(standing) else None


def _is_ill(standing: Standing) -> bool:
    """Whether what is to serve does not."""
    return standing.serving != standing.wanted


def _of_model(jobs: Iterable[Waiting], model: str) -> list[Waiting]:
    return [one for one in jobs if one.options.reserve == model]
