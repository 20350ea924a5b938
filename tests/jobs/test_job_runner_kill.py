"""``kill -9`` of the process that runs the runner, at every kind of moment: nothing is lost, little is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from queue_databases import postgres
from queue_samples import check_counts
from run_samples import text_pdf
from staged_workers import PATIENCE, TARGET, Stage, staged

from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobState, NewsKind, PageState
from docstation.jobs.runner import JobRunner, RunnerSettings

__all__ = ["postgres"]

PROGRAM = Path(__file__).with_name("killed_runner.py")
PAGES = 12
WORKERS = 2

# Each process goes on where the one before was killed.
MOMENTS = (
    ("before claim", 1),
    ("after claim", 1),
    ("before submit", 1),
    ("before opened", 1),
    ("after opened", 1),
    ("before clear_fresh", 1),
    ("after clear_fresh", 2),
    ("before submit", 2),
    ("after submit", 1),
    ("before _keep", 1),
    ("before adopt", 2),
    ("after adopt", 1),
    ("before _end", 2),
    ("after _end", 3),
    ("after page_done", 2),
    ("after recover", 1),
)
AT_THE_END = (("after clear_work", 1), ("before assembled", 1), ("after assembled", 1))


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


def runner(folder: Path, url: str, moment: str = "", count: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROGRAM), str(folder), url, moment, str(count)]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def killed_at(folder: Path, url: str, moment: str, count: int) -> None:
    process = runner(folder, url, moment, count)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, (moment, said.decode())


def uninterrupted(folder: Path, path: Path) -> bytes:
    """What becomes of the file when nothing comes between."""
    queue = JobQueue(Database(folder), folder / "documents")
    job = queue.submit(JobOrder(path, path.name)).id
    with JobRunner(queue, RunnerSettings(WORKERS, TARGET)):
        for _ in queue.watch(job):
            pass
    queue.database.close()
    return document(queue, job)


def document(queue: JobQueue, job: str) -> bytes:
    path = queue.files_of(job).document
    assert path is not None
    return path.read_bytes()


def interrupted(queue: JobQueue, job: str) -> int:
    return sum(one.result == "interrupted" for one in queue.attempts(job))


def kept(queue: JobQueue, job: str) -> dict[int, bytes]:
    """The pages that were told to be finished, as they lie on the disk."""
    folder = queue.files_of(job).given.parent / "pages"
    done = [page.number for page in queue.pages(job) if page.state is PageState.OK]
    return {number: (folder / f"page-{number:06}.json").read_bytes() for number in done}


@pytest.mark.slow
def test_a_job_that_is_killed_again_and_again_ends_with_the_same_bytes(tmp_path: Path, stage: Stage) -> None:
    path = text_pdf(tmp_path / "book.pdf", PAGES, pictures=[3, 8])
    whole = uninterrupted(tmp_path / "whole", path)
    stage.forget()
    folder = tmp_path / "killed"
    queue = JobQueue(Database(folder), folder / "documents")
    job = queue.submit(JobOrder(path, path.name)).id
    before: dict[int, bytes] = {}
    redone = 0
    for moment, count in (*MOMENTS, *AT_THE_END):
        killed_at(folder, "", moment, count)
        # What the last kill left shows when its successor has begun: at most one page for each worker.
        assert interrupted(queue, job) - redone <= WORKERS, moment
        redone = interrupted(queue, job)
        after = kept(queue, job)
        assert before.items() <= after.items(), moment
        before = after
    # The last kill came after the end was written down.
    assert queue.job(job).state is JobState.DONE
    assert document(queue, job) == whole
    check_counts(queue)
    attempts = queue.attempts(job)
    assert len(attempts) == PAGES + redone
    assert sum(one.result == "ok" for one in attempts) == PAGES
    news = queue.news(job)
    assert [one.number for one in news] == list(range(1, len(news) + 1))
    assert [one.kind for one in news].count(NewsKind.DONE) == 1
    assert sorted(one.page or 0 for one in news if one.page_state is PageState.OK) == list(range(1, PAGES + 1))
    queue.database.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_pages_that_are_being_read_when_the_service_is_killed_are_read_once_more(
    tmp_path: Path, stage: Stage, kind: str, request: pytest.FixtureRequest
) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres").new()
    path = text_pdf(tmp_path / "book.pdf", PAGES)
    folder = tmp_path / "state"
    queue = JobQueue(Database(folder, url or None), folder / "documents")
    job = queue.submit(JobOrder(path, path.name)).id
    for held in ((3, 4), (7, 8)):
        for page in held:
            stage.hold(page)
        with runner(folder, url) as process:
            for page in held:
                stage.await_held(page)
            process.kill()
        for page in held:
            stage.release(page)
        begun = sorted(stage.begun)
        stage.forget()
        assert begun[-2:] == list(held)
    with runner(folder, url) as process:
        assert process.wait(PATIENCE) == 0
    assert sorted(stage.begun) == [7, 8, 9, 10, 11, 12]
    assert queue.job(job).state is JobState.DONE
    assert [one.page for one in queue.attempts(job) if one.result == "interrupted"] == [3, 4, 7, 8]
    made = queue.document(job)
    assert made is not None
    assert [page.text for page in made.pages] == [f"Layer of page {number}" for number in range(1, PAGES + 1)]
    check_counts(queue)
    queue.database.close()
