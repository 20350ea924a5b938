"""The runner's worker process: pages of any job with the engine that it asked for, and the document over all pages.

Runs inside a killable child like `docstation.jobs.work`, whose page work it leaves to the handlers that `target` makes.
Assembling is done here as well: a thousand pages in memory are nothing for the service's own process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docstation.document.codec import dumps, to_json
from docstation.document.model import Page, PageStatus, Source
from docstation.intake.limits import Limits
from docstation.intake.worker import resolve
from docstation.jobs.queue_files import keep_document, page_name, read_page
from docstation.jobs.region import RegionTask
from docstation.jobs.work import OpenTask, PageTask

TARGET = f"{__name__}:job_worker"

A4 = (595.28, 841.89)
"""Size, in points, that is written down for a page whose own size could not be learnt."""

AT_HAND = 2
"""Engines with their languages that are kept loaded."""

Handler = Callable[[OpenTask | PageTask | RegionTask], Source | Page]


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A task of `docstation.jobs.work` and what it is to be done with."""

    engine: str
    languages: tuple[str, ...]
    task: OpenTask | PageTask | RegionTask


@dataclass(frozen=True, slots=True)
class AssembleTask:
    """Make the document.

    Attributes:
        source: the file.
        numbers: of its pages, ascending.
        failed: pages that may have no file.
        pages: folder of the pages' files.
        document: the file to be written.
    """

    source: Source
    numbers: tuple[int, ...]
    failed: frozenset[int]
    pages: Path
    document: Path


class JobWorker:
    """Answers tasks of all jobs one after the other."""

    def __init__(self, target: str, limits: Limits) -> None:
        self._target = target
        self._limits = limits
        self._handlers: dict[tuple[str, tuple[str, ...]], Handler] = {}

    def __call__(self, task: ReadTask | AssembleTask) -> Source | Page | tuple[int, ...]:
        """Do `task`; of assembling, the numbers of pages whose files are missing: with any nothing is written.

        Raises:
            DocStationError: when the file or the page cannot be used, or the engine is not there.
        """
        if isinstance(task, AssembleTask):
            return _assemble(task)
        return self._handler(task.engine, task.languages)(task.task)

    def _handler(self, engine: str, languages: tuple[str, ...]) -> Handler:
        wanted = (engine, languages)
        handler = self._handlers.pop(wanted, None) or resolve(self._target)(engine, languages, self._limits)
        self._handlers[wanted] = handler
        while len(self._handlers) > AT_HAND:
            del self._handlers[next(iter(self._handlers))]
        return handler


def job_worker(target: str, limits: Limits) -> JobWorker:
    """The target of the runner's pools; `target` makes the handler of pages of an engine and languages."""
    return JobWorker(target, limits)


def failed_page(number: int, reason: str) -> Page:
    """A page of which nothing could be read."""
    return Page(number, *A4, status=PageStatus.FAILED, reason=reason)


def _assemble(task: AssembleTask) -> tuple[int, ...]:
    from docstation.jobs.run import assembled

    found = {number: read_page(task.pages / page_name(number)) for number in task.numbers}
    found |= {number: failed_page(number, "lost") for number in task.failed if found[number] is None}
    pages = [page for page in found.values() if page is not None]
    if len(pages) == len(found):
        keep_document(task.document, dumps(to_json(assembled(task.source, pages))))
    return tuple(number for number, page in found.items() if page is None)
