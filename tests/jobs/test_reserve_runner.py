"""Passes with the reserve model, on the real runner with real workers and a scripted server in place of both models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from queue_samples import check_counts, states
from reserve_world import ACTIVE, RESERVE, THIRD, Models, Station, file_of, served

from docstation.bootstrap.engines import ENDPOINT_VARIABLE
from docstation.bootstrap.reader import PRELOAD, WORKER
from docstation.document.model import PageStatus
from docstation.errors import BudgetExceeded
from docstation.jobs.database import Database
from docstation.jobs.options import EMBEDDED, ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobRecord, JobState, NewsKind, PageState
from docstation.jobs.reserve import Said, Switched
from docstation.jobs.reserve_rows import pass_now
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.testing import marked_pages as marked

PATIENCE = 180.0
ALLOWED = ReadOptions(dpi=110, reserve="dots-mocr")
PLAIN = ReadOptions(dpi=110)


@dataclass
class World:
    """A queue, its station, and how its runner works."""

    queue: JobQueue
    station: Station
    models: Models
    settings: RunnerSettings
    folder: Path

    def submit(self, *pages: int, options: ReadOptions = ALLOWED) -> str:
        path = file_of(self.folder, pages)
        return self.queue.submit(JobOrder(path, path.name, options)).id

    def ended(self, job: str) -> JobRecord:
        """The job, once it has ended."""
        for _ in self.queue.watch(job):
            pass
        return self.queue.job(job)

    def await_news(self, job: str, code: str) -> None:
        """Wait until that was told of its pass."""
        for one in self.queue.watch(job):
            if one.kind is NewsKind.RESERVE and one.code == code:
                return
        pytest.fail(f"{code} was not told")

    def told(self, job: str) -> list[str]:
        """What was told of its pass."""
        return [one.code for one in self.queue.news(job) if one.kind is NewsKind.RESERVE]

    def texts(self, job: str) -> list[list[str]]:
        """The blocks of each page of its document."""
        document = self.queue.document(job)
        assert document is not None
        return [[block.text for block in page.blocks] for page in document.pages]

    def run(self) -> JobRunner:
        return JobRunner(self.queue, self.settings)

    def is_back(self) -> bool:
        with self.queue.database.reading() as connection:
            return pass_now(connection) is None


def read_well(page: int) -> list[str]:
    return [line.text for line in marked.lines_of(page)]


@contextmanager
def made(folder: Path, monkeypatch: pytest.MonkeyPatch, models: Models) -> Iterator[World]:
    with served(models) as server:
        monkeypatch.setenv(ENDPOINT_VARIABLE, server.address)
        database = Database(folder / "state")
        queue = JobQueue(database, folder / "state" / "documents")
        station = Station(folder / "station.json", server.address)
        settings = RunnerSettings(
            2, WORKER, PRELOAD, look_seconds=0.05, switch=station, reserve_patience=3600.0, reserve_rest=0.01
        )
        yield World(queue, station, models, settings, folder)
        check_counts(queue)
        database.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with made(tmp_path, monkeypatch, Models(bad=frozenset({2, 4}))) as one:
        yield one


def until(holds: Callable[[], bool]) -> None:
    ticks = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if holds():
            return
        ticks.wait(0.02)
    pytest.fail("it did not come to that")


def test_what_the_active_model_fails_at_is_read_by_the_reserve_and_the_station_goes_back(world: World) -> None:
    with world.run():
        job = world.submit(1, 2, 3)
        done = world.ended(job)
        until(world.is_back)
    assert (done.state, done.counts) == (JobState.DONE, {PageState.OK: 3})
    assert world.station.switches == [RESERVE, ACTIVE]
    assert world.told(job) == [Said.WAITS, Said.READS, Said.READ]
    assert world.texts(job) == [read_well(1), read_well(2), read_well(3)]
    document = world.queue.document(job)
    assert document is not None
    assert [page.engine for page in document.pages] == [ACTIVE, RESERVE, ACTIVE]
    of_both = [attempt.model for attempt in document.pages[1].attempts]
    assert of_both[0] == ACTIVE
    assert of_both[-1] == RESERVE
    assert [(one.page, one.result) for one in world.queue.attempts(job)] == [
        (1, "ok"),
        (2, "fallback"),
        (2, "ok"),
        (3, "ok"),
    ]
    assert JobState.RESERVE in {one.state for one in world.queue.news(job)}


def test_without_leave_nothing_is_switched(world: World) -> None:
    with world.run():
        done = world.ended(world.submit(1, 2, options=PLAIN))
    assert done.counts == {PageState.OK: 1, PageState.FALLBACK: 1}
    assert world.station.switches == []


def test_a_job_that_the_active_model_reads_whole_has_no_pass(world: World) -> None:
    with world.run():
        job = world.submit(1, 3)
        assert world.ended(job).counts == {PageState.OK: 2}
    assert world.told(job) == []
    assert world.station.switches == []


def test_a_page_that_the_reserve_reads_no_better_stays_with_the_attempts_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made(tmp_path, monkeypatch, Models(bad=frozenset({2}), worse=frozenset({2}))) as world:
        with world.run():
            job = world.submit(2)
            done = world.ended(job)
        assert done.counts == {PageState.FALLBACK: 1}
        page = world.queue.page(job, 1)
        assert page is not None
        assert (page.status, page.reason) == (PageStatus.FALLBACK, "model-garbled")
        assert {ACTIVE, RESERVE} < {attempt.model for attempt in page.attempts}
        assert world.queue.pages(job)[0].code == "model-garbled"
        assert world.told(job)[-1] == Said.READ


@pytest.mark.slow
def test_jobs_that_wait_at_once_share_one_switch(world: World) -> None:
    jobs = [world.submit(1, 2), world.submit(3, 4), world.submit(2, 4)]
    with world.run():
        for job in jobs:
            assert set(world.ended(job).counts) == {PageState.OK}
        until(world.is_back)
    assert world.station.switches == [RESERVE, ACTIVE]


@pytest.mark.slow
def test_other_jobs_are_held_while_the_reserve_serves(world: World) -> None:
    world.station.held[ACTIVE] = threading.Event()
    with world.run():
        first = world.submit(2)
        assert world.station.came[ACTIVE].wait(PATIENCE)
        other = world.submit(1, 3, options=PLAIN)
        # It came later, and is read while the other one still waits: it needs no model.
        embedded = world.submit(1, options=replace(PLAIN, engine=EMBEDDED))
        by_name = world.submit(3, options=replace(PLAIN, engine=RESERVE))
        assert world.ended(embedded).state is JobState.DONE
        assert world.ended(by_name).counts == {PageState.OK: 1}
        assert world.queue.job(other).state is JobState.WAITING
        assert world.ended(first).state is JobState.DONE
        world.station.held[ACTIVE].set()
        assert world.ended(other).counts == {PageState.OK: 2}
    document = world.queue.document(other)
    assert document is not None
    assert {page.engine for page in document.pages} == {ACTIVE}


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (BudgetExceeded(model="dots-mocr"), BudgetExceeded.code),
        (Switched.REFUSED, Said.REFUSED),
        (Switched.ROLLED_BACK, Said.ROLLED_BACK),
    ],
)
def test_a_switch_that_fails_leaves_the_job_with_what_it_had(world: World, outcome: object, code: str) -> None:
    assert isinstance(outcome, BudgetExceeded | Switched)
    world.station.outcomes.append(outcome)
    with world.run():
        job = world.submit(1, 2)
        done = world.ended(job)
        until(world.is_back)
    assert done.counts == {PageState.OK: 1, PageState.FALLBACK: 1}
    assert world.told(job) == [Said.WAITS, code]
    assert world.station.switches == []


def test_a_station_that_is_busy_is_asked_again(world: World) -> None:
    world.station.outcomes.extend([Switched.BUSY, Switched.BUSY])
    with world.run():
        assert world.ended(world.submit(2)).counts == {PageState.OK: 1}


@pytest.mark.slow
def test_what_served_before_is_asked_for_until_it_is_back(world: World) -> None:
    world.station.outcomes.extend([Switched.DONE, Switched.ROLLED_BACK, BudgetExceeded(model=ACTIVE)])
    with world.run():
        job, other = world.submit(2), world.submit(1, options=PLAIN)
        world.ended(job)
        world.ended(other)
        until(world.is_back)
    assert world.station.switches == [RESERVE, ACTIVE]
    document = world.queue.document(other)
    assert document is not None
    assert document.pages[0].engine == ACTIVE


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A reserve whose answers do not end."""
    with made(tmp_path, monkeypatch, Models(bad=frozenset({1, 2, 3}), slow=True)) as one:
        yield one


