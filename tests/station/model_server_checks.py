"""What clients of vLLM rely on, checked alike on the scripted server and on the real vLLM."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from docstation.station.canary import question, read_page
from docstation.station.deployment import Deployment
from docstation.station.probes import check_identity, is_healthy, progress
from docstation.station.talk import get, post

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hi"}]
BROKEN_PICTURE = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}
]


def check_health(deployment: Deployment) -> None:
    assert is_healthy(deployment.address) is True
    answer = get(f"{deployment.address}/health")
    assert (answer.status, answer.body) == (200, b"")
    assert get(f"{deployment.address}/version").json() == {"version": "0.32.0"}
    assert get(f"{deployment.address}/load").json() == {"server_load": 0}


def check_models(deployment: Deployment) -> None:
    check_identity(deployment)
    (card,) = get(f"{deployment.address}/v1/models").json()["data"]
    assert (card["object"], card["owned_by"]) == ("model", "vllm")
    assert card["root"] == deployment.arguments[0]


def check_addresses(deployment: Deployment) -> None:
    for path, status, words in (
        ("/nothing", 404, {"detail": "Not Found"}),
        ("/is_sleeping", 404, {"detail": "Not Found"}),
        (CHAT, 405, {"detail": "Method Not Allowed"}),
    ):
        answer = get(f"{deployment.address}{path}")
        assert (answer.status, answer.json()) == (status, words)
    counted = post(f"{deployment.address}/tokenize", {"model": deployment.served_name, "prompt": "hi"}).json()
    assert counted["count"] == len(counted["tokens"]) == 2
    assert counted["max_model_len"] == deployment.context


def check_chat(deployment: Deployment) -> None:
    answer = post(f"{deployment.address}{CHAT}", {"model": deployment.served_name, "messages": HELLO}).json()
    assert (answer["object"], answer["model"]) == ("chat.completion", deployment.served_name)
    (choice,) = answer["choices"]
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert choice["message"]["content"]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    short = {"model": deployment.served_name, "messages": HELLO, "max_tokens": 2}
    cut = post(f"{deployment.address}{CHAT}", short).json()
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 2)


def check_canary(deployment: Deployment) -> None:
    assert read_page(deployment, seconds=60).text == read_page(deployment, seconds=60).text


def check_stream(deployment: Deployment) -> None:
    whole = post(f"{deployment.address}{CHAT}", question(deployment)).json()
    *chunks, usage = _events(
        deployment, {**question(deployment), "stream": True, "stream_options": {"include_usage": True}}
    )
    assert {chunk["object"] for chunk in (*chunks, usage)} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    pieces = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert usage["choices"] == []
    assert all(usage["usage"][name] == whole["usage"][name] for name in ("prompt_tokens", "completion_tokens"))


def check_progress(deployment: Deployment) -> None:
    before = progress(deployment.address)
    check_chat(deployment)
    after = progress(deployment.address)
    assert (before.running, before.waiting, after.running, after.waiting) == (0, 0, 0, 0)
    assert before.steps is not None and before.tokens is not None  # noqa: PT018
    assert after.steps is not None and after.steps > before.steps  # noqa: PT018
    assert after.tokens is not None and after.tokens > before.tokens  # noqa: PT018


def check_errors(deployment: Deployment) -> None:
    """Status, type and parameter as vLLM gives them; and words that the product looks for."""
    name, context = deployment.served_name, deployment.context
    for content, status, kind, param, words in (
        ({"model": "nope", "messages": HELLO}, 404, "NotFoundError", "model", f"Valid aliases: {name}."),
        ({"model": name}, 400, "Bad Request", "body.messages", "'type': 'missing'"),
        ({"model": name, "messages": HELLO, "max_tokens": context + 1}, 400, "BadRequestError", "max_tokens",
         f"cannot be greater than max_model_len={context}"),
        ({"model": name, "messages": [{"role": "user", "content": "x" * (context + 1)}]}, 400, "BadRequestError",
         "input_tokens", f"maximum context length is {context} tokens"),
        ({"model": name, "messages": BROKEN_PICTURE}, 400, "BadRequestError", None, "Failed to load image"),
    ):  # fmt: skip
        answer = post(f"{deployment.address}{CHAT}", content)
        error = answer.json()["error"]
        assert (answer.status, error["type"], error["param"], error["code"]) == (status, kind, param, status)
        assert words in error["message"]
        assert answer.words == " ".join(error["message"].split())[:300]


def check_malformed(deployment: Deployment) -> None:
    connection = http.client.HTTPConnection(urlsplit(deployment.address).netloc, timeout=10)
    connection.request("POST", CHAT, b"{broken", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    error = json.loads(answer.read())["error"]
    connection.close()
    assert (answer.status, error["type"], error["param"]) == (400, "Bad Request", "body.1")
    assert "json_invalid" in error["message"]


CHECKS = (check_health, check_models, check_addresses, check_chat, check_canary, check_stream, check_progress,
          check_errors, check_malformed)  # fmt: skip


def _events(deployment: Deployment, content: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a stream, which ends with its mark."""
    connection = http.client.HTTPConnection(urlsplit(deployment.address).netloc, timeout=60)
    connection.request("POST", CHAT, json.dumps(content), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    *events, mark, rest = answer.read().decode().split("\n\n")
    connection.close()
    assert (mark, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]
