"""Exports of documents: made in a child when somebody asks, or ahead, and kept beside the document until it changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from docstation.document.corrections import Correction
from docstation.errors import DocStationError, NotFound
from docstation.export import FORMATS
from docstation.jobs.corrections import corrections_of
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobFiles, JobState
from docstation.service.page_images import ExportTask
from docstation.service.workshop import Workshop

EXPORTS = "exports"
MOST_AHEAD = 10_000
TRIES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written.

    Attributes:
        format: by name.
        furniture: whether running headers and footers are written too.
        corrected: whether corrections are applied.
        links: what stands before the file names of pictures in links of Markdown; None: they are not linked.
    """

    format: str
    furniture: bool = False
    corrected: bool = True
    links: str | None = None

    @property
    def name(self) -> str:
        """Tells kept files of one kind from those of another."""
        marks = (("-furniture", self.furniture), ("-as-read", not self.corrected), ("-linked", self.links is not None))
        return self.format + "".join(mark for mark, given in marks if given)


@dataclass(frozen=True, slots=True)
class Exported:
    """A written export: its bytes, to be closed, and a word that changes whenever they may."""

    file: BinaryIO
    version: str


def exported(
    workshop: Workshop, files: JobFiles, wanted: Wanted, revision: int = 0, corrections: Sequence[Correction] = ()
) -> Exported:
    """The document as wanted, made where it is not kept beside the document already; blocks.

    Args:
        workshop: makes it.
        files: of the document.
        wanted: what is to be written.
        revision: of the document.
        corrections: of that revision.

    Raises:
        DocStationError: as `Workshop.make`, or the document is not there (any more).
    """
    if not wanted.corrected:
        revision, corrections = 0, ()
    for _try in range(TRIES):
        path = _path(files, wanted, revision)
        if not path.is_file():
            workshop.make(ExportTask(files, wanted.format, wanted.furniture, path, tuple(corrections), wanted.links))
            _forget_older(path)
        with contextlib.suppress(OSError):  # somebody has made a newer one meanwhile, or the document is gone
            return Exported(path.open("rb"), path.name)
    raise NotFound(name=wanted.format)


def _path(files: JobFiles, wanted: Wanted, revision: int) -> Path:
    if files.document is None:
        raise NotFound(name=wanted.format)
    try:
        seen = files.document.stat()
    except OSError as error:
        raise NotFound(name=wanted.format) from error
    # A document's file is only ever replaced by another, which has a time of its own.
    version = f"{seen.st_mtime_ns:016x}-{seen.st_size:x}-{revision:08x}"
    return files.document.parent / EXPORTS / f"{wanted.name}.{version}{FORMATS[wanted.format].suffix}"


def _forget_older(path: Path) -> None:
    for other in path.parent.glob(f"{path.name.partition('.')[0]}.*"):
        if other.name < path.name:
            with contextlib.suppress(OSError):
                other.unlink()


class Ahead:
    """Makes exports that were ordered with a document as soon as it is there; forgotten when the service ends.

    Used as a context manager while the service runs.
    """

    def __init__(self, queue: JobQueue, workshop: Workshop) -> None:
        self._queue = queue
        self._workshop = workshop
        self._wanted: dict[str, Sequence[str]] = {}
        self._thread = ThreadPoolExecutor(1, "exports")
        self._end: Callable[[], None] | None = None

    def want(self, id: str, formats: Sequence[str]) -> None:
        """Make these formats of the document once it is there."""
        if formats and len(self._wanted) < MOST_AHEAD:
            self._wanted[id] = formats
            self._hear(id)

    def __enter__(self) -> Self:
        self._end = self._queue.on_change(self._hear)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._end is not None:
            self._end()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _hear(self, id: str) -> None:
        if id in self._wanted:
            with contextlib.suppress(RuntimeError):  # the service is ending
                self._thread.submit(self._look, id)

    def _look(self, id: str) -> None:
        # What cannot be made ahead fails once more, and says why, when it is asked for.
        with contextlib.suppress(DocStationError):
            record = self._queue.job(id)
            if not record.state.ended:
                return
            for name in self._wanted.pop(id, ()) if record.state is JobState.DONE else ():
                self._make(id, Wanted(name))
        self._wanted.pop(id, None)

    def _make(self, id: str, wanted: Wanted) -> None:
        revision, corrections = corrections_of(self._queue, id)
        exported(self._workshop, self._queue.files_of(id), wanted, revision, corrections).file.close()
