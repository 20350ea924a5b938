"""Reading files page by page in parallel processes: what is done next, what is kept, what is told.

One loop owns the state; workers answer tasks, keep the pages that they read, and know nothing of one another. Pages of
the earliest file go first; the next file is opened as soon as a worker would be idle. Files begin for the caller in the
order in which they were found, whichever of them opens first.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Flag

from docstation.document.model import Document, Page, PageStatus, Source
from docstation.errors import DocStationError, WorkerFailed
from docstation.intake.limits import Limits
from docstation.intake.office import to_pdf
from docstation.intake.outcome import Outcome, is_death, of_file
from docstation.intake.ranges import parse_pages
from docstation.intake.sandbox import WorkerPool
from docstation.intake.sniff import OFFICE_TYPES
from docstation.intake.sources import SourceFile, Unusable
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead
from docstation.jobs.options import ReadOptions
from docstation.jobs.store import PageStore, drop_run, store_key
from docstation.jobs.telling import ShownNames, Turns
from docstation.jobs.work import OpenTask, PageTask

A4 = (595.28, 841.89)
"""Size, in points, that is written down for a page whose own size could not be learnt."""

AHEAD = 2
"""Tasks per worker that are handed out, so that none waits for the loop."""

STOP_SECONDS = 0.1
"""How often a run that may be stopped from another thread asks whether it is to stop."""


@dataclass(slots=True)
class _File:
    """A file on its way through the run: `original` is what is read, an office file's PDF.

    `reopened`: whether a worker has died of its opening, or beside it.
    """

    number: int
    given: SourceFile
    original: Path
    source: Source | None = None
    store: PageStore | None = None
    wanted: tuple[int, ...] = ()
    todo: deque[int] = field(default_factory=deque)
    left: int = 0
    retried: dict[int, str] = field(default_factory=dict)
    reopened: bool = False


class Run:
    """One pass over files.

    Args:
        found: the files, as `docstation.intake.sources.expand` yields them.
        options: how to read.
        pool: workers that answer the tasks of `docstation.jobs.work`; closed by the caller.
        processes: how many workers the pool has.
        state: folder for kept pages.
        scratch: folder for files that must outlive the iteration over `found`; removed by the caller.
        resume: whether pages kept by an earlier run are taken over.
        stop: once set, by whatever thread, the events end and finished pages are kept; None: only the caller ends it.
    """

    def __init__(
        self,
        found: Iterable[SourceFile | Unusable],
        options: ReadOptions,
        pool: WorkerPool,
        *,
        processes: int,
        state: Path,
        scratch: Path,
        resume: bool,
        stop: Flag | None = None,
    ) -> None:
        self._found = iter(found)
        self._options = options
        self._limits = options.limits or Limits()
        self._pool = pool
        self._most_open = processes * AHEAD
        self._state = state
        self._scratch = scratch
        self._resume = resume
        self._stop = Flag() if stop is None else stop
        self._patience = None if stop is None else STOP_SECONDS
        self._files: dict[int, _File] = {}
        self._names = ShownNames()
        self._told = Turns()
        self._count = 0
        self._exhausted = False
        self._finished_stores: list[Path] = []
        self._page_failed = False

    def events(self) -> Generator[Event]:
        """What happens, as it happens; closing the iterator stops the run and keeps the finished pages.

        Pages of files that are finished are kept as well until the run is over: who resumes it wants none read twice.
        A run without a failed page leaves nothing behind.

        Raises:
            InputError: pages cannot be kept, the disk is full.
        """
        try:
            while not self._stop.is_set():
                self._hand_out()
                while self._told:
                    event = self._told.take()
                    yield event
                    # Only now: until the caller comes back for more, it may be writing from the kept pictures.
                    self._forget(event)
                outcome = self._pool.next(self._patience)
                if outcome is not None:
                    self._take(outcome)
                elif self._exhausted and not self._pool.open_tasks:
                    self._leave_nothing()
                    return
        finally:
            for file in self._files.values():
                if file.store is not None:
                    file.store.close(remove=False)

    def _hand_out(self) -> None:
        while self._pool.open_tasks < self._most_open:
            file = next((file for file in self._files.values() if file.todo), None)
            if file is not None:
                self._pool.submit(self._page_task(file, file.todo.popleft()))
            elif self._exhausted or self._told:
                return
            else:
                self._open_next()

    def _open_next(self) -> None:
        found = next(self._found, None)
        if found is None:
            self._exhausted = True
            return
        self._count += 1
        name = self._names.give(found.name)
        if isinstance(found, Unusable):
            self._told.add(self._count, FileFailed(name, found.error))
            return
        try:
            self._open(self._count, replace(found, name=name))
        except DocStationError as error:
            self._told.add(self._count, FileFailed(name, error))

    def _open(self, number: int, found: SourceFile) -> None:
        given = self._out_of_the_way(number, found)
        original = given.path
        if given.media_type in OFFICE_TYPES:
            # LibreOffice is a process of its own already; a worker that is killed would leave it behind.
            original = to_pdf(
                given.path,
                media_type=given.media_type,
                name=given.name,
                scratch=self._scratch,
                limits=self._limits,
                stop=self._stop.is_set,
            )
        self._files[number] = _File(number, given, original)
        self._pool.submit(OpenTask(number, given.path, original, given.name, given.media_type, self._options.password))

    def _out_of_the_way(self, number: int, found: SourceFile) -> SourceFile:
        """A member of an archive is unpacked for one turn of the iteration only; it is moved out of its way."""
        if not found.path.is_relative_to(self._scratch):
            return found
        folder = self._scratch / f"file-{number}"
        folder.mkdir()
        return replace(found, path=found.path.rename(folder / found.path.name))

    def _page_task(self, file: _File, number: int) -> PageTask:
        store = _open_store(file)
        return PageTask(
            file.number,
            file.original,
            file.given.name,
            number,
            self._options.password,
            self._options.dpi,
            store.folder,
            store.pictures,
            after=file.retried.get(number, ""),
        )

    def _take(self, outcome: Outcome) -> None:
        task = outcome.task
        file = self._files[task.file]
        if isinstance(task, PageTask):
            self._take_page(file, task, outcome)
            return
        if is_death(outcome.error) and not file.reopened:
            # A whole file is not to pay for what else may have ended the worker.
            file.reopened = True
            self._pool.submit(task)
            return
        try:
            if outcome.error is not None:
                raise of_file(outcome.error)
            self._begin(file, outcome.value)
        except DocStationError as error:
            self._drop(file)
            self._told.add(file.number, FileFailed(file.given.name, error))

    def _begin(self, file: _File, source: Source) -> None:
        file.source = source
        file.wanted = parse_pages(self._options.pages or "", source.page_count, name=file.given.name)
        file.store = PageStore.open(self._state, store_key(source.sha256, self._options), resume=self._resume)
        finished = file.store.finished()
        file.todo.extend(number for number in file.wanted if number not in finished)
        file.left = len(file.todo)
        done = len(file.wanted) - file.left
        self._told.add(file.number, FileStarted(file.given.name, len(file.wanted), done, file.wanted))
        if not file.left:
            self._told.add(file.number, self._finished(file))

    def _take_page(self, file: _File, task: PageTask, outcome: Outcome) -> None:
        if isinstance(outcome.error, WorkerFailed) and not task.after:
            # Whatever ended the worker would do so again: the second try goes without pixels and recognition.
            file.retried[task.number] = str(outcome.error.fields["reason"])
            file.todo.appendleft(task.number)
            return
        page = outcome.value
        if outcome.error is not None:
            page = _open_store(file).keep(_failed(task, outcome.error))
        self._page_failed = self._page_failed or page.status is PageStatus.FAILED
        file.left -= 1
        self._told.add(file.number, PageRead(file.given.name, page, outcome.seconds))
        if not file.left:
            self._told.add(file.number, self._finished(file))

    def _finished(self, file: _File) -> FileRead:
        if file.source is None:
            raise RuntimeError("a file was finished before it was opened")
        store = _open_store(file)
        kept = store.all_pages()
        document = assembled(file.source, [kept[number] for number in file.wanted])
        return FileRead(file.given.name, document, file.original, store.pictures, self._options.password)

    def _forget(self, event: Event) -> None:
        if not isinstance(event, FileRead):
            return
        for file in list(self._files.values()):
            if file.store is not None and file.store.pictures == event.pictures:
                file.store.close(remove=False)
                self._finished_stores.append(file.store.folder)
                file.store = None
                self._drop(file)

    def _leave_nothing(self) -> None:
        """Every file has ended; where a page failed all is kept, so that to resume means to read that page alone."""
        if not self._page_failed:
            for folder in self._finished_stores:
                drop_run(folder)

    def _drop(self, file: _File) -> None:
        del self._files[file.number]
        for path in (file.given.path, file.original):
            if path.is_relative_to(self._scratch):
                with contextlib.suppress(OSError):
                    path.unlink()


def assembled(source: Source, pages: list[Page]) -> Document:
    """The document of `pages`, its body put together over them."""
    from docstation.reading.assembly import assemble

    relabelled, body = assemble(pages)
    return Document(source, tuple(relabelled), tuple(body))


def _open_store(file: _File) -> PageStore:
    if file.store is None:
        raise RuntimeError("pages were asked for before their file was opened")
    return file.store


def _failed(task: PageTask, error: DocStationError) -> Page:
    reason = task.after or (str(error.fields["reason"]) if isinstance(error, WorkerFailed) else error.code)
    return Page(task.number, *A4, status=PageStatus.FAILED, reason=reason)
