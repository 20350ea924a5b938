"""The children of the documents' routes, and the line of requests before each kind of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from docstation.errors import Overloaded
from docstation.intake.limits import Limits
from docstation.jobs.runner_worker import TARGET, ReadTask
from docstation.service.page_images import WORKER, ImageTask, Task
from docstation.service.workshop import IDLE_SECONDS, Kind, Workshop

T = TypeVar("T")
MOST_WAITING = 64
"""Requests for things to be made that may wait for a child."""
READER = "docstation.bootstrap.reader:page_worker"


class Making:
    """Children for images, for exports and for parts of pages, and the line of requests before them.

    Args:
        limits: of the children.
        idle: seconds after which an unused child is ended.
    """

    def __init__(self, limits: Limits, *, idle: float = IDLE_SECONDS) -> None:
        draws, reads = Kind(WORKER, (limits,)), Kind(TARGET, (READER, limits))
        self.images = Workshop(draws, 2, min(limits.page_seconds, 30.0), limits, idle=idle)
        self.exports = Workshop(draws, 2, limits.convert_seconds, limits, idle=idle)
        self.regions = Workshop(reads, 1, limits.page_seconds, limits, idle=idle)
        self._all = (self.images, self.exports, self.regions)
        self._lines = {workshop: CapacityLimiter(workshop.seats) for workshop in self._all}

    async def wait(self, workshop: Workshop, work: Callable[[], T]) -> T:
        """What `work` returns, done in a thread once the workshop has a seat for it.

        Raises:
            Overloaded: too many wait already.
        """
        line = self._lines[workshop]
        if line.statistics().tasks_waiting >= MOST_WAITING:
            raise Overloaded
        return await to_thread.run_sync(work, limiter=line)

    async def make(self, task: Task | ReadTask) -> Any:
        """See `Workshop.make`."""
        workshop = self.exports
        if isinstance(task, ImageTask | ReadTask):
            workshop = self.images if isinstance(task, ImageTask) else self.regions
        return await self.wait(workshop, lambda: workshop.make(task))

    def close(self) -> None:
        """End all children."""
        for workshop in self._all:
            workshop.close()
