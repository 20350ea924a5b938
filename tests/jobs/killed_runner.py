"""A runner in a process of its own that is killed at a moment that a test names.

``python killed_runner.py FOLDER URL MOMENT COUNT``: works on the queue of the folder until every job has ended, and
kills itself (``kill -9``) when it comes to that moment for the COUNT-th time. A moment is a method with ``before`` or
``after`` in front of it; without one the process ends by itself.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from docstation.intake.sandbox import WorkerPool
from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.queue_work import Ledger
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.jobs.runner_seat import Seat

TARGET = "staged_workers:staged_worker"

PLACES: dict[str, type] = {
    "claim": Ledger,
    "opened": Ledger,
    "page_done": Ledger,
    "assembled": Ledger,
    "recover": Ledger,
    "adopt": DocumentFolder,
    "clear_fresh": DocumentFolder,
    "clear_work": DocumentFolder,
    "submit": WorkerPool,
    "_keep": Seat,
    "_end": Ledger,
}


def main(folder: Path, url: str, moment: str, count: int) -> None:
    if moment:
        when, _, name = moment.partition(" ")
        place = PLACES[name]
        setattr(place, name, deadly(getattr(place, name), before=when == "before", count=count))
    database = Database(folder, url or None)
    queue = JobQueue(database, folder / "documents")
    with JobRunner(queue, RunnerSettings(2, TARGET)):
        for job in queue.jobs():
            for _ in queue.watch(job.id):
                pass
    database.close()


def deadly(method: Callable[..., object], *, before: bool, count: int) -> Callable[..., object]:
    calls = itertools.count(1)

    def call(*given: object, **named: object) -> object:
        last = next(calls) == count
        if last and before:
            die()
        value = method(*given, **named)
        if last:
            die()
        return value

    return call


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
