"""The thread that keeps the search's index: it ends at once, takes up what was left, and passes over what cannot be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_documents_api_serving import until

from docstation.document.model import Document, Source
from docstation.errors import InputError, NotFound
from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork
from docstation.jobs.search import PageWords, search, words_of
from docstation.service.indexing import Indexer
from docstation.service.page_images import WordsTask
from docstation.service.workshop import Workshop


class DoubleWorkshop(Workshop):
    """Makes the words itself; of the documents named it cannot."""

    def __init__(self, *unusable: str) -> None:
        self.unusable = unusable
        self.asked: list[str] = []

    def make(self, task: object) -> tuple[PageWords, ...]:
        assert isinstance(task, WordsTask)
        id = task.files.given.parent.name
        self.asked.append(id)
        if id in self.unusable:
            raise InputError
        return (*words_of(Document(Source("a.png", "", "", 1), ())), PageWords(1, (("p1-b1", "договор"),), "договор"))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    database = Database(tmp_path)
    yield JobQueue(database, tmp_path / "documents")
    database.close()


def done(queue: JobQueue) -> str:
    """A document without pages that is there."""
    path = queue.receive()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(24))
    id = queue.submit(JobOrder(path, "a.png")).id
    ledger = Ledger(queue)
    opening = ledger.claim()
    assert isinstance(opening, OpenWork)
    ledger.opened(opening, opening.source, [1])
    page = ledger.claim()
    assert page is not None
    ledger.page_done(page, "ok", 0.1)
    work = ledger.claim()
    assert isinstance(work, AssembleWork)
    ledger.assembled(work, 1)
    return id


def test_it_ends_at_once_whenever_it_is_asked_to(queue: JobQueue):
    began = time.monotonic()
    for _time in range(100):
        with Indexer(queue, DoubleWorkshop()) as indexer:
            pass
        indexer.join()
    assert time.monotonic() - began < 25


def test_what_was_left_is_taken_up_and_what_comes_is_indexed(queue: JobQueue):
    before = done(queue)
    with Indexer(queue, DoubleWorkshop()) as indexer:
        until(lambda: search(queue, "договоры").total == 1)
        after = done(queue)
        until(lambda: search(queue, "договоры").total == 2)
    indexer.join()
    assert {one.id for one in search(queue, "договоры").documents} == {before, after}


def test_what_cannot_be_indexed_holds_up_nothing(queue: JobQueue):
    first, broken = done(queue), done(queue)
    workshop = DoubleWorkshop(broken)
    with Indexer(queue, workshop) as indexer:
        until(lambda: search(queue, "договоры").total == 1)
    indexer.join()
    assert sorted(workshop.asked) == sorted([first, broken])


class DeletingWorkshop(DoubleWorkshop):
    """Finds, as soon as it begins, that its document has just been deleted."""

    def __init__(self, queue: JobQueue) -> None:
        super().__init__()
        self.queue = queue

    def make(self, task: object) -> tuple[PageWords, ...]:
        super().make(task)
        self.queue.delete(self.asked[-1])
        raise NotFound(name="document.json")


def test_a_document_that_is_deleted_meanwhile_is_passed_over_without_a_word(
    queue: JobQueue, caplog: pytest.LogCaptureFixture
):
    for _number in range(2):
        done(queue)
    workshop = DeletingWorkshop(queue)
    with Indexer(queue, workshop) as indexer:
        until(lambda: len(workshop.asked) == 2)
        until(lambda: not queue.jobs())
    indexer.join()
    assert search(queue, "договоры").total == 0
    assert caplog.records == []
