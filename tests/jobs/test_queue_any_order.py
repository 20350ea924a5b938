"""Whatever owners and the runner do, in any order: counts stay true, news have no gaps, all work comes to an end."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from queue_samples import check_counts, finish, finish_all, open_it, submitted, written
from sqlalchemy import select

from docstation.document.model import PageStatus
from docstation.errors import NoEngine, NotFound
from docstation.jobs import reserve_rows as rows
from docstation.jobs.database import Database
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobState, PageState
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork, PageWork, Work
from docstation.jobs.reserve import Phase, Said
from docstation.jobs.tables import Jobs, Pages

RESERVE = "reserve-model"


class Anything(RuleBasedStateMachine):
    """Owners change jobs while a runner, which may be killed, works on them."""

    jobs: Bundle[str] = Bundle("jobs")
    under_way: Bundle[Work] = Bundle("under_way")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(mkdtemp())
        self.database = Database(self.folder)
        self.queue = JobQueue(self.database, self.folder / "documents")
        self.ledger = Ledger(self.queue)
        self.runs = 0
        self.run_of: dict[int, int] = {}

    @rule(target=jobs, priority=st.integers(0, 1), reserve=st.sampled_from(["", RESERVE]))
    def submit(self, priority: int, reserve: str) -> str:
        return submitted(self.queue, priority=priority, options=ReadOptions(reserve=reserve))

    @rule(target=under_way)
    def claim(self) -> Work | None:
        work = self.ledger.claim()
        self.run_of[id(work)] = self.runs
        return work

    @rule(work=consumes(under_way), status=st.sampled_from(PageStatus), pages=st.integers(1, 3))
    def end(self, work: Work | None, status: PageStatus, pages: int) -> None:
        if self._is_dead(work):
            return
        if isinstance(work, OpenWork):
            open_it(self.ledger, work, pages)
        elif isinstance(work, AssembleWork):
            self.ledger.assembled(work, 1)
        elif isinstance(work, PageWork) and work.folder.path.exists():
            finish(self.ledger, work, status, reason="model-loop")

    @rule(work=consumes(under_way), how=st.sampled_from(["release", "fail", "lose"]))
    def end_badly(self, work: Work | None, how: str) -> None:
        if self._is_dead(work) or work is None:
            return
        if how == "fail" and not isinstance(work, PageWork):
            self.ledger.failed(work, NoEngine())
        elif how == "lose" and isinstance(work, PageWork):
            self.ledger.worker_lost(work, "crash", 1.0)
        elif how == "lose" and isinstance(work, AssembleWork):
            self.ledger.missing(work, work.numbers[:1])
        else:
            self.ledger.release(work)

    @rule(statuses=st.lists(st.sampled_from(PageStatus), min_size=1, max_size=6))
    def work_on(self, statuses: list[PageStatus]) -> None:
        """The runner does a few things in a row."""
        for status in statuses:
            work = self.ledger.claim()
            if work is None:
                return
            self.run_of[id(work)] = self.runs
            self.end(work, status, 3)

    @rule(how=st.sampled_from(["begin", "read", "settle", "give up"]))
    def go_on_with_a_pass(self, how: str) -> None:
        """What the runner's thread for passes does, at any time."""
        with self.ledger.still(), self.database.writing() as connection:
            now, jobs = rows.pass_now(connection), [one.job for one in rows.waiting(connection)]
            if how == "begin" and now is None and jobs:
                rows.begin(connection, RESERVE, (RESERVE,), 0.0)
            elif how == "read" and now is not None:
                rows.enter(connection, Phase.READING, ("usual",))
                for job in jobs:
                    rows.take_up(connection, job, 0.0)
            elif how == "settle" and now is not None and now.phase is Phase.READING:
                for job in jobs:
                    if not rows.is_begun(connection, job):
                        rows.leave(connection, job, Said.READ, 0.0)
            elif how == "give up" and now is not None:
                for job in jobs:
                    rows.leave(connection, job, Said.TAKEN, 0.0)
                rows.end(connection)

    @rule(job=jobs, change=st.sampled_from(["pause", "resume", "retry", "cancel"]))
    def change(self, job: str, change: str) -> None:
        try:
            getattr(self.queue, change)(job)
        except NotFound:
            return

    @rule(job=jobs, number=st.integers(1, 3))
    def retry_page(self, job: str, number: int) -> None:
        try:
            self.queue.retry(job, number)
        except NotFound:
            return

    @rule(job=consumes(jobs))
    def delete(self, job: str) -> None:
        self.queue.delete(job)

    @rule(work=under_way)
    def kill(self, work: Work | None) -> None:
        """The runner is killed, perhaps after a page was written, and begins anew."""
        if isinstance(work, PageWork) and not self._is_dead(work) and work.folder.path.exists():
            written(work)
        self.runs += 1
        self.ledger = Ledger(self.queue)
        self.ledger.recover()

    @invariant()
    def counts_are_true(self) -> None:
        check_counts(self.queue)

    @invariant()
    def news_have_no_gaps(self) -> None:
        for job in self.queue.jobs():
            news = self.queue.news(job.id)
            assert [one.number for one in news] == list(range(1, job.last_news + 1))
            assert news[-1].done <= job.done <= job.total

    @invariant()
    def pages_are_handed_over_for_a_pass_only(self) -> None:
        with self.database.reading() as connection:
            query = select(Pages.state, Jobs.state).join(Jobs, Jobs.id == Pages.job).where(Pages.before != "")
            for page, job in connection.execute(query):
                assert job == JobState.RESERVE or page == PageState.READING

    def teardown(self) -> None:
        if not hasattr(self, "queue"):
            return
        for job in self.queue.jobs():
            self.queue.resume(job.id)
        self.ledger.recover()
        finish_all(self.ledger)
        for how in ("begin", "read"):
            self.go_on_with_a_pass(how)
        finish_all(self.ledger)
        for how in ("settle", "give up"):
            self.go_on_with_a_pass(how)
        finish_all(self.ledger)
        for job in self.queue.jobs():
            assert job.state.ended
            if job.state is JobState.DONE:
                assert PageState.WAITING not in job.counts
                assert all(self.queue.page(job.id, number + 1) for number in range(job.total))
        check_counts(self.queue)
        self.database.close()
        shutil.rmtree(self.folder)

    def _is_dead(self, work: Work | None) -> bool:
        """Whether the runner that had it was killed since."""
        return self.run_of.get(id(work)) != self.runs


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
