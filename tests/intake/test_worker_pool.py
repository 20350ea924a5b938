"""Workers that fail in every way give one outcome for each task, and the pool goes on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from docstation.errors import BrokenFile, MissingDependency, WorkerFailed
from docstation.intake.limits import Limits
from docstation.intake.outcome import Outcome
from docstation.intake.sandbox import WorkerPool, call

OBEDIENT = "intake_handlers:obedient"
LIMITS = Limits(worker_bytes=150_000_000, page_seconds=30.0)


def one(pool: WorkerPool, *task: object) -> Outcome:
    pool.submit(task)
    outcome = pool.next(timeout=30)
    assert outcome is not None
    assert outcome.task == task
    return outcome


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome.error, WorkerFailed)
    assert outcome.value is None
    return str(outcome.error.fields["reason"])


def ended(pid: int, *, within: float = 10.0) -> bool:
    """Whether the process ends within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within)[0])
    finally:
        os.close(handle)


@pytest.fixture(params=["", "intake_handlers:loaded"], ids=["started", "forked"])
def preload(request: pytest.FixtureRequest) -> str:
    """Workers obey alike, whether each is started by itself or forked by a process that has loaded what they need."""
    return str(request.param)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A named pipe, by which a worker and the test wait for each other."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def told(fifo: Path) -> int:
    """The number that a worker writes into the pipe; the test fails where none comes."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert select.select([reader], [], [], 30)[0]
        return int(os.read(reader, 100))
    finally:
        os.close(reader)


@pytest.fixture
def pool(preload: str) -> Iterator[WorkerPool]:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload) as made:
        yield made


def test_a_task_comes_back_with_its_value_and_its_time(pool: WorkerPool) -> None:
    outcome = one(pool, "return", {"страница": (1, 2.5)})
    assert (outcome.value, outcome.error) == ({"страница": (1, 2.5)}, None)
    assert 0 <= outcome.seconds < 10


def test_the_target_gets_its_arguments_once(preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, initial=(Path("a"), LIMITS)) as pool:
        assert one(pool, "initial").value == (Path("a"), LIMITS)


def test_an_error_of_ours_comes_back_as_it_was_raised_and_the_worker_lives_on(pool: WorkerPool) -> None:
    before = one(pool, "who").value
    error = one(pool, "break", "a.pdf").error
    assert type(error) is BrokenFile
    assert error.fields == {"name": "a.pdf"}
    assert one(pool, "who").value == before


@pytest.mark.parametrize("task", [("die",), ("segfault",), ("bug",), ("lambda",), ("unreadable",)], ids="-".join)
def test_a_worker_that_crashes_fails_its_task_and_is_replaced(pool: WorkerPool, task: tuple[str]) -> None:
    before = one(pool, "who").value
    failed = one(pool, *task)
    assert reason(failed) == "crash"
    assert str(failed.error) == "Reading stopped: the process that read it died."
    after = one(pool, "who")
    assert after.error is None
    assert after.value[0] != before[0]


def test_a_bug_leaves_its_trace(pool: WorkerPool) -> None:
    error = one(pool, "bug").error
    assert error is not None
    assert "KeyError: 'a bug'" in str(error.fields["trace"])


@pytest.mark.parametrize("task", ["hang", "hang hard"])
def test_a_worker_that_hangs_is_killed_at_the_deadline(task: str, preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, seconds=0.6) as pool:
        pid = one(pool, "who").value[0]
        failed = one(pool, task)
        assert reason(failed) == "timeout"
        assert 0.6 <= failed.seconds < 5
        assert ended(pid)
        assert one(pool, "return", 1).value == 1


def test_deadlines_hold_while_the_caller_is_busy_with_something_else(fifo: Path, preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, seconds=0.6) as pool:
        pool.submit(("hang hard", fifo))
        pid = told(fifo)
        assert ended(pid)  # nobody has asked for an outcome yet
        outcome = pool.next()
    assert outcome is not None
    assert reason(outcome) == "timeout"


@pytest.mark.parametrize("task", [("grow", 220_000_000), ("ask for too much",)], ids=["touched", "asked for"])
def test_a_worker_that_outgrows_its_memory_is_ended(pool: WorkerPool, task: tuple[Any, ...]) -> None:
    assert reason(one(pool, *task)) == "memory"
    assert one(pool, "return", 1).value == 1


def test_a_worker_that_dies_between_two_tasks_is_replaced(pool: WorkerPool) -> None:
    pid = one(pool, "who").value[0]
    os.kill(pid, signal.SIGKILL)
    assert ended(pid)
    outcomes = [one(pool, "return", number) for number in range(3)]
    # The task that was on its way to the dead worker may be lost with it; no other is.
    assert [outcome.value for outcome in outcomes[1:]] == [1, 2]


def test_every_task_of_a_bad_lot_has_one_outcome(preload: str) -> None:
    tasks = [("return", 0), ("die",), ("break", "a"), ("segfault",), ("return", 1), ("bug",), ("return", 2)]
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        outcomes = list(pool.run(tasks))
        assert pool.open_tasks == 0
    assert sorted(str(outcome.task) for outcome in outcomes) == sorted(map(str, tasks))
    assert sorted(outcome.value for outcome in outcomes if outcome.error is None) == [0, 1, 2]


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("intake_handlers:unable", MissingDependency),
        ("intake_handlers:slow_to_start", WorkerFailed),
        ("intake_handlers:no_such_function", WorkerFailed),
        ("no_such_module:make", WorkerFailed),
    ],
)
def test_a_worker_that_does_not_come_up_fails_every_task(target: str, kind: type[Exception], preload: str) -> None:
    limits = Limits(start_seconds=0.5 if "slow" in target else 30)
    with WorkerPool(2, target, limits=limits, preload=preload) as pool:
        outcomes = list(pool.run([1, 2, 3]))
    assert sorted(outcome.task for outcome in outcomes) == [1, 2, 3]
    assert {type(outcome.error) for outcome in outcomes} == {kind}


@pytest.mark.parametrize(("deaths", "values"), [(3, [1, 2]), (4, [2])])
def test_a_worker_that_dies_before_it_comes_up_is_tried_again_a_few_times(
    tmp_path: Path, preload: str, deaths: int, values: list[int]
) -> None:
    for number in range(deaths):
        (tmp_path / str(number)).touch()
    initial = (tmp_path,)
    with WorkerPool(1, "intake_handlers:stillborn", limits=LIMITS, preload=preload, initial=initial) as pool:
        outcomes = list(pool.run([("return", 1), ("return", 2)]))
    assert [outcome.value for outcome in outcomes if outcome.error is None] == values
    assert [reason(outcome) for outcome in outcomes if outcome.error] == ["crash"] * (2 - len(values))


def test_a_worker_that_cannot_even_be_started_fails_every_task(monkeypatch: pytest.MonkeyPatch, preload: str) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        outcomes = list(pool.run([("return", number) for number in range(5)]))
    assert [reason(outcome) for outcome in outcomes] == ["crash"] * 5


def test_what_cannot_be_sent_is_the_callers_error_at_once(pool: WorkerPool, preload: str) -> None:
    with pytest.raises(Exception, match="pickle"):
        pool.submit(("return", lambda: None))
    assert pool.open_tasks == 0
    assert one(pool, "return", 1).value == 1
    with pytest.raises(Exception, match="pickle"):
        WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, initial=(lambda: None,))


def test_outcomes_come_as_they_complete_and_not_in_order(fifo: Path, preload: str) -> None:
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        outcomes = pool.run([("wait for", fifo), ("return", 1), ("return", 2)])
        assert [next(outcomes).value, next(outcomes).value] == [1, 2]
        fifo.write_text("open")
        assert [outcome.value for outcome in outcomes] == ["open"]


def test_waiting_for_an_outcome_has_an_end(pool: WorkerPool) -> None:
    assert pool.next() is None
    pool.submit(("hang",))
    assert pool.next(timeout=0.05) is None
    assert pool.open_tasks == 1


def test_leaving_the_block_kills_working_workers_at_once(tmp_path: Path, preload: str) -> None:
    fifos = [tmp_path / name for name in ("one", "two")]
    started = 0.0
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        for fifo in fifos:
            os.mkfifo(fifo)
            pool.submit(("hang hard", fifo))
        pids = [told(fifo) for fifo in fifos]
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    pool.close()  # closing twice does no harm


def test_the_block_may_be_left_by_an_error_of_the_caller(fifo: Path, preload: str) -> None:
    pids = []

    def work() -> None:
        with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload) as pool:
            pool.submit(("hang hard", fifo))
            pids.append(told(fifo))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert not psutil.pid_exists(pids[0])


def test_a_cancelled_pool_can_be_used_again(fifo: Path, pool: WorkerPool) -> None:
    pool.submit(("hang hard", fifo))
    pid = told(fifo)
    for number in range(5):
        pool.submit(("return", number))
    pool.cancel()
    assert not psutil.pid_exists(pid)
    assert pool.open_tasks == 0
    assert pool.next() is None
    assert one(pool, "return", "again").value == "again"


def test_leaving_a_run_forgets_the_tasks_that_were_not_started(preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        with closing(pool.run([("return", 1), ("hang",), ("return", 2), ("return", 3)])) as outcomes:
            assert next(outcomes).value == 1
        assert pool.open_tasks <= 1


def test_tasks_are_taken_from_their_source_a_few_ahead_only(preload: str) -> None:
    taken = 0

    def tasks() -> Iterator[tuple[str, int]]:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield "return", number

    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        for done, _ in enumerate(pool.run(tasks()), 1):
            assert taken <= done + 4


def test_memory_stays_flat_over_many_tasks(preload: str) -> None:
    resident = psutil.Process().memory_info
    with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        tasks = (("return", bytes([number % 256]) * 50_000) for number in range(1_500))  # 75 MB there, 75 MB back
        grown = 0
        for number, outcome in enumerate(pool.run(tasks)):
            assert outcome.error is None
            if number == 300:
                grown = -resident().rss
        grown += resident().rss
    assert grown < 15_000_000


def test_a_large_task_and_a_large_answer_get_through(pool: WorkerPool) -> None:
    page = os.urandom(8_000_000)
    assert one(pool, "return", page).value == page


def test_workers_are_replaced_after_so_many_tasks(preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, recycle_after=3) as pool:
        pids = [outcome.value[0] for outcome in pool.run([("who",)] * 9)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 3]


def test_workers_are_out_of_reach_of_the_terminals_interrupt_and_take_one_thread_each(pool: WorkerPool) -> None:
    assert one(pool, "who").value[1] != os.getsid(0)
    assert one(pool, "threads").value == "1"


def test_no_file_stays_open_behind_a_closed_pool(preload: str) -> None:
    def open_files() -> int:
        return psutil.Process().num_fds()

    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload) as pool:
        one(pool, "return", 1)
    before = open_files()
    for task in (("die",), ("return", 1)):
        with WorkerPool(2, OBEDIENT, limits=LIMITS, preload=preload) as pool:
            one(pool, *task)
    assert open_files() == before


ORPHAN = """
import sys
from pathlib import Path
from docstation.intake.limits import Limits
from docstation.intake.sandbox import WorkerPool

