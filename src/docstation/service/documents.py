"""The documents of the service: database, queue and runner, and the routes on them, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from docstation.bootstrap import reader
from docstation.bootstrap.engines import ENGINES, ServedLook, endpoint, pages_for, reading_through
from docstation.bootstrap.parts import catalogue
from docstation.errors import SettingsError
from docstation.jobs.conversations import ConversationStore
from docstation.jobs.database import Database
from docstation.jobs.keeping import Keeping
from docstation.jobs.keys import KeyStore
from docstation.jobs.options import NO_RESERVE, ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.service import (
    archive_api,
    chat_api,
    compare_api,
    corrections_api,
    documents_api,
    extraction_api,
    ocr_api,
    reading_api,
    search_api,
)
from docstation.service.exporting import Ahead
from docstation.service.making import Making
from docstation.service.uploads import DocumentsSettings
from docstation.settings.folders import state_folder

if TYPE_CHECKING:
    from fastapi import APIRouter

    from docstation.bootstrap.reserve import StationSwitch
    from docstation.settings import Settings


@contextmanager
def documents(
    settings: Settings, switch: StationSwitch | None = None
) -> Iterator[tuple[JobQueue, tuple[APIRouter, ...]]]:
    """The queue and the routes on it, with the work behind them running until the block ends.

    Args:
        settings: of reading and of the service.
        switch: the station, for jobs that allow a reserve model.

    Raises:
        Locked: another process works on these documents.
    """
    reading, own = settings.reading, settings.service
    options = ReadOptions(
        languages=reading.languages,
        dpi=reading.dpi,
        engine=reading.engine,
        reserve=reading.reserve if reading.reserve != NO_RESERVE else "",
    )
    chosen = DocumentsSettings(
        options,
        settings.limits,
        ENGINES,
        allow_urls=own.allow_urls,
        check_reserve=switch.check if switch is not None else lambda _name: None,
    )
    keeping = Keeping(days=own.keep_days, max_bytes=own.documents_bytes)
    served, plain = ServedLook(at_once=reading.at_once), reading.jobs or reader.cores()
    workers = RunnerSettings(
        plain,
        reader.WORKER,
        reader.PRELOAD,
        limits=settings.limits,
        further=max(0, (reading.at_once or _most_pages()) - plain),
        served=lambda options: served(options.engine),
        # Where pages are read elsewhere, no switch of the station would change who reads them.
        switch=None if reading.endpoint else switch,
    )
    with reading_through(settings), closing(Database(state_folder(), own.database or None)) as database:
        queue = JobQueue(database, state_folder() / "documents", keeping=keeping, limits=settings.limits)
        conversations = ConversationStore(database)
        conversations.recover()
        with JobRunner(queue, workers):
            making = Making(settings.limits)
            chosen = replace(chosen, scopes=KeyStore(database).digests)
            chat = chat_api.router(conversations, queue, making, endpoint, settings.limits)
            yield queue, (*routes(queue, chosen, making, workers.workers), chat)


def _most_pages() -> int:
    """Pages to be under way for the model of the catalogue that answers the most requests together."""
    try:
        entries = catalogue().entries.values()
    except SettingsError:
        return pages_for(0)
    return max(pages_for(0), *(pages_for(one.max_sequences) for one in entries))


def routes(queue: JobQueue, chosen: DocumentsSettings, making: Making, workers: int) -> tuple[APIRouter, ...]:
    """All routes on the queue."""
    ahead = Ahead(queue, making.exports)
    return (
        # Their names come before those of documents.
        search_api.router(queue, making),
        archive_api.router(queue, chosen, making, ahead),
        documents_api.router(queue, chosen, making, ahead),
        corrections_api.router(queue, chosen, making),
        extraction_api.router(queue, making),
        compare_api.router(queue),
        ocr_api.router(queue, chosen, making),
        reading_api.router(queue, chosen, workers),
    )
