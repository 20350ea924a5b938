"""Extractions as the service makes them: one after the other in a thread, each written down as it goes on and ends."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from docstation.bootstrap.engines import Endpoint
from docstation.bootstrap.extracting import PICTURE_DPI, By, asking
from docstation.document.model import Document
from docstation.errors import DocStationError, Interrupted, NotFound, NotReady, Overloaded, to_record
from docstation.extraction.extract import extract
from docstation.extraction.schema import Schema
from docstation.jobs.corrections import corrected_document
from docstation.jobs.extractions import ExtractionStore, Kept
from docstation.jobs.queue import JobQueue
from docstation.messages.marking import N_
from docstation.service.logs import log
from docstation.service.page_images import ImageTask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

AT_ONCE = 2
MOST_WAITING = 200
WRITE_SECONDS = 0.5
"""How often it is written down how far an extraction is."""
NOT_READ = N_("{name} was not read yet: it is {state}.")
BUG = N_("Something went wrong in DocStation; the log of the service has it.")


class Extractor:
    """Makes extractions in threads of its own.

    Args:
        queue: of the documents.
        store: where they are kept.
        draw: draws a page; blocks.
        where: tells where the model is asked.
    """

    def __init__(
        self,
        queue: JobQueue,
        store: ExtractionStore,
        draw: Callable[[ImageTask], bytes],
        where: Callable[[], Endpoint],
    ) -> None:
        self._queue = queue
        self._store = store
        self._draw = draw
        self._where = where
        self._threads = ThreadPoolExecutor(AT_ONCE, "extraction")
        self._stops: dict[str, threading.Event] = {}
        self._changed = threading.Condition()
        self._closing = False

    def begin(self, document: str, schema: Schema, by: By) -> Kept:
        """Have values extracted from a document.

        Raises:
            NotFound: there is no such document.
            NotReady: it was not read yet.
            Overloaded: too many wait.
        """
        read_document(self._queue, document)
        with self._changed:
            if len(self._stops) >= MOST_WAITING:
                raise Overloaded
            kept = self._store.begin(document, schema)
            stop = self._stops[kept.id] = threading.Event()
        # The schema itself: where rules look for its fields is not kept.
        self._threads.submit(self._run, kept, schema, by, stop)
        return kept

    def await_change(self, id: str, seconds: float) -> Kept:
        """The extraction once it has ended, or after so many seconds; raises NotFound."""
        until = time.monotonic() + seconds
        with self._changed:
            while id in self._stops and not self._closing and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
        return self._store.get(id)

    def delete(self, id: str) -> None:
        """Forget an extraction; one that is under way is broken off. Raises NotFound."""
        self._store.delete(id)
        with self._changed:
            stop = self._stops.get(id)
        if stop is not None:
            stop.set()

    def close(self) -> None:
        """Break off what is under way."""
        with self._changed:
            self._closing = True
            for stop in self._stops.values():
                stop.set()
            self._changed.notify_all()
        self._threads.shutdown(cancel_futures=True)

    def _run(self, kept: Kept, schema: Schema, by: By, stop: threading.Event) -> None:
        try:
            self._extract(kept, schema, by, stop)
        except Interrupted:
            pass  # it was deleted, or the next start of the service tells that it was broken off
        except DocStationError as error:
            with suppress(DocStationError):
                self._store.fail(kept.id, json.dumps(to_record(error)))
        except Exception as error:  # the others in the line are not to suffer from a bug
            log.error("extraction", exc_info=error)
            self._store.fail(kept.id, BUG)
        finally:
            with self._changed:
                del self._stops[kept.id]
                self._changed.notify_all()

    def _extract(self, kept: Kept, schema: Schema, by: By, stop: threading.Event) -> None:
        if stop.is_set():
            raise Interrupted
        document = read_document(self._queue, kept.document)
        pages = sum(bool(page.blocks) for page in document.pages)
        with asking(
            by, lambda number: self._picture(kept.document, number), where=self._where, cancelled=stop.is_set
        ) as asker:
            self._store.tell(kept.id, 0, pages, "" if asker is None else asker.model)
            told = _Told(lambda done, total: self._store.tell(kept.id, done, total))
            self._store.end(kept.id, extract(document, schema, asker, told=told))

    def _picture(self, document: str, number: int) -> Pixels | None:
        import numpy as np
        from PIL import Image

        files = self._queue.files_of(document)
        try:
            made = self._draw(ImageTask(files.original, files.password, number, dpi=PICTURE_DPI))
        except NotFound:
            return None
        with Image.open(io.BytesIO(made)) as image:
            return np.asarray(image.convert("RGB"))


class _Told:
    """Tells how far it is, not too often."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last >= WRITE_SECONDS:
            self._tell(done, total)
            self._last = time.monotonic()


def read_document(queue: JobQueue, id: str) -> Document:
    """The document with its corrections.

    Raises:
        NotFound: there is none.
        NotReady: it was not read yet.
    """
    found = corrected_document(queue, id)
    if found is None:
        record = queue.job(id)
        raise NotReady(NOT_READ, name=record.name, state=record.state.word)
    return found