with WorkerPool(1, "intake_handlers:obedient", limits=Limits(), preload=sys.argv[2]) as pool:
    pool.submit(("hang hard", Path(sys.argv[1])))
    pool.next()
"""


def test_no_worker_outlives_a_parent_that_is_killed(fifo: Path, preload: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN, fifo, preload], env=environment)
    pid = told(fifo)
    assert psutil.pid_exists(pid)
    parent.kill()
    assert parent.wait() == -signal.SIGKILL
    assert ended(pid)


def test_a_single_call_gives_its_value_or_raises() -> None:
    assert call(OBEDIENT, ("return", 5), limits=LIMITS, seconds=30) == 5
    assert call(OBEDIENT, ("initial",), limits=LIMITS, initial=(1,), seconds=30) == (1,)
    with pytest.raises(BrokenFile, match=r"a\.pdf"):
        call(OBEDIENT, ("break", "a.pdf"), limits=LIMITS, seconds=30)
    for task, why in ((("die",), "crash"), (("hang",), "timeout")):
        with pytest.raises(WorkerFailed) as caught:
            call(OBEDIENT, task, limits=LIMITS, seconds=0.5)
        assert caught.value.fields["reason"] == why


def test_a_task_that_waits_for_others_may_ask_for_more_time_once_for_itself(preload: str) -> None:
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, seconds=0.5) as pool:
        assert one(pool, "return", 1).value == 1
        assert one(pool, "ask for time", 20.0, 1.0).value == "done"
        assert reason(one(pool, "hang")) == "timeout"


def test_no_task_gets_time_without_end(monkeypatch: pytest.MonkeyPatch, preload: str) -> None:
    monkeypatch.setattr("docstation.intake.sandbox.MOST_GRANTED", 0.3)
    with WorkerPool(1, OBEDIENT, limits=LIMITS, preload=preload, seconds=0.3) as pool:
        assert one(pool, "return", 1).value == 1
        assert reason(one(pool, "ask for time", 100.0, 20.0)) == "timeout"
