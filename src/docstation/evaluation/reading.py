"""What evaluation needs of a reader of files: a narrow protocol, and the doubles of it that one function makes.

The product's own reader is handed in by the composition root; named peers live in `docstation.evaluation.peers`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from docstation.document.model import Document
from docstation.errors import DocStationError


@dataclass(frozen=True, slots=True)
class Reading:
    """One file read, or not.

    Attributes:
        path: of the file.
        document: None where it failed.
        seconds: of work on it (of all processes together where pages are read in parallel).
        error: code of what went wrong, empty otherwise.
    """

    path: Path
    document: Document | None
    seconds: float
    error: str = ""


class ReadsFiles(Protocol):
    """Reads files; readings may come in any order, one for each."""

    def __call__(self, paths: Sequence[Path]) -> Iterator[Reading]:
        """Read them all."""
        ...


def one_by_one(read: Callable[[Path], Document]) -> ReadsFiles:
    """A reader made of a function that reads one file."""

    def readings(paths: Sequence[Path]) -> Iterator[Reading]:
        for path in paths:
            started = time.perf_counter()
            try:
                document, error = read(path), ""
            except DocStationError as failure:
                document, error = None, failure.code
            yield Reading(path, document, time.perf_counter() - started, error)

    return readings
