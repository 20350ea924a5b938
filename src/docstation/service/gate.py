"""The station's gate where the gateway stands before the models: it opens, holds and closes the gateway's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event as Flag
from urllib.parse import quote, urlsplit

from docstation.messages.marking import N_
from docstation.service.gateway.words import CONCURRENCY, News, Orders, Upstream, Way
from docstation.service.link import GatewayLink
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, Lineup

EVERY = 0.1
"""Seconds between two looks whether the drain was cancelled."""
SETTLED = 1.0
"""Seconds in which a gateway that works has taken an order."""
SWITCHING = N_("A switch of models is under way.")
NO_MODEL = N_("Only the embedded engine serves: it reads pages. Chat needs a model, see `docstation models switch`.")


class GatewayGate:
    """See `docstation.station.steps.Gate`.

    Args:
        link: to the gateway.
        names: every name by which a model may be asked for while a lineup serves, with its entry's name; none of them
            leaves those that are known as they are.
    """

    def __init__(self, link: GatewayLink, names: Callable[[Lineup], dict[str, str]] = lambda _lineup: {}) -> None:
        self._link = link
        self._names = names

    def hold(self) -> None:
        """Let requests wait."""
        self._link.order(lambda now: replace(now, way="hold", reason=SWITCHING))

    def serve(self, lineup: Lineup) -> None:
        """Let requests through to `lineup`."""
        upstreams = tuple(upstream(one) for one in lineup.members if one.driver != "embedded")
        way: Way = "open" if upstreams else "closed"
        reason = "" if upstreams else NO_MODEL
        names = self._names(lineup)

        def opened(now: Orders) -> Orders:
            failed = {name: one for name, one in now.failed.items() if name not in lineup.names}
            known = names or now.known
            return replace(now, way=way, upstreams=upstreams, reason=reason, known=known, failed=failed)

        self._link.order(opened)

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


def upstream(one: Deployment) -> Upstream:
    """Where the gateway finds a deployment."""
    parts = urlsplit(one.address)
    tls = parts.scheme == "https"
    host = parts.hostname or "127.0.0.1"
    return Upstream(
        one.model,
        one.served_name,
        one.context,
        host if host.isascii() else host.encode("idna").decode(),
        parts.port or (443 if tls else 80),
        tls=tls,
        path=quote(parts.path.rstrip("/"), safe="/%"),
        remote=one.driver == "remote",
        concurrency=max(CONCURRENCY, 2 * one.sequences),
        key_variable=one.key_variable,
        sequences=one.sequences,
    )