@pytest.mark.slow
def test_somebody_who_switches_meanwhile_has_the_last_word(slow: World) -> None:
    with slow.run():
        job = slow.submit(1, 2, 3)
        assert slow.models.begun.wait(PATIENCE)
        slow.station.choose(THIRD)
        done = slow.ended(job)
        until(slow.is_back)
    assert done.counts == {PageState.FALLBACK: 3}
    assert slow.told(job) == [Said.WAITS, Said.READS, Said.TAKEN]
    assert slow.station.switches == [RESERVE, THIRD]


@pytest.mark.slow
def test_a_job_that_is_paused_in_its_pass_ends_with_what_it_had(slow: World) -> None:
    with slow.run():
        job = slow.submit(1, 2, 3)
        assert slow.models.begun.wait(PATIENCE)
        slow.queue.pause(job)
        until(slow.is_back)
        until(lambda: states(slow.queue, job) == "fff")
        slow.queue.resume(job)
        assert slow.ended(job).counts == {PageState.FALLBACK: 3}
    assert slow.told(job)[-1] == Said.PAUSED
    assert slow.station.switches == [RESERVE, ACTIVE]


def test_a_job_that_is_cancelled_in_its_pass_lets_the_station_go_back(slow: World) -> None:
    with slow.run():
        job = slow.submit(1, 2, 3)
        assert slow.models.begun.wait(PATIENCE)
        slow.queue.cancel(job)
        until(slow.is_back)
        until(lambda: states(slow.queue, job) == "fff")
    assert slow.queue.job(job).state is JobState.CANCELLED
    assert slow.station.switches == [RESERVE, ACTIVE]


