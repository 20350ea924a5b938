"""``/metrics``: one page for Prometheus, of the service and of its gateway.

What it takes to write the page is loaded when it is first asked for. A part that does not answer in time is left out:
the page must come while everything else is broken.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from docstation.jobs.database import UNANSWERED
from docstation.jobs.queue import JobQueue
from docstation.service.link import GatewayLink
from docstation.service.metrics_engine import TokenTally
from docstation.service.metrics_tally import PagesTally, StationTally
from docstation.service.request_log import Requests
from docstation.station.desk import OwnersDesk
from docstation.station.status import Status

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

KIND = "text/plain; version=0.0.4; charset=utf-8"
GATEWAY_SECONDS = 1.0
"""How long the gateway may take to tell its figures."""
STATUS_SECONDS = 0.5
"""How long model servers and the card may take to show themselves."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures come from.

    Attributes:
        status: looks at the station, within so many seconds.
        gateway: asks the gateway for its own figures, within so many seconds; empty where it does not tell.
        queue: of the documents.
        station: counts of switches.
        pages: counts of pages.
        requests: counts of requests to the service.
        tokens: counts of the model servers.
    """

    status: Callable[[float], Status]
    gateway: Callable[[float], str]
    queue: JobQueue
    station: StationTally
    pages: PagesTally
    requests: Requests
    tokens: TokenTally


@contextmanager
def measuring(
    desk: OwnersDesk, link: GatewayLink, queue: JobQueue, requests: Requests, status: Callable[[float], Status]
) -> Iterator[Sources]:
    """Count what happens until the block ends."""
    station, pages = StationTally(), PagesTally(queue)
    with contextlib.ExitStack() as stack:
        stack.callback(desk.listen(station.hear))
        stack.callback(pages.begin())
        yield Sources(status, link.figures, queue, station, pages, requests, TokenTally(station.began))


def router(sources: Sources) -> APIRouter:
    """The route."""
    api = APIRouter(tags=["operations"])
    page = MetricsPage(sources)
    text = {"text/plain": {"schema": {"type": "string"}}}
    there = {200: {"description": "Figures as Prometheus reads them.", "content": text}}

    @api.get("/metrics", response_class=Response, responses=there)  # type: ignore[arg-type]
    def metrics() -> Response:
        """Figures of the service and its gateway, for Prometheus."""
        return Response(page.text(), media_type=KIND)

    return api


class MetricsPage:
    """Writes the page.

    Args:
        sources: where the figures come from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._registry: CollectorRegistry | None = None
        self._guard = threading.Lock()

    def text(self) -> bytes:
        """The page as of now; one at a time."""
        from prometheus_client import generate_latest

        with self._guard:
            if self._registry is None:
                self._registry = self._made()
            own = generate_latest(self._registry)
        return own + self._sources.gateway(GATEWAY_SECONDS).encode()

    def _made(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry, ProcessCollector

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Families(self._sources))
        return registry


class _Families:
    """See prometheus-client's `Collector`."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """All families as of now."""
        from docstation.service import metrics_families as families

        own = self._sources
        yield from families.service_families(own.requests)
        yield from families.process_families(float(workers_bytes()))
        now = own.status(STATUS_SECONDS)
        yield from families.station_families(now, own.station, own.tokens.look(now))
        with contextlib.suppress(*UNANSWERED):
            yield from families.document_families(own.queue.usage(), own.pages, time.time())


def workers_bytes() -> int:
    """Memory that our readers and converters hold; the gateway and model servers are no workers of ours.

    Of what they share with the process that forked them each counts its part.
    """
    import psutil

    found = 0
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if not any(other in word for other in _OTHERS for word in one.cmdline()):
                found += sum(part.memory_full_info().pss for part in (one, *one.children(recursive=True)))
    return found


_OTHERS = ("docstation.service.gateway", "docstation.station.drivers.shepherd")
"""Modules that are run by processes which outlive us."""
