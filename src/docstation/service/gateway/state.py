"""What all connections of the gateway share: orders, the queue, the lines to the servers, figures and news."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from docstation.service.gateway.admission import Admission
from docstation.service.gateway.door import Door
from docstation.service.gateway.engines import Pool
from docstation.service.gateway.figures import Figures
from docstation.service.gateway.listing import card, listed
from docstation.service.gateway.remote import trusted
from docstation.service.gateway.words import News, Orders, Upstream

if TYPE_CHECKING:
    from docstation.service.gateway.connection import Connection
    from docstation.service.gateway.requests_log import RequestsLog

SWEEP_SECONDS = 0.1
WATCH_SECONDS = 0.004
"""How often clients are looked at that we do not read from; they must be felt to leave within 10 ms."""


class Gateway:
    """The shared state; one a process.

    Args:
        loop: that everything lives in.
        service: path of the service's Unix socket.
        door: that requests pass.
        told: called when there are news.

    Attributes:
        clients: connections.
        ending: whether the process is about to end.
        log: of the requests; None where none is kept.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        service: str,
        door: Door,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self.loop = loop
        self.time = loop.time
        self.door = door
        self.told = told
        self.admission = Admission()
        self.figures = Figures()
        self.clients: set[Connection] = set()
        self.ending = False
        self.log: RequestsLog | None = None
        self.service = Pool(loop, lambda factory: loop.create_unix_connection(factory, service))
        self._pools: dict[Upstream, Pool] = {}
        self._last_success = 0.0
        self._since = int(time.time())
        prefix = os.urandom(6).hex().encode()
        self._ids = (b"gw-%s-%x" % (prefix, number) for number in count(1))
        self._watched: set[Connection] = set()
        loop.call_later(SWEEP_SECONDS, self._sweep)

    def new_id(self) -> bytes:
        """An id for a request that brought none."""
        return next(self._ids)

    def pool(self, upstream: Upstream) -> Pool:
        """Lines to a model server."""
        pool = self._pools.get(upstream)
        if pool is None:
            host, port = upstream.host, upstream.port
            tls = trusted() if upstream.tls else None
            pool = self._pools[upstream] = Pool(
                self.loop, lambda factory: self.loop.create_connection(factory, host, port, ssl=tls)
            )
        return pool

    def order(self, orders: Orders) -> None:
        """Other orders hold from now on."""
        for upstream in [one for one in self._pools if one not in orders.upstreams]:
            self._pools.pop(upstream).close()
        self.admission.ordered(orders, self.time())
        self.changed()

    def news(self) -> News:
        """As of now; the wish in it counts as told."""
        return News(
            under_way=dict(self.admission.running),
            waiting=self.admission.waiting,
            passed=self.figures.passed,
            last_success=self._last_success,
            wish=self.admission.wish(self.time()),
            used=dict(self.door.used),
        )

    def changed(self) -> None:
        """There are news."""
        self.told()

    def succeeded(self) -> None:
        """A model answered a request whole."""
        self._last_success = time.time()

    def models(self, escaped: str = "") -> bytes | None:
        """The list of models, or the card of one; None for an unknown one."""
        orders = self.admission.orders
        return card(orders, self._since, escaped) if escaped else listed(orders, self._since)

    def metrics(self) -> bytes:
        """For Prometheus."""
        admission = self.admission
        gauges = {
            "under_way": float(sum(admission.running.values())),
            "waiting": float(admission.waiting),
            "oldest_waiting_seconds": admission.age(self.time()),
            "held_bytes": float(admission.held),
            "connections": float(len(self.clients)),
            "last_success_timestamp_seconds": self._last_success,
        }
        return self.figures.text(gauges)

    def watch(self, client: Connection, watch: bool) -> None:
        """Look after a client that is not read from: nobody else would notice that it left."""
        if not watch:
            self._watched.discard(client)
            return
        if not self._watched:
            self.loop.call_later(WATCH_SECONDS, self._look)
        self._watched.add(client)

    def _look(self) -> None:
        for client in list(self._watched):
            client.look()
        if self._watched:
            self.loop.call_later(WATCH_SECONDS, self._look)

    def _sweep(self) -> None:
        self.loop.call_later(SWEEP_SECONDS, self._sweep)
        now = self.time()
        self.admission.tick(now)
        if self.admission.waiting:
            # A wish comes of patience that ends, too.
            self.changed()
        for client in list(self.clients):
            client.tick(now)
        for pool in (self.service, *self._pools.values()):
            pool.sweep()
