"""The queue on both databases: orders, records, news, watching; what becomes of what is deleted."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from queue_databases import database_url, ledger, opening, postgres, queue
from queue_samples import (
    PNG,
    contents,
    finish,
    finish_all,
    next_page,
    open_it,
    opened,
    order,
    states,
    submitted,
)

from docstation.document.model import PageStatus
from docstation.errors import BrokenFile, NotFound, TooLarge, UnsupportedFormat, UsageError
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobNews, JobOrder, JobState, NewsKind, PageState
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork

__all__ = ["database_url", "ledger", "opening", "postgres", "queue"]


def test_an_order_becomes_a_job_and_its_file_is_moved(queue: JobQueue) -> None:
    options = ReadOptions(pages="1-3", password="secret", languages=("eng",), dpi=300, jobs=7)
    wanted = order(queue, "Счёт.png", options=options, priority=2)
    job = queue.submit(wanted)
    assert (job.state, job.name, job.media_type, job.priority) == (JobState.WAITING, "Счёт.png", "image/png", 2)
    assert job.options == ReadOptions(pages="1-3", languages=("eng",), dpi=300)
    assert (job.total, job.counts, job.done, job.eta_seconds, job.error) == (0, {}, 0, None, None)
    assert not wanted.path.exists()
    files = queue.files_of(job.id)
    assert files.given.read_bytes().startswith(PNG)
    assert (files.original, files.document, files.password) == (files.given, None, "secret")
    assert queue.job(job.id) == job
    assert [news.kind for news in queue.news(job.id)] == [NewsKind.SUBMITTED]


def test_a_password_is_its_owners_alone_and_not_in_the_database(queue: JobQueue, tmp_path: Path) -> None:
    job = submitted(queue, options=ReadOptions(password="only-for-you"))
    folder = queue.files_of(job).given.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    assert "only-for-you" not in repr(queue.files_of(job))
    assert all(b"only-for-you" not in path.read_bytes() for path in (tmp_path / "state").glob("*"))


def test_a_file_from_elsewhere_is_copied(queue: JobQueue, tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    own.write_bytes(PNG)
    job = queue.submit(JobOrder(own, "own.png"))
    assert own.read_bytes() == queue.files_of(job.id).given.read_bytes()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\x00b\n\u2028c\ud800", "x" * 5000, ""])
def test_a_name_never_becomes_a_path(queue: JobQueue, tmp_path: Path, name: str) -> None:
    job = queue.submit(order(queue, name))
    assert contents(tmp_path / "documents") == {job.id}
    assert 0 < len(job.name) <= 255
    assert "\x00" not in job.name
    assert "\n" not in job.name


def test_what_cannot_be_read_is_refused_and_leaves_nothing(queue: JobQueue, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("a.png", PNG)
    refused = {b"just text": UnsupportedFormat, b"": BrokenFile, PNG + bytes(1000): TooLarge}
    refused[(tmp_path / "some.zip").read_bytes()] = UnsupportedFormat
    for content, error in refused.items():
        path = queue.receive()
        path.write_bytes(content)
        with pytest.raises(error):
            queue.submit(JobOrder(path, "file"))
        assert not path.exists()
    assert contents(tmp_path / "documents") == set()
    assert queue.jobs() == ()


def test_the_same_order_with_the_same_key_is_one_job(queue: JobQueue, tmp_path: Path) -> None:
    first = queue.submit(order(queue, content=b"a", idempotency_key="k"))
    again = order(queue, content=b"a", idempotency_key="k")
    assert queue.submit(again) == first
    assert not again.path.exists()
    assert queue.submit(order(queue, content=b"a")).id != first.id
    for other in (
        order(queue, content=b"b", idempotency_key="k"),
        order(queue, content=b"a", idempotency_key="k", options=ReadOptions(dpi=100)),
    ):
        with pytest.raises(UsageError, match="another order"):
            queue.submit(other)
    with pytest.raises(UsageError, match="not understood"):
        queue.submit(order(queue, idempotency_key="k" * 300))
    assert len(contents(tmp_path / "documents")) == 2


def test_the_same_order_from_many_at_once_is_one_job(opening: Callable[[], JobQueue], tmp_path: Path) -> None:
    queues = [opening() for _ in range(4)]

    def submit(queue: JobQueue) -> str:
        return submitted(queue, content=b"same", idempotency_key="k")

    with ThreadPoolExecutor(8) as threads:
        jobs = set(threads.map(submit, queues * 4))
    assert contents(tmp_path / "documents") == jobs
    assert len(jobs) == 1


def test_jobs_are_listed_newest_first_page_by_page(queue: JobQueue, ledger: Ledger) -> None:
    ids = [submitted(queue) for _ in range(5)]
    queue.cancel(ids[2])
    assert ids == sorted(ids)
    assert [job.id for job in queue.jobs(2)] == [ids[4], ids[3]]
    assert [job.id for job in queue.jobs(2, before=ids[3])] == [ids[2], ids[1]]
    assert [job.id for job in queue.jobs(state=JobState.CANCELLED)] == [ids[2]]
    usage = queue.usage()
    assert (usage.jobs, usage.pages) == ({JobState.WAITING: 4, JobState.CANCELLED: 1}, {})
    assert usage.oldest == queue.job(ids[0]).created


def test_a_job_goes_from_its_order_to_its_document(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    work = ledger.claim()
    assert isinstance(work, OpenWork)
    assert queue.job(job).state is JobState.OPENING
    assert ledger.claim() is None
    open_it(ledger, work, 2)
    first, second = next_page(ledger), next_page(ledger)
    assert (first.number, second.number, states(queue, job)) == (1, 2, "rr")
    assert ledger.claim() is None
    finish(ledger, second, PageStatus.REPAIRED)
    assert queue.page(job, 1) is None
    page = queue.page(job, 2)
    assert page is not None
    assert page.text == "text 2.1"
    finish(ledger, first)
    last = ledger.claim()
    assert isinstance(last, AssembleWork)
    assert (last.numbers, last.source.sha256, last.source.page_count) == ((1, 2), "e" * 64, 2)
    assert ledger.claim() is None
    ledger.assembled(last, 777)
    done = queue.job(job)
    assert (done.state, done.done, done.page_count) == (JobState.DONE, 2, 2)
    assert done.counts == {PageState.OK: 1, PageState.REPAIRED: 1}
    assert queue.usage().bytes == 777
    (attempt,) = queue.attempts(job, 2)
    assert (attempt.attempt, attempt.result, attempt.code, attempt.seconds) == (1, "repaired", "poor", 0.5)


def test_news_are_numbered_without_gaps_and_tell_all(queue: JobQueue, ledger: Ledger) -> None:
    job = opened(queue, ledger, 1)
    finish_all(ledger)
    news = queue.news(job)
    assert [one.number for one in news] == [1, 2, 3, 4, 5]
    told = [(one.kind, one.page, one.page_state, one.done, one.total) for one in news]
    assert told == [
        (NewsKind.SUBMITTED, None, None, 0, 0),
        (NewsKind.OPENED, None, None, 0, 1),
        (NewsKind.PAGE, 1, PageState.READING, 0, 1),
        (NewsKind.PAGE, 1, PageState.OK, 1, 1),
        (NewsKind.DONE, None, None, 1, 1),
    ]
    assert news[-1].state is JobState.DONE
    assert queue.news(job, after=3) == news[3:]
    assert queue.news(job, limit=2) == news[:2]
    assert list(queue.watch(job)) == list(news)
    assert queue.job(job).last_news == 5


def test_a_deleted_job_leaves_nothing(queue: JobQueue, ledger: Ledger, tmp_path: Path) -> None:
    other = submitted(queue)
    job = opened(queue, ledger, 2) if ledger.claim() else ""
    work = next_page(ledger)
    queue.delete(job)
    assert ledger.called_off(work)
    ledger.release(work)
    ledger.page_done(work, PageStatus.OK, 1.0)
    ledger.worker_lost(work, "crash", 1.0)
    assert contents(tmp_path / "documents") == {other}
    assert [one.id for one in queue.jobs()] == [other]
    assert queue.usage().pages == {}


def test_an_unknown_id_is_not_found_whatever_is_asked(queue: JobQueue, tmp_path: Path) -> None:
    asked: list[Callable[[str], object]] = [
        queue.job, queue.pages, queue.attempts, queue.document, queue.files_of, queue.cancel, queue.pause,
        queue.resume, queue.retry, queue.delete, queue.news, lambda id: queue.page(id, 1),
        lambda id: list(queue.watch(id)),
    ]  # fmt: skip
    for id in ("0" * 24, "..", "../documents", "", "\ud800"):
        for ask in asked:
            with pytest.raises(NotFound):
                ask(id)
        if id != "0" * 24:
            with pytest.raises(NotFound):
                queue.jobs(before=id)
    assert contents(tmp_path / "documents") == set()


def test_whoever_watches_is_told_as_it_happens(queue: JobQueue, ledger: Ledger) -> None:
    job = submitted(queue)
    told: list[JobNews] = []
    seen = threading.Event()

    def watch() -> None:
        for news in queue.watch(job):
            told.append(news)
            seen.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert seen.wait(10)
    finish_all(ledger)
    watcher.join(10)
    assert told == list(queue.news(job))


def test_a_watch_ends_when_it_is_stopped_or_the_job_deleted(queue: JobQueue) -> None:
    job = submitted(queue)
    stop = threading.Event()
    watched = queue.watch(job, stop=stop)
    next(watched)
    stop.set()
    assert list(watched) == []
    watched = queue.watch(job)
    next(watched)
    queue.delete(job)
    assert list(watched) == []


def test_callbacks_hear_of_every_change(queue: JobQueue) -> None:
    heard: list[str] = []
    end = queue.on_change(heard.append)
    job = submitted(queue)
    queue.pause(job)
    assert heard == [job, job]
    end()
    queue.resume(job)
    assert heard == [job, job]


def test_two_queues_on_one_database_see_each_others_work(queue: JobQueue, opening: Callable[[], JobQueue]) -> None:
    other = opening()
    job = submitted(queue)
    watched = other.watch(job)
    assert next(watched).kind is NewsKind.SUBMITTED
    finish_all(Ledger(other))
    assert queue.job(job).state is JobState.DONE
    assert [news.kind for news in watched][-1] is NewsKind.DONE
    # How long it may take yet is told as of the moment of asking.
    assert replace(queue.retry(job, 1), eta_seconds=None) == replace(other.job(job), eta_seconds=None)
    other.cancel(job)
    assert [news.kind for news in queue.watch(job)][-1] is NewsKind.CANCELLED


def test_many_writers_number_the_news_of_a_job_in_order(opening: Callable[[], JobQueue]) -> None:
    queues = [opening() for _ in range(3)]
    job = submitted(queues[0])

    def change(queue: JobQueue) -> None:
        for _ in range(8):
            queue.pause(job)
            queue.resume(job)

    seen: list[int] = []

    def watch() -> None:
        seen.extend(news.number for news in queues[0].watch(job))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change, queues * 2))
    last = queues[1].cancel(job).last_news
    watcher.join(10)
    assert seen == list(range(1, last + 1))
