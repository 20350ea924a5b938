"""One file that the service reads: sent, followed, fetched, and left behind or not."""

from __future__ import annotations

import contextvars
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from docstation.client import Client, Job, JobEvent, JobOptions, Submitted
from docstation.document.model import Document, Page, PageStatus
from docstation.errors import DocStationError, Interrupted, NotReady
from docstation.intake.sniff import OFFICE_TYPES
from docstation.intake.sources import SourceFile
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead, ReserveTold
from docstation.jobs.options import ReadOptions
from docstation.jobs.store import PageStore, writing
from docstation.messages import LANGUAGES, N_, explain, use

A4 = (595.28, 841.89)
"""Size, in points, that is written down for a page whose own size could not be learnt."""
AWAY_SECONDS = 60.0
"""For so long the service may be away in the middle of a file: it may be starting anew."""
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,64}\.png")


@dataclass(frozen=True, slots=True)
class Asked:
    """A file and how it is to be read.

    Attributes:
        found: the file.
        name: as shown.
        options: how to read.
        key: idempotency key of the order.
    """

    found: SourceFile
    name: str
    options: ReadOptions
    key: str


class ServiceFile:
    """A file on its way through the service.

    Args:
        client: of the service.
        asked: the file and how it is to be read.
        store: folder of the file's own, for pictures and an office file's PDF.
        resume: whether what an earlier run had read is taken over.
    """

    def __init__(self, client: Client, asked: Asked, store: PageStore, *, resume: bool) -> None:
        self._client = client
        self._asked = asked
        self._store = store
        self._resume = resume
        self._id = ""
        self._over = False
        self._after = 0
        self._kept: frozenset[int] = frozenset()
        self._told: set[int] = set()
        self._open = True

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._asked.found.path

    def close(self) -> None:
        """Give the file's folder up; pictures and an office file's PDF go with it."""
        if self._open:
            self._open = False
            self._store.close(remove=True)

    def events(self) -> Iterator[Event]:
        """What happens to the file, up to its end."""
        try:
            yield from self._followed(self._submitted())
        except DocStationError as error:
            yield FileFailed(self._asked.name, self._in_our_words(error))

    def leave(self, client: Client, *, keep: bool) -> None:
        """Nobody listens any more.

        Args:
            client: to be asked.
            keep: whether what was read is kept, and what was not can be gone on with.

        Raises:
            DocStationError: the service does not do it.
        """
        if not self._id:
            return
        if not keep:
            client.delete(self._id)
        elif not self._over:
            client.pause(self._id)

    def _submitted(self) -> Job | None:
        """The job that is taken over, None for a new one."""
        began = time.time()
        sent = self._sent()
        # One that is not waiting any more was begun at once, or is older than this order.
        if sent.state == "waiting" or self._client.job(sent.id).created >= began:
            return None
        if not self._resume or sent.state in {"failed", "cancelled"}:
            # Left by a run that was broken off; this one begins anew.
            self._client.delete(sent.id)
            self._sent()
            return None
        if sent.state == "paused":
            self._client.resume(sent.id)
        elif sent.state == "done":
            self._client.retry(sent.id)  # what failed; where nothing did, this changes nothing
        job = self._client.job(sent.id)
        self._after = job.last_news
        self._kept = frozenset(page.number for page in job.pages if page.ended)
        return job

    def _sent(self) -> Submitted:
        own = self._asked.options
        options = JobOptions(own.pages, own.password, own.languages, own.dpi, own.engine, reserve=own.reserve)
        sent = self._client.submit(self._asked.found.path, options, name=self._short, idempotency_key=self._asked.key)
        self._id = sent.id
        return sent

    def _followed(self, job: Job | None) -> Iterator[Event]:
        begun = job is not None and job.total > 0
        if job is not None and begun:
            yield self._begun(job)
        state = ""
        for event in self._client.follow(self._id, self._after, patience=AWAY_SECONDS):
            state = event.state
            if event.total and not begun:
                begun = True
                yield self._begun(self._client.job(self._id))
            if event.page_ended and event.page is not None:
                yield from self._page(event, event.page)
            elif event.kind == "reserve":
                yield ReserveTold(self._asked.name, event.code)
        if state != "done":
            job = self._client.job(self._id)
            if not job.over:
                return  # nobody listens any more
            state = job.state
        self._over = True
        yield self._read() if state == "done" else FileFailed(self._asked.name, self._why_not(job))

    def _begun(self, job: Job) -> FileStarted:
        numbers = tuple(page.number for page in job.pages)
        return FileStarted(self._asked.name, len(numbers), len(self._kept), numbers)

    def _page(self, event: JobEvent, number: int) -> Iterator[Event]:
        if number in self._kept or number in self._told:
            return
        self._told.add(number)
        try:
            page = self._client.page(self._id, number)
        except NotReady:
            # What cost a worker its life twice has left nothing.
            page = Page(number, *A4, status=PageStatus.FAILED, reason=event.code)
        yield PageRead(self._asked.name, page, event.seconds or 0.0)

    def _why_not(self, job: Job | None) -> DocStationError:
        """Why a job that has ended gives no document."""
        name = self._asked.name
        if job is not None and job.error is not None:
            return self._in_our_words(job.error)
        return Interrupted(
            N_("The reading of {name} was cancelled."), name=name, remedy=N_("Give the command again to start anew.")
        )

    def _read(self) -> FileRead:
        document = self._client.document(self._id)
        document = replace(document, source=replace(document.source, name=self._short))
        self._fetch_pictures(document)
        pictures, password = self._store.pictures, self._asked.options.password
        return FileRead(self._asked.name, document, self._original(), pictures, password)

    def _fetch_pictures(self, document: Document) -> None:
        named = (block.picture.file for page in document.pages for block in page.blocks if block.picture)
        for file in dict.fromkeys(named):
            if _PICTURE.fullmatch(file):
                data = self._client.picture(self._id, file)
                with writing(self._store.folder):
                    (self._store.pictures / file).write_bytes(data)

    def _original(self) -> Path:
        """The file whose pages were read."""
        if self._asked.found.media_type not in OFFICE_TYPES:
            return self._asked.found.path
        path = self._store.folder / "read.pdf"
        with writing(self._store.folder):
            self._client.file_to(self._id, path, read=True)
        return path

    @property
    def _short(self) -> str:
        """The name without folders."""
        return Path(self._asked.name).name

    def _in_our_words(self, error: DocStationError) -> DocStationError:
        """The error with the file's whole name; in the caller's language where it says what all of its class say."""
        if "said" not in error.fields:
            return error
        name, short, pages = self._asked.name, self._short, self._asked.options.pages or ""
        plain, said = type(error)(name=short, pages=pages), str(error.fields["said"])
        if any(_explained(plain, language) == said for language in LANGUAGES):
            return type(error)(name=name, pages=pages)
        named = re.sub(rf"(?<![\w./]){re.escape(short)}(?!\w)", lambda _found: name, said, count=1)
        return type(error)("{said}", **error.fields | {"said": named, "remedy": error.remedy_id})


def _explained(error: DocStationError, language: str) -> str:
    def there() -> str:
        use(language)
        return explain(error)[0]

    return contextvars.copy_context().run(there)
