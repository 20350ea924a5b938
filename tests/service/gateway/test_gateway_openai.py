"""OpenAI's own client, unchanged, before the gateway."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import openai
import pytest
from gateway_parts import Process, alpha, until

from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import Script, Trouble

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
PAGE = [{"role": "user", "content": [IMAGE, {"type": "text", "text": "Read the page."}]}]


@pytest.fixture
def server(gateway: Process) -> Iterator[Running]:
    with running(Script(answer="Страница прочитана."), name="org/alpha") as one:
        gateway.serve(alpha(int(one.address.rpartition(":")[2])))
        yield one


@pytest.fixture
def client(gateway: Process) -> Iterator[object]:
    with openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key="none", max_retries=0) as one:
        yield one


def test_models_are_listed_and_looked_up(client, server):
    models = client.models.list().data
    assert (models[0].id, models[0].max_model_len, models[0].active) == ("org/alpha", 8192, True)
    assert [one.id for one in models[1:]] == ["beta"]
    assert client.models.retrieve("org/alpha").id == "org/alpha"


def test_a_page_is_read(client, server):
    answer = client.chat.completions.create(model="org/alpha", messages=PAGE)
    assert answer.choices[0].message.content == "Страница прочитана."
    assert answer._request_id.startswith("gw-")


def test_a_page_is_streamed(client, server):
    options = {"include_usage": True}
    stream = client.chat.completions.create(model="org/alpha", messages=PAGE, stream=True, stream_options=options)
    chunks = list(stream)
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text == "Страница прочитана."
    assert chunks[-1].usage.completion_tokens > 0


def test_errors_are_the_clients_own_kinds(client, server, gateway):
    with pytest.raises(openai.NotFoundError) as other:
        client.chat.completions.create(model="beta", messages=PAGE)
    assert (other.value.code, other.value.param) == ("model_not_active", "model")
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="nobody", messages=PAGE)
    with pytest.raises(openai.BadRequestError, match="cannot be greater"):
        client.chat.completions.create(model="org/alpha", messages=PAGE, max_tokens=9000)
    gateway.serve(way="closed", reason="Chat needs a model.")
    with pytest.raises(openai.InternalServerError, match="Chat needs a model") as closed:
        client.chat.completions.create(model="org/alpha", messages=PAGE)
    assert (closed.value.status_code, closed.value.code) == (503, "no_active_model")


def test_a_broken_answer_is_an_error_and_no_short_answer(client, server):
    server.api.script = server.api.script.changed({"trouble": Trouble.CUT})
    with pytest.raises(openai.InternalServerError) as died:
        client.chat.completions.create(model="org/alpha", messages=PAGE)
    assert (died.value.status_code, died.value.code) == (502, "engine_died")
    stream = client.chat.completions.create(model="org/alpha", messages=PAGE, stream=True)
    with pytest.raises(Exception, match=r"(?i)incomplete|peer closed|connection"):
        list(stream)


def test_a_client_that_stops_reading_a_stream_frees_the_model(client, server, gateway):
    server.api.script = server.api.script.changed({"piece_seconds": 0.2})
    with client.chat.completions.create(model="org/alpha", messages=PAGE, stream=True) as stream:
        next(iter(stream))
    until(lambda: server.api.engine.running == 0)


def test_the_clients_own_retries_outlast_a_closed_gateway(gateway, server):
    with openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key="none", max_retries=5) as one:
        orders = gateway.service._orders
        gateway.serve(way="closed", retry_after=1)
        timer = threading.Timer(0.5, gateway.service.order, (orders,))
        timer.start()
        assert one.chat.completions.create(model="org/alpha", messages=PAGE).choices
        timer.join()
