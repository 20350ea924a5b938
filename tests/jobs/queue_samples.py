"""A queue and a runner of paper for tests of the queue's logic: work is claimed and ended by hand, no page is read."""

from __future__ import annotations

import itertools
from pathlib import Path

from sqlalchemy import func, select

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page, PageStatus, Source
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, PageState
from docstation.jobs.queue_work import AssembleWork, Ledger, OpenWork, PageWork, Work
from docstation.jobs.reserve_pages import keep_better
from docstation.jobs.store import keep_page
from docstation.jobs.tables import Jobs, Pages

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
_COUNT = itertools.count()


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def order(queue: JobQueue, name: str = "scan.png", *, content: bytes = b"", **chosen: object) -> JobOrder:
    """An uploaded file that looks like a picture; each is another one unless `content` is given."""
    path = queue.receive()
    path.write_bytes(PNG + (content or str(next(_COUNT)).encode()))
    return JobOrder(path, name, **chosen)


def submitted(queue: JobQueue, name: str = "scan.png", **chosen: object) -> str:
    return queue.submit(order(queue, name, **chosen)).id


def opened(queue: JobQueue, ledger: Ledger, pages: int, **chosen: object) -> str:
    """A job whose file has so many pages; nothing else may be waiting to be opened."""
    job = submitted(queue, **chosen)
    work = ledger.claim()
    assert isinstance(work, OpenWork)
    assert work.job == job
    open_it(ledger, work, pages)
    return job


def open_it(ledger: Ledger, work: Work, pages: int) -> None:
    assert isinstance(work, OpenWork)
    ledger.opened(work, Source(work.source.name, "e" * 64, "image/png", pages), range(1, pages + 1))


def next_page(ledger: Ledger) -> PageWork:
    work = ledger.claim()
    assert isinstance(work, PageWork), work
    return work


def written(work: PageWork, status: PageStatus = PageStatus.OK, reason: str = "poor") -> Page:
    """The page as a worker keeps it."""
    reason = "" if status is PageStatus.OK else reason
    block = Block(f"p{work.number}-b1", Category.TEXT, Box(1, 2, 3, 4), f"text {work.number}.{work.attempt}")
    return keep_page(work.folder.fresh, Page(work.number, 300, 200, (block,), status, reason))


def finish(
    ledger: Ledger,
    work: PageWork,
    status: PageStatus = PageStatus.OK,
    seconds: float = 0.5,
    reason: str = "poor",
) -> None:
    page = written(work, status, reason)
    if work.reserve:
        kept = keep_better(work.folder, page)
        ledger.page_done(work, kept.status, seconds, result=page.status, code=page.reason, kept_code=kept.reason)
        return
    work.folder.adopt(page)
    ledger.page_done(work, page.status, seconds, code=page.reason)


def finish_all(ledger: Ledger, status: PageStatus = PageStatus.OK, reason: str = "poor") -> None:
    """Do whatever there is to do."""
    while (work := ledger.claim()) is not None:
        if isinstance(work, PageWork):
            finish(ledger, work, status, reason=reason)
        elif isinstance(work, AssembleWork):
            work.folder.document.write_text("{}")
            ledger.assembled(work, work.folder.size())
        else:
            open_it(ledger, work, 2)


def states(queue: JobQueue, job: str) -> str:
    """The pages' states by their first letters: ``wr`` for one that waits and one that is read."""
    return "".join(page.state[0] if page.state is not PageState.FAILED else "x" for page in queue.pages(job))


def check_counts(queue: JobQueue) -> None:
    """What jobs say of their pages is what the pages say themselves."""
    with queue.database.reading() as connection:
        for row in connection.execute(select(*Jobs.__table__.c)).all():
            query = select(Pages.state, func.count()).where(Pages.job == row.id).group_by(Pages.state)
            counted = dict(connection.execute(query).all())
            assert {state: getattr(row, state) for state in PageState if getattr(row, state)} == counted
            assert row.total == sum(counted.values())


def contents(folder: Path) -> set[str]:
    """Names of everything in a folder of documents but the room for uploads."""
    return {path.name for path in folder.iterdir()} - {"incoming", "runner.lock"}
