"""The service's link to its gateway, and the gate that a switch goes through; the gateway is a bare socket here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from bare_gateway import BareGateway

from docstation.service.gate import GatewayGate
from docstation.service.gateway.words import News, Orders
from docstation.service.link import GatewayLink
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import NOTHING, Deployment, Lineup

DOTS = Deployment("dots-ocr", "process", "rednote-hilab/dots.ocr", 8192, port=8001)
REMOTE = Deployment("far", "remote", "far/away", 8192, endpoint="http://127.0.0.1:9")


@pytest.fixture
def link(tmp_path: Path) -> Iterator[GatewayLink]:
    made = GatewayLink(tmp_path / "gateway.sock")
    yield made
    made.close()


@pytest.fixture
def gateway(link: GatewayLink, tmp_path: Path) -> Iterator[BareGateway]:
    made = BareGateway(tmp_path / "gateway.sock")
    yield made
    made.close()


def test_a_gateway_gets_the_orders_that_hold_and_every_change(link: GatewayLink, gateway: BareGateway):
    assert gateway.orders()["way"] == "closed"
    link.order(lambda now: replace(now, way="hold"))
    assert gateway.orders()["way"] == "hold"


def test_a_gateway_that_comes_back_gets_them_too(link: GatewayLink, gateway: BareGateway, tmp_path: Path):
    gateway.orders()
    gateway.tell(News(waiting=3))
    assert link.wait_for(lambda news: news is not None and news.waiting == 3, 5)
    gateway.close()
    assert link.wait_for(lambda news: news is None, 5), "its news are forgotten"
    link.order(lambda now: replace(now, way="open"))
    again = BareGateway(tmp_path / "gateway.sock")
    assert again.orders()["way"] == "open"
    again.close()


def test_only_its_user_may_speak_on_the_socket(link: GatewayLink, tmp_path: Path):
    assert (tmp_path / "gateway.sock").stat().st_mode & 0o777 == 0o600


def test_the_gate_opens_to_servers_of_ours_and_closes_without_any(link: GatewayLink):
    gate = GatewayGate(link)
    gate.serve(Lineup((DOTS,)))
    assert link.orders.way == "open"
    assert [(one.id, one.host, one.port) for one in link.orders.upstreams] == [(DOTS.served_name, "127.0.0.1", 8001)]
    gate.hold()
    assert (link.orders.way, len(link.orders.upstreams)) == ("hold", 1), "who waits still knows what will serve"
    gate.serve(NOTHING)
    assert (link.orders.way, link.orders.upstreams) == ("closed", ())
    assert link.orders.reason


def test_a_drain_waits_for_what_is_under_way(link: GatewayLink, gateway: BareGateway):
    gate = GatewayGate(link)
    gateway.tell(News(under_way={"dots-ocr": 1}))
    assert link.wait_for(lambda news: news is not None, 5)
    done = threading.Event()

    def drain() -> None:
        gate.drain([DOTS], seconds=30, cancelled=threading.Event())
        done.set()

    threading.Thread(target=drain, daemon=True).start()
    assert not done.wait(0.3)
    assert link.orders.way == "hold"
    gateway.tell(News(under_way={"dots-ocr": 0, "other": 2}))
    assert done.wait(5)


def test_a_drain_ends_when_its_time_is_up_or_it_is_called_off(link: GatewayLink, gateway: BareGateway):
    gate = GatewayGate(link)
    gateway.tell(News(under_way={"dots-ocr": 1}))
    assert link.wait_for(lambda news: news is not None, 5)
    gate.drain([DOTS], seconds=0.1, cancelled=threading.Event())
    called_off = threading.Event()
    called_off.set()
    with pytest.raises(Fault) as caught:
        gate.drain([DOTS], seconds=30, cancelled=called_off)
    assert caught.value.cause is Cause.CANCELLED


def test_a_request_that_began_just_before_the_hold_is_waited_for(link: GatewayLink, gateway: BareGateway):
    gateway.tell(News())
    assert link.wait_for(lambda news: news is not None, 5)
    gateway.at_ping = News(under_way={"dots-ocr": 1})
    gateway.answer_pings()
    done = threading.Event()

    def drain() -> None:
        GatewayGate(link).drain([DOTS], seconds=30, cancelled=threading.Event())
        done.set()

    threading.Thread(target=drain, daemon=True).start()
    assert not done.wait(0.5), "the old news said that nothing was under way"
    gateway.tell(News())
    assert done.wait(5)


def test_without_a_gateway_there_is_nothing_to_wait_for(link: GatewayLink):
    GatewayGate(link).drain([DOTS], seconds=30, cancelled=threading.Event())


def test_orders_and_news_are_what_goes_over_the_socket():
    assert News(**json.loads(json.dumps(asdict(News(wish="x", under_way={"a": 1}))))) == News({"a": 1}, wish="x")
    assert json.loads(json.dumps(asdict(Orders())))["way"] == "closed"
