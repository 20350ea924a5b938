"""``docstation.read``, ``pages`` and their asyncio forms, with the real engine in real worker processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import psutil
import pytest
from PIL import Image
from run_samples import broken_pdf, locked_pdf, text_pdf
from staged_workers import Stage, staged

import docstation
from docstation.document.model import Document, Page, PageStatus
from docstation.errors import (
    BrokenFile,
    DocStationError,
    InputError,
    NotFound,
    PageRangeError,
    PasswordError,
    UsageError,
)
from docstation.jobs.options import Choices

ALONE = Choices(jobs=1, dpi=72)
TWO = Choices(jobs=2, dpi=72)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


def kept_runs(home: Path) -> list[Path]:
    return list((home / "runs").iterdir())


BEFORE: set[int] = set()


@pytest.fixture(autouse=True)
def before() -> None:
    """Processes that other tests keep for themselves."""
    BEFORE.clear()
    BEFORE.update(one.pid for one in psutil.Process().children(recursive=True))


def nothing_works() -> bool:
    """No worker process is left, and no thread that looks after one."""
    left = {one.pid for one in psutil.Process().children(recursive=True)} - BEFORE
    return not left and not any(thread.name == "worker-pool" for thread in threading.enumerate())


def test_all_four_ways_give_the_same_document(tmp_path: Path, home: Path) -> None:
    path = text_pdf(tmp_path / "three.pdf", 3, pictures=[2])

    async def both() -> tuple[Document, list[Page]]:
        # Two runs of one file at once.
        return await asyncio.gather(docstation.aread(path, **ALONE), collected())

    async def collected() -> list[Page]:
        return [page async for page in docstation.apages(str(path), **ALONE)]

    document = docstation.read(path, **ALONE)
    assert [page.text for page in document.pages] == [f"Layer of page {number}" for number in (1, 2, 3)]
    assert document.source.page_count == 3
    again, gathered = asyncio.run(both())
    assert again == document
    assert tuple(gathered) == tuple(docstation.pages(path, **ALONE)) == document.pages
    assert kept_runs(home) == []


def test_pages_come_as_soon_as_they_are_read(tmp_path: Path, stage: Stage) -> None:
    stage.hold(3)
    iterator = docstation.pages(text_pdf(tmp_path / "a.pdf", 4), **ALONE)
    assert [next(iterator).number, next(iterator).number] == [1, 2]
    stage.release(3)
    assert [page.number for page in iterator] == [3, 4]


def test_pages_come_in_ascending_order_whichever_is_read_first(tmp_path: Path, stage: Stage) -> None:
    stage.hold_until_done(1, 3)
    read = list(docstation.pages(text_pdf(tmp_path / "a.pdf", 4), **TWO, pages="1-3"))
    assert stage.begun == [1, 2, 3]
    assert [page.number for page in read] == [1, 2, 3]


def test_leaving_the_iterator_stops_workers_at_once(tmp_path: Path, stage: Stage) -> None:
    stage.hold(2)
    stage.hold(3)
    for page in docstation.pages(text_pdf(tmp_path / "a.pdf", 4), **TWO):
        assert page.number == 1
        stage.await_held(2)
        stage.await_held(3)
        break
    assert nothing_works()


def test_leaving_an_asynchronous_iterator_stops_workers(tmp_path: Path, stage: Stage) -> None:
    stage.hold(2)

    async def first() -> int:
        iterator = docstation.apages(text_pdf(tmp_path / "a.pdf", 3), **ALONE)
        number = (await anext(iterator)).number
        await iterator.aclose()
        assert nothing_works()
        return number

    assert asyncio.run(first()) == 1


@pytest.mark.parametrize("form", ["aread", "apages"])
def test_a_cancelled_task_stops_its_workers(tmp_path: Path, stage: Stage, form: str) -> None:
    path = text_pdf(tmp_path / "a.pdf", 3)
    stage.hold(2)

    async def collected() -> None:
        async for _page in docstation.apages(path, **ALONE):
            pass

    async def cancelled() -> None:
        task = asyncio.create_task(docstation.aread(path, **ALONE) if form == "aread" else collected())
        await asyncio.to_thread(stage.await_held, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert nothing_works()

    asyncio.run(cancelled())


def test_the_event_loop_is_free_while_a_document_is_read(tmp_path: Path, stage: Stage) -> None:
    stage.hold(1)

    async def release() -> None:
        await asyncio.to_thread(stage.await_held, 1)
        stage.release(1)

    async def both() -> Document:
        document, _ = await asyncio.gather(docstation.aread(text_pdf(tmp_path / "a.pdf", 1), **ALONE), release())
        return document

    assert asyncio.run(both()).pages[0].status is PageStatus.OK


@pytest.mark.parametrize(
    ("name", "choices", "error"),
    [
        ("missing.pdf", Choices(), NotFound),
        ("broken.pdf", Choices(), BrokenFile),
        ("locked.pdf", Choices(password="wrong"), PasswordError),
        ("a.pdf", Choices(pages="7"), PageRangeError),
        ("two.zip", Choices(), UsageError),
    ],
)
def test_what_cannot_be_read_is_a_typed_error(
    tmp_path: Path, home: Path, name: str, choices: Choices, error: type[DocStationError]
) -> None:
    text_pdf(tmp_path / "a.pdf", 2)
    broken_pdf(tmp_path / "broken.pdf")
    locked_pdf(tmp_path / "locked.pdf", "open sesame")
    with ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(tmp_path / "a.pdf", "a.pdf")
        archive.write(tmp_path / "a.pdf", "b.pdf")
    with pytest.raises(error):
        docstation.read(tmp_path / name, **(ALONE | choices))
    assert nothing_works()


def test_errors_come_out_of_iterators_and_coroutines_too(tmp_path: Path) -> None:
    locked = locked_pdf(tmp_path / "locked.pdf", "open sesame")
    with pytest.raises(PasswordError):
        list(docstation.pages(locked, **ALONE))

    async def read_twice() -> Document:
        with pytest.raises(PasswordError):
            await anext(docstation.apages(locked, **ALONE))
        return await docstation.aread(locked, **ALONE, password="open sesame")

    assert asyncio.run(read_twice()).pages[0].text == "Layer of page 1"


def test_a_state_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DOCSTATION_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match="cannot be written"):
        docstation.read(text_pdf(tmp_path / "a.pdf", 1), **ALONE)


def test_pictures_that_blocks_name_are_handed_over(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "some" / "pictures"
    document = docstation.read(text_pdf(tmp_path / "a.pdf", 3, pictures=[1, 3]), pictures=folder, **ALONE)
    named = {b.picture.file: b.picture for page in document.pages for b in page.blocks if b.picture}
    assert len(named) == 2
    assert named.keys() == {file.name for file in folder.iterdir()}
    for name, picture in named.items():
        with Image.open(folder / name) as image:
            assert image.size == (picture.width, picture.height)
    assert kept_runs(home) == []


def test_a_cut_out_that_no_block_names_stays_where_it_is(tmp_path: Path, stage: Stage) -> None:
    stage.kill_after(1)
    folder = tmp_path / "pictures"
    document = docstation.read(text_pdf(tmp_path / "a.pdf", 1, pictures=[1]), pictures=folder, **ALONE)
    assert document.pages[0].status is PageStatus.FALLBACK
    assert list(folder.iterdir()) == []
