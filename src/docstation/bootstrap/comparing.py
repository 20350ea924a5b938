"""The same pages read with two models one after the other: the station is switched for each, and back at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from docstation.bootstrap.switching import serving, switch_and_wait
from docstation.client import Client, JobOptions
from docstation.client.document_records import PAGE_ENDED
from docstation.document.model import Document
from docstation.errors import DocStationError, UsageError
from docstation.evaluation.differing import PageDifference, compare_documents
from docstation.messages.marking import N_

EMBEDDED = "embedded"
SERVED = "served"
TWO = N_("Name two models to compare, such as dots-ocr,qwen3-vl or embedded,dots-ocr.")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one model read.

    Attributes:
        model: as it was named.
        document: id in the service.
        seconds: from the order to read to the end, the switch not counted.
        read: pages and body.
    """

    model: str
    document: str
    seconds: float
    read: Document


@dataclass(frozen=True, slots=True)
class Compared:
    """Both readings, and where they differ.

    Attributes:
        first: of the model named first.
        second: of the other.
        pages: page by page.
    """

    first: Reading
    second: Reading
    pages: tuple[PageDifference, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How far it is: a model is switched to, its pages are read, or what served before comes back."""

    step: str
    model: str
    done: int = 0
    total: int = 0


def compare_models(
    client: Client,
    path: Path,
    models: Sequence[str],
    *,
    pages: str = "",
    password: str | None = None,
    told: Callable[[Told], None] = lambda _told: None,
) -> Compared:
    """Read a file with two models and compare.

    Args:
        client: of the service, whose station is switched.
        path: of the file.
        models: two names or aliases; ``embedded`` needs no switch.
        pages: a page range, empty for all.
        password: opens a protected file.
        told: is called as it goes on.

    Raises:
        UsageError: these are not two models.
        NoEngine: one of them does not come to serve.
        DocStationError: the file cannot be read.
    """
    if len(models) != 2 or models[0] == models[1]:
        raise UsageError(TWO)
    before = serving(client)
    try:
        options = JobOptions(pages=pages or None, password=password)
        first, second = (_read(client, path, options, model, told) for model in models)
    finally:
        _back(client, before, told)
    return Compared(first, second, compare_documents(first.read, second.read))


def _read(client: Client, path: Path, options: JobOptions, model: str, told: Callable[[Told], None]) -> Reading:
    if model != EMBEDDED:
        told(Told("switch", model))
        switch_and_wait(client, model)
    told(Told("read", model))
    engine = EMBEDDED if model == EMBEDDED else SERVED
    id = client.submit(path, replace(options, engine=engine)).id
    for event in client.follow(id):
        if event.page_state in PAGE_ENDED:
            told(Told("read", model, event.done, event.total))
    job = client.job(id)
    if job.error is not None:
        raise job.error
    seconds = (job.ended or 0.0) - (job.started or job.created)
    return Reading(model, id, max(0.0, seconds), client.document(id))


def _back(client: Client, before: tuple[str, ...], told: Callable[[Told], None]) -> None:
    """What served before serves again; where that fails the station says so itself, and what was read is not lost."""
    with suppress(DocStationError):
        if serving(client) == before:
            return
        told(Told("back", ", ".join(before)))
        if before:
            switch_and_wait(client, *before)
        else:
            for _event in client.change_events(client.stop()):
                pass
