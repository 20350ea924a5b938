"""Wishes of waiting requests: carried out one after the other, and told back with their reason when they fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bare_gateway import BareGateway

from docstation.errors import BudgetExceeded, DocStationError
from docstation.service.gateway.words import News
from docstation.service.link import GatewayLink
from docstation.service.wishes import LONGEST_REST, REST, Wishes
from docstation.station.causes import Cause
from docstation.station.desk import Order
from docstation.station.telling import EndTold, Told
from docstation.station.words import Outcome

DONE = EndTold("t", Outcome.DONE)


@dataclass
class Desk:
    """Answers each order with what is next; the last answer goes on."""

    answers: list[EndTold | DocStationError]
    orders: list[Order] = field(default_factory=list)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def change(self, order: Order) -> Iterator[Told]:
        self.orders.append(order)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.asked.release()
        if isinstance(answer, DocStationError):
            raise answer
        yield answer

    def cancel(self) -> None:
        """Not asked for here."""


@dataclass
class Scene:
    """A link, the gateway at its end, and the wishes between."""

    link: GatewayLink
    gateway: BareGateway
    wishes: Wishes

    def wish(self, name: str) -> None:
        """The gateway wishes, until something else is said."""
        self.gateway.at_ping = News(waiting=1, wish=name)
        self.gateway.tell(self.gateway.at_ping)

    def failed(self, name: str, times: int = 1) -> dict[str, object]:
        """What the gateway is told of the failed wish, as the `times`-th of its orders about it."""
        while True:
            failed = self.gateway.orders()["failed"]
            if name in failed and not (times := times - 1):
                self.gateway.at_ping = News()
                self.gateway.tell(News())
                return failed[name]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    link = GatewayLink(tmp_path / "gateway.sock")
    gateway = BareGateway(tmp_path / "gateway.sock")
    wishes = Wishes(link, wall=lambda: 1000.0)
    gateway.answer_pings()
    yield Scene(link, gateway, wishes)
    wishes.close()
    gateway.close()
    link.close()


def test_a_wish_is_a_switch(scene: Scene):
    desk = Desk([DONE])
    scene.wishes.start(desk)
    scene.gateway.at_ping = News()
    scene.gateway.tell(News(waiting=1, wish="qwen"))
    assert desk.asked.acquire(timeout=5)
    assert [one.names for one in desk.orders] == [("qwen",)]


def test_what_the_plan_refuses_is_told_at_once_in_its_own_words(scene: Scene):
    scene.wishes.start(Desk([BudgetExceeded(model="qwen")]))
    scene.wish("qwen")
    told = scene.failed("qwen")
    assert told == {"reason": "qwen does not fit in the memory budget.", "at": 1000.0, "seconds": REST, "begun": False}


def test_what_was_rolled_back_is_told_with_the_cause_that_was_found(scene: Scene):
    rolled_back = EndTold("t", Outcome.ROLLED_BACK, ("qwen",), ("dots",), 60.0, Cause.OOM_LOAD)
    scene.wishes.start(Desk([rolled_back]))
    scene.wish("qwen")
    told = scene.failed("qwen")
    assert told["begun"] is True
    assert "qwen" in str(told["reason"])
    assert "memory" in str(told["reason"])


def test_what_was_refused_before_anything_was_touched_says_so(scene: Scene):
    refused = EndTold("t", Outcome.REFUSED, ("qwen",), ("dots",), 1.0, Cause.WEIGHTS_MISSING, "/no/such")
    scene.wishes.start(Desk([refused]))
    scene.wish("qwen")
    assert scene.failed("qwen")["begun"] is False


def test_each_further_failure_has_a_longer_rest_and_a_success_ends_that(scene: Scene):
    refused = BudgetExceeded(model="qwen")
    scene.wishes.start(Desk([refused, refused, refused, DONE, refused]))
    seconds = []
    for _ in range(3):
        scene.wish("qwen")
        seconds.append(scene.failed("qwen")["seconds"])
    assert seconds == [REST, 2 * REST, 4 * REST]
    assert seconds[-1] < LONGEST_REST
    scene.wish("qwen")
    assert scene.failed("qwen")["seconds"] == REST


def test_a_wish_for_another_model_that_comes_during_a_switch_is_not_lost(scene: Scene):
    first, second = threading.Event(), threading.Event()

    class Slow(Desk):
        def change(self, order: Order) -> Iterator[Told]:
            (first if order.names == ("qwen",) else second).set()
            if order.names == ("qwen",):
                scene.wish("dots")
            else:
                scene.gateway.at_ping = News()
            yield from super().change(order)

    scene.wishes.start(Slow([DONE]))
    scene.wish("qwen")
    assert first.wait(5)
    assert second.wait(5), "nobody told it anew"


def test_while_another_change_is_under_way_it_is_tried_again(scene: Scene):
    desk = Desk([EndTold("t", "busy"), EndTold("t", "busy"), BudgetExceeded(model="qwen")])
    scene.gateway.takes_failures = True
    scene.wishes.start(desk)
    scene.wish("qwen")
    scene.failed("qwen")
    assert len(desk.orders) == 3


def test_a_model_that_serves_already_and_does_not_help_ends_the_wish(scene: Scene):
    scene.wishes.start(Desk([EndTold("t", "already")]))
    scene.wish("qwen")
    assert scene.failed("qwen")["reason"] == "It serves under none of the names that were asked for."
