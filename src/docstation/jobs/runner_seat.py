"""One seat of the runner: a thread that takes work from the ledger, has it done by a worker of its own, writes it down.

Seats know nothing of one another. Each has a pool of one worker, so that what is called off is killed alone, and at
most one page per worker is under way when the machine stops. The worker is started with the first work and ended when
there was none for a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from docstation.document.model import Page, PageStatus
from docstation.errors import DocStationError, InputError, Interrupted, WorkerFailed
from docstation.intake.limits import Limits
from docstation.intake.office import to_pdf
from docstation.intake.outcome import Outcome, is_death, of_file
from docstation.intake.ranges import parse_pages
from docstation.intake.sandbox import WorkerPool
from docstation.jobs.database import UNANSWERED
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork, PageWork, Work
from docstation.jobs.reserve import ModelSwitch
from docstation.jobs.reserve_pages import keep_better
from docstation.jobs.runner_worker import TARGET, AssembleTask, ReadTask, failed_page
from docstation.jobs.store import keep_page
from docstation.jobs.work import OpenTask, PageTask

ASK_SECONDS = 0.1
"""How often a seat whose worker is busy asks whether the work is still wanted."""

LOOK_SECONDS = 1.0
"""How often it looks for what other processes have changed."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """How a runner works.

    Attributes:
        workers: worker processes.
        target: makes the handler of pages, ``package.module:function``; called with an engine's name, languages and
            limits (`docstation.bootstrap.reader.page_worker`).
        preload: imports what workers need, in the process that forks them (`docstation.bootstrap.reader.preload`);
            empty: each starts by itself.
        limits: bounds on files, pages and workers.
        idle_seconds: after this long without work a worker is ended.
        look_seconds: how often an idle runner looks for jobs that other processes have submitted.
        sweep_seconds: how often documents that are too old are deleted.
        further: seats beside those of `workers` for pages that a served model reads: their workers wait most of the
            time, and with more of them pages are drawn ahead of the model.
        served: how many pages of these options a served model is to read at once, 0 where none serves; asked before
            each page of such a seat.
        switch: the station, for jobs that allow a reserve model; None where there is none.
        reserve_patience: seconds for which a job waits for others that want the same reserve to come as far, so that
            all share one switch.
        reserve_rest: seconds after which it is tried again to bring back what served before.
    """

    workers: int
    target: str
    preload: str = ""
    limits: Limits = field(default_factory=Limits)
    idle_seconds: float = 60.0
    look_seconds: float = LOOK_SECONDS
    sweep_seconds: float = 600.0
    further: int = 0
    served: Callable[[ReadOptions], int] = lambda _options: 0
    switch: ModelSwitch | None = None
    reserve_patience: float = 120.0
    reserve_rest: float = 15.0


class Seat:
    """Takes work and has it done until `stop` is set; a further one only pages that a served model reads.

    Args:
        place: among all seats, from 0; those from `RunnerSettings.workers` on are further ones.
    """

    def __init__(
        self, queue: JobQueue, ledger: Ledger, settings: RunnerSettings, stop: threading.Event, place: int
    ) -> None:
        self._place = place
        self._queue = queue
        self._ledger = ledger
        self._settings = settings
        self._stop = stop
        self._pool: WorkerPool | None = None
        self._worked = time.monotonic()
        self._heard = 0
        self._asked = 0.0

    @property
    def has_worker(self) -> bool:
        """Whether a worker may be running."""
        return self._pool is not None

    def run(self) -> None:
        """Work until `stop` is set; what is under way then is killed and given back."""
        try:
            while not self._stop.is_set():
                count = self._queue.bell.count
                if not self._work_once():
                    self._rest(count)
        finally:
            self._end_worker()

    def _work_once(self) -> bool:
        """Do the next work; whether there was any."""
        work = None
        try:
            work = self._ledger.claim(pages_of=self._may_read) if self._has_room() else None
            if work is not None:
                self._do(work)
        except UNANSWERED:
            _LOG.warning("the database does not answer; it is asked again", exc_info=True)
        except Exception:
            # The worker loop is one of the two places where everything is caught: a bug costs this work alone.
            _LOG.exception("unexpected, at %s", "the next work" if work is None else f"job {work.job}")
            if work is not None:
                self._fail(work)
        if work is not None:
            self._worked = time.monotonic()
        return work is not None

    def _rest(self, count: int) -> None:
        idle = time.monotonic() - self._worked
        if idle >= self._settings.idle_seconds:
            self._end_worker()
        self._queue.bell.wait(count, self._settings.look_seconds)

    @property
    def _may_read(self) -> Callable[[ReadOptions], bool] | None:
        """Whose pages alone this seat takes; None where it takes any work."""
        served = self._settings.served
        return None if self._place < self._settings.workers else lambda options: served(options) > self._place

    def _has_room(self) -> bool:
        return self._queue.files.free() >= self._queue.keeping.free_bytes

    def _do(self, work: Work) -> None:
        if isinstance(work, OpenWork):
            self._open(work)
        elif isinstance(work, PageWork):
            self._read(work)
        else:
            self._assemble(work)

    def _open(self, work: OpenWork) -> None:
        try:
            self._convert(work)
            folder = work.folder
            task = OpenTask(0, folder.given, folder.original, work.source.name, work.source.media_type, folder.password)
            outcome = self._ask_twice(work, ReadTask(work.options.engine, work.options.languages, task))
            if outcome is None:
                raise Interrupted
            if outcome.error is not None:
                raise of_file(outcome.error)
            found = outcome.value
            numbers = parse_pages(work.options.pages or "", found.page_count, name=work.source.name)
        except Interrupted:
            self._lastingly(lambda: self._ledger.release(work))
        except DocStationError as error:
            failure = error
            self._lastingly(lambda: self._ledger.failed(work, failure))
        else:
            self._lastingly(lambda: self._ledger.opened(work, found, numbers))

    def _convert(self, work: OpenWork) -> None:
        """Make the PDF of an office file; what an earlier try has made is taken."""
        folder = work.folder
        if folder.original == folder.given or folder.original.exists():
            return
        made = to_pdf(
            folder.given,
            media_type=work.source.media_type,
            name=work.source.name,
            scratch=folder.fresh,
            limits=self._settings.limits,
            stop=lambda: self._unwanted(work),
        )
        made.replace(folder.original)

    def _read(self, work: PageWork) -> None:
        folder, options = work.folder, work.options
        task = PageTask(
            0,
            folder.original,
            work.source.name,
            work.number,
            folder.password,
            options.dpi,
            folder.fresh,
            folder.fresh_pictures,
            after=work.after,
        )
        outcome = self._ask(work, ReadTask(work.reserve or options.engine, options.languages, task))
        if outcome is None:
            self._lastingly(lambda: self._ledger.release(work))
        elif isinstance(outcome.error, WorkerFailed) and not work.after:
            reason, seconds = str(outcome.error.fields["reason"]), outcome.seconds
            self._lastingly(lambda: self._ledger.worker_lost(work, reason, seconds))
        else:
            self._keep(work, outcome)

    def _keep(self, work: PageWork, outcome: Outcome) -> None:
        """Put the page in its place; one that could not be read replaces none that could."""
        page: Page = outcome.value
        try:
            if outcome.error is not None:
                page = keep_page(work.folder.fresh, failed_page(work.number, _reason(work, outcome.error)))
            kept = keep_better(work.folder, page) if work.reserve else _kept(work, page)
        except (OSError, InputError):
            if not work.folder.given.exists():
                self._fail(work)  # deleted meanwhile, by its owner or by a hand
                return
            _LOG.warning("job %s: page %d cannot be kept; it is read again", work.job, work.number, exc_info=True)
            self._lastingly(lambda: self._ledger.release(work))
            self._stop.wait(self._settings.look_seconds)
            return
        result, code, seconds = page.status, page.reason, outcome.seconds
        kept_code = kept.reason if work.reserve else None
        self._lastingly(
            lambda: self._ledger.page_done(work, kept.status, seconds, result=result, code=code, kept_code=kept_code)
        )

    def _assemble(self, work: AssembleWork) -> None:
        folder = work.folder
        task = AssembleTask(work.source, work.numbers, work.failed, folder.pages, folder.document)
        outcome = self._ask_twice(work, task)
        if outcome is None:
            self._lastingly(lambda: self._ledger.release(work))
        elif outcome.error is not None:
            error = outcome.error
            self._lastingly(lambda: self._ledger.failed(work, error))
        elif outcome.value:
            missing = outcome.value
            self._lastingly(lambda: self._ledger.missing(work, missing))
        else:
            folder.clear_work()
            size = folder.size()
            self._lastingly(lambda: self._ledger.assembled(work, size))

    def _ask(self, work: Work, task: ReadTask | AssembleTask) -> Outcome | None:
        """What the worker makes of a task; None where the work was called off, and the worker killed."""
        if self._pool is None:
            initial = (self._settings.target, self._settings.limits)
            self._pool = WorkerPool(
                1, TARGET, limits=self._settings.limits, initial=initial, preload=self._settings.preload
            )
        self._pool.submit(task)
        while (outcome := self._pool.next(ASK_SECONDS)) is None:
            if self._unwanted(work):
                self._pool.cancel()
                return None
        return outcome

    def _ask_twice(self, work: Work, task: ReadTask | AssembleTask) -> Outcome | None:
        """`_ask`, and once more where the worker died: a whole file is not to pay for what else may have ended it."""
        outcome = self._ask(work, task)
        if outcome is not None and is_death(outcome.error):
            self._stop.wait(self._settings.look_seconds)
            outcome = self._ask(work, task)
        return outcome

    def _unwanted(self, work: Work) -> bool:
        """Whether to break the work off; the database is asked after a change only, or now and then."""
        if self._stop.is_set():
            return True
        count, now = self._queue.bell.count, time.monotonic()
        if now - self._asked < (LOOK_SECONDS if count == self._heard else ASK_SECONDS):
            return False
        self._heard, self._asked = count, now
        try:
            return self._ledger.called_off(work)
        except UNANSWERED:
            return False

    def _fail(self, work: Work) -> None:
        if isinstance(work, PageWork) and work.reserve:
            self._lastingly(lambda: self._ledger.worker_lost(work, DocStationError.code, 0.0))
        elif isinstance(work, PageWork):
            self._lastingly(lambda: self._ledger.page_done(work, PageStatus.FAILED, 0.0, code=DocStationError.code))
        else:
            self._lastingly(lambda: self._ledger.failed(work, DocStationError()))

    def _lastingly(self, write: Callable[[], None]) -> None:
        """Write to the database, again and again while it does not answer; what a restart loses is done again."""
        while True:
            try:
                write()
                return
            except UNANSWERED:
                _LOG.warning("the database does not answer; it is written to again", exc_info=True)
                if self._stop.wait(self._settings.look_seconds):
                    return

    def _end_worker(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def _kept(work: PageWork, page: Page) -> Page:
    """The page that is in its place afterwards."""
    before = work.folder.page(work.number) if page.status is PageStatus.FAILED else None
    if before is not None and before.status is not PageStatus.FAILED:
        return before
    work.folder.adopt(page)
    return page


def _reason(work: PageWork, error: DocStationError) -> str:
    if isinstance(error, WorkerFailed):
        return work.after or str(error.fields["reason"])
    return error.code
