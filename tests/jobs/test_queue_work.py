"""The queue's work on both databases, claimed and ended by hand: turns, pauses, retries, what a kill leaves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from queue_databases import database_url, ledger, opening, postgres, queue
from queue_samples import (
    check_counts,
    finish,
    finish_all,
    next_page,
    open_it,
    opened,
    states,
    submitted,
    written,
)

from docstation.document.model import PageStatus
from docstation.errors import NoEngine, NotFound
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobState, NewsKind, PageState
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork, PageWork

__all__ = ["database_url", "ledger", "opening", "postgres", "queue"]


def test_pages_are_given_out_in_turns_over_the_jobs(queue: JobQueue, ledger: Ledger) -> None:
    batch = opened(queue, ledger, 6)
    assert [next_page(ledger).job for _ in range(2)] == [batch, batch]
    single = submitted(queue)
    # A newcomer waits for one page of each that was there.
    assert next_page(ledger).job == batch
    work = ledger.claim()
    assert work is not None
    open_it(ledger, work, 2)
    other = submitted(queue)
    turns = [ledger.claim() for _ in range(6)]
    assert [turn and turn.job for turn in turns] == [batch, single, other, batch, single, batch]


def test_a_stream_of_newcomers_does_not_keep_a_batch_waiting(queue: JobQueue, ledger: Ledger) -> None:
    batch = opened(queue, ledger, 9)
    served = []
    for _ in range(6):
        submitted(queue)
        submitted(queue)
        served += [work.job for _ in range(2) if (work := ledger.claim()) is not None]
    assert served.count(batch) >= 2


def test_a_higher_priority_goes_first(queue: JobQueue, ledger: Ledger) -> None:
    batch = opened(queue, ledger, 3)
    urgent = submitted(queue, priority=1)
    work = ledger.claim()
    assert work is not None
    assert work.job == urgent
    open_it(ledger, work, 2)
    assert [next_page(ledger).job for _ in range(3)] == [urgent, urgent, batch]


def test_a_paused_job_rests_and_goes_on(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 2)
    work = next_page(ledger)
    assert queue.pause(job).state is JobState.PAUSED
    assert ledger.claim() is None
    finish(ledger, work)
    assert states(queue, job) == "ow"
    assert queue.resume(job).state is JobState.READING
    finish_all(ledger)
    assert queue.job(job).state is JobState.DONE


def test_a_job_may_be_paused_while_it_is_opened(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    work = ledger.claim()
    assert queue.pause(job).state is JobState.PAUSED
    assert work is not None
    open_it(ledger, work, 2)
    assert (queue.job(job).state, states(queue, job)) == (JobState.PAUSED, "ww")
    assert queue.resume(job).state is JobState.READING


def test_a_file_that_is_opened_twice_has_its_pages_once(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    first = ledger.claim()
    queue.pause(job)
    queue.resume(job)
    second = ledger.claim()
    assert first is not None
    assert second is not None
    open_it(ledger, first, 2)
    open_it(ledger, second, 3)
    assert isinstance(second, OpenWork)
    ledger.failed(second, NoEngine())
    assert (queue.job(job).state, states(queue, job)) == (JobState.READING, "ww")


def test_a_cancelled_job_is_over_at_once_and_keeps_what_was_read(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 3)
    finish(ledger, next_page(ledger))
    work = next_page(ledger)
    assert not ledger.called_off(work)
    assert queue.cancel(job).state is JobState.CANCELLED
    assert ledger.called_off(work)
    assert ledger.claim() is None
    ledger.release(work)
    assert (queue.job(job).state, states(queue, job)) == (JobState.CANCELLED, "oww")
    assert queue.page(job, 1) is not None
    assert queue.attempts(job, 2)[0].result == "interrupted"
    assert queue.cancel(job).last_news == queue.resume(job).last_news == queue.pause(job).last_news


def test_a_cancelled_job_goes_on_with_the_pages_that_are_missing(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 3)
    finish(ledger, next_page(ledger))
    finish(ledger, next_page(ledger), PageStatus.FAILED)
    work = next_page(ledger)
    queue.cancel(job)
    assert queue.retry(job).state is JobState.READING
    assert not ledger.called_off(work)
    ledger.release(work)
    assert (states(queue, job), queue.job(job).ended) == ("oww", None)
    finish_all(ledger)
    assert (queue.job(job).state, states(queue, job)) == (JobState.DONE, "ooo")
    assert queue.attempts(job, 1) == queue.attempts(job, 1)[:1], "what was read is not read again"


def test_a_job_that_was_cancelled_before_it_was_opened_is_opened(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    opening = ledger.claim()
    assert isinstance(opening, OpenWork)
    queue.cancel(job)
    assert queue.retry(job).state is JobState.WAITING
    open_it(ledger, opening, 2)
    finish_all(ledger)
    assert (queue.job(job).state, states(queue, job)) == (JobState.DONE, "oo")


def test_failed_pages_are_read_again_and_the_others_kept(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 3)
    finish(ledger, next_page(ledger))
    finish_all(ledger, PageStatus.FAILED)
    assert (queue.job(job).state, states(queue, job)) == (JobState.DONE, "oxx")
    assert queue.retry(job).state is JobState.READING
    assert states(queue, job) == "oww"
    work = next_page(ledger)
    assert (work.number, work.attempt) == (2, 2)
    finish(ledger, work)
    finish_all(ledger)
    assert (queue.job(job).state, states(queue, job)) == (JobState.DONE, "ooo")
    assert queue.news(job)[-1].kind is NewsKind.DONE
    assert queue.retry(job).state is JobState.DONE


def test_any_page_may_be_read_again_and_shows_its_last_result_meanwhile(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 2)
    finish_all(ledger)
    queue.retry(job, 2)
    assert queue.retry(job, 2).counts == {PageState.OK: 1, PageState.WAITING: 1}
    page = queue.page(job, 2)
    assert page is not None
    assert page.text == "text 2.1"
    finish_all(ledger)
    page = queue.page(job, 2)
    assert page is not None
    assert page.text == "text 2.2"
    with pytest.raises(NotFound, match="no page 3"):
        queue.retry(job, 3)


def test_a_document_that_is_being_assembled_gives_way_to_a_retry(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 1)
    finish(ledger, next_page(ledger))
    work = ledger.claim()
    assert isinstance(work, AssembleWork)
    queue.retry(job, 1)
    assert ledger.called_off(work)
    ledger.assembled(work, 1)
    assert queue.job(job).state is JobState.READING


def test_a_job_that_failed_says_why_and_begins_where_it_failed(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    work = ledger.claim()
    assert isinstance(work, OpenWork)
    ledger.failed(work, NoEngine("There is no engine {name}.", name="x"))
    failed = queue.job(job)
    assert (failed.state, str(failed.error)) == (JobState.FAILED, "There is no engine x.")
    assert queue.news(job)[-1].code == "no-engine"
    again = queue.retry(job)
    assert (again.state, again.error, again.ended) == (JobState.WAITING, None, None)
    finish_all(ledger)
    queue.retry(job, 1)
    finish(ledger, next_page(ledger))
    last = ledger.claim()
    assert isinstance(last, AssembleWork)
    ledger.failed(last, NoEngine())
    assert queue.retry(job).state is JobState.READING
    assert isinstance(ledger.claim(), AssembleWork)


def test_a_lost_worker_makes_the_second_try_careful(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 1)
    ledger.worker_lost(next_page(ledger), "timeout", 3.0)
    again = next_page(ledger)
    assert (again.after, again.attempt) == ("timeout", 2)
    ledger.release(again)
    third = next_page(ledger)
    assert third.after == "timeout"
    finish(ledger, third, PageStatus.FALLBACK)
    finish_all(ledger)
    assert [(one.result, one.code) for one in queue.attempts(job)] == [
        ("interrupted", "timeout"),
        ("interrupted", ""),
        ("fallback", "poor"),
    ]
    queue.retry(job, 1)
    assert next_page(ledger).after == ""


def test_work_that_is_given_back_is_given_out_again(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    for kind in (OpenWork, PageWork, AssembleWork):
        given_back = ledger.claim()
        assert isinstance(given_back, kind)
        ledger.release(given_back)
        work = ledger.claim()
        assert isinstance(work, kind)
        if isinstance(work, PageWork):
            finish(ledger, work)
        elif isinstance(work, OpenWork):
            open_it(ledger, work, 1)
        else:
            ledger.assembled(work, 1)
    assert queue.job(job).state is JobState.DONE


def test_after_a_kill_whole_pages_are_taken_and_others_wait_again(
    queue: JobQueue, ledger: Ledger, opening: Callable[[], JobQueue]
) -> None:
    job = opened(queue, ledger, 3)
    finish(ledger, next_page(ledger))
    whole, _torn = next_page(ledger), next_page(ledger)
    written(whole)
    submitted(queue)
    ledger.claim()
    after = opening()
    Ledger(after).recover()
    assert states(after, job) == "oow"
    assert after.usage().jobs == {JobState.READING: 1, JobState.WAITING: 1}
    assert [one.result for one in after.attempts(job)] == ["ok", "ok", "interrupted"]


def test_a_stale_file_of_an_earlier_attempt_is_never_taken(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 1)
    work = next_page(ledger)
    written(work)
    ledger.release(work)
    next_page(ledger)
    ledger.recover()
    assert states(queue, job) == "w"


def test_finished_pages_whose_files_are_gone_are_read_again(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 2)
    for _ in range(2):
        finish(ledger, next_page(ledger))
    work = ledger.claim()
    assert isinstance(work, AssembleWork)
    ledger.missing(work, (2,))
    assert (queue.job(job).state, states(queue, job)) == (JobState.READING, "ow")


def test_two_ledgers_never_give_out_the_same_page(opening: Callable[[], JobQueue]) -> None:
    queues = [opening() for _ in range(3)]
    ledgers = [Ledger(queue) for queue in queues]
    job = opened(queues[0], ledgers[0], 30)

    def read(ledger: Ledger) -> list[int]:
        numbers = []
        for _ in range(5):
            work = next_page(ledger)
            finish(ledger, work)
            numbers.append(work.number)
        return numbers

    with ThreadPoolExecutor(6) as threads:
        numbers = [number for some in threads.map(read, ledgers * 2) for number in some]
    assert sorted(numbers) == list(range(1, 31))
    check_counts(queues[0])
    assert states(queues[0], job) == "o" * 30
