"""Servers that somebody else runs: what is checked before they are used, and what is never done to them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from driver_contract import free_port, refused

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.remote import RemoteDriver
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import Script

KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[Running]:
    with running(name="their/model", context=8192, key=KEY) as server:
        yield server


@pytest.fixture
def deployment(server: Running) -> Deployment:
    return Deployment("theirs", "remote", "their/model", 8192, endpoint=server.address, key_variable="THEIR_KEY")


def driver(folder: Path, **environ: str) -> RemoteDriver:
    return RemoteDriver(folder / "remote", environ=environ)


def test_a_server_that_has_the_model_is_ready(deployment: Deployment, tmp_path: Path) -> None:
    driver(tmp_path, THEIR_KEY=KEY).prepare(deployment)
    driver(tmp_path, THEIR_KEY=f"{KEY}\n").prepare(replace(deployment, endpoint=f"{deployment.endpoint}/"))


@pytest.mark.parametrize("environ", [{}, {"THEIR_KEY": ""}, {"THEIR_KEY": "two\nlines"}, {"THEIR_KEY": "ключ"}])
def test_a_key_that_is_not_there_or_is_none_is_named(
    deployment: Deployment, tmp_path: Path, environ: dict[str, str]
) -> None:
    with pytest.raises(Fault) as caught:
        driver(tmp_path, **environ).prepare(deployment)
    assert (caught.value.cause, caught.value.detail) == (Cause.ENDPOINT_REFUSED, "THEIR_KEY")


def test_a_key_that_is_refused_is_not_told(deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        driver(tmp_path, THEIR_KEY="sk-wrong").prepare(deployment)
    assert caught.value.cause is Cause.ENDPOINT_REFUSED
    assert caught.value.detail.startswith("401")
    assert "sk-wrong" not in str(caught.value)


def test_a_model_that_it_does_not_have_is_refused_and_what_it_has_is_named(
    deployment: Deployment, tmp_path: Path
) -> None:
    with pytest.raises(Fault) as caught:
        driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, served_name="another/model"))
    assert (caught.value.cause, caught.value.detail) == (Cause.WRONG_MODEL, "their/model")


def test_a_longer_context_will_do_and_a_shorter_one_will_not(deployment: Deployment, tmp_path: Path) -> None:
    driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, context=4096))
    with refused(Cause.WRONG_CONTEXT):
        driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, context=16384))


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:{closed}", "https://127.0.0.1:{open}", "ftp://127.0.0.1", "127.0.0.1:8000", "http://u:p@h",
     "http://127.0.0.1:99999", "http://no-such-host.invalid", "http://127.0.0.1:{open}\r\nX-Evil: 1"],
)  # fmt: skip
def test_an_address_where_nobody_answers_is_refused(
    server: Running, deployment: Deployment, tmp_path: Path, endpoint: str
) -> None:
    where = endpoint.format(closed=free_port(), open=server.address.rpartition(":")[2])
    with refused(Cause.ENDPOINT_UNREACHABLE):
        driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, endpoint=where))


def test_a_server_that_takes_connections_and_says_nothing_is_refused(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstation.station.probes.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, refused(Cause.ENDPOINT_UNREACHABLE):
        where = f"http://127.0.0.1:{silent.getsockname()[1]}"
        driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, endpoint=where))


def test_what_is_no_such_server_is_refused(deployment: Deployment, tmp_path: Path) -> None:
    with refused(Cause.ENDPOINT_REFUSED):
        driver(tmp_path, THEIR_KEY=KEY).prepare(replace(deployment, endpoint=f"{deployment.endpoint}/elsewhere"))


def test_a_server_that_has_no_time_is_refused(server: Running, deployment: Deployment, tmp_path: Path) -> None:
    server.api.script = Script(trouble="unavailable")
    with refused(Cause.ENDPOINT_REFUSED):
        driver(tmp_path, THEIR_KEY=KEY).prepare(deployment)


def test_starting_and_stopping_do_nothing_to_it(server: Running, deployment: Deployment, tmp_path: Path) -> None:
    remote = driver(tmp_path, THEIR_KEY=KEY)
    started = remote.start(deployment)
    assert started.running
    assert driver(tmp_path).find(deployment.instance) == started
    remote.stop(deployment.instance, grace=10.0)
    assert remote.instances() == []
    assert not server.api.asked


def test_the_key_is_nowhere_on_the_disk(deployment: Deployment, tmp_path: Path) -> None:
    driver(tmp_path, THEIR_KEY=KEY).start(deployment)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
