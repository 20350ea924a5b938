"""OpenAI's own client, unchanged, on the real vLLM: through the gateway it gets what vLLM itself answers, to the byte.

What differs from call to call (ids, moments) is struck out on both sides. One server is for all tests.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from real_vllm import CONTEXT, DOTS_OCR, NO_BLANKS, TinyModel, load_of
from running_service import CHAT, Service, eventually
from vllm_service import vllm_service

from docstation.station.canary import LINES, PAGE

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

OTHER = TinyModel("qwen3-vl", "Qwen/Qwen3-VL-2B-Instruct")
ALIAS = """
[aliases.reader]
candidates = ["dots-ocr"]
"""
PICTURE = f"data:image/png;base64,{base64.b64encode(PAGE.read_bytes()).decode()}"
PROMPT = "<|img|><|imgpad|><|endofimg|>Extract the text content from this image."
PAGE_ASKED = [
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": PICTURE}}, {"type": "text", "text": PROMPT}],
    }
]
HELLO = [{"role": "user", "content": "hi"}]
SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "boolean"}},
    "required": ["total"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
CHANGING = re.compile(rb'"(?:id|request_id|created)":\s*(?:"[^"]*"|[0-9.]+)')


@pytest.fixture(scope="module")
def served(vllm_python: Path, tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    catalogue = DOTS_OCR.entry("dots-ocr", tiny_models, NO_BLANKS) + OTHER.entry("qwen3-vl-2b", tiny_models) + ALIAS
    with vllm_service(vllm_python, tmp_path_factory.mktemp("home"), catalogue) as made:
        yield made


def client_of(port: int) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)


@pytest.fixture
def client(served: Service) -> Iterator[openai.OpenAI]:
    with client_of(served.port) as one:
        yield one


@pytest.fixture
def both(served: Service) -> Iterator[tuple[openai.OpenAI, openai.OpenAI]]:
    """Clients of the gateway and of vLLM itself."""
    with client_of(served.port) as ours, client_of(served.server_port) as direct:
        yield ours, direct


def same(both: tuple[openai.OpenAI, openai.OpenAI], call: Callable[[openai.OpenAI], bytes]) -> bytes:
    """The body that both give, without what changes from call to call."""
    ours, direct = (CHANGING.sub(b'"-":0', call(one)) for one in both)
    assert ours == direct
    return ours


def whole(**asked: Any) -> Callable[[openai.OpenAI], bytes]:
    asked = {"model": DOTS_OCR.served_name, "temperature": 0.0, **asked}
    return lambda client: client.chat.completions.with_raw_response.create(**asked).http_response.content


def test_the_models_are_listed_once_the_active_one_first_with_its_context(client: openai.OpenAI):
    models = client.models.list().data
    first: Any = models[0]
    assert (first.id, first.max_model_len, first.active) == (DOTS_OCR.served_name, CONTEXT, True)
    assert [one.id for one in models].count(DOTS_OCR.served_name) == 1
    assert client.models.retrieve("reader").id == DOTS_OCR.served_name


def test_vllm_itself_knows_every_name_that_a_request_may_give(client: openai.OpenAI, served: Service):
    with client_of(served.server_port) as direct:
        assert [one.id for one in direct.models.list().data] == [DOTS_OCR.served_name, "dots-ocr", "reader"]
    for name in (DOTS_OCR.served_name, "dots-ocr", "reader"):
        answer = client.chat.completions.create(model=name, messages=HELLO, max_tokens=2)
        assert answer.model == DOTS_OCR.served_name


def test_a_page_is_read(both: tuple[openai.OpenAI, openai.OpenAI]):
    body = same(both, whole(messages=PAGE_ASKED, max_tokens=400))
    assert LINES[0] in json.loads(body)["choices"][0]["message"]["content"]


def whole_words(stream: bytes) -> bytes:
    """The events with all words in one: the server puts tokens together where they are not fetched at once."""
    events = stream.split(b"\n\n")
    content = re.compile(rb'"content":"((?:[^"\\]|\\.)*)"')
    words = b"".join(match[1] for event in events for match in content.finditer(event))
    rest = dict.fromkeys(content.sub(b'"content":""', event) for event in events)
    return b"\n\n".join([words, *rest])


def test_a_page_is_streamed(both: tuple[openai.OpenAI, openai.OpenAI]):
    def call(client: openai.OpenAI) -> bytes:
        more = {"stream": True, "stream_options": {"include_usage": True}, "max_tokens": 400, "temperature": 0.0}
        asked: Any = {"model": DOTS_OCR.served_name, "messages": PAGE_ASKED, **more}
        with client.chat.completions.with_streaming_response.create(**asked) as response:
            return whole_words(b"".join(response.iter_bytes()))

    assert same(both, call).endswith(b"data: [DONE]\n\n")
    stream = both[0].chat.completions.create(
        model="reader", messages=PAGE_ASKED, stream=True, stream_options={"include_usage": True}, max_tokens=400
    )
    chunks = list(stream)
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert LINES[0] in text
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_an_answer_by_a_schema(both: tuple[openai.OpenAI, openai.OpenAI]):
    body = same(both, whole(messages=HELLO, response_format=FORMAT, max_tokens=60))
    content = json.loads(body)["choices"][0]["message"]["content"]
    assert content.lstrip().startswith("{")
    assert set(json.loads(content)) == {"total"}


def test_completions_tokens_and_log_probabilities(both: tuple[openai.OpenAI, openai.OpenAI]):
    same(both, whole(messages=HELLO, max_tokens=3, logprobs=True, top_logprobs=2))
    same(
        both,
        lambda client: (
            client.completions.with_raw_response.create(
                model="dots-ocr", prompt="hi", max_tokens=3, temperature=0.0
            ).http_response.content
        ),
    )


def refused(call: Callable[[openai.OpenAI], bytes]) -> Callable[[openai.OpenAI], bytes]:
    """The body of the error that a call ends with, its status before it."""

    def made(client: openai.OpenAI) -> bytes:
        with pytest.raises(openai.APIStatusError) as caught:
            call(client)
        response = caught.value.response
        return b"%d %s " % (response.status_code, response.headers["content-type"].encode()) + response.content

    return made


BROKEN = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"messages": HELLO, "max_tokens": CONTEXT + 1}, b"400 "),
        ({"messages": HELLO, "model": "nobody"}, b"404 "),
        ({"messages": BROKEN}, b"400 "),
        ({"messages": [{"role": "user", "content": "word " * 20_000}]}, b"400 "),
        ({"messages": HELLO, "temperature": "warm"}, b"400 "),
        ({"messages": HELLO, "response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, b"400 "),
    ],
)
def test_errors_are_vllms_own(both: tuple[openai.OpenAI, openai.OpenAI], asked: dict[str, Any], status: bytes):
    assert same(both, refused(whole(**asked))).startswith(status)


def test_what_is_no_json_is_answered_by_vllm_too(served: Service):
    answers = []
    for port in (served.port, served.server_port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", CHAT, b'{"model": ', {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answers.append((answer.status, answer.read()))
        connection.close()
    assert answers[0] == answers[1]
    assert answers[0][0] == 400


def test_errors_of_our_own_are_of_the_clients_own_kinds(client: openai.OpenAI):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model=OTHER.served_name, messages=HELLO)
    assert caught.value.code == "model_not_active"
    assert caught.value.response.headers["retry-after"]


def test_a_client_that_leaves_a_stream_frees_vllm(client: openai.OpenAI, served: Service):
    with client.chat.completions.create(model="dots-ocr", messages=PAGE_ASKED, stream=True, max_tokens=4000) as stream:
        next(iter(stream))
    eventually(lambda: load_of(served.server_port) == 0)
