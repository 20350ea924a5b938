"""The door to evaluation: a corpus by name, engines as readers, runs as results.

The command line hands in the product's own reader; peers are found by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from docstation.errors import NotFound, UsageError
from docstation.evaluation.corpus import cases
from docstation.evaluation.peers import PEERS
from docstation.evaluation.reading import ReadsFiles
from docstation.evaluation.runs import Run, perform
from docstation.messages.marking import N_


def evaluate(
    corpus: str, engines: Sequence[str], *, own: Mapping[str, ReadsFiles] | None = None, limit: int = 0
) -> list[Run]:
    """Run each engine over the corpus, on the same files.

    Args:
        corpus: a folder, or ``generated:SEED:COUNT``.
        engines: names, of `own` or of the peers ``tesseract``, ``pp-ocrv6``, ``text-layer``.
        own: readers of the product by name.
        limit: at most so many cases, 0 for all.

    Raises:
        UsageError: no engine of that name.
        NotFound: no such folder, or nothing in it has a truth.
        MissingDependency: a package or program that an engine or a score needs.
    """
    readers = {name: _reader(name, own or {}) for name in engines}
    with TemporaryDirectory(prefix="docstation-eval-") as folder:
        found = list(islice(cases(corpus, Path(folder)), limit or None))
        if not found:
            raise NotFound(name=corpus)
        return [perform(name, read, corpus, found) for name, read in readers.items()]


def _reader(name: str, own: Mapping[str, ReadsFiles]) -> ReadsFiles:
    if name in own:
        return own[name]
    if name in PEERS:
        return PEERS[name]()
    known = ", ".join([*own, *PEERS])
    raise UsageError(N_("There is no engine {name}; known are {known}."), name=name, known=known)
