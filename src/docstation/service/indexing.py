"""Keeps the index of the search up with the documents: a thread that has the words of each new one made in a child."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Self

from docstation.errors import DocStationError, Interrupted, NotFound
from docstation.jobs.corrections import corrections_of
from docstation.jobs.database import UNANSWERED
from docstation.jobs.queue import JobQueue
from docstation.jobs.search import Stale, keep, stale
from docstation.service.page_images import WordsTask
from docstation.service.workshop import Workshop

LOOK_SECONDS = 30.0
"""How often to look for documents of which nothing was heard."""
PAUSE_SECONDS = 0.2
"""Between two looks at least: pages end often."""

_LOG = logging.getLogger(__name__)


class Indexer:
    """Indexes while its block lasts; what a service that ended left is taken up by the next.

    Args:
        queue: of the documents.
        workshop: makes the words.
    """

    def __init__(self, queue: JobQueue, workshop: Workshop) -> None:
        self._queue = queue
        self._workshop = workshop
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._failed: set[Stale] = set()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._end: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._end = self._queue.on_change(lambda _id: self._wake.set())
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._end is not None:
            self._end()
        self._ended.set()
        self._wake.set()

    def join(self) -> None:
        """Wait until the thread has ended, once the workshop is closed."""
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._ended.is_set():  # set before it is woken for the last time
                return
            try:
                while not self._ended.is_set() and (found := stale(self._queue, self._failed)) is not None:
                    self._index(found)
            except UNANSWERED:
                _LOG.warning("the database does not answer; documents are indexed later", exc_info=True)
            self._wake.wait(LOOK_SECONDS)
            self._ended.wait(PAUSE_SECONDS)

    def _index(self, found: Stale) -> None:
        try:
            revision, corrections = corrections_of(self._queue, found.id)
            if revision == found.revision:
                words = self._workshop.make(WordsTask(self._queue.files_of(found.id), corrections))
                keep(self._queue, found, words)
        except Interrupted:
            return
        except DocStationError:
            if self._is_there(found):
                _LOG.warning("the document %s cannot be indexed", found.id, exc_info=True)
                self._failed.add(found)

    def _is_there(self, found: Stale) -> bool:
        """Whether it has not been deleted meanwhile, which is no trouble."""
        try:
            self._queue.job(found.id)
        except NotFound:
            return False
        return True
