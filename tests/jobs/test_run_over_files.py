"""A run over several files, with the real engine in real worker processes: what is told, and in which order."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

import psutil
import pytest
from run_samples import broken_pdf, scan, text_pdf
from staged_workers import Stage, staged

from docstation.bootstrap.reader import read_files
from docstation.document.model import PageStatus
from docstation.errors import BrokenFile, ExitCode, InputError, NotFound, WorkerFailed
from docstation.export import FORMATS, ExportInput, write
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead
from docstation.jobs.options import ReadOptions

ALONE = ReadOptions(jobs=1, dpi=72)
TWO = ReadOptions(jobs=2, dpi=72)
E = TypeVar("E")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "files").mkdir()
    monkeypatch.chdir(tmp_path / "files")


def of_kind(events: Sequence[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def beginnings(events: Sequence[Event]) -> list[tuple[str, type[Event]]]:
    """How each file began: it was opened, or could not be."""
    return [(event.name, type(event)) for event in events if isinstance(event, FileStarted | FileFailed)]


def test_files_pages_and_failures_are_told_in_order(home: Path) -> None:
    before = set(psutil.Process().children())
    broken_pdf(Path("broken.pdf"))
    scan(Path("fax.tiff"), 1, 2)
    with ZipFile("pack.zip", "w") as archive:
        archive.write(text_pdf(Path("inner.pdf"), 2), "folder/inner.pdf")
        archive.writestr("notes.bin", b"\x00\x01 nothing that is read")
        archive.write("broken.pdf", "broken.pdf")
    events = []
    for event in read_files(["broken.pdf", "pack.zip", "fax.tiff", "missing.pdf"], TWO):
        events.append(event)
        if isinstance(event, FileRead):
            assert event.original.read_bytes()[:4] in (b"%PDF", b"II*\0")
            assert event.pictures.is_dir()
    assert beginnings(events) == [
        ("broken.pdf", FileFailed),
        ("pack.zip/folder/inner.pdf", FileStarted),
        ("pack.zip/broken.pdf", FileFailed),
        ("fax.tiff", FileStarted),
        ("missing.pdf", FileFailed),
    ]
    assert [type(failed.error) for failed in of_kind(events, FileFailed)] == [BrokenFile, BrokenFile, NotFound]
    for name, count in (("pack.zip/folder/inner.pdf", 2), ("fax.tiff", 2)):
        own = [event for event in events if event.name == name]
        assert own[0] == FileStarted(name, count, 0, tuple(range(1, count + 1)))
        assert {event.page.number for event in of_kind(own, PageRead)} == set(own[0].numbers)
        assert own[-1] is of_kind(own, FileRead)[0]
        document = own[-1].document
        assert [page.number for page in document.pages] == list(own[0].numbers)
        assert {page.status for page in document.pages} == {PageStatus.OK}
        assert document.source.name == Path(name).name
    assert "Scan of page 2" in document.pages[1].text
    assert not list((home / "runs").iterdir())
    assert set(psutil.Process().children()) <= before


def test_files_begin_in_the_order_in_which_they_were_named_whichever_opens_first(stage: Stage) -> None:
    text_pdf(Path("slow.pdf"), 1)
    text_pdf(Path("quick.pdf"), 2)
    stage.hold_until_done("slow.pdf", 2)
    events = list(read_files(["slow.pdf", "missing.pdf", "quick.pdf"], TWO))
    assert [name for name, _ in beginnings(events)] == ["slow.pdf", "missing.pdf", "quick.pdf"]
    assert {event.name for event in of_kind(events, FileRead)} == {"slow.pdf", "quick.pdf"}
    assert events.index(of_kind(events, PageRead)[0]) > 0


def test_names_can_be_shown_and_are_no_two_the_same() -> None:
    text_pdf(Path(os.fsdecode(b"\xcf\xf0\x1b[31m.pdf")), 1)
    with ZipFile("z.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that two members have one name is what this is about
        for _ in range(2):
            archive.writestr("a.pdf", text_pdf(Path("a.pdf"), 1).read_bytes())
    names = [event.name for event in of_kind(list(read_files(["*.pdf", "z.zip"], ALONE)), FileRead)]
    assert sorted(names) == ["a.pdf", "z.zip/a.pdf", "z.zip/a.pdf (2)", "���[31m.pdf"]


def test_a_file_that_costs_its_worker_the_life_is_unusable_and_stops_no_other(stage: Stage) -> None:
    for name in ("killer.pdf", "bug.pdf", "good.pdf"):
        text_pdf(Path(name), 1)
    stage.kill("killer.pdf")
    stage.raise_at("bug.pdf")
    events = list(read_files(["killer.pdf", "bug.pdf", "good.pdf"], TWO))
    killed, met_a_bug = of_kind(events, FileFailed)
    assert (type(killed.error), killed.error.exit_code) == (InputError, ExitCode.INPUT)
    assert "died" in str(killed.error)
    assert isinstance(met_a_bug.error, WorkerFailed)
    assert "ZeroDivisionError" in str(met_a_bug.error.fields["trace"])
    assert [event.name for event in of_kind(events, FileRead)] == ["good.pdf"]


def test_a_file_beside_whose_opening_a_worker_died_once_is_read(stage: Stage) -> None:
    text_pdf(Path("good.pdf"), 2)
    stage.kill_first("good.pdf")
    (read,) = of_kind(list(read_files(["good.pdf"], TWO)), FileRead)
    assert [page.status for page in read.document.pages] == [PageStatus.OK, PageStatus.OK]
    assert not stage.told("first-good.pdf"), "a worker has died"


def written(events: Iterator[Event]) -> dict[str, bytes]:
    """The bytes of every document in every format that there is a writer of."""
    results = {}
    for event in events:
        if isinstance(event, FileRead):
            item = ExportInput(event.document, event.original, event.pictures, event.password)
            for made in FORMATS.values():
                if find_spec(f"docstation.export.{made.module}"):
                    stream = io.BytesIO()
                    write(item, made.name, stream)
                    results[f"{event.name} as {made.name}"] = stream.getvalue()
    return results


def test_one_worker_and_two_give_the_same_bytes() -> None:
    specs = [str(text_pdf(Path("layer.pdf"), 3, pictures=[2])), str(scan(Path("scan.png"), 4))]
    one = written(read_files(specs, ALONE))
    assert len(one) >= 2 * 6
    assert written(read_files(specs, TWO)) == one
