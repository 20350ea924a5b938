"""The names that clients give: a model's id, its entry, its aliases; and what becomes of a name that does not serve."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_service import Service, eventually, service

from docstation.models.catalogue import load_catalogue
from docstation.service.names import written
from docstation.station.deployment import Deployment
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import Script

CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"

[models.qwen3-vl-4b]
checkpoint = "{weights}"
served_name = "Qwen/Qwen3-VL-4B-Instruct"

[models.qwen3-vl-2b]
checkpoint = "{weights}"
served_name = "Qwen/Qwen3-VL-2B-Instruct"

[models.lost]
checkpoint = "/no/such/weights"
figures = "dots-ocr"

[models.crashing]
figures = "dots-ocr"
checkpoint = "{weights}"
environment = { MODEL_SERVER_FAIL = "oom" }

[models.far]
engine = "remote"
checkpoint = "far/away"
context = 8192
endpoint = "FAR"
key_variable = "FAR_KEY"

[aliases.qwen3-vl]
candidates = ["qwen3-vl-4b", "qwen3-vl-2b"]
"""


@pytest.fixture(scope="module")
def far() -> Iterator[Running]:
    with running(Script(), name="far/away", key="far-secret") as one:
        yield one


@pytest.fixture
def switching(tmp_path: Path, far: Running) -> Iterator[Service]:
    """A service that switches to what it is asked for; who waits for longer than a test may is lost."""
    catalogue = CATALOGUE.replace("FAR", far.address, 1)
    settings = {"SERVICE_ON_OTHER": "switch", "SERVICE_WAITING_SECONDS": 600}
    with service(tmp_path, catalogue, **settings) as one:
        yield one


@pytest.fixture
def refusing(tmp_path: Path, far: Running) -> Iterator[Service]:
    with service(tmp_path, CATALOGUE.replace("FAR", far.address, 1)) as one:
        yield one


def test_a_model_answers_to_its_id_its_entry_and_every_alias_that_may_mean_it(refusing: Service):
    assert refusing.ask("POST", "/station/switch", {"models": ["qwen3-vl-2b"]}).status == 202
    eventually(lambda: refusing.serving() == ["qwen3-vl-2b"])
    for name in ("Qwen/Qwen3-VL-2B-Instruct", "qwen3-vl-2b", "qwen3-vl", None):
        answer = refusing.chat(name)
        assert (answer.status, answer.json["model"]) == (200, "Qwen/Qwen3-VL-2B-Instruct"), name
    listed = refusing.ask("GET", "/v1/models").json["data"]
    assert isinstance(listed, list)
    assert [one["id"] for one in listed].count("Qwen/Qwen3-VL-2B-Instruct") == 1
    assert listed[0]["id"] == "Qwen/Qwen3-VL-2B-Instruct"
    assert refusing.ask("GET", "/v1/models/qwen3-vl").json["id"] == "Qwen/Qwen3-VL-2B-Instruct"


def test_an_alias_of_which_no_candidate_serves_is_refused_with_the_one_that_a_switch_would_choose(refusing: Service):
    answer = refusing.chat("qwen3-vl")
    assert (answer.status, answer.code) == (404, "model_not_active")
    assert b"docstation models switch qwen3-vl-4b`" in answer.body
    assert answer.headers["retry-after"]
    nobody = refusing.chat("nobody")
    assert nobody.status == 404
    assert b"does not exist" in nobody.body, "in the server's own words"


def test_a_request_for_an_alias_switches_to_its_model(switching: Service):
    answer = switching.chat("qwen3-vl")
    assert (answer.status, answer.json["model"]) == (200, "Qwen/Qwen3-VL-4B-Instruct")
    assert switching.chat("qwen3-vl-4b").status == 200
    assert switching.chat("dots-ocr").json["model"] == "rednote-hilab/dots.ocr"


@pytest.mark.parametrize(
    ("model", "status", "code", "words"),
    [
        ("lost", 409, "switch_refused", b"The weights of lost are not on this machine."),
        ("crashing", 503, "switch_failed", b"memory"),
    ],
)
def test_who_waits_for_a_model_that_does_not_come_is_told_at_once_and_why(
    switching: Service, model: str, status: int, code: str, words: bytes
):
    began = time.monotonic()
    answer = switching.chat(model)
    assert (answer.status, answer.code) == (status, code)
    assert words in answer.body
    assert 30 < int(answer.headers["retry-after"]) <= 60
    assert time.monotonic() - began < 45, "not by the end of the longest wait"
    again = time.monotonic()
    assert switching.chat(model).code == code
    assert time.monotonic() - again < 1, "it is not tried again at once"
    assert switching.serving() == ["dots-ocr"]
    assert switching.chat("dots-ocr").status == 200


def test_with_nothing_serving_a_request_starts_its_model(switching: Service):
    assert switching.ask("POST", "/station/stop").status == 202
    eventually(lambda: switching.serving() == [])
    assert switching.chat(None).code == "no_active_model"
    assert switching.chat("qwen3-vl").json["model"] == "Qwen/Qwen3-VL-4B-Instruct"


def test_a_remote_server_is_switched_to_and_asked_with_its_own_key(tmp_path: Path, far: Running, monkeypatch):
    monkeypatch.setenv("FAR_KEY", "far-secret")
    with service(tmp_path, CATALOGUE.replace("FAR", far.address, 1), SERVICE_ON_OTHER="switch") as one:
        answer = one.chat("far/away")
        assert (answer.status, answer.json["model"]) == (200, "far/away")
        assert one.serving() == ["far"]
        assert one.ask("GET", "/health").status == 200


def test_by_the_catalogue_alone_a_shared_id_means_the_first_entry_and_an_alias_its_first_candidate():
    names = written(load_catalogue())
    assert names["rednote-hilab/dots.ocr"] == names["dots-ocr"] == "dots-ocr"
    assert names["qwen3-vl"] == "qwen3-vl-8b-fp8"
    assert names["embedded"] == "embedded"


def test_a_deployment_knows_the_names_that_its_server_was_told():
    words = ("weights", "--served-model-name", "org/a", "a", "alias", "--host", "127.0.0.1")
    assert Deployment("a", "process", "org/a", 8192, words).names == ("org/a", "a", "alias")
    assert Deployment("a", "remote", "org/a", 8192).names == ("org/a",)
