"""Passes with the reserve model in the queue alone: who goes first, who is held up, what owners may do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from queue_databases import database_url, postgres
from queue_samples import check_counts, finish, finish_all, next_page, open_it, opened, states, submitted, written

from docstation.document.model import PageStatus
from docstation.jobs import reserve_rows as rows
from docstation.jobs.database import Database
from docstation.jobs.options import EMBEDDED, ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobState, NewsKind
from docstation.jobs.queue_rows import fingerprint, options_from_text, options_to_text
from docstation.jobs.queue_work import AssembleWork, Ledger, PageWork
from docstation.jobs.reserve import MENDABLE, Phase, Said, sentence
from docstation.messages import translate
from docstation.reading.vision.answers import End

__all__ = ["database_url", "postgres"]

BIG = ReadOptions(reserve="big")
NAMES = ("big-entry", "big", "vendor/big")


@pytest.fixture
def queue(tmp_path: Path, database_url: str | None) -> Iterator[JobQueue]:
    database = Database(tmp_path, database_url)
    queue = JobQueue(database, tmp_path / "documents")
    yield queue
    check_counts(queue)
    database.close()


@pytest.fixture
def ledger(queue: JobQueue) -> Ledger:
    return Ledger(queue)


def fallen(queue: JobQueue, ledger: Ledger, ends: str, reason: str = "model-loop") -> str:
    """A job that allows the reserve, whose pages have ended so: ``of`` is one that is well and one that is not."""
    job = opened(queue, ledger, len(ends), options=BIG)
    kinds = {"o": PageStatus.OK, "r": PageStatus.REPAIRED, "f": PageStatus.FALLBACK, "x": PageStatus.FAILED}
    for end in ends:
        finish(ledger, next_page(ledger), kinds[end], reason=reason)
    return job


def begin(queue: JobQueue, *jobs: str) -> None:
    """The reserve serves, and is to read what the model failed at in these jobs."""
    with queue.database.writing() as connection:
        rows.begin(connection, "big", NAMES, 0.0)
        rows.enter(connection, Phase.READING, ("usual",))
        for job in jobs:
            assert rows.take_up(connection, job, 0.0)


def told(queue: JobQueue, job: str) -> list[str]:
    return [one.code for one in queue.news(job) if one.kind is NewsKind.RESERVE]


def test_only_what_a_model_failed_at_waits_for_the_reserve(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "orfx")
    assert ledger.claim() is None
    assert queue.job(job).state is JobState.RESERVE
    begin(queue, job)
    assert states(queue, job) == "orww"
    work = [next_page(ledger), next_page(ledger)]
    assert [(one.number, one.reserve, one.attempt) for one in work] == [(3, "big-entry", 2), (4, "big-entry", 2)]
    assert told(queue, job) == [Said.WAITS, Said.READS]


@pytest.mark.parametrize("reason", ["crash", "timeout", "broken-file", "no-engine"])
def test_what_no_model_would_mend_is_not_handed_over(queue: JobQueue, ledger: Ledger, reason: str) -> None:
    job = fallen(queue, ledger, "ofx", reason)
    assert isinstance(ledger.claim(), AssembleWork)
    assert queue.job(job).state is JobState.ASSEMBLING


def test_the_reasons_that_models_give_are_the_mendable_ones() -> None:
    # As `docstation.reading.vision.engine` writes them.
    assert all(f"model-{end.value}".startswith(MENDABLE) for end in End)


def test_while_a_pass_is_under_way_only_what_needs_no_model_goes_on(queue: JobQueue, ledger: Ledger) -> None:
    whole = opened(queue, ledger, 1)
    finish(ledger, next_page(ledger))
    waits = fallen_after(queue, ledger)
    begin(queue)
    with queue.database.writing() as connection:
        rows.enter(connection, Phase.SWITCHING)
    held = submitted(queue)
    free = [submitted(queue, options=ReadOptions(engine=name)) for name in (EMBEDDED, "vendor/big")]
    jobs = []
    while (work := ledger.claim()) is not None:
        jobs.append(work.job)
        if isinstance(work, PageWork):
            finish(ledger, work)
        elif isinstance(work, AssembleWork):
            ledger.assembled(work, 1)
        else:
            open_it(ledger, work, 1)
    assert set(jobs) == {whole, *free}
    assert queue.job(held).state is JobState.WAITING
    assert queue.job(waits).state is JobState.RESERVE


def fallen_after(queue: JobQueue, ledger: Ledger) -> str:
    """A job that waits for the reserve, beside one that waits to be assembled."""
    job = submitted(queue, options=BIG)
    while (work := ledger.claim()) is not None and work.job != job:
        ledger.release(work)
    assert work is not None
    open_it(ledger, work, 1)
    while isinstance(work := ledger.claim(), AssembleWork):
        ledger.release(work)
    assert isinstance(work, PageWork)
    finish(ledger, work, PageStatus.FALLBACK, reason="model-loop")
    while isinstance(work := ledger.claim(), AssembleWork) and queue.job(job).state is not JobState.RESERVE:
        ledger.release(work)
    if work is not None:
        ledger.release(work)
    return job


def test_seats_for_served_models_take_pages_of_a_pass_too(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "f")
    assert ledger.claim() is None
    begin(queue, job)
    assert ledger.claim(pages_of=lambda _options: False) is None
    work = ledger.claim(pages_of=lambda options: options.reserve == "big")
    assert isinstance(work, PageWork)
    assert work.reserve == "big-entry"


@pytest.mark.parametrize("change", ["pause", "cancel"])
def test_owners_who_stop_a_job_end_its_pass(queue: JobQueue, ledger: Ledger, change: str) -> None:
    job = fallen(queue, ledger, "ffx")
    assert ledger.claim() is None
    begin(queue, job)
    work = next_page(ledger)
    getattr(queue, change)(job)
    assert states(queue, job) == "rfx"
    assert ledger.called_off(work)
    ledger.release(work)
    assert states(queue, job) == "ffx"
    assert {page.code for page in queue.pages(job)} == {"model-loop"}
    assert told(queue, job)[-1] == {"pause": Said.PAUSED, "cancel": Said.CANCELLED}[change]
    if change == "pause":
        queue.resume(job)
        with queue.database.writing() as connection:
            rows.end(connection)
        finish_all(ledger)
        assert queue.job(job).state is JobState.DONE


def test_a_job_that_is_paused_before_its_pass_has_it_later(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "f")
    assert ledger.claim() is None
    queue.pause(job)
    assert ledger.claim() is None
    queue.resume(job)
    assert ledger.claim() is None
    assert queue.job(job).state is JobState.RESERVE


def test_a_page_that_is_asked_for_again_in_a_pass_is_read_after_it(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "of")
    assert ledger.claim() is None
    begin(queue, job)
    queue.retry(job, 1)
    assert states(queue, job) == "ww"
    work = next_page(ledger)
    assert (work.number, work.reserve) == (2, "big-entry")
    assert ledger.claim() is None
    finish(ledger, work)
    with queue.database.writing() as connection:
        rows.leave(connection, job, Said.READ, 0.0)
        rows.end(connection)
    again = next_page(ledger)
    assert (again.number, again.reserve) == (1, "")


def test_a_worker_that_the_reserve_costs_its_life_leaves_the_page_as_it_was(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "f")
    assert ledger.claim() is None
    begin(queue, job)
    ledger.worker_lost(next_page(ledger), "memory", 1.0)
    assert states(queue, job) == "f"
    assert [(one.result, one.code) for one in queue.attempts(job)][-1] == ("interrupted", "memory")
    assert queue.pages(job)[0].code == "model-loop"
    with queue.database.reading() as connection:
        assert not rows.is_begun(connection, job)


@pytest.mark.parametrize("status", [PageStatus.OK, PageStatus.FAILED])
def test_a_killed_runner_keeps_the_better_of_what_it_had_read(
    queue: JobQueue, ledger: Ledger, status: PageStatus
) -> None:
    job = fallen(queue, ledger, "ff")
    assert ledger.claim() is None
    begin(queue, job)
    read, not_read = next_page(ledger), next_page(ledger)
    written(read, status)
    again = Ledger(queue)
    again.recover()
    assert states(queue, job) == ("ow" if status is PageStatus.OK else "fw")
    work = next_page(again)
    assert (work.number, work.reserve) == (not_read.number, "big-entry")


def test_a_job_has_one_pass(queue: JobQueue, ledger: Ledger) -> None:
    job = fallen(queue, ledger, "f")
    assert ledger.claim() is None
    begin(queue, job)
    finish(ledger, next_page(ledger), PageStatus.FALLBACK, reason="model-length")
    with queue.database.writing() as connection:
        assert not rows.take_up(connection, job, 0.0)
        rows.leave(connection, job, Said.READ, 0.0)
        rows.end(connection)
    finish_all(ledger)
    assert queue.job(job).state is JobState.DONE
    queue.retry(job, 1)
    finish(ledger, next_page(ledger), PageStatus.FALLBACK, reason="model-loop")
    assert isinstance(ledger.claim(), AssembleWork)


def test_orders_without_a_reserve_have_the_fingerprint_that_they_always_had() -> None:
    assert options_from_text(options_to_text(BIG)) == BIG
    kept = '{"dpi": 200, "engine": "auto", "languages": ["rus", "eng"], "pages": null}'
    assert options_to_text(ReadOptions()) == kept
    assert options_from_text(kept) == ReadOptions()
    assert fingerprint("e", "a", BIG) != fingerprint("e", "a", ReadOptions())


def test_all_that_is_told_of_passes_has_a_sentence() -> None:
    for code in (*Said, "budget"):
        message, fields = sentence(code)
        assert "{" not in translate(message, **fields)
