"""Workers that are forked: by whom, with what, and in turns."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from docstation.errors import WorkerFailed
from docstation.intake.limits import Limits
from docstation.intake.nursery import Nurseries
from docstation.intake.outcome import Outcome
from docstation.intake.sandbox import WorkerPool

OBEDIENT, LOADED = "intake_handlers:obedient", "intake_handlers:loaded"
LIMITS = Limits(worker_bytes=150_000_000, page_seconds=30.0)


@pytest.fixture(autouse=True)
def nurseries(monkeypatch: pytest.MonkeyPatch) -> Nurseries:
    """Nurseries of this test alone."""
    alone = Nurseries()
    for user in ("sandbox", "child"):
        monkeypatch.setattr(f"docstation.intake.{user}.NURSERIES", alone)
    return alone


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=LOADED) as made:
        yield made


def one(pool: WorkerPool, *task: object) -> Outcome:
    pool.submit(task)
    outcome = pool.next(timeout=30)
    assert outcome is not None
    return outcome


def parent(pid: int) -> psutil.Process:
    found = psutil.Process(pid).parent()
    assert found is not None
    return found


def test_all_workers_of_all_pools_that_load_the_same_come_from_one_process(pool: WorkerPool) -> None:
    first = parent(one(pool, "who").value[0])
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=LOADED) as other:
        assert parent(one(other, "who").value[0]) == first
    assert first.is_running()
    assert "docstation.intake.nursery_process" in first.cmdline()


def test_the_last_pool_ends_it(nurseries: Nurseries) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=LOADED) as pool:
        nursery = parent(one(pool, "who").value[0])
    assert not psutil.pid_exists(nursery.pid)


def test_one_that_was_killed_is_replaced_and_its_workers_finish_their_tasks(pool: WorkerPool, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    before = parent(one(pool, "who").value[0])
    pool.submit(("wait for", fifo))
    os.kill(before.pid, signal.SIGKILL)
    before.wait(30)
    crashed = one(pool, "die")  # another worker is needed after it
    assert isinstance(crashed.error, WorkerFailed)
    after = one(pool, "who")
    assert after.error is None
    assert parent(after.value[0]) != before
    fifo.write_text("open")
    waited = pool.next(timeout=30)
    assert waited is not None
    assert waited.value == "open"


def test_a_worker_has_the_variables_and_the_folder_that_its_pools_process_has_now(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(pool, "return", 1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.delenv("HOME")
    one(pool, "die")
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=LOADED) as later:
        assert one(later, "surroundings").value == (str(tmp_path), "http://127.0.0.1:1", None)


def test_what_cannot_be_loaded_ahead_is_no_matter() -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload="intake_handlers:not_loadable") as pool:
        assert one(pool, "return", 5).value == 5


def test_workers_take_turns_at_the_cores_and_a_dead_one_gives_its_turn_back(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    with WorkerPool(cores + 2, OBEDIENT, limits=LIMITS, preload=LOADED) as pool:
        for place in range(cores + 2):
            pool.submit(("take a turn", tmp_path, str(place)))
        outcomes = [pool.next(timeout=60) for _ in range(cores + 2)]
        most = max(int(outcome.value) for outcome in outcomes if outcome is not None)
        assert most <= cores
        one(pool, "die in a turn")
        assert one(pool, "take a turn", tmp_path, "last").value == "1"


def test_only_one_thread_is_there_when_page_workers_are_forked() -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload="docstation.bootstrap.reader:preload") as pool:
        nursery = parent(one(pool, "who").value[0])
        assert nursery.num_threads() == 1
