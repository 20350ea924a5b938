"""Plans and requests on the real vLLM: it counts what we counted, renders our template, takes every planned page."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from real_vllm import CONTEXT, DOTS_OCR, ENVIRONMENT, QWEN3_VL, TinyModel

from docstation.inference.asking import ChatRequest, Repetition, messages
from docstation.inference.completions import Client
from docstation.inference.failures import AskFailed, Refused
from docstation.inference.images import encode
from docstation.inference.profile import Profile, Task
from docstation.inference.profiles import chat_template
from docstation.inference.served import ServedModel, active
from docstation.reading.vision.estimate import Estimate
from docstation.reading.vision.planner import Ask, Planner

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

PAGES = [
    ((1654, 2339), 200),
    ((2480, 3508), 300),
    ((4961, 3508), 300),
    ((600, 1600), 200),
    ((100, 4000), 200),
    ((3, 9), 72),
]
CAP = 3_211_264
FLAGS = ("--limit-mm-per-prompt", '{"image":1,"video":0}', "--mm-processor-kwargs", f'{{"max_pixels":{CAP}}}')
WORDS = "Read this page: blocks with bbox, category and text."


@contextmanager
def served(python: Path, models: Path, tiny: TinyModel, port: int, log: Path, *more: str) -> Iterator[ServedModel]:
    """The model on its server, asked by a profile whose texts are counted by bytes, as its tokenizer does."""
    address = f"http://127.0.0.1:{port}"
    words = [python.with_name("vllm"), "serve", *tiny.arguments(models), "--port", str(port), *FLAGS, *more]
    with log.open("wb") as out:
        server = subprocess.Popen(words, env=os.environ | ENVIRONMENT, stdout=out, stderr=out)
        try:
            yield replace(found := _answering(address, server, log), profile=counted_by_bytes(found.profile))
        finally:
            server.terminate()
            server.wait(60)


def _answering(address: str, server: subprocess.Popen[bytes], log: Path) -> ServedModel:
    until = time.monotonic() + 600
    while time.monotonic() < until and server.poll() is None:
        try:
            return active(address, timeout=10)
        except AskFailed:
            time.sleep(0.5)
    pytest.fail(log.read_text(errors="replace")[-3000:])


def counted_by_bytes(profile: Profile) -> Profile:
    """The tiny tokenizer knows marks and bytes only: the names of the roles are as many tokens as letters."""
    prompts = dict(profile.prompts) | {Task.LAYOUT: WORDS, Task.LAYOUT_ONLY: WORDS}
    return replace(profile, vocabulary="", prompts=prompts, frame=replace(profile.frame, message=12, reply=12))


@pytest.fixture(scope="module", params=[DOTS_OCR, QWEN3_VL], ids=lambda one: one.folder)
def model(
    request: pytest.FixtureRequest, vllm_python: Path, tiny_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedModel]:
    template = chat_template("dots-ocr")
    ours = ("--chat-template", template, "--chat-template-content-format", "string")
    log = tmp_path_factory.mktemp("vllm") / "log"
    dots = request.param is DOTS_OCR
    with served(vllm_python, tiny_models, request.param, 8241 + dots, log, *(ours if dots else ())) as found:
        yield found


@pytest.fixture
def client(model: ServedModel) -> Iterator[Client]:
    asking = Client(model.base_url)
    yield asking
    asking.close()


def request_of(model: ServedModel, ask: Ask, max_tokens: int = 0) -> ChatRequest:
    pixels = np.full((ask.sent[1], ask.sent[0], 3), 255, np.uint8)
    said = messages(model.profile, ask.prompt, [encode(pixels, ask.sent)])
    return ChatRequest(model.id, said, max_tokens or ask.max_tokens, repetition=Repetition())


def asks_of(model: ServedModel) -> list[Ask]:
    at = random.Random(7)
    planner = Planner(model.profile, model.context, CAP)
    sizes = [*PAGES, *(((at.randint(20, 5000), at.randint(20, 5000)), 200) for _ in range(12))]
    plans = [
        planner.page(size, dpi, estimate) for size, dpi in sizes for estimate in (Estimate(850, 12), Estimate(6000, 80))
    ]
    return [ask for plan in plans for ask in plan.asks[:2]]


def test_the_profile_and_the_window_are_those_of_the_model(model):
    assert model.context == CONTEXT
    assert model.profile.name in ("dots-ocr", "qwen3-vl")
    assert model.features.repetition_detection


def test_the_server_counts_pictures_as_the_plan_does_and_words_no_higher(model, client):
    frame = model.profile.frame
    for ask in asks_of(model):
        counted = client.count(request_of(model, ask))
        assert counted <= ask.image_tokens + ask.prompt_tokens
        assert counted >= ask.image_tokens + len(ask.prompt.encode())
        assert ask.prompt_tokens - (counted - ask.image_tokens) <= frame.message + frame.image + frame.reply
        assert counted + ask.max_tokens <= CONTEXT


def test_the_largest_planned_page_is_answered(model, client):
    planner = Planner(model.profile, model.context, CAP)
    (ask,) = planner.page((2480, 3508), 300, Estimate(850, 12, 21.0)).asks
    request = request_of(model, ask)
    answer = client.ask(request)
    assert answer.finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == client.count(request)
    assert len(answer.text) > 50


def test_a_schema_holds_the_answer(model, client):
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    said = messages(model.profile, "Answer.")
    answer = client.ask(ChatRequest(model.id, said, 200, schema=schema))
    assert set(json.loads(answer.text)) == {"a"}


def test_what_does_not_fit_is_refused_as_such(model, client):
    with pytest.raises(Refused) as caught:
        client.ask(ChatRequest(model.id, messages(model.profile, "x" * 9000), 10))
    assert caught.value.kind == "context"


def test_leaving_early_frees_the_engine(model, client):
    with client.stream(ChatRequest(model.id, messages(model.profile, "Read."), 4000)) as pieces:
        next(iter(pieces))
    until = time.monotonic() + 5
    while _running(model) and time.monotonic() < until:
        time.sleep(0.1)
    assert _running(model) == 0


def _running(model: ServedModel) -> float:
    with urllib.request.urlopen(f"{model.base_url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("vllm:num_requests_running"))


@pytest.mark.parametrize("model", [DOTS_OCR], indirect=True, ids=["dots-ocr"])
def test_the_prompt_is_rendered_as_the_model_was_trained(model):
    (ask, *_) = asks_of(model)
    body = json.dumps(request_of(model, ask).counted() | {"return_token_strs": True}).encode()
    asked = urllib.request.Request(f"{model.base_url}/tokenize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        strings = json.load(answer)["token_strs"]
    pictures = strings.count("<|imgpad|>")
    assert pictures == ask.image_tokens
    assert strings[:3] == ["<|user|>", "<|img|>", "<|imgpad|>"]
    assert strings[pictures + 1 : pictures + 3] == ["<|imgpad|>", "<|endofimg|>"]
    assert strings[-2:] == ["<|endofuser|>", "<|assistant|>"]
    assert strings[pictures + 3] == "R"
