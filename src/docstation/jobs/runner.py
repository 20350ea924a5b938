"""The runner: threads beside the service's event loop that read what is queued, and keep house.

One runner works on the documents of a folder; a lock on it sees to that. It starts no process before there is work.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from docstation.errors import Locked
from docstation.jobs.database import UNANSWERED
from docstation.jobs.keeping import sweep
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_work import Ledger
from docstation.jobs.runner_reserve import ReservePasses
from docstation.jobs.runner_seat import RunnerSettings, Seat
from docstation.messages.marking import N_

__all__ = ["JobRunner", "RunnerSettings"]

LOCK = "runner.lock"

_LOG = logging.getLogger(__name__)


class JobRunner:
    """Reads the jobs of a queue while its block lasts.

    ::

        with JobRunner(queue, RunnerSettings(workers=2, target=WORKER)):
            ...
        # pages under way are given back, and read again by the next runner

    Raises:
        Locked: another runner works on that folder.
    """

    def __init__(self, queue: JobQueue, settings: RunnerSettings) -> None:
        self._queue = queue
        self._settings = settings
        self._stop = threading.Event()
        self._seats: list[Seat] = []
        self._threads: list[threading.Thread] = []
        self._lock: int | None = None

    @property
    def workers(self) -> int:
        """How many worker processes may be running now."""
        return sum(seat.has_worker for seat in self._seats)

    def start(self) -> None:
        """Put right what a killed runner left, and begin; returns at once.

        Raises:
            Locked: another runner works on that folder.
        """
        self._lock = _locked(self._queue.files.folder / LOCK)
        self._stop.clear()
        ledger = Ledger(self._queue)
        try:
            ledger.recover()
        except BaseException:
            self._unlock()
            raise
        count = self._settings.workers + self._settings.further
        self._seats = [Seat(self._queue, ledger, self._settings, self._stop, place) for place in range(count)]
        passes = ReservePasses(self._queue, ledger, self._settings, self._stop)
        work = [("job-seat", seat.run) for seat in self._seats]
        work += [("job-keeper", self._keep_house), ("job-reserve", passes.run)]
        self._threads = [threading.Thread(target=target, name=name, daemon=True) for name, target in work]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all workers now and give back what they were doing; returns when that is written down."""
        self._stop.set()
        self._queue.bell.ring()
        for thread in self._threads:
            thread.join()
        self._threads, self._seats = [], []
        self._unlock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _keep_house(self) -> None:
        while True:
            try:
                sweep(self._queue)
            except (*UNANSWERED, OSError):
                _LOG.warning("old documents could not be deleted; it is tried again", exc_info=True)
            if self._stop.wait(self._settings.sweep_seconds):
                return

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Locked(N_("Another process reads the documents in {name}."), name=str(path.parent)) from error
    return descriptor
