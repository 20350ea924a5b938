"""What the runner of a queue has to do next, and how an attempt at a page ended; plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.document.model import Source
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue_files import DocumentFolder

INTERRUPTED = "interrupted"
"""Result of an attempt that came to no end of its own."""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Open a job's file, count its pages."""

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder


@dataclass(frozen=True, slots=True)
class PageWork:
    """Read a page of a job.

    Attributes:
        number: of the page.
        attempt: which one this is, from 1.
        after: why the worker of the attempt before was lost; empty otherwise.
        reserve: name of the reserve model, where that is to read it; empty otherwise.
    """

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder
    number: int
    attempt: int
    after: str
    reserve: str = ""


@dataclass(frozen=True, slots=True)
class AssembleWork:
    """Make the document of the pages.

    Attributes:
        numbers: of all pages asked for, ascending.
        failed: those that could not be read; they may have left no file.
    """

    job: str
    source: Source
    options: ReadOptions
    folder: DocumentFolder
    numbers: tuple[int, ...]
    failed: frozenset[int]


Work = OpenWork | PageWork | AssembleWork


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt at a page ended.

    Attributes:
        result: the page's state after it, or `INTERRUPTED`.
        seconds: spent in the worker.
        code: why it is not OK.
    """

    result: str
    seconds: float = 0.0
    code: str = ""
