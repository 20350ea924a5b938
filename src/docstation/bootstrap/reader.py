"""The reader put together, and the Python interface built from it.

Doors and scripts call `read`, `pages` (and `aread`, `apages` under asyncio) or, for many files with progress,
`read_files`. Worker processes are started with `page_worker`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag
from typing import BinaryIO, TypeVar, Unpack

from docstation.document.model import Document, Page
from docstation.errors import UsageError
from docstation.intake.limits import Limits
from docstation.intake.sandbox import WorkerPool
from docstation.intake.sources import expand
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead
from docstation.jobs.options import Choices, ReadOptions
from docstation.jobs.run import Run
from docstation.jobs.store import drop_old_runs, writing
from docstation.jobs.work import PageWorker
from docstation.messages.marking import N_
from docstation.settings import state_folder

WORKER = f"{__name__}:page_worker"

PRELOAD = f"{__name__}:preload"
NEEDED = (
    "cv2",
    "PIL.Image",
    "pypdfium2",
    "tiktoken",
    "docstation.bootstrap.engines",
    "docstation.inference.completions",
    "docstation.intake.opening",
    "docstation.intake.triage",
    "docstation.jobs.runner_worker",
    "docstation.reading.assembly",
    "docstation.reading.embedded.engine",
    "docstation.reading.embedded.orientation",
    "docstation.reading.vision.engine",
)
"""Modules that reading a page imports; loading no more than they, a nursery is ready as soon as a worker would be."""

T = TypeVar("T")


def page_worker(engine: str, languages: tuple[str, ...], limits: Limits) -> PageWorker:
    """The handler of a worker process: the named engine behind the page work.

    Raises:
        NoEngine: it is a model that does not serve.
        MissingDependency: a language is not installed.
    """
    from docstation.bootstrap.engines import ActiveEngine, engine_of
    from docstation.reading.embedded.orientation import OrientationFinder

    chosen = engine_of(engine, languages, limits)
    if isinstance(chosen, ActiveEngine):
        chosen.check()
    return PageWorker(chosen, OrientationFinder(), limits)


def preload() -> None:
    """Import what `page_worker` and its pages need, for a nursery: `docstation.intake.nursery`.

    Not onnxruntime, which starts a thread as soon as it is imported.
    """
    for name in NEEDED:
        import_module(name)


def read_files(
    specs: Sequence[str],
    options: ReadOptions,
    *,
    resume: bool = False,
    stdin: BinaryIO | None = None,
    stop: Flag | None = None,
) -> Generator[Event]:
    """Read everything that `specs` name, page by page in parallel processes, and tell what happens.

    Args:
        specs: paths, folders, patterns, or ``-`` for `stdin`.
        options: how to read.
        resume: take over the pages that an interrupted run of the same files and options kept.
        stdin: the stream that ``-`` stands for.
        stop: set from another thread, it ends the events as closing the iterator does.

    Yields:
        events; those of one page as soon as it is kept. Closing the iterator stops the workers at once and keeps the
        finished pages for `resume`.

    Raises:
        InputError: the state folder cannot be written.
    """
    limits = options.limits or Limits()
    processes = options.jobs or _processes(options.engine)
    state = state_folder() / "runs"
    with writing(state):
        state.mkdir(parents=True, exist_ok=True)
    drop_old_runs(state)
    initial = (options.engine, options.languages, limits)
    with (
        TemporaryDirectory(prefix="docstation-") as folder,
        WorkerPool(processes, WORKER, limits=limits, initial=initial, preload=PRELOAD) as pool,
    ):
        scratch = Path(folder)
        unpacked = scratch / "unpacked"
        unpacked.mkdir()
        found = expand(specs, limits=limits, scratch=unpacked, stdin=stdin)
        run = Run(found, options, pool, processes=processes, state=state, scratch=scratch, resume=resume, stop=stop)
        with closing(run.events()) as events:
            yield from events


def _processes(engine: str) -> int:
    """One for each core; where a served model reads, whose readers mostly wait, as many as it is to read at once."""
    from docstation.bootstrap.engines import EMBEDDED, ServedLook
    from docstation.settings import load

    if engine == EMBEDDED:
        return cores()
    return max(cores(), ServedLook(at_once=load().settings.reading.at_once)(engine))


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
    return _read(path, pictures, choices, None)


def pages(path: str | os.PathLike[str], **choices: Unpack[Choices]) -> Generator[Page]:
    """The pages of one file in ascending order, each as soon as it and those before it are read.

    Closing the iterator stops the workers at once.

    Raises:
        DocStationError: when the file cannot be read at all.
    """
    return _pages(path, choices, None)


async def aread(path: str | os.PathLike[str], *, pictures: Path | None = None, **choices: Unpack[Choices]) -> Document:
    """`read` for asyncio; the work is in other processes, the event loop stays free. Cancelling it ends the work."""
    stop = Flag()
    return await _in_thread(lambda: _read(path, pictures, choices, stop), stop)


async def apages(path: str | os.PathLike[str], **choices: Unpack[Choices]) -> AsyncGenerator[Page]:
    """`pages` for asyncio; cancelling whoever waits for a page ends the work."""
    stop = Flag()
    iterator = _pages(path, choices, stop)
    try:
        while (page := await _in_thread(lambda: next(iterator, None), stop)) is not None:
            yield page
    finally:
        await asyncio.to_thread(iterator.close)


async def _in_thread(work: Callable[[], T], stop: Flag) -> T:
    """What `work` returns, done in a thread; when this is cancelled, `stop` is set and the thread waited for."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(running, return_exceptions=True)
        raise


def _read(path: str | os.PathLike[str], pictures: Path | None, choices: Choices, stop: Flag | None) -> Document:
    document = None
    # To the end, also after the document has come: only a run that is over forgets the pages it kept.
    with closing(_events(path, choices, stop)) as events:
        for event in events:
            if isinstance(event, FileRead):
                document = event.document
                if pictures is not None:
                    _copy_pictures(event, pictures)
    if document is None:
        raise RuntimeError("a run ended without an outcome")
    return document


def _pages(path: str | os.PathLike[str], choices: Choices, stop: Flag | None) -> Generator[Page]:
    waiting: dict[int, Page] = {}
    numbers: Sequence[int] = ()
    told = 0
    with closing(_events(path, choices, stop)) as events:
        for event in events:
            if isinstance(event, FileStarted):
                numbers = event.numbers
            elif isinstance(event, PageRead):
                waiting[event.page.number] = event.page
            while told < len(numbers) and numbers[told] in waiting:
                yield waiting.pop(numbers[told])
                told += 1


def _events(path: str | os.PathLike[str], choices: Choices, stop: Flag | None) -> Generator[Event]:
    """The events of the one file at `path`; its failure is raised."""
    name = os.fspath(path)
    begun = False
    with closing(read_files([name], replace(ReadOptions(), **choices), stop=stop)) as events:
        for event in events:
            if isinstance(event, FileFailed):
                raise event.error
            if isinstance(event, FileStarted):
                if begun:
                    raise UsageError(N_("{name} holds several files; read them one by one."), name=name)
                begun = True
            yield event


def _copy_pictures(event: FileRead, folder: Path) -> None:
    import shutil

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for page in event.document.pages:
            for block in page.blocks:
                if block.picture is not None and block.picture.file:
                    shutil.copyfile(event.pictures / block.picture.file, folder / block.picture.file)
