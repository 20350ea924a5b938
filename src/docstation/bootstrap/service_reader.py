"""Reading files through the running service, with the events and results of `docstation.bootstrap.reader.read_files`.

Files are sent side by side, each followed by a thread of its own; names, order and what is written from the events are
the library's. A file's idempotency key names its content and how it is read: who resumes finds the job again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import BinaryIO

from docstation import __version__
from docstation.bootstrap.service_file import Asked, ServiceFile
from docstation.client import Client
from docstation.client.uploading import opened
from docstation.document.model import PageStatus
from docstation.errors import DocStationError
from docstation.intake.limits import Limits
from docstation.intake.sources import SourceFile, Unusable, expand
from docstation.jobs.events import Event, FileFailed, FileRead, PageRead
from docstation.jobs.options import ReadOptions
from docstation.jobs.store import PageStore, drop_old_runs, store_key, writing
from docstation.jobs.telling import ShownNames, Turns
from docstation.settings.folders import state_folder

MOST_AT_ONCE = 16
"""Files that are followed at the same time."""


def reads_alike(client: Client, options: ReadOptions) -> bool:
    """Whether the service reads as the library would with these options: same version, engine, limits and workers.

    Languages, resolution, pages and password go along with each file.
    """
    try:
        if client.version() != __version__:
            return False
        facts = client.reading()
    except DocStationError:
        return False
    limits = {name: float(value) for name, value in asdict(options.limits or Limits()).items()}
    return limits == facts.limits and options.engine in facts.engines and options.jobs in {0, facts.workers}


def read_through(
    client: Client,
    specs: Sequence[str],
    options: ReadOptions,
    *,
    resume: bool = False,
    resumable: bool = True,
    stdin: BinaryIO | None = None,
) -> Generator[Event]:
    """Have the service read everything that `specs` name, and tell what happens.

    Args:
        client: of the service; closed when the events end.
        specs: paths, folders, patterns, or ``-`` for `stdin`.
        options: how to read; `jobs` is the service's.
        resume: take over what an interrupted run of the same files and options had read.
        resumable: whether a run that is cut short is paused for `resume`, or its jobs are deleted.
        stdin: the stream that ``-`` stands for.

    Yields:
        events, as the library tells them. A run that ends without a failed page leaves nothing behind.

    Raises:
        InputError: the state folder cannot be written.
    """
    state = state_folder() / "runs"
    with writing(state):
        state.mkdir(parents=True, exist_ok=True)
    drop_old_runs(state)
    with TemporaryDirectory(prefix="docstation-") as folder:
        scratch = Path(folder)
        unpacked = scratch / "unpacked"
        unpacked.mkdir()
        found = expand(specs, limits=options.limits or Limits(), scratch=unpacked, stdin=stdin)
        run = _Run(client, found, options, state, scratch, resume=resume)
        whole = False
        try:
            yield from run.events()
            whole = True
        finally:
            run.close(whole=whole, resumable=resumable)


@dataclass(frozen=True, slots=True)
class _Over:
    """A thread has told all of its file, or broke off."""

    number: int
    outcome: Future[None]


@dataclass(slots=True)
class _Run:
    """One pass over files; a loop that owns the state, and threads that only ask and tell."""

    client: Client
    found: Iterator[SourceFile | Unusable]
    options: ReadOptions
    state: Path
    scratch: Path
    resume: bool = field(kw_only=True)
    _files: dict[str, ServiceFile] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _names: ShownNames = field(default_factory=ShownNames)
    _turns: Turns = field(default_factory=Turns)
    _told: SimpleQueue[tuple[int, Event] | _Over] = field(default_factory=SimpleQueue)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, "file"))
    _count: int = 0
    _exhausted: bool = False
    _page_failed: bool = False

    def events(self) -> Generator[Event]:
        """What happens, as it happens."""
        most = min(MOST_AT_ONCE, 2 * self.client.reading().workers + 2)
        while True:
            while len(self._open) < most and not self._exhausted and not self._turns:
                self._begin_next()
            while self._turns:
                event = self._turns.take()
                self._note(event)
                yield event
                # Only now: until the caller comes back for more, it may be writing from the file and its pictures.
                self._forget(event)
            if self._open:
                self._take(self._told.get())
            elif self._exhausted:
                return

    def close(self, *, whole: bool, resumable: bool) -> None:
        """End what is under way; leave only what `resume` can take over.

        Args:
            whole: whether all events were told.
            resumable: whether somebody may want to go on.
        """
        self.client.close()
        self._threads.shutdown(cancel_futures=True)
        keep = self._page_failed if whole else resumable
        after = self.client.again()

        def leave(file: ServiceFile) -> None:
            with suppress(DocStationError):
                file.leave(after, keep=keep)
            file.close()

        with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
            list(threads.map(leave, self._files.values()))

    def _begin_next(self) -> None:
        found = next(self.found, None)
        if found is None:
            self._exhausted = True
            return
        self._count += 1
        number, name = self._count, self._names.give(found.name)
        if isinstance(found, Unusable):
            self._turns.add(number, FileFailed(name, found.error))
            return
        given = self._out_of_the_way(number, found)
        try:
            asked, store = self._asked(given, name)
        except DocStationError as error:
            self._turns.add(number, FileFailed(name, error))
            return
        self._files[name] = file = ServiceFile(self.client, asked, store, resume=self.resume)
        self._open.add(number)
        future = self._threads.submit(self._tell, number, file)
        future.add_done_callback(lambda done: self._told.put(_Over(number, done)))

    def _tell(self, number: int, file: ServiceFile) -> None:
        for event in file.events():
            self._told.put((number, event))

    def _take(self, told: tuple[int, Event] | _Over) -> None:
        if isinstance(told, _Over):
            self._open.discard(told.number)
            told.outcome.result()
        else:
            self._turns.add(*told)

    def _note(self, event: Event) -> None:
        if isinstance(event, PageRead) and event.page.status is PageStatus.FAILED:
            self._page_failed = True
        elif isinstance(event, FileRead):
            self._page_failed |= any(page.status is PageStatus.FAILED for page in event.document.pages)

    def _forget(self, event: Event) -> None:
        if isinstance(event, FileRead | FileFailed) and event.name in self._files:
            file = self._files[event.name]
            file.close()
            if file.path.is_relative_to(self.scratch):
                file.path.unlink(missing_ok=True)

    def _out_of_the_way(self, number: int, found: SourceFile) -> SourceFile:
        """A member of an archive is unpacked for one turn of the iteration only; it is moved out of its way."""
        if not found.path.is_relative_to(self.scratch):
            return found
        folder = self.scratch / f"file-{number}"
        folder.mkdir()
        return replace(found, path=found.path.rename(folder / found.path.name))

    def _asked(self, found: SourceFile, name: str) -> tuple[Asked, PageStore]:
        """The order, and a folder of this run's own whose name is its key: whoever else reads the same has another.

        Raises:
            InputError: the file cannot be read, or the folder not be written.
        """
        with opened(found.path) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        own = self.options
        how = [own.pages, own.password, *([own.reserve] if own.reserve else [])]
        which = json.dumps([store_key(sha256, own), Path(name).name, *how, __version__])
        key = f"service-{hashlib.sha256(which.encode()).hexdigest()[:32]}"
        store = PageStore.open(self.state, key, resume=False)
        return Asked(found, name, own, store.folder.name), store
