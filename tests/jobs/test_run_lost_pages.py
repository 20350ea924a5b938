"""Pages whose worker is lost, by real limits and real signals: each ends with a status, and the document is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from run_samples import scan, text_pdf
from staged_workers import Stage, staged

from docstation.bootstrap.reader import read_files
from docstation.document.model import Document, PageStatus
from docstation.intake.limits import Limits
from docstation.jobs.events import FileRead, FileStarted
from docstation.jobs.options import ReadOptions


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


def document_of(path: Path, options: ReadOptions, *, resume: bool = False) -> Document:
    (read,) = [event for event in read_files([str(path)], options, resume=resume) if isinstance(event, FileRead)]
    return read.document


@pytest.mark.slow
def test_a_page_whose_worker_is_lost_is_read_from_its_text_layer(tmp_path: Path, home: Path, stage: Stage) -> None:
    stage.kill(1)
    stage.hold(2)
    stage.allot(3, 700_000_000)
    stage.raise_at(4)
    options = ReadOptions(jobs=2, limits=Limits(page_seconds=8, worker_bytes=500_000_000))
    document = document_of(text_pdf(tmp_path / "a.pdf", 5), options)
    fallback, ok = PageStatus.FALLBACK, PageStatus.OK
    assert [(page.status, page.reason) for page in document.pages] == [
        (fallback, "crash"),
        (fallback, "timeout"),
        (fallback, "memory"),
        (fallback, "crash"),
        (ok, ""),
    ]
    assert [page.text for page in document.pages] == [f"Layer of page {number}" for number in range(1, 6)]
    assert sorted(stage.begun) == [1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert not list((home / "runs").iterdir())


def test_what_has_no_text_layer_fails_with_the_reason_and_is_tried_again_on_resume(
    tmp_path: Path, home: Path, stage: Stage
) -> None:
    stage.kill(1)
    path = scan(tmp_path / "scan.tiff", 1, 2)
    options = ReadOptions(jobs=1, dpi=72)
    lost, read = document_of(path, options).pages
    assert (lost.status, lost.reason, lost.blocks) == (PageStatus.FAILED, "crash", ())
    assert (read.status, read.text) == (PageStatus.OK, "Scan of page 2")

    stage.forget()
    lost, again = document_of(path, options, resume=True).pages
    assert (lost.status, lost.text) == (PageStatus.OK, "Scan of page 1")
    assert again == read
    assert stage.begun == [1]
    assert not list((home / "runs").iterdir())


def test_a_page_that_kills_every_worker_costs_itself_alone(tmp_path: Path, stage: Stage) -> None:
    stage.kill(2, always=True)
    document = document_of(text_pdf(tmp_path / "a.pdf", 3), ReadOptions(jobs=1))
    assert [page.status for page in document.pages] == [PageStatus.OK, PageStatus.FAILED, PageStatus.OK]
    assert document.pages[1].reason == "crash"


def test_workers_that_never_come_up_fail_the_file_and_end_the_run(tmp_path: Path) -> None:
    options = ReadOptions(jobs=2, limits=Limits(start_seconds=0.0))
    (event,) = read_files([str(text_pdf(tmp_path / "a.pdf", 3))], options)
    assert not isinstance(event, FileStarted | FileRead)
    assert event.error.fields["reason"] == "timeout"
