"""What is kept and what goes: age, room, what nobody owns; how long pages will take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from queue_samples import PNG, Clock, contents, finish, finish_all, next_page, opened, order, submitted

from docstation.errors import InputError
from docstation.jobs.database import Database
from docstation.jobs.keeping import ABANDONED_SECONDS, DAY, Keeping, sweep
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobState
from docstation.jobs.queue_rows import remaining_seconds
from docstation.jobs.queue_work import Ledger

UPLOAD = bytes(1000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def queue_of(database: Database, tmp_path: Path, clock: Clock, **bounds: float) -> JobQueue:
    return JobQueue(database, tmp_path / "documents", keeping=Keeping(**bounds), now=clock)


def test_documents_go_when_they_are_too_old(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock, days=2)
    old, waiting = submitted(queue), submitted(queue)
    queue.cancel(old)
    queue.pause(waiting)
    clock.time += DAY
    new = submitted(queue)
    queue.cancel(new)
    assert sweep(queue) == 0
    clock.time += 1.5 * DAY
    assert sweep(queue) == 1
    assert contents(tmp_path / "documents") == {waiting, new}
    assert [job.id for job in queue.jobs()] == [new, waiting]


def test_without_bounds_nothing_goes(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock)
    job = submitted(queue)
    queue.cancel(job)
    clock.time += 10_000 * DAY
    assert sweep(queue) == 0
    assert queue.job(job).state is JobState.CANCELLED


def test_the_oldest_that_have_ended_make_room_for_a_new_one(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock, max_bytes=3500)
    jobs = [submitted(queue, content=UPLOAD + bytes([number])) for number in range(3)]
    for job in (jobs[2], jobs[0]):
        clock.time += 1
        queue.cancel(job)
    submitted(queue, content=UPLOAD)
    assert {job.id for job in queue.jobs()} >= {jobs[0], jobs[1]}
    submitted(queue, content=UPLOAD + b"x")
    assert queue.usage().bytes <= 3500
    upload = order(queue, content=UPLOAD + b"y")
    with pytest.raises(InputError, match="no room"):
        queue.submit(upload)
    assert not upload.path.exists()
    assert len(queue.jobs()) == 3


def test_results_count_as_well(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock)
    ledger = Ledger(queue)
    done = opened(queue, ledger, 2)
    finish_all(ledger)
    cancelled = opened(queue, ledger, 2)
    finish(ledger, next_page(ledger))
    queue.cancel(cancelled)
    sweep(queue)
    folders = [queue.files_of(job).given.parent for job in (done, cancelled)]
    assert queue.usage().bytes == sum(path.lstat().st_size for folder in folders for path in folder.rglob("*"))


def test_nothing_is_taken_in_when_the_disk_is_nearly_full(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock, free_bytes=1 << 62)
    with pytest.raises(InputError, match="nearly full"):
        submitted(queue)
    assert contents(tmp_path / "documents") == set()


def test_what_nobody_owns_goes_after_some_hours(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock)
    kept = submitted(queue)
    upload = queue.receive()
    upload.write_bytes(PNG)
    os.utime(upload, (clock.time, clock.time))
    orphan = tmp_path / "documents" / f"{int(clock.time * 1e6):014x}0123456789"
    orphan.mkdir()
    half_gone = tmp_path / "documents" / f"{int(clock.time * 1e6):014x}9876543210.gone"
    half_gone.mkdir()
    (tmp_path / "documents" / "mine").mkdir()
    sweep(queue)
    assert upload.exists()
    assert orphan.exists()
    clock.time += ABANDONED_SECONDS + 1
    sweep(queue)
    assert not upload.exists()
    assert contents(tmp_path / "documents") == {kept, "mine"}


def test_what_is_left_to_do_is_told_by_how_often_pages_end(database: Database, tmp_path: Path, clock: Clock) -> None:
    queue = queue_of(database, tmp_path, clock)
    ledger = Ledger(queue)
    job = opened(queue, ledger, 10)
    assert queue.job(job).eta_seconds is None
    for _ in range(4):
        clock.time += 3
        finish(ledger, next_page(ledger), seconds=6.0)
    assert queue.job(job).eta_seconds == pytest.approx(18)
    clock.time += 2
    assert queue.job(job).eta_seconds == pytest.approx(16)
    queue.pause(job)
    assert queue.job(job).eta_seconds is None


def test_a_time_without_service_is_not_taken_for_slow_pages() -> None:
    ends = [(0.0, 2.0), (2.0, 2.0), (10_002.0, 2.0), (10_004.0, 2.0)]
    assert remaining_seconds(ends, 10, 10_004.0) == pytest.approx(10 * (2 + 3 + 2) / 3)
    assert remaining_seconds(ends[:1], 10, 5.0) is None


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e3)), min_size=2, max_size=16),
    st.integers(0, 10_000),
    st.floats(0, 2e6),
)
def test_an_estimate_is_never_negative(recent: list[tuple[float, float]], left: int, now: float) -> None:
    estimate = remaining_seconds(recent, left, max(now, max(recent)[0]))
    assert estimate is not None
    assert estimate >= 0
