"""Whether the active model answers: by what was seen of it lately, else by a small question of our own.

A model is called unwell on evidence only: the watch found it ill, or it leaves a question of one token unanswered while
nothing else of it is heard. The question is left standing long enough for the watch to see that it is owed, so that an
engine that hangs without work is found and started anew as well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.service.app import HealthSeen, fresh
from docstation.service.link import GatewayLink
from docstation.station.deployment import Deployment, Lineup
from docstation.station.words import Mode, State

PATIENCE = 5.0
"""Seconds in which a model that works answers one token."""
AGAIN = 5.0
"""Seconds after an unanswered question before another is asked."""
WATCHED = 20.0
"""Seconds that a question stands beyond those in which the watch calls an engine hung."""


class Proof(Protocol):
    """Where it is kept when a model last answered us."""

    proved: float


@dataclass(slots=True)
class _Question:
    """A question to every member of a lineup.

    Attributes:
        begun: steady seconds.
        passed: what the gateway had passed by then.
        answered: whether all have answered.
        over: set once that is known.
        ended: steady seconds, when it was over.
    """

    lineup: Lineup
    begun: float
    passed: int
    answered: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    ended: float = 0.0


class Health:
    """Looks when it is asked.

    Args:
        state: gives the station's state.
        link: to the gateway.
        proof: when a model last passed its canary or answered us.
        ask: whether a deployment answers a small question within so many seconds.
        hang_seconds: after which the watch calls an engine hung.
    """

    def __init__(
        self,
        state: Callable[[], State],
        link: GatewayLink,
        proof: Proof,
        ask: Callable[[Deployment, float], bool],
        hang_seconds: float,
    ) -> None:
        self._state = state
        self._link = link
        self._proof = proof
        self._ask = ask
        self._stands = hang_seconds + WATCHED
        self._guard = threading.Lock()
        self._question: _Question | None = None

    def look(self) -> HealthSeen:
        """How the active model is; within `PATIENCE`."""
        state = self._state()
        if state.transaction is not None:
            return HealthSeen("switching", reason=translate(N_("a switch is under way")))
        if not state.serving:
            reason = state.cause.value if state.cause else translate(N_("no model serves"))
            return HealthSeen("unwell" if state.mode is Mode.WAITING else "embedded", reason=reason)
        model = state.serving.members[0].served_name
        if state.ill:
            ill = translate(N_("{models} is to be started anew"), models=", ".join(state.ill))
            return HealthSeen("unwell", model, self._answered(), ill)
        if fresh(self._answered()):
            return HealthSeen("ok", model, self._answered())
        unanswered = self._asked(state.serving)
        return HealthSeen("unwell" if unanswered else "ok", model, self._answered(), unanswered)

    def _answered(self) -> float:
        news = self._link.news
        return max(news.last_success if news else 0.0, self._proof.proved)

    def _asked(self, lineup: Lineup) -> str:
        """Ask, or wait for the answer of who was asked; why the lineup is unwell, empty where it is not."""
        one = self._current(lineup)
        one.over.wait(max(0.0, one.begun + PATIENCE - time.monotonic()))
        if one.answered or self._passed() != one.passed:
            return ""
        if one.over.is_set():
            return translate(N_("a small question was not answered"))
        waited = f"{time.monotonic() - one.begun:.0f}"
        return translate(N_("a small question has been unanswered for {seconds} s"), seconds=waited)

    def _current(self, lineup: Lineup) -> _Question:
        with self._guard:
            one = self._question
            if one is None or one.lineup != lineup or (one.over.is_set() and time.monotonic() - one.ended > AGAIN):
                one = self._question = _Question(lineup, time.monotonic(), self._passed())
                threading.Thread(target=self._put, args=(one,), name="small-question", daemon=True).start()
            return one

    def _put(self, one: _Question) -> None:
        one.answered = all(self._ask(member, self._stands) for member in one.lineup.members)
        if one.answered:
            self._proof.proved = time.time()
        one.ended = time.monotonic()
        one.over.set()

    def _passed(self) -> int:
        news = self._link.news
        return news.passed if news else 0
