"""The composition root: the only place that names concrete classes, and the Python interface built from them.

Doors and scripts call `read`, `pages` (and `aread`, `apages` under asyncio) or, for many files with progress,
`read_files`. Worker processes are started with `page_worker`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Unpack

from docstation.document.model import Document, Page
from docstation.errors import NoEngine
from docstation.intake.limits import Limits
from docstation.intake.sandbox import WorkerPool
from docstation.intake.sources import expand
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead
from docstation.jobs.options import Choices, ReadOptions
from docstation.jobs.run import Run
from docstation.jobs.store import drop_old_runs
from docstation.jobs.work import PageWorker
from docstation.settings import state_folder

WORKER = f"{__name__}:page_worker"


def page_worker(engine: str, languages: tuple[str, ...], limits: Limits) -> PageWorker:
    """The handler of a worker process: the named engine behind the page work.

    Raises:
        NoEngine: there is no engine of that name.
        MissingDependency: a language is not installed.
    """
    from docstation.reading.embedded.engine import NAME, EmbeddedEngine
    from docstation.reading.embedded.orientation import OrientationFinder

    if engine != NAME:
        raise NoEngine(name=engine)
    return PageWorker(EmbeddedEngine(languages), OrientationFinder(), limits)


def read_files(
    specs: Sequence[str], options: ReadOptions, *, resume: bool = False, stdin: BinaryIO | None = None
) -> Generator[Event]:
    """Read everything that `specs` name, page by page in parallel processes, and tell what happens.

    Args:
        specs: paths, folders, patterns, or ``-`` for `stdin`.
        options: how to read.
        resume: take over the pages that an interrupted run of the same files and options kept.
        stdin: the stream that ``-`` stands for.

    Yields:
        events; those of one page as soon as it is kept. Closing the iterator stops the workers at once and keeps the
        finished pages for `resume`.
    """
    limits = options.limits or Limits()
    processes = options.jobs or cores()
    state = state_folder() / "runs"
    state.mkdir(parents=True, exist_ok=True)
    drop_old_runs(state)
    initial = (options.engine, options.languages, limits)
    with (
        TemporaryDirectory(prefix="docstation-") as folder,
        WorkerPool(processes, WORKER, limits=limits, initial=initial) as pool,
    ):
        scratch = Path(folder)
        unpacked = scratch / "unpacked"
        unpacked.mkdir()
        found = expand(specs, limits=limits, scratch=unpacked, stdin=stdin)
        run = Run(found, options, pool, processes=processes, state=state, scratch=scratch, resume=resume)
        with closing(run.events()) as events:
            yield from events


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def read(path: str | os.PathLike[str], *, pictures: Path | None = None, **choices: Unpack[Choices]) -> Document:
    """Read one file whole.

    Args:
        path: a PDF, image or office file.
        pictures: folder that receives the pictures that blocks name; None: they are not kept.
        **choices: the fields of `docstation.jobs.options.ReadOptions`.

    Raises:
        DocStationError: when the file cannot be read at all; pages that failed are in the document with their status.
    """
    for event in _events(path, choices):
        if isinstance(event, FileRead):
            if pictures is not None:
                _copy_pictures(event, pictures)
            return event.document
    raise AssertionError("a run ended without an outcome")


def pages(path: str | os.PathLike[str], **choices: Unpack[Choices]) -> Generator[Page]:
    """The pages of one file in ascending order, each as soon as it and those before it are read.

    Raises:
        DocStationError: when the file cannot be read at all.
    """
    waiting: dict[int, Page] = {}
    numbers: Sequence[int] = ()
    told = 0
    with closing(_events(path, choices)) as events:
        for event in events:
            if isinstance(event, FileStarted):
                numbers = event.numbers
            elif isinstance(event, PageRead):
                waiting[event.page.number] = event.page
            while told < len(numbers) and numbers[told] in waiting:
                yield waiting.pop(numbers[told])
                told += 1


async def aread(path: str | os.PathLike[str], *, pictures: Path | None = None, **choices: Unpack[Choices]) -> Document:
    """`read` for asyncio; the work is in other processes, the event loop stays free."""
    return await asyncio.to_thread(lambda: read(path, pictures=pictures, **choices))


async def apages(path: str | os.PathLike[str], **choices: Unpack[Choices]) -> AsyncGenerator[Page]:
    """`pages` for asyncio."""
    iterator = pages(path, **choices)
    try:
        while (page := await asyncio.to_thread(next, iterator, None)) is not None:
            yield page
    finally:
        await asyncio.to_thread(iterator.close)


def _events(path: str | os.PathLike[str], choices: Choices) -> Generator[Event]:
    with closing(read_files([os.fspath(path)], replace(ReadOptions(), **choices))) as events:
        for event in events:
            if isinstance(event, FileFailed):
                raise event.error
            yield event


def _copy_pictures(event: FileRead, folder: Path) -> None:
    import shutil

    folder.mkdir(parents=True, exist_ok=True)
    for path in event.pictures.iterdir():
        shutil.copyfile(path, folder / path.name)
