"""Two readings of one page: the better one is kept, with the attempts of both."""

from __future__ import annotations

from dataclasses import replace

from docstation.document.model import Attempt, Page, PageStatus
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.store import keep_page

_WORTH = (PageStatus.FAILED, PageStatus.FALLBACK, PageStatus.REPAIRED, PageStatus.OK)
"""From the worst on."""


def is_better(status: PageStatus, than: PageStatus) -> bool:
    """Whether a page that ended so is to replace one that ended as `than`."""
    return _WORTH.index(status) > _WORTH.index(than)


def keep_better(folder: DocumentFolder, fresh: Page) -> Page:
    """Put the better of a fresh page and the finished one in its place; that page.

    It may be broken off at any moment and done again with whatever fresh page is there then.

    Raises:
        OSError: its files are not there any more, or cannot be moved.
        InputError: they cannot be written.
    """
    before = folder.page(fresh.number)
    attempts = fresh.attempts if before is None else _both(before.attempts, fresh.attempts)
    if before is None or is_better(fresh.status, before.status):
        chosen = replace(fresh, attempts=attempts)
    else:
        # Those of both readings have the same names.
        folder.drop_fresh_pictures(fresh)
        chosen = replace(before, attempts=attempts)
    keep_page(folder.fresh, chosen)
    folder.adopt(chosen)
    return chosen


def _both(before: tuple[Attempt, ...], after: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The attempts of two readings, which were put together already where the second begins with the first."""
    return after if after[: len(before)] == before else before + after
