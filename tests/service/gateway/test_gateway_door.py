"""Who is let in: names of this machine, pages of this address, keys with their scopes."""

from __future__ import annotations

import time
from hashlib import sha256

import pytest
from gateway_parts import CHAT, Process, alpha, answering, raw, whole

from docstation.service.gateway.__main__ import is_loopback
from docstation.service.gateway.door import Door, Route
from docstation.service.gateway.heads import RequestReader
from docstation.service.gateway.refusals import Refusal
from docstation.service.gateway.words import UNTOLD, Orders


def look(door: Door, target: str = "/livez", method: str = "GET", orders: Orders | None = None, **headers: str):
    lines = {"host": "localhost", **headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    head = RequestReader().head(f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode())
    outcome = door.look(head, orders or Orders())
    return outcome.cause.code if isinstance(outcome, Refusal) else outcome


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST:8000", "127.0.0.1:8000", "127.8.8.8", "[::1]:8000", "ocr.lan:80"]
)
def test_names_of_this_machine_are_let_in(host):
    assert look(Door({"ocr.lan"}), host=host) is Route.LIVE


@pytest.mark.parametrize(
    "host", ["example.org", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "[::2]", "", "0.0.0.0", "a b"]
)
def test_names_of_strangers_are_not(host):
    assert look(Door({"ocr.lan"}), host=host) == "host_not_allowed"


def test_beyond_the_loopback_addresses_are_let_in_but_names_must_be_configured_and_keys_made():
    door = Door({"ocr.lan"}, any_address=True)
    keyed = Orders(keys={"00": ("read",)})
    assert look(door, host="10.0.0.1:8000") is Route.LIVE
    assert look(door, host="example.org") == "host_not_allowed"
    assert look(door, "/station", host="10.0.0.1") == "keys_required"
    assert look(door, "/station", host="10.0.0.1", orders=keyed) == "invalid_api_key"


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://LOCALHOST:8000"])
def test_pages_of_this_very_address_may_ask(origin):
    assert look(Door(), host="localhost:8000", origin=origin) is Route.LIVE


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "http://localhost:3000", "http://localhost", "file://", "localhost:8000"]
)
def test_pages_of_others_may_not(origin):
    assert look(Door(), host="localhost:8000", origin=origin) == "origin_not_allowed"


KEYS = Orders(
    keys={
        sha256(b"reader").hexdigest(): ("read",),
        sha256(b"worker").hexdigest(): ("read", "write"),
        sha256(b"keeper").hexdigest(): ("read", "write", "station"),
        sha256(b"admin").hexdigest(): ("read", "admin"),
    }
)


@pytest.mark.parametrize(
    ("key", "method", "path", "outcome"),
    [
        ("reader", "GET", "/v1/models", Route.MODELS),
        ("reader", "GET", "/station", Route.SERVICE),
        ("reader", "POST", CHAT, "insufficient_scope"),
        ("worker", "POST", CHAT, Route.MODEL),
        ("worker", "DELETE", "/documents/1", Route.SERVICE),
        ("worker", "POST", "/station/switch", "insufficient_scope"),
        ("worker", "POST", "/%73tation/switch", "insufficient_scope"),
        ("keeper", "POST", "/station/switch", Route.SERVICE),
        ("reader", "GET", "/metrics", Route.SERVICE),
        ("keeper", "GET", "/keys", "insufficient_scope"),
        ("keeper", "DELETE", "/%6beys/1", "insufficient_scope"),
        ("admin", "GET", "/keys", Route.SERVICE),
        ("admin", "DELETE", "/keys/1", Route.SERVICE),
        ("admin", "POST", "/documents", "insufficient_scope"),
        ("worker", "GET", "/keystone", Route.SERVICE),
        ("", "GET", "/metrics", "invalid_api_key"),
        ("worker", "POST", "/station/switch#", "bad_request"),
        ("keeper ", "GET", "/station", Route.SERVICE),
        ("Keeper", "GET", "/station", "invalid_api_key"),
        ("", "GET", "/station", "invalid_api_key"),
    ],
)
def test_a_key_may_what_its_scopes_say(key, method, path, outcome):
    assert look(Door(), path, method, KEYS, authorization=f"Bearer {key}") == outcome


