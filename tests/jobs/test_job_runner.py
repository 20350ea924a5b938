"""The runner with real worker processes: what it reads, in whose turn, and how it is broken off."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from queue_samples import check_counts, states
from run_samples import broken_pdf, locked_pdf, scan, text_pdf
from sqlalchemy.exc import OperationalError
from staged_workers import PATIENCE, TARGET, Stage, staged

from docstation.bootstrap.reader import WORKER, read_files
from docstation.document.codec import dumps, to_json
from docstation.document.model import PageStatus
from docstation.errors import Locked, NotFound
from docstation.intake.limits import Limits
from docstation.jobs.database import Database
from docstation.jobs.events import FileRead
from docstation.jobs.keeping import Keeping
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobRecord, JobState, NewsKind, PageState
from docstation.jobs.queue_work import Ledger
from docstation.jobs.runner import JobRunner, RunnerSettings

ALONE = RunnerSettings(1, TARGET, idle_seconds=600.0, look_seconds=0.2)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


@pytest.fixture
def queue(tmp_path: Path, stage: Stage) -> Iterator[JobQueue]:
    database = Database(tmp_path / "state")
    queue = JobQueue(database, tmp_path / "state" / "documents")
    yield queue
    check_counts(queue)
    database.close()


def submit(queue: JobQueue, path: Path, **chosen: object) -> str:
    return queue.submit(JobOrder(path, path.name, **chosen)).id


def ended(queue: JobQueue, job: str) -> JobRecord:
    """The job, once it has ended."""
    for _ in queue.watch(job):
        pass
    return queue.job(job)


def await_that(holds: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait until it holds; the seconds that it took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds
        time.sleep(0.01)
    return time.monotonic() - begun


def test_a_job_gives_the_document_that_the_library_gives(queue: JobQueue, tmp_path: Path) -> None:
    path = text_pdf(tmp_path / "book.pdf", 6, pictures=[2])
    read = [event for event in read_files([str(path)], ReadOptions(pages="2-5")) if isinstance(event, FileRead)]
    job = submit(queue, path, options=ReadOptions(pages="2-5"))
    with JobRunner(queue, RunnerSettings(2, WORKER)):
        done = ended(queue, job)
    assert (done.state, done.total, done.page_count, done.counts) == (JobState.DONE, 4, 6, {PageState.OK: 4})
    files = queue.files_of(job)
    assert files.document is not None
    document = queue.document(job)
    assert document is not None
    assert files.document.read_bytes() == dumps(to_json(document))
    assert document.pages == read[0].document.pages
    assert document.body == read[0].document.body
    assert document.source.sha256 == read[0].document.source.sha256
    pictures = [block.picture for block in document.pages[0].blocks if block.picture is not None]
    assert [(files.pictures / picture.file).is_file() for picture in pictures] == [True]


def test_a_single_page_is_read_in_the_middle_of_a_batch(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(5)
    batch = submit(queue, text_pdf(tmp_path / "batch.pdf", 30))
    with JobRunner(queue, ALONE):
        stage.await_held(5)
        single = submit(queue, text_pdf(tmp_path / "single.pdf", 1))
        stage.release(5)
        assert ended(queue, single).state is JobState.DONE
        ended(queue, batch)
    assert stage.begun[5:9].count(1) == 1
    assert len(stage.begun) == 31


@pytest.mark.parametrize("same_process", [True, False])
def test_a_cancelled_job_lets_its_worker_go_at_once(
    queue: JobQueue, stage: Stage, tmp_path: Path, same_process: bool
) -> None:
    stage.hold(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    other = submit(queue, text_pdf(tmp_path / "b.pdf", 1))
    owner = queue if same_process else JobQueue(Database(tmp_path / "state"), tmp_path / "state" / "documents")
    with JobRunner(queue, ALONE):
        stage.await_held(2)
        assert owner.cancel(job).state is JobState.CANCELLED
        assert await_that(lambda: "r" not in states(owner, job)) < 2
        assert ended(queue, other).state is JobState.DONE
    assert states(queue, job) == "oww"
    assert queue.attempts(job, 2)[0].result == "interrupted"
    assert queue.page(job, 1) is not None
    assert queue.document(job) is None
    owner.database.close()


def test_a_job_is_deleted_under_the_hands_of_its_worker(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    folder = queue.files_of(job).given.parent
    with JobRunner(queue, ALONE):
        stage.await_held(2)
        queue.delete(job)
        other = submit(queue, text_pdf(tmp_path / "b.pdf", 1))
        assert ended(queue, other).state is JobState.DONE
    assert not folder.exists()
    with pytest.raises(NotFound):
        queue.job(job)


def test_a_paused_job_begins_no_page_and_goes_on(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 4))
    other = submit(queue, text_pdf(tmp_path / "b.pdf", 1))
    with JobRunner(queue, ALONE):
        stage.await_held(2)
        queue.pause(job)
        stage.release(2)
        assert ended(queue, other).state is JobState.DONE
        assert states(queue, job) == "ooww"
        queue.resume(job)
        assert ended(queue, job).state is JobState.DONE


def test_a_page_whose_worker_is_lost_is_read_from_its_text_layer(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.kill(1)
    stage.raise_at(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        assert ended(queue, job).counts == {PageState.FALLBACK: 2, PageState.OK: 1}
        assert [(one.result, one.code) for one in queue.attempts(job, 1)] == [
            ("interrupted", "crash"),
            ("fallback", "crash"),
        ]
        document = queue.document(job)
        assert document is not None
        assert [page.text for page in document.pages] == [f"Layer of page {number}" for number in (1, 2, 3)]
        stage.forget()
        queue.retry(job, 1)
        again = ended(queue, job)
    assert again.counts == {PageState.FALLBACK: 1, PageState.OK: 2}
    assert stage.begun == [1]


def test_a_page_that_cannot_be_read_fails_alone_and_may_be_retried(
    queue: JobQueue, stage: Stage, tmp_path: Path
) -> None:
    stage.kill(1)
    job = submit(queue, scan(tmp_path / "scan.tiff", 1, 2), options=ReadOptions(dpi=72))
    with JobRunner(queue, ALONE):
        assert ended(queue, job).counts == {PageState.FAILED: 1, PageState.OK: 1}
        assert queue.pages(job)[0].code == "crash"
        document = queue.document(job)
        assert document is not None
        assert [page.status for page in document.pages] == [PageStatus.FAILED, PageStatus.OK]
        stage.forget()
        queue.retry(job)
        assert ended(queue, job).counts == {PageState.OK: 2}
    assert stage.begun == [1]


def test_a_retry_that_fails_keeps_the_better_page(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    job = submit(queue, scan(tmp_path / "scan.png", 1), options=ReadOptions(dpi=72))
    with JobRunner(queue, ALONE):
        ended(queue, job)
        stage.kill(1, always=True)
        queue.retry(job, 1)
        assert ended(queue, job).counts == {PageState.OK: 1}
    assert [(one.result, one.code) for one in queue.attempts(job)][-1] == ("failed", "crash")
    page = queue.page(job, 1)
    assert page is not None
    assert page.text == "Scan of page 1"


def test_files_that_cannot_be_opened_fail_their_job_alone(queue: JobQueue, tmp_path: Path) -> None:
    locked = locked_pdf(tmp_path / "locked.pdf", "right")
    jobs = {
        submit(queue, broken_pdf(tmp_path / "broken.pdf")): "broken-file",
        submit(queue, locked): "password",
        submit(queue, locked, options=ReadOptions(password="wrong")): "password",
        submit(queue, text_pdf(tmp_path / "a.pdf", 2), options=ReadOptions(engine="dreamt")): "no-engine",
        submit(queue, tmp_path / "a.pdf", options=ReadOptions(pages="7")): "page-range",
    }
    right = submit(queue, locked, options=ReadOptions(password="right"))
    with JobRunner(queue, ALONE):
        for job, code in jobs.items():
            failed = ended(queue, job)
            assert failed.error is not None
            assert (failed.state, failed.error.code) == (JobState.FAILED, code)
        assert ended(queue, right).state is JobState.DONE


def test_a_worker_that_dies_once_beside_the_opening_of_a_file_costs_time_only(
    queue: JobQueue, stage: Stage, tmp_path: Path
) -> None:
    path = text_pdf(tmp_path / "good.pdf", 1)
    stage.kill_first("good.pdf")
    with JobRunner(queue, ALONE):
        assert ended(queue, submit(queue, path)).state is JobState.DONE
        assert not stage.told("first-good.pdf"), "a worker has died"
        stage.kill("good.pdf")
        failed = ended(queue, submit(queue, path))
    assert failed.error is not None
    assert (failed.state, failed.error.code) == (JobState.FAILED, "input")


@pytest.mark.slow
def test_an_office_file_is_read_from_its_pdf(queue: JobQueue, tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Words of the letter")
    document.save(str(tmp_path / "letter.docx"))
    job = submit(queue, tmp_path / "letter.docx")
    with JobRunner(queue, ALONE):
        assert ended(queue, job).state is JobState.DONE
    page = queue.page(job, 1)
    assert page is not None
    assert page.text == "Words of the letter"
    files = queue.files_of(job)
    assert (files.given.suffix, files.original.suffix) == (".docx", ".pdf")


def test_finished_pages_whose_files_went_are_read_again(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(3)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        stage.await_held(3)
        (queue.files_of(job).given.parent / "pages" / "page-000001.json").unlink()
        stage.release(3)
        assert ended(queue, job).state is JobState.DONE
    assert stage.begun == [1, 2, 3, 1]


def test_what_is_under_way_is_given_back_when_the_runner_stops(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        stage.await_held(2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert states(queue, job) == "oww"
    stage.forget()
    with JobRunner(queue, ALONE):
        assert ended(queue, job).state is JobState.DONE
    assert stage.begun == [2, 3]


def test_one_runner_works_on_a_folder(queue: JobQueue) -> None:
    with JobRunner(queue, ALONE), pytest.raises(Locked, match="documents"), JobRunner(queue, ALONE):
        pass
    with JobRunner(queue, ALONE):
        pass


def test_workers_come_with_the_first_job_and_go_when_there_is_none(queue: JobQueue, tmp_path: Path) -> None:
    with JobRunner(queue, RunnerSettings(2, WORKER, idle_seconds=0.1, look_seconds=0.05)) as runner:
        assert runner.workers == 0
        job = submit(queue, text_pdf(tmp_path / "a.pdf", 1))
        ended(queue, job)
        await_that(lambda: runner.workers == 0, 10)
        again = submit(queue, text_pdf(tmp_path / "b.pdf", 1))
        assert ended(queue, again).state is JobState.DONE


def test_no_page_is_begun_while_the_disk_is_nearly_full(queue: JobQueue, tmp_path: Path) -> None:
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 1))
    queue.keeping = Keeping(free_bytes=1 << 62)
    with JobRunner(queue, ALONE):
        other = submit_without_room(queue, tmp_path)
        assert queue.job(job).state is JobState.WAITING
        assert queue.job(other).state is JobState.WAITING
        queue.keeping = Keeping()
        assert ended(queue, job).state is JobState.DONE


def submit_without_room(queue: JobQueue, tmp_path: Path) -> str:
    """By another door of the service, whose bounds are wider."""
    database = Database(tmp_path / "state")
    job = submit(JobQueue(database, queue.files.folder), text_pdf(tmp_path / "b.pdf", 1))
    database.close()
    return job


def test_a_database_that_does_not_answer_costs_time_only(
    queue: JobQueue, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True, True, False, True])
    for name in ("claim", "page_done", "opened", "assembled", "called_off"):
        monkeypatch.setattr(Ledger, name, failing(getattr(Ledger, name), failures))
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        assert ended(queue, job).state is JobState.DONE
    assert stage.begun == [1, 2, 3]
    assert next(failures, None) is None


def failing(method: Callable[..., object], failures: Iterator[bool]) -> Callable[..., object]:
    def maybe(*given: object, **named: object) -> object:
        if next(failures, False):
            raise OperationalError("SELECT 1", {}, OSError("gone"))
        return method(*given, **named)

    return maybe


def test_a_folder_that_somebody_removed_costs_its_own_job_alone(queue: JobQueue, stage: Stage, tmp_path: Path) -> None:
    stage.hold(2)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        stage.await_held(2)
        shutil.rmtree(queue.files_of(job).given.parent)
        stage.release(2)
        other = submit(queue, text_pdf(tmp_path / "b.pdf", 1))
        assert ended(queue, other).state is JobState.DONE
        assert ended(queue, job).state.ended


def test_a_bug_costs_its_own_work_alone(queue: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from docstation.jobs.queue_files import DocumentFolder

    adopt = DocumentFolder.adopt

    def buggy(folder: DocumentFolder, page: object) -> None:
        if getattr(page, "number", 0) == 2:
            raise ZeroDivisionError
        adopt(folder, page)  # type: ignore[arg-type]

    monkeypatch.setattr(DocumentFolder, "adopt", buggy)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        done = ended(queue, job)
    assert (done.state, done.counts) == (JobState.DONE, {PageState.OK: 2, PageState.FAILED: 1})
    assert queue.pages(job)[1].code == "unexpected"
    document = queue.document(job)
    assert document is not None
    assert [page.status for page in document.pages] == [PageStatus.OK, PageStatus.FAILED, PageStatus.OK]


def test_jobs_of_several_engines_and_languages_share_the_workers(queue: JobQueue, tmp_path: Path) -> None:
    path = text_pdf(tmp_path / "a.pdf", 2)
    jobs = [submit(queue, path, options=ReadOptions(languages=(one,))) for one in ("eng", "rus", "eng")]
    jobs.append(submit(queue, path, options=ReadOptions(languages=("eng", "rus"))))
    with JobRunner(queue, RunnerSettings(2, WORKER)):
        assert [ended(queue, job).state for job in jobs] == [JobState.DONE] * 4


def test_old_documents_go_while_the_runner_runs(queue: JobQueue, tmp_path: Path) -> None:
    queue.keeping = Keeping(days=1e-9)
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 1))
    queue.cancel(job)
    with JobRunner(queue, RunnerSettings(1, WORKER, limits=Limits(), sweep_seconds=0.05)):
        await_that(lambda: not queue.jobs(), 10)
    assert not [path for path in queue.files.folder.iterdir() if path.name.startswith(job)]


def test_every_page_is_told_when_it_begins_and_when_it_ends(queue: JobQueue, tmp_path: Path) -> None:
    job = submit(queue, text_pdf(tmp_path / "a.pdf", 3))
    with JobRunner(queue, ALONE):
        news = list(queue.watch(job))
    pages = [(one.page, one.page_state) for one in news if one.kind is NewsKind.PAGE]
    assert pages == [(number, state) for number in (1, 2, 3) for state in (PageState.READING, PageState.OK)]
    assert [one.done for one in news][-1] == 3
    assert os.listdir(queue.files_of(job).given.parent / "fresh") == ["pictures"]  # noqa: PTH208


def test_further_seats_read_as_many_pages_of_a_served_model_as_it_takes(
    queue: JobQueue, stage: Stage, tmp_path: Path
) -> None:
    served = [3]
    settings = RunnerSettings(1, TARGET, further=4, served=lambda _options: served[0], look_seconds=0.05)
    for number in range(1, 7):
        stage.hold(number)
    job = submit(queue, text_pdf(tmp_path / "book.pdf", 6))
    with JobRunner(queue, settings) as runner:
        for number in (1, 2, 3):
            stage.await_held(number)
        assert runner.workers == 3
        served[0] = 0
        for number in (1, 2, 3):
            stage.release(number)
        await_that(lambda: queue.job(job).counts.get(PageState.OK) == 3)
        # The model has gone: the plain seat alone goes on.
        stage.await_held(4)
        assert sorted(stage.begun) == [1, 2, 3, 4]
        for number in (4, 5, 6):
            stage.release(number)
        assert ended(queue, job).counts == {PageState.OK: 6}
    assert sorted(stage.begun) == [1, 2, 3, 4, 5, 6]
