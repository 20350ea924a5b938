"""Health: 200 on proof, unwell on evidence only, and an engine that hangs is found and started anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from bare_gateway import BareGateway
from running_service import Answer, Service, eventually, service

from docstation.service import health
from docstation.service.app import RECENT
from docstation.service.gateway.words import News
from docstation.service.health import Health
from docstation.service.link import GatewayLink
from docstation.station.causes import Cause
from docstation.station.deployment import Deployment, Lineup
from docstation.station.words import Kind, Mode, State, Step, Transaction

DOTS = Deployment("dots-ocr", "process", "rednote-hilab/dots.ocr", 8192, port=8001)
SERVING = State(Mode.READY, Lineup((DOTS,)))


@dataclass
class Scene:
    """A station in some state, with a server that answers when it may."""

    link: GatewayLink
    gateway: BareGateway
    state: State = SERVING
    proved: float = 0.0
    questions: int = 0
    answers: bool = True
    may: threading.Event = field(default_factory=threading.Event)
    health: Health | None = None

    def ask(self, deployment: Deployment, seconds: float) -> bool:
        assert deployment == DOTS
        assert seconds > 20, "the watch has to see that it is owed"
        self.questions += 1
        assert self.may.wait(10)
        return self.answers

    def tell(self, news: News) -> None:
        self.gateway.tell(news)
        assert self.link.wait_for(lambda seen: seen == news, 5)

    def look(self) -> tuple[str, str]:
        assert self.health is not None
        seen = self.health.look()
        return seen.health, seen.reason


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    monkeypatch.setattr(health, "AGAIN", 0.0)
    link = GatewayLink(tmp_path / "gateway.sock")
    gateway = BareGateway(tmp_path / "gateway.sock")
    made = Scene(link, gateway)
    made.health = Health(lambda: made.state, link, made, made.ask, 20.0)
    made.may.set()
    yield made
    made.may.set()
    gateway.close()
    link.close()


def test_a_model_that_answered_lately_is_not_asked(scene: Scene):
    scene.proved = time.time() - RECENT + 10
    assert scene.look() == ("ok", "")
    scene.proved = 0.0
    scene.tell(News(last_success=time.time()))
    assert scene.look() == ("ok", "")
    assert scene.questions == 0


def test_a_model_that_nobody_asked_lately_is_asked_and_its_answer_counts_for_a_while(scene: Scene):
    assert scene.look() == ("ok", "")
    assert scene.look() == ("ok", "")
    assert scene.questions == 1
    assert time.time() - scene.proved < 10


def test_a_question_without_an_answer_is_evidence_and_stands_while_others_look(scene: Scene):
    scene.may.clear()
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: scene.look(), range(8)))
    assert {one for one, _ in seen} == {"unwell"}
    assert "unanswered for" in seen[0][1]
    assert scene.questions == 1
    scene.may.set()
    eventually(lambda: scene.look() == ("ok", ""))


def test_a_question_that_is_refused_is_evidence_and_asked_again(scene: Scene):
    scene.answers = False
    assert scene.look() == ("unwell", "a small question was not answered")
    scene.answers = True
    eventually(lambda: scene.look()[0] == "ok")


def test_a_model_at_work_that_leaves_the_question_waiting_is_well(scene: Scene):
    scene.tell(News(passed=100))
    scene.may.clear()
    timer = threading.Timer(0.05, scene.tell, (News(passed=101),))
    timer.start()
    assert scene.look() == ("ok", "")
    timer.join()


def test_what_the_station_knows_is_said_without_a_question(scene: Scene):
    scene.proved = time.time()
    scene.state = replace(SERVING, ill=("dots-ocr",))
    assert scene.look() == ("unwell", "dots-ocr is to be started anew")
    switch = Transaction("t", Kind.SWITCH, SERVING.serving, SERVING.serving, Step.LOAD, 0.0)
    scene.state = replace(SERVING, transaction=switch)
    assert scene.look()[0] == "switching"
    scene.state = State(Mode.WAITING, cause=Cause.ENGINE_HUNG)
    assert scene.look() == ("unwell", "engine-hung")
    scene.state = State()
    assert scene.look() == ("embedded", "no model serves")
    assert scene.questions == 0


CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, CATALOGUE, STATION_HANG_SECONDS=5) as one:
        yield one


def begun(served: Service) -> list[object]:
    """Causes of the illnesses so far."""
    events = served.ask("GET", "/station/events").json["events"]
    assert isinstance(events, list)
    return [one["body"]["cause"] for one in events if one["body"].get("event") == "FellIll"]


@pytest.mark.slow
def test_an_engine_that_hangs_at_work_is_found_and_started_anew(served: Service):
    assert served.ask("GET", "/health").status == 200
    served.tell_server(trouble="hang")
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(served.chat("dots-ocr")))
    asking.start()
    eventually(lambda: served.ask("GET", "/health").status == 503, "health tells of it")
    eventually(lambda: served.ask("GET", "/health").status == 200, "it serves again")
    asking.join()
    assert answers[0].status in {502, 503}
    assert answers[0].headers["retry-after"]
    assert begun(served) == ["engine-hung"]
    assert served.chat("dots-ocr").status == 200


@pytest.mark.slow
def test_an_engine_that_hangs_at_rest_is_found_by_whoever_asks_for_health(served: Service):
    """The service is new, so that nothing proves that the model which it took over answers."""
    served.tell_server(trouble="hang")
    served.end()
    served.start()
    answer = served.ask("GET", "/health")
    assert answer.status == 503
    assert b"a small question has been unanswered" in answer.body
    eventually(lambda: served.ask("GET", "/health").status == 200, "it serves again")
    assert begun(served) == ["engine-hung"]
