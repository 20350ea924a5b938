"""What serves at an address: vLLM itself, DocStation's gateway, or nothing that can be asked."""

from __future__ import annotations

import json

import pytest
from raw_server import plain, speaking

from docstation.errors import NoEngine
from docstation.inference.failures import EngineFailed, Overdue, Refused
from docstation.inference.served import active
from docstation.testing.model_server import running


def serving(models: object, version: object = None):
    """The scripts of a server: one connection for the list of models, one for the version."""

    def listing(talk):
        talk.hear()
        talk.say(plain("200 OK", json.dumps(models).encode()))

    def versions(talk):
        talk.hear()
        talk.say(plain("404 Not Found", b"{}") if version is None else plain("200 OK", json.dumps(version).encode()))

    return [listing, versions]


def card(name, **more):
    return {"id": name, "object": "model", "owned_by": "vllm", "max_model_len": 8192, **more}


def of(models, version=None, **options):
    with speaking(serving({"object": "list", "data": models}, version)) as server:
        return active(server.address, **options)


def test_a_model_server_tells_its_model_its_window_and_its_version():
    with running(name="rednote-hilab/dots.ocr", context=16384) as server:
        found = active(server.address)
    assert (found.id, found.context, found.profile.name) == ("rednote-hilab/dots.ocr", 16384, "dots-ocr")
    assert found.features.repetition_detection
    assert found.features.version == "0.32.0"


@pytest.mark.parametrize(("version", "detects"), [("0.16.2", False), ("0.17.0", True), ("1.0.0", True), ("dev", False)])
def test_loops_are_ended_by_servers_that_are_new_enough(version, detects):
    assert of([card("x")], {"version": version}).features.repetition_detection is detects


def test_another_kind_of_server_is_taken_for_a_plain_one():
    found = of([{"id": "llava", "object": "model", "owned_by": "library"}])
    assert (found.context, found.profile.name, found.features.repetition_detection) == (0, "generic", False)


def test_behind_the_gateway_the_active_model_is_asked_and_not_the_others():
    mine = card("my-name", owned_by="docstation", active=True, entry="qwen3-vl-4b", aliases=["qwen3-vl"])
    other = card("rednote-hilab/dots.ocr", owned_by="docstation", active=False)
    found = of([other, mine])
    assert (found.id, found.profile.name, found.features.repetition_detection) == ("my-name", "qwen3-vl", True)
    assert found.names == ("qwen3-vl-4b", "qwen3-vl")


def test_the_embedded_engine_is_not_asked():
    embedded = {"id": "embedded", "owned_by": "docstation", "active": True, "chat": False}
    with pytest.raises(NoEngine, match="embedded engine serves"):
        of([embedded, card("x", active=False)])


@pytest.mark.parametrize("models", [[], [card("x", active=False)], [{"id": 5}], ["x"]])
def test_nothing_that_serves_is_said_so(models):
    with pytest.raises(NoEngine, match="No model serves"):
        of(models)


def test_the_catalogue_may_name_the_profile():
    assert of([card("x")], named="dots-ocr").profile.name == "dots-ocr"


@pytest.mark.parametrize("models", [{}, [], {"data": 5}, "x"])
def test_what_is_no_list_of_models_is_an_error(models):
    with speaking(serving(models)) as server, pytest.raises(EngineFailed, match="no list"):
        active(server.address)


def test_a_key_is_sent_and_its_lack_is_told():
    with running(name="x", key="secret") as server:
        assert active(server.address, "secret").id == "x"
        with pytest.raises(Refused) as caught:
            active(server.address)
    assert caught.value.kind == "key"


def test_a_server_that_does_not_answer_is_not_waited_for():
    with speaking([lambda talk: (talk.hear(), talk.left())]) as server, pytest.raises(Overdue):
        active(server.address, timeout=0.2)
