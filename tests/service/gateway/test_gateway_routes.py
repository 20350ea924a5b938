"""What is answered by whom: models, the service, the gateway itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from gateway_parts import CHAT, KNOWN, Talk, alpha, answering, beta, raw, whole


@pytest.mark.parametrize(
    "path",
    ["/sleep", "/wake_up", "/collective_rpc", "/reset_prefix_cache", "/metrics", "/v1/files", "/V1/models", "/v1//x"],
)
def test_nothing_else_of_the_model_server_can_be_reached(gateway, path):
    with raw(answering(whole(b"secret"))) as server:
        gateway.serve(alpha(server.port))
        answer = gateway.ask("POST", path, {})
        assert (answer.status, answer.error["code"]) == (503, "service_unavailable")
        assert answer.headers["retry-after"] == "2"
        assert server.accepted == 0


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/tokenize", "/detokenize", "/v1/embeddings"]
)
def test_the_paths_of_models_reach_it_with_their_query(gateway, path):
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        seen.append(one.request()[0].split(b"\r\n")[0])
        one.say(whole(b"{}"))

    with raw(talk) as server:
        gateway.serve(alpha(server.port))
        assert gateway.ask("POST", f"{path}?a=1", {}).status == 200
        assert gateway.ask("GET", path).status == 405
    assert seen == [f"POST {path}?a=1 HTTP/1.1".encode()]


def test_every_other_path_reaches_the_service(gateway):
    seen: list[bytes] = []

    def talk(one: Talk) -> None:
        while True:
            head, body = one.request()
            seen.append(head.split(b"\r\n")[0] + body)
            one.say(whole(b"here", "202 Accepted"))

    gateway.serve()
    with raw(talk, path=gateway.app):
        assert gateway.ask("GET", "/").status == 202
        assert gateway.ask("PUT", "/documents/1?x=%2F", b"body").body == b"here"
        assert gateway.ask("DELETE", "/station").status == 202
    assert seen == [b"GET / HTTP/1.1", b"PUT /documents/1?x=%2F HTTP/1.1body", b"DELETE /station HTTP/1.1"]


def test_a_question_for_the_head_alone_is_answered_with_one(gateway):
    def talk(one: Talk) -> None:
        while True:
            one.request()
            one.say(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n")

    gateway.serve()
    with raw(talk, path=gateway.app), gateway.connect() as client:
        for path in ("/documents", "/livez", "/v1/models"):
            client.sendall(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answer = client.recv(2000)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"\r\n\r\n")


def test_models_are_listed_active_first(gateway):
    gateway.serve(replace(alpha(1), sequences=4), beta(1), known={**KNOWN, "gamma": "gamma"})
    cards = json.loads(gateway.ask("GET", "/v1/models").body)["data"]
    assert [(one["id"], one["active"]) for one in cards] == [("org/alpha", True), ("org/beta", True), ("gamma", False)]
    assert (cards[0]["max_model_len"], cards[0]["max_num_seqs"]) == (8192, 4)
    assert "max_num_seqs" not in cards[1]
    assert "docstation models switch gamma" in cards[2]["switch"]
    assert json.loads(gateway.ask("GET", "/v1/models/org%2Falpha").body) == cards[0]
    assert json.loads(gateway.ask("GET", "/v1/models/b").body) == cards[1]
    assert gateway.ask("GET", "/v1/models/nobody").status == 404


def test_with_nothing_serving_the_embedded_engine_is_listed(gateway):
    gateway.serve(way="closed", reason="Chat needs a model.")
    cards = json.loads(gateway.ask("GET", "/v1/models").body)["data"]
    assert [(one["id"], one["active"]) for one in cards] == [("embedded", True), ("alpha", False), ("beta", False)]
    answer = gateway.ask("POST", CHAT, {"model": "embedded"})
    assert (answer.status, answer.error["code"]) == (503, "no_active_model")
    assert "Chat needs a model." in str(answer.error["message"])
    assert answer.headers["retry-after"] == "5"
