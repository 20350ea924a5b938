"""The product's own reader behind the protocol of evaluation: one pool of workers for all files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from docstation.bootstrap.reader import read_files
from docstation.evaluation.reading import Reading
from docstation.jobs.events import FileFailed, FileRead, PageRead
from docstation.jobs.options import ReadOptions


def own(paths: Sequence[Path]) -> Iterator[Reading]:
    """Read all files; seconds are those that the workers spent on their pages."""
    by_name = {path.name: path for path in paths}
    seconds: dict[str, float] = defaultdict(float)
    for event in read_files([str(path) for path in paths], ReadOptions()):
        name = getattr(event, "name", "")
        if isinstance(event, PageRead):
            seconds[name] += event.seconds
        elif isinstance(event, FileRead):
            yield Reading(by_name[Path(name).name], event.document, seconds[name])
        elif isinstance(event, FileFailed):
            yield Reading(by_name[Path(name).name], None, seconds[name], event.error.code)
