"""Switches to the models that waiting requests ask for, one after the other, for as long as somebody asks.

The gateway tells a wish again and again until it is fulfilled or nobody waits for it. One that fails is told back with
its reason, so that who waits is answered at once, and is not tried again for a while, longer each time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace

from docstation.errors import DocStationError
from docstation.messages import explain, translate
from docstation.messages.marking import N_
from docstation.service.gateway.words import Failed, News
from docstation.service.link import GatewayLink
from docstation.station.desk import Desk, Order, Wish
from docstation.station.remedies import advise
from docstation.station.telling import EndTold, Told
from docstation.station.words import Outcome

REST = 60.0
"""Seconds for which a model is not tried again after it failed once; twice as long after each further failure."""
LONGEST_REST = 600.0
SETTLED = 1.0
"""Seconds for which a gateway is waited for at a time to take an order."""
BUSY = 0.2
"""Seconds between two tries while another change is under way."""
_LOOK = 60.0
NOT_HELPED = N_("It serves under none of the names that were asked for.")


class Wishes:
    """Carries out wishes until it is closed.

    Args:
        link: to the gateway.
        wall: POSIX seconds.
    """

    def __init__(self, link: GatewayLink, wall: Callable[[], float] = time.time) -> None:
        self._link = link
        self._wall = wall
        self._failures: Counter[str] = Counter()
        self._closing = threading.Event()

    def start(self, desk: Desk) -> None:
        """Begin; changes are asked for at `desk`."""
        threading.Thread(target=self._run, args=(desk,), name="wishes", daemon=True).start()

    def close(self) -> None:
        """Begin no more switches; one under way goes on."""
        self._closing.set()

    def _run(self, desk: Desk) -> None:
        while not self._closing.is_set() and not self._link.closed:
            if self._link.wait_for(_wishes, _LOOK):
                news = self._link.news
                if news is not None and news.wish:
                    self._fulfil(desk, news.wish)

    def _fulfil(self, desk: Desk, name: str) -> None:
        end = _switched(desk, name)
        if isinstance(end, EndTold) and end.outcome == "busy":
            self._closing.wait(BUSY)
            return
        if isinstance(end, EndTold) and end.outcome is Outcome.DONE:
            del self._failures[name]
        elif not isinstance(end, EndTold) or end.outcome != "already":
            self._fail(name, *_reason(end))
        self._settle()
        if isinstance(end, EndTold) and end.outcome == "already" and _wish(self._link.news) == name:
            self._fail(name, translate(NOT_HELPED), begun=False)
            self._settle()

    def _settle(self) -> None:
        """Wait for news from after the order, however busy the gateway is: older news tell of a wish that has ended."""
        while not (self._closing.is_set() or self._link.closed or self._link.settle(SETTLED)):
            pass

    def _fail(self, name: str, reason: str, begun: bool) -> None:
        self._failures[name] += 1
        seconds = min(REST * 2 ** (self._failures[name] - 1), LONGEST_REST)
        failed = Failed(reason, self._wall(), seconds, begun)
        self._link.order(lambda now: replace(now, failed={**now.failed, name: failed}))


def _switched(desk: Desk, name: str) -> Told | DocStationError | None:
    """The last thing told of the switch, or why it was not even begun."""
    try:
        told = deque(desk.change(Order(Wish.SWITCH, (name,))), maxlen=1)
    except DocStationError as error:
        return error
    return told[0] if told else None


def _wishes(news: News | None) -> bool:
    return bool(_wish(news))


def _wish(news: News | None) -> str:
    return news.wish if news is not None else ""


def _reason(end: Told | DocStationError | None) -> tuple[str, bool]:
    """Why it failed, in one sentence, and whether what served had been touched by then."""
    if isinstance(end, DocStationError):
        return explain(end)[0], False
    if not isinstance(end, EndTold) or end.cause is None:
        return "", True
    advice = advise(end.cause, end.detail, model=", ".join(end.wanted))
    text = translate(advice.sentence, **advice.fields)
    # Fields may come from the log of a server.
    return " ".join(
        "".join(one if one.isprintable() else " " for one in text).split()
    ), end.outcome is not Outcome.REFUSED
