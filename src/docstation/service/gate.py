"""The station's gate where the gateway stands before the models: it opens, holds and closes the gateway's way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event as Flag
from urllib.parse import urlsplit

from docstation.service.gateway.words import News, Upstream
from docstation.service.link import GatewayLink
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, Lineup

EVERY = 0.1
"""Seconds between two looks whether the drain was cancelled."""
SETTLED = 1.0
"""Seconds in which a gateway that works has taken an order."""
SWITCHING = "A switch of models is under way."
NO_MODEL = "Only the embedded engine serves: it reads pages. Chat needs a model, see `docstation models switch`."


class GatewayGate:
    """See `docstation.station.steps.Gate`.

    Args:
        link: to the gateway.
        concurrency: requests that a deployment answers at once.
    """

    def __init__(self, link: GatewayLink, concurrency: int = 16) -> None:
        self._link = link
        self._concurrency = concurrency

    def hold(self) -> None:
        """Let requests wait."""
        self._link.order(lambda now: replace(now, way="hold", reason=SWITCHING))

    def serve(self, lineup: Lineup) -> None:
        """Let requests through to `lineup`."""
        upstreams = tuple(self._upstream(one) for one in lineup.members if one.driver in {"container", "process"})
        if upstreams:
            self._link.order(lambda now: replace(now, way="open", upstreams=upstreams, reason=""))
        else:
            self._link.order(lambda now: replace(now, way="closed", upstreams=(), reason=NO_MODEL))

    def drain(self, members: Sequence[Deployment], *, seconds: float, cancelled: Flag) -> None:
        """Hold, and return once no request of theirs is under way or the time is up.

        Raises:
            Fault: ``CANCELLED``.
        """
        self.hold()
        # News from before the hold may not know of a request that has just begun.
        self._link.settle(SETTLED)
        names = {one.model for one in members}

        def quiet(news: News | None) -> bool:
            return news is None or not any(count for name, count in news.under_way.items() if name in names)

        last = time.monotonic() + seconds
        while not self._link.wait_for(quiet, EVERY):
            if cancelled.is_set():
                raise Fault(Cause.CANCELLED)
            if time.monotonic() > last:
                return

    def _upstream(self, one: Deployment) -> Upstream:
        parts = urlsplit(one.address)
        return Upstream(
            one.model, one.served_name, one.context, parts.hostname or "127.0.0.1", parts.port or 80, self._concurrency
        )
