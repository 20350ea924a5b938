"""Runs that stop and go on, and runs side by side: what is kept, what is read again, what is left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from run_samples import text_pdf
from staged_workers import Stage, staged

from docstation.bootstrap.reader import read_files
from docstation.document.model import Document
from docstation.jobs.events import Event, FileRead, FileStarted, PageRead
from docstation.jobs.options import ReadOptions
from docstation.jobs.store import PageStore, drop_old_runs

ALONE = ReadOptions(jobs=1, dpi=72)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


@pytest.fixture
def book(tmp_path: Path) -> str:
    return str(text_pdf(tmp_path / "book.pdf", 4, pictures=[2]))


def kept(home: Path) -> list[Path]:
    return sorted((home / "runs").iterdir())


def documents(events: Iterator[Event]) -> list[Document]:
    return [event.document for event in events if isinstance(event, FileRead)]


def stop_after(page: int, specs: Sequence[str], options: ReadOptions = ALONE) -> None:
    """Begin a run and leave it when that page of the last file was told."""
    with closing(read_files(specs, options)) as events:
        for event in events:
            if isinstance(event, PageRead) and (event.name, event.page.number) == (specs[-1], page):
                return


def test_a_stopped_run_goes_on_where_it_was(book: str, home: Path, stage: Stage) -> None:
    (whole,) = documents(read_files([book], ALONE))
    assert kept(home) == []
    stage.hold(3)
    stop_after(2, [book])
    stage.forget()
    events = list(read_files([book], ALONE, resume=True))
    assert events[0] == FileStarted(book, 4, 2, (1, 2, 3, 4))
    assert stage.begun == [3, 4]
    assert documents(iter(events)) == [whole]
    assert kept(home) == []


def test_pages_are_kept_also_while_the_caller_is_busy(book: str, home: Path, stage: Stage) -> None:
    stage.hold(3)
    events = read_files([book], ALONE)
    assert isinstance(next(events), FileStarted)
    assert isinstance(next(events), PageRead)
    stage.await_held(3)
    assert {path.name for path in kept(home)[0].glob("page-*")} == {"page-000001.json", "page-000002.json"}
    events.close()


def test_files_that_were_finished_are_not_read_again(book: str, tmp_path: Path, home: Path, stage: Stage) -> None:
    first = str(text_pdf(tmp_path / "first.pdf", 3))
    stage.hold(4)
    stop_after(1, [first, book])
    stage.forget()
    read = list(read_files([first, book], ALONE, resume=True))
    assert read[0] == FileStarted(first, 3, 3, (1, 2, 3))
    assert 1 not in stage.begun
    assert len(documents(iter(read))) == 2
    assert kept(home) == []


def test_what_cannot_be_used_is_read_anew(book: str, home: Path, stage: Stage) -> None:
    stop_after(4, [book])
    stage.forget()
    documents(read_files([book], ReadOptions(jobs=1, dpi=80), resume=True))
    assert stage.begun == [1, 2, 3, 4]
    (run,) = kept(home)
    torn = next(run.glob("page-*2.json"))
    torn.write_bytes(torn.read_bytes()[:-9])
    stage.forget()
    (document,) = documents(read_files([book], ALONE, resume=True))
    assert len(document.pages) == 4
    assert stage.begun == [2]


def test_a_run_without_resume_begins_anew(book: str, home: Path, stage: Stage) -> None:
    stop_after(4, [book])
    stage.forget()
    documents(read_files([book], ALONE))
    assert stage.begun == [1, 2, 3, 4]
    assert kept(home) == []


def test_two_runs_of_one_file_do_not_harm_each_other(book: str, home: Path) -> None:
    one = read_files([book], ALONE)
    assert isinstance(next(one), FileStarted)
    assert isinstance(next(one), PageRead)
    # The other begins, goes on and ends while the first is in the middle.
    (other,) = documents(read_files([book], ALONE, resume=True))
    assert len(kept(home)) == 1
    assert documents(one) == [other]
    assert kept(home) == []


def test_the_one_of_two_runs_that_was_stopped_goes_on_too(book: str, home: Path, stage: Stage) -> None:
    one = read_files([book], ALONE)
    next(one)
    stop_after(4, [book])
    documents(one)
    stage.forget()
    assert len(documents(read_files([book], ALONE, resume=True))) == 1
    assert stage.begun == []
    assert kept(home) == []


def test_old_runs_are_dropped_by_the_next_run(book: str, tmp_path: Path, home: Path) -> None:
    stop_after(1, [book])
    (old,) = kept(home)
    os.utime(old, (0, 0))
    list(read_files([str(tmp_path / "missing.pdf")], ALONE))
    assert kept(home) == []


def test_stores_are_taken_and_removed_by_many_at_once_without_a_clash(tmp_path: Path) -> None:
    def take_and_remove(worker: int) -> int:
        for _ in range(100):
            store = PageStore.open(tmp_path, "key", resume=False)
            mark = store.pictures / "mark"
            assert not mark.exists()
            mark.write_text(str(worker))
            drop_old_runs(tmp_path, days=0)
            assert mark.read_text() == str(worker)
            store.close(remove=True)
        return worker

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take_and_remove, range(8))) == 28
    assert list(tmp_path.glob("key*")) == []
