"""The documents of the service: database, queue and runner, and the routes on them, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from docstation.bootstrap import reader
from docstation.jobs.database import Database
from docstation.jobs.keeping import Keeping
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.service import documents_api, ocr_api
from docstation.service.uploads import DocumentsSettings
from docstation.settings.folders import state_folder

if TYPE_CHECKING:
    from fastapi import APIRouter

    from docstation.settings import Settings


@contextmanager
def documents(settings: Settings) -> Iterator[tuple[APIRouter, ...]]:
    """The routes of documents and of ``/v1/ocr``, with the work behind them running until the block ends.

    Raises:
        Locked: another process works on these documents.
    """
    reading, own = settings.reading, settings.service
    options = ReadOptions(languages=reading.languages, dpi=reading.dpi, engine=reading.engine)
    chosen = DocumentsSettings(options, settings.limits, allow_urls=own.allow_urls)
    keeping = Keeping(days=own.keep_days, max_bytes=own.documents_bytes)
    workers = RunnerSettings(reading.jobs or reader.cores(), reader.WORKER, limits=settings.limits)
    with closing(Database(state_folder(), own.database or None)) as database:
        queue = JobQueue(database, state_folder() / "documents", keeping=keeping, limits=settings.limits)
        with JobRunner(queue, workers):
            making = documents_api.Making(settings.limits)
            yield documents_api.router(queue, chosen, making), ocr_api.router(queue, chosen, making)
