"""Of two readings of a page the better one is kept, with its own pictures and the attempts of both."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from docstation.document.geometry import Box
from docstation.document.model import Attempt, Block, Category, Page, PageStatus, Picture
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.reserve_pages import keep_better
from docstation.jobs.store import keep_page

FIRST = (Attempt("planned", "loop", "usual"), Attempt("embedded", "stop", "embedded", 3))
SECOND = (Attempt("planned", "stop", "reserve", 5),)
ORDER = [PageStatus.FAILED, PageStatus.FALLBACK, PageStatus.REPAIRED, PageStatus.OK]


@pytest.fixture
def folder(tmp_path: Path) -> DocumentFolder:
    made = DocumentFolder(tmp_path / "document", "image/png")
    made.make(None)
    return made


def page(text: str, status: PageStatus, attempts: tuple[Attempt, ...]) -> Page:
    picture = Block("p1-b1", Category.PICTURE, Box(1, 2, 3, 4), text, picture=Picture("p1-b1.png", 2, 2))
    return Page(1, 300, 200, (picture,), status, "" if status is PageStatus.OK else "model-loop", attempts=attempts)


def place(folder: DocumentFolder, status: PageStatus) -> None:
    """A page that was read first."""
    (folder.fresh_pictures / "p1-b1.png").write_text("first")
    folder.adopt(keep_page(folder.fresh, page("first", status, FIRST)))


def read(folder: DocumentFolder, status: PageStatus) -> Page:
    """A page as the worker of the reserve leaves it."""
    (folder.fresh_pictures / "p1-b1.png").write_text("second")
    return keep_page(folder.fresh, page("second", status, SECOND))


@pytest.mark.parametrize(("before", "after"), list(product(ORDER, ORDER)))
def test_the_better_page_is_kept_with_its_pictures(
    folder: DocumentFolder, before: PageStatus, after: PageStatus
) -> None:
    place(folder, before)
    kept = keep_better(folder, read(folder, after))
    better = "second" if ORDER.index(after) > ORDER.index(before) else "first"
    assert kept == folder.page(1)
    assert (kept.text, kept.status) == (better, after if better == "second" else before)
    assert kept.attempts == FIRST + SECOND
    assert (folder.pictures / "p1-b1.png").read_text() == better
    assert folder.fresh_page(1) is None


@pytest.mark.parametrize("after", ORDER)
def test_what_is_broken_off_between_its_steps_is_done_again_without_doubling(
    folder: DocumentFolder, after: PageStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(folder, PageStatus.FALLBACK)
    fresh = read(folder, after)
    with monkeypatch.context() as patch:
        patch.setattr(DocumentFolder, "adopt", broken_off)
        with pytest.raises(KeyboardInterrupt):
            keep_better(folder, fresh)
    left = folder.fresh_page(1)
    assert left is not None
    again = keep_better(folder, left)
    assert again.attempts == FIRST + SECOND
    better = "second" if after in (PageStatus.OK, PageStatus.REPAIRED) else "first"
    assert again.text == better
    assert (folder.pictures / "p1-b1.png").read_text() == better


def test_a_reading_that_failed_outright_leaves_the_page_as_it_was(folder: DocumentFolder) -> None:
    place(folder, PageStatus.FALLBACK)
    before = folder.page(1)
    failed = Page(1, 595.28, 841.89, status=PageStatus.FAILED, reason="crash")
    assert keep_better(folder, keep_page(folder.fresh, failed)) == before


def test_where_nothing_was_kept_whatever_came_is(folder: DocumentFolder) -> None:
    kept = keep_better(folder, read(folder, PageStatus.FAILED))
    assert kept == replace(kept, status=PageStatus.FAILED, attempts=SECOND)
    assert folder.page(1) == kept


def broken_off(_folder: DocumentFolder, _page: Page) -> None:
    raise KeyboardInterrupt
