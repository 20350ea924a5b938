"""Which request goes on now, which waits and which is refused: bounded, first come first served, by model.

Requests for the active model pass while it has places. During a switch everything waits in order. A request for
another known model is refused, or waits and wishes for a switch; wishes are told only when nobody asks for the model
that serves any more, or when patience is at an end, so that requests for A, B, A, B make one switch and not three.
A wish stands for as long as somebody waits for it; the service says when it did not come true.
Knows no sockets and no clock: times are given in seconds of any steady clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from docstation.messages.marking import Word
from docstation.service.gateway.listing import EMBEDDED, names_serving
from docstation.service.gateway.refusals import (
    CANNOT_CHAT,
    NO_MODEL,
    OTHER_MODEL,
    QUEUE_FULL,
    QUEUE_TIMEOUT,
    SWITCH_FAILED,
    SWITCH_REFUSED,
    Cause,
    Refusal,
)
from docstation.service.gateway.words import UNTOLD, Failed, Orders, Upstream

PATIENCE = 0.1
"""Part of the longest wait after which a wish is told although the active model is still asked for."""
LINGER = 1.0
"""Seconds after its last request for which a model counts as asked for: who asks one page after another comes again."""


class Waiter(Protocol):
    """A request, as admission sees it."""

    @property
    def model(self) -> str | None:
        """The model that it names, as far as its body has come."""

    @property
    def whole(self) -> bool:
        """Whether its body has come to its end, so that nothing more will be known of it."""

    def go(self, upstream: Upstream) -> None:
        """Begin; the place at `upstream` is taken until `Admission.ended`."""

    def refuse(self, refusal: Refusal) -> None:
        """End with this answer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The request asks for a model that does not serve, and may have it.

    Attributes:
        entry: name of the catalogue's entry.
    """

    entry: str


@dataclass(slots=True)
class Place:
    """A place in the queue.

    Attributes:
        waiter: who waits.
        since: when it came.
        position: in the queue, when it came; the first is 1.
    """

    waiter: Waiter
    since: float
    position: int


class Admission:
    """The queue before the models.

    Attributes:
        orders: that hold.
        running: requests at each model, by entry name.
        held: bytes of bodies that are held for requests that wait or may have to be sent again.
    """

    def __init__(self) -> None:
        self.orders = UNTOLD
        self.running: Counter[str] = Counter()
        self.held = 0
        self._places: list[Place] = []
        self._names: list[tuple[Upstream, frozenset[str]]] = []
        self._asked: dict[str, float] = {}
        self._opened = 0.0
        self._told = ""
        self._failed: dict[str, tuple[Failed, float]] = {}

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._places)

    def age(self, now: float) -> float:
        """Seconds for which the oldest one has waited."""
        return now - self._places[0].since if self._places else 0.0

    def reserve(self, size: int, most: int) -> bool:
        """Hold `size` bytes more, if all held together are no more than `most`; whether that is so."""
        if self.held + size > most:
            return False
        self.held += size
        return True

    def enter(self, waiter: Waiter, now: float) -> Place | Refusal | None:
        """A request came: it goes on at once (None), or waits, or is refused."""
        choice = self._now(waiter, now)
        if isinstance(choice, Refusal):
            return choice
        if isinstance(choice, Upstream) and self._take(choice):
            waiter.go(choice)
            return None
        return self._queue(waiter, now)

    def choice(self, model: str | None, now: float) -> Upstream | Wish | Refusal:
        """What a request that names `model` is to get, once requests pass."""
        for upstream, names in self._names:
            if model is None or model in names:
                return upstream
        entry = self.orders.known.get(str(model))
        if entry is None:
            # The model server says in its own words that it does not know it.
            return self._names[0][0] if self._names else self.refusal(NO_MODEL)
        if entry == EMBEDDED:
            return Refusal(CANNOT_CHAT) if self._names else self.refusal(NO_MODEL)
        if self.orders.on_other == "switch":
            return self._failure(str(model), entry, now) or Wish(entry)
        if not self._names:
            return self.refusal(NO_MODEL)
        fields: dict[str, object] = {"model": model, "active": self._names[0][0].id, "entry": entry}
        return Refusal(OTHER_MODEL, fields, self.orders.retry_after)

    def _failure(self, model: str, entry: str, now: float) -> Refusal | None:
        """Why a switch to `entry` is not wished for now, None where it may be."""
        failed, until = self._failed.get(entry, (None, now))
        if failed is None or until <= now:
            return None
        fields: dict[str, object] = {"model": model, "reason": failed.reason}
        return Refusal(SWITCH_FAILED if failed.begun else SWITCH_REFUSED, fields, ceil(until - now))

    def refusal(self, cause: Cause, **fields: object) -> Refusal:
        """A refusal with the reason and the delay that the orders give."""
        return Refusal(cause, {"reason": Word(self.orders.reason), **fields}, self.orders.retry_after)

    def ended(self, upstream: Upstream, now: float) -> None:
        """A place at `upstream` is free again."""
        self._asked[upstream.model] = now
        self.running[upstream.model] -= 1
        if self.running[upstream.model] <= 0:
            del self.running[upstream.model]

    def leave(self, waiter: Waiter) -> None:
        """A request waits no more: its client left."""
        self._places = [place for place in self._places if place.waiter is not waiter]

    def ordered(self, orders: Orders, now: float) -> None:
        """Other orders hold from now on."""
        if orders.way == "open" and (self.orders.way == "hold" or orders.upstreams != self.orders.upstreams):
            self._opened = now
        self.orders = orders
        open_to = orders.upstreams if orders.way != "closed" else ()
        self._names = [(one, names_serving(orders, (one,))) for one in open_to]
        self._failed = {entry: self._until(entry, failed, now) for entry, failed in orders.failed.items()}
        self.pump(now)

    def _until(self, entry: str, failed: Failed, now: float) -> tuple[Failed, float]:
        """The failure with the moment at which it is forgotten; orders are told again and again."""
        known = self._failed.get(entry)
        return known if known is not None and known[0] == failed else (failed, now + failed.seconds)

    def pump(self, now: float) -> None:
        """Let go whom there is a place for, and refuse whom there will be none for."""
        if not self._places or self.orders.way == "hold":
            return
        waiting, self._places = self._places, []
        going: list[tuple[Waiter, Upstream]] = []
        refused: list[tuple[Waiter, Refusal]] = []
        for place in waiting:
            choice = self._now(place.waiter, now)
            if isinstance(choice, Refusal):
                refused.append((place.waiter, choice))
            elif isinstance(choice, Upstream) and self._take(choice):
                going.append((place.waiter, choice))
            else:
                self._places.append(place)
        for waiter, upstream in going:
            waiter.go(upstream)
        for waiter, refusal in refused:
            waiter.refuse(refusal)

    def tick(self, now: float) -> None:
        """Refuse those who have waited for too long."""
        longest = self.orders.limits.waiting_seconds
        late = [place for place in self._places if now - place.since > longest]
        if late:
            self._places = [place for place in self._places if now - place.since <= longest]
        for place in late:
            fields = {"seconds": now - place.since, "position": place.position}
            place.waiter.refuse(self.refusal(QUEUE_TIMEOUT, **fields))

    def wish(self, now: float) -> str:
        """Entry name of the model that is to be switched to, empty for none. The answer counts as told."""
        before, self._told = self._told, ""
        if self.orders.way == "hold" or self.orders.on_other != "switch":
            return ""
        choices = [(place, self._now(place.waiter, now)) for place in self._places]
        wishes = [(place.since, choice.entry) for place, choice in choices if isinstance(choice, Wish)]
        if not wishes:
            return ""
        since, entry = wishes[0]
        patient = now - max(since, self._opened) < PATIENCE * self.orders.limits.waiting_seconds
        waited_for = any(isinstance(choice, Upstream) for _, choice in choices)
        if entry != before and patient and (waited_for or self._in_demand(now)):
            return ""
        self._told = entry
        return entry

    def _in_demand(self, now: float) -> bool:
        """Whether a model that serves is at work, or was a moment ago."""
        entries = [one.model for one, _ in self._names]
        return any(self.running[one] or now - self._asked.get(one, now - LINGER) < LINGER for one in entries)

    def _now(self, waiter: Waiter, now: float) -> Upstream | Wish | Refusal | None:
        """The choice for a request under the way that holds; None while it waits for more to be known."""
        if self.orders.way == "hold":
            return None
        may_name = self.orders.way == "closed" and self.orders.on_other == "switch"
        if may_name and waiter.model is None and not waiter.whole:
            return None
        return self.choice(waiter.model, now)

    def _take(self, upstream: Upstream) -> bool:
        if self.running[upstream.model] >= max(1, upstream.concurrency):
            return False
        self.running[upstream.model] += 1
        return True

    def _queue(self, waiter: Waiter, now: float) -> Place | Refusal:
        if len(self._places) >= self.orders.limits.waiting:
            return self.refusal(QUEUE_FULL, waiting=len(self._places))
        place = Place(waiter, now, len(self._places) + 1)
        self._places.append(place)
        return place