def test_a_deleted_job_lets_the_station_go_back(slow: World) -> None:
    with slow.run():
        job = slow.submit(1)
        assert slow.models.begun.wait(PATIENCE)
        slow.queue.delete(job)
        until(slow.is_back)
    assert slow.station.switches == [RESERVE, ACTIVE]


@pytest.mark.slow
def test_a_runner_that_is_stopped_in_a_pass_leaves_it_to_the_next(slow: World) -> None:
    with slow.run():
        job = slow.submit(1, 2)
        assert slow.models.begun.wait(PATIENCE)
    assert slow.queue.job(job).state is JobState.RESERVE
    slow.models.slow = False
    with slow.run():
        assert slow.ended(job).counts == {PageState.OK: 2}
        until(slow.is_back)
    assert slow.station.switches == [RESERVE, ACTIVE]


def test_a_reserve_that_serves_already_is_not_switched_to(world: World) -> None:
    world.models.worse = frozenset({2})
    world.station.choose(RESERVE)
    with world.run():
        job = world.submit(1, 2)
        assert world.ended(job).counts == {PageState.OK: 1, PageState.FALLBACK: 1}
    assert world.told(job) == [Said.WAITS, Said.ACTIVE]
    assert world.station.switches == [RESERVE]


def test_without_a_station_the_job_ends_and_says_why(world: World) -> None:
    with JobRunner(world.queue, replace(world.settings, switch=None)):
        job = world.submit(1, 2)
        assert world.ended(job).counts == {PageState.OK: 1, PageState.FALLBACK: 1}
    assert world.told(job) == [Said.WAITS, Said.NO_STATION]
