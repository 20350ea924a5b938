"""The client's calls on the station, against the real service with a double in place of vLLM."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from service_process import ServiceProcess, until

from docstation.bootstrap.service import SOCKET
from docstation.client import Client, ServiceAway
from docstation.errors import Busy, NotFound, UsageError
from docstation.messages import explain


def test_a_switch_is_begun_followed_to_its_end_and_seen(client: Client):
    assert (client.status().mode, client.status().engine, client.health().status) == ("idle", "embedded", "embedded")
    embedded = client.models()[0]
    assert (embedded.entry, embedded.active, embedded.chat) == ("embedded", True, False)
    change = client.switch("dots-ocr")
    assert change.outcome == "begun"
    events = list(client.change_events(change))
    assert {one.transaction for one in events} == {change.transaction}
    steps = [one.body["step"] for one in events if one.body.get("event") == "StepDone"]
    assert steps[0] == "prepare"
    assert steps[-1] == "canary"
    assert events[-1].ends(change)
    now = client.status()
    assert (now.mode, now.engine, now.transaction, now.wanted) == ("ready", "vllm", None, ("dots-ocr",))
    assert [(one.model, one.id, one.context, one.answers) for one in now.serving] == [
        ("dots-ocr", "rednote-hilab/dots.ocr", 8192, True)
    ]
    until(lambda: client.health().status == "ok")
    active = client.models()[0]
    assert (active.id, active.entry, active.active, active.context) == (
        "rednote-hilab/dots.ocr",
        "dots-ocr",
        True,
        8192,
    )
    assert client.logs("dots-ocr", 5)
    again = client.switch("dots-ocr")
    assert (again.outcome, list(client.change_events(again))) == ("already", [])


def test_while_a_change_is_under_way_another_is_refused_and_the_first_can_be_called_off(client: Client):
    change = client.switch("qwen3-vl", restart=True)
    with pytest.raises(Busy):
        client.switch("dots-ocr", restart=True)
    client.cancel_change()
    assert list(client.change_events(change))[-1].ends(change)
    list(client.change_events(client.restore(shipped=True)))
    list(client.change_events(client.stop()))
    assert client.status().serving == ()


def test_events_are_told_live_from_a_number_on(client: Client):
    known = client.station_history()
    assert [one.number for one in known] == sorted(one.number for one in known)
    last = known[-1].number
    live = client.station_events(last - 2)
    assert [one.number for one in itertools.islice(live, 2)] == [last - 1, last]
    change = client.stop()
    if change.transaction:
        assert next(live).number == last + 1
    live.close()


def test_the_catalogue_and_plans_are_told(client: Client):
    known = client.catalogue()
    assert {"dots-ocr", "qwen3-vl-2b"} <= set(known.models)
    assert "qwen3-vl" in known.aliases
    (plan,) = client.plan("dots-ocr")
    assert (plan.model, plan.verdict) == ("dots-ocr", "fits")
    assert sum(plan.bill.values()) == plan.total_bytes


def test_unknown_models_are_refused_by_name(client: Client):
    for ask in (lambda: client.switch("qwn3-vl"), lambda: client.plan("qwn3-vl"), client.switch):
        with pytest.raises(UsageError) as caught:
            ask()
        assert str(caught.value)
    with pytest.raises(NotFound):
        client.logs("../../etc")


def test_a_station_that_went_away_is_given_up_after_the_patience(service: ServiceProcess):
    client = service.client
    last = client.station_history()[-1].number
    events = client.station_events(last, patience=0.2)
    service.kill()
    try:
        with pytest.raises(ServiceAway):
            next(events)
    finally:
        service.start("--idle")


def test_where_keys_are_asked_for_a_key_opens_what_its_scopes_allow(service: ServiceProcess):
    def keys(*words: str) -> str:
        command = [sys.executable, "-m", "docstation", "keys", *words]
        done = subprocess.run(command, env=service.environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    secret = keys("add", "reader", "--scope", "read")
    nobody, reader = service.client, Client(service.client.base_url, secret)
    try:
        until(lambda: not nobody.connected())
        with pytest.raises(UsageError) as caught:
            nobody.jobs()
        assert "DOCSTATION_KEY" in explain(caught.value)[1]
        assert reader.jobs().jobs == ()
        with pytest.raises(UsageError, match="scope"):
            reader.stop()
        assert Client(f"unix:{service.home / SOCKET}", "").connected(), "the state folder's owner needs no key"
    finally:
        keys("revoke", "reader")
        until(nobody.connected)