@pytest.mark.parametrize("header", ["", "keeper", "Basic keeper", "Bearer", "bearer x"])
def test_anything_but_a_bearers_key_is_refused(header):
    assert look(Door(), "/station", orders=KEYS, authorization=header) == "invalid_api_key"


@pytest.mark.parametrize("name", ["x-api-key", "api-key", "X-API-Key"])
def test_a_key_may_stand_in_the_headers_of_other_interfaces(name):
    assert look(Door(), CHAT, "POST", KEYS, **{name: "worker"}) is Route.MODEL
    assert look(Door(), CHAT, "POST", KEYS, **{name: "Bearer worker"}) == "invalid_api_key"
    assert look(Door(), CHAT, "POST", KEYS, authorization="Bearer x", **{name: "worker"}) == "invalid_api_key"


def test_an_empty_key_is_nobodys():
    orders = Orders(keys={sha256(b"").hexdigest(): ("read",)})
    for headers in ({}, {"authorization": "Bearer "}, {"x-api-key": ""}):
        assert look(Door(), "/station", orders=orders, **headers) == "invalid_api_key"


@pytest.mark.parametrize(("method", "path"), [("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/%6Beys/1")])
def test_whoever_comes_first_does_not_become_the_keeper_of_keys(method, path):
    assert look(Door(), path, method) == "keys_required"
    assert look(Door(), path, method, authorization="Bearer admin") == "keys_required"


def test_before_it_knows_whether_keys_are_asked_for_nobody_is_let_in():
    assert look(Door(), "/station", orders=UNTOLD) == "service_unavailable"
    assert look(Door(), "/v1/models", orders=UNTOLD, authorization="Bearer worker") == "service_unavailable"
    assert look(Door(), "/livez", orders=UNTOLD) is Route.LIVE


def test_the_minute_of_a_keys_last_use_is_known():
    door = Door()
    before = int(time.time())
    assert look(door, CHAT, "POST", KEYS, authorization="Bearer reader") == "insufficient_scope"
    assert look(door, "/station", orders=KEYS, authorization="Bearer nobody") == "invalid_api_key"
    assert list(door.used) == [sha256(b"reader").hexdigest()]
    (at,) = door.used.values()
    assert before - 60 < at <= time.time()
    assert at % 60 == 0


def test_health_needs_no_key():
    assert look(Door(), "/livez", orders=KEYS) is Route.LIVE
    assert look(Door(), "/readyz", orders=KEYS) is Route.SERVICE


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "GET"])
def test_models_are_asked_by_post_alone(method):
    assert look(Door(), CHAT, method) == "method_not_allowed"


def test_which_addresses_are_this_machines_alone():
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost", "127.1.2.3")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org")))


def test_a_key_of_ours_does_not_reach_the_model_server(gateway: Process):
    heads: list[bytes] = []

    def talk(one) -> None:
        while True:
            heads.append(one.request()[0].lower())
            one.say(whole(b"{}"))

    with raw(talk) as server:
        gateway.serve(alpha(server.port), keys=KEYS.keys)
        refused = gateway.ask("POST", CHAT, {})
        assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
        assert refused.headers["www-authenticate"] == "Bearer"
        assert gateway.ask("POST", CHAT, {}, {"Authorization": "Bearer worker", "api-key": "other"}).status == 200
        assert gateway.ask("POST", CHAT, {}, {"X-API-Key": "worker"}).status == 200
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", CHAT, {}, {"Authorization": "Bearer theirs"}).status == 200
    for head in heads[:2]:
        assert b"authorization" not in head
        assert b"api-key" not in head
    assert b"authorization: bearer theirs" in heads[2]


def test_there_is_no_cors(gateway: Process):
    with raw(answering(whole(b"{}"))) as server:
        gateway.serve(alpha(server.port))
        for method in ("OPTIONS", "POST"):
            answer = gateway.ask(method, CHAT, b"{}", {"Origin": "http://example.org"})
            assert (answer.status, answer.error["code"]) == (403, "origin_not_allowed")
            assert not any(name.startswith("access-control") for name in answer.headers)
        assert server.accepted == 0
