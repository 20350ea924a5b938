"""Corrections in both kinds of databases: kept apart from what was read, one by one, and gone with their document."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from queue_databases import database_url, ledger, opening, postgres, queue
from queue_samples import finish_all, next_page, open_it, submitted, written
from sqlalchemy import func, select

from docstation.document.corrections import Correction
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.table import Table
from docstation.errors import NotFound, NotReady
from docstation.jobs.corrections import (
    Change,
    add,
    clear,
    correct,
    corrected_page,
    corrections_of,
    listed,
    revision_of,
    with_corrections,
)
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_work import Ledger, PageWork
from docstation.jobs.run import assembled
from docstation.jobs.store import keep_page
from docstation.jobs.tables import Corrections

__all__ = ["database_url", "ledger", "opening", "postgres", "queue"]

NEW = Correction("", 1, Box(10, 20, 30, 40), "печать", added=True)


@pytest.fixture
def read(queue: JobQueue, ledger: Ledger) -> str:
    """A document of two pages with a block each."""
    id = submitted(queue)
    finish_all(ledger)
    return id


def saying(text: str) -> Change:
    return lambda _block, before: replace(before, text=text)


def test_what_was_read_stays_beside_its_corrections(queue: JobQueue, read: str):
    made = correct(queue, read, 1, "p1-b1", saying("исправлено"))
    assert (made.block, made.revision, made.page.blocks[0].text) == ("p1-b1", 1, "исправлено")
    assert corrected_page(queue, read, 1) == made.page
    page = queue.page(read, 1)
    assert page is not None
    assert page.blocks[0].text == "text 1.1"
    assert corrected_page(queue, read, 2) == queue.page(read, 2)


def test_a_correction_that_comes_to_nothing_is_kept_no_more(queue: JobQueue, read: str):
    correct(queue, read, 1, "p1-b1", saying("исправлено"))
    made = correct(queue, read, 1, "p1-b1", lambda block, before: Correction(block.id, 1, before.box))
    assert (made.revision, made.page) == (2, queue.page(read, 1))
    assert listed(queue, read).items == ()


def test_blocks_are_added_one_after_the_other_corrected_and_taken_away(queue: JobQueue, read: str):
    ids, page, revision = add(queue, read, 1, [NEW, replace(NEW, text="подпись")])
    assert (ids, revision) == (("p1-b100001", "p1-b100002"), 1)
    assert [block.id for block in page.blocks] == ["p1-b1", *ids]
    made = correct(queue, read, 1, ids[0], saying("круглая печать"))
    assert [block.text for block in made.page.blocks] == ["text 1.1", "круглая печать", "подпись"]
    assert [block for block, _kept in listed(queue, read, 1).items] == list(ids)
    gone = correct(queue, read, 1, ids[0], lambda block, before: Correction(block.id, 1, before.box))
    assert [block.id for block in gone.page.blocks] == ["p1-b1", ids[1]]
    assert add(queue, read, 1, [NEW])[0] == ("p1-b100003",)


def test_corrections_find_their_blocks_when_the_page_is_read_anew(queue: JobQueue, ledger: Ledger, read: str):
    correct(queue, read, 1, "p1-b1", saying("исправлено"))
    queue.retry(read, 1)
    work = ledger.claim()
    assert isinstance(work, PageWork)
    put(
        work, Block("p1-b1", Category.TITLE, Box(50, 50, 60, 60), "new"), Block("p1-b2", Category.TEXT, Box(1, 2, 3, 4))
    )
    ledger.page_done(work, written(work).status, 0.1)
    assert [block.text for block in corrected_page(queue, read, 1).blocks] == ["new", "исправлено"]
    assert [block for block, _kept in listed(queue, read).items] == ["p1-b2"]
    correct(queue, read, 1, "p1-b1", saying("новое"))
    made = correct(queue, read, 1, "p1-b2", saying("ещё раз"))
    assert [block.text for block in made.page.blocks] == ["новое", "ещё раз"]
    assert len(listed(queue, read).items) == 2


def put(work: PageWork, *blocks: Block) -> None:
    """The page as a worker would have read it this time."""
    page = Page(work.number, 300, 200, blocks)
    keep_page(work.folder.fresh, page)
    work.folder.adopt(page)


def test_a_correction_without_its_block_is_listed_as_such(queue: JobQueue, ledger: Ledger, read: str):
    correct(queue, read, 1, "p1-b1", saying("исправлено"))
    queue.retry(read, 1)
    work = ledger.claim()
    assert isinstance(work, PageWork)
    put(work)
    assert [block for block, _kept in listed(queue, read).items] == [""]
    assert corrected_page(queue, read, 1).blocks == ()


def test_all_corrections_are_taken_away_at_once(queue: JobQueue, read: str):
    correct(queue, read, 1, "p1-b1", saying("a"))
    correct(queue, read, 2, "p2-b1", saying("b"))
    assert len(corrections_of(queue, read, 2)[1]) == 1
    clear(queue, read)
    assert corrections_of(queue, read) == (3, ())


def test_many_correct_at_once_and_nothing_is_lost(queue: JobQueue, read: str):
    def cell(number: int) -> None:
        place = number, 0
        correct(queue, read, 1, "p1-b1", lambda _block, one: replace(one, cells={**one.cells, place: str(number)}))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(cell, range(18)))
    ((_block, kept),) = listed(queue, read).items
    assert len(kept.correction.cells) == 18
    assert revision_of(queue, read) == 18


def test_they_go_with_their_document(queue: JobQueue, read: str):
    correct(queue, read, 1, "p1-b1", saying("a"))
    queue.delete(read)
    with queue.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Corrections)) == 0
    for ask in (revision_of, listed, clear):
        with pytest.raises(NotFound):
            ask(queue, read)


def test_what_is_not_there_is_not_corrected(queue: JobQueue, ledger: Ledger, read: str):
    with pytest.raises(NotFound, match="block p1-b9"):
        correct(queue, read, 1, "p1-b9", saying("a"))
    with pytest.raises(NotFound, match="page 3"):
        correct(queue, read, 3, "p3-b1", saying("a"))
    id = submitted(queue)
    work = ledger.claim()
    assert work is not None
    open_it(ledger, work, 1)
    assert next_page(ledger).job == id
    with pytest.raises(NotReady):
        correct(queue, id, 1, "p1-b1", saying("a"))


def document() -> Document:
    head = Block("p1-b1", Category.PAGE_HEADER, Box(50, 10, 300, 30), "ООО «Ромашка»")
    text = Block("p1-b2", Category.TEXT, Box(50, 100, 300, 120), "Товар передаётся покупа-")
    table = Table.from_rows([["НДС", "2O"]])
    grid = Block("p1-b3", Category.TABLE, Box(50, 200, 300, 260), table.to_text(), table=table)
    pages = [
        Page(1, 400, 600, (head, text, grid)),
        Page(2, 400, 600, (replace(head, id="p2-b1"), replace(text, id="p2-b2", text="Конец."))),
    ]
    return assembled(Source("a.pdf", "e" * 64, "application/pdf", 2), pages)


def test_the_body_is_put_together_anew_and_keeps_what_people_chose():
    before = document()
    heading = Correction("p1-b1", 1, Box(50, 10, 300, 30), category=Category.TITLE)
    cell = Correction("p1-b3", 1, Box(50, 200, 300, 260), cells={(0, 1): "20"})
    after = with_corrections(before, [heading, cell])
    assert before.body[0].category is Category.TEXT
    assert (after.body[0].category, after.body[0].text) == (Category.TITLE, "ООО «Ромашка»")
    assert [one.table.to_rows() for one in after.body if one.table] == [[["НДС", "20"]]]
    assert after.pages[1] == before.pages[1]


def test_a_document_without_corrections_is_the_same():
    before = document()
    assert with_corrections(before, []) is before
