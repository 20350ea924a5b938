"""The looking itself: a scripted server as a process beside a scripted card, and container engines of every kind."""

from __future__ import annotations

import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest_nvml import Scene, nvml_library, scene
from driver_contract import eventually, free_port, stub_checkpoint
from stub_deployments import stub_deployments

from docstation.bootstrap import station
from docstation.bootstrap.at_hand import bundle, find_engine
from docstation.bootstrap.parts import Parts
from docstation.bootstrap.promises import ask, observe
from docstation.models.pins import Pins
from docstation.settings import Station, load
from docstation.station.deployment import Deployment
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.drivers.container import ContainerDriver
from docstation.station.promises import Finding, Observations, Promise, Verdict, judge
from docstation.station.promises.seen import EmbeddedSeen
from docstation.station.talk import get
from docstation.testing.container_engine import EngineDouble

__all__ = ["nvml_library", "scene"]

ENGLISH = ("eng", "rus")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named vllm, first on the path, that is the scripted server."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = folder / "vllm"
    made.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def parts(home: Path, tmp_path: Path, program: Path) -> Parts:
    """A station of processes whose models are two folders."""
    home.mkdir()
    weights = stub_checkpoint(tmp_path / "weights")
    (home / "models.toml").write_text(f'[models.dots-ocr]\ncheckpoint = "{weights}"\nserved_name = "dots"\n')
    flags = {"station.driver": "process", "station.port": free_port(), "station.stable_seconds": 0.0}
    return Parts(load(flags).settings.station)


@pytest.fixture
def desk(parts: Parts) -> Iterator[OwnersDesk]:
    """The desk of a manager, dots-ocr serving."""
    with station.managing(parts) as desk:
        list(desk.change(Order(Wish.SWITCH, ("dots-ocr",))))
        eventually(lambda: station.status().state.last_known_good)
        try:
            yield desk
        finally:
            list(desk.change(Order(Wish.STOP)))


@pytest.fixture
def read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded engine has read its page: it takes seconds, and is not what the test is about."""
    monkeypatch.setattr("docstation.bootstrap.promises._embedded", lambda _languages: EmbeddedSeen(2.0, 1.0))


def judged(seen: Observations) -> dict[Promise, Finding]:
    return {one.promise: one for one in judge(seen)}


def not_kept(seen: Observations) -> dict[str, Verdict]:
    # What the machine that runs the tests is like, is not the station's doing.
    others = {promise.value: one.verdict for promise, one in judged(seen).items() if promise is not Promise.HOST}
    return {promise: verdict for promise, verdict in others.items() if verdict is not Verdict.KEPT}


def server(parts: Parts) -> int:
    """Process id of the server that serves."""
    (found,) = parts.drivers["process"].instances()
    return found.pids[-1]


def test_every_promise_is_seen_to_be_kept(scene: Scene, parts: Parts, desk: OwnersDesk) -> None:
    scene.take(server(parts), 11_000_000_000)
    scene.others(400_000_000)
    seen = observe(parts, ENGLISH)
    assert seen.card.reading.used_bytes == 11_400_000_000
    assert seen.card.reading.ours_bytes == 11_000_000_000
    assert seen.asked[0].canary.share == 1.0
    assert seen.embedded.share > 0.9
    assert not_kept(seen) == {}


@pytest.mark.usefixtures("read_before")
def test_a_server_over_the_budget_and_one_that_is_silent_are_seen(
    scene: Scene, parts: Parts, desk: OwnersDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstation.bootstrap.promises.ANSWER_SECONDS", 0.3)
    scene.take(server(parts), 12_500_000_000)
    os.kill(server(parts), 19)
    try:
        seen = observe(parts, ENGLISH, canary=False)
    finally:
        os.kill(server(parts), 18)
    broken = {promise for promise, verdict in not_kept(seen).items() if verdict is Verdict.BROKEN}
    assert broken == {"identity", "budget", "answers"}
    assert "no answer in time" in seen.asked[0].health.words


@pytest.mark.usefixtures("read_before")
def test_memory_whose_holders_cannot_be_named_is_not_said_to_be_none_of_ours(
    scene: Scene, parts: Parts, desk: OwnersDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.take(server(parts), 12_500_000_000)
    monkeypatch.setattr(parts, "pids", lambda _names: set())
    seen = observe(parts, ENGLISH, canary=False)
    assert seen.card.reading.ours_bytes is None
    assert judged(seen)[Promise.BUDGET].verdict is Verdict.NOT_SEEN


@pytest.mark.usefixtures("read_before")
def test_without_a_request_it_is_not_claimed_that_it_answers(parts: Parts, desk: OwnersDesk) -> None:
    def chats() -> int:
        told = get(f"http://127.0.0.1:{parts.settings.port}/control").json()
        assert isinstance(told, dict)
        return int(told["asked"]["/v1/chat/completions"])

    before = chats()
    seen = observe(parts, ENGLISH, canary=False)
    assert seen.asked[0].canary is None
    assert chats() == before
    assert not_kept(seen) == {
        "budget": Verdict.NOT_SEEN,
        "answers": Verdict.NOT_SEEN,
        "both-models": Verdict.NOT_SEEN,
    }


@pytest.mark.usefixtures("read_before")
def test_a_server_that_died_a_stray_and_an_absent_owner_are_seen(parts: Parts) -> None:
    with station.managing(parts) as desk:
        list(desk.change(Order(Wish.SWITCH, ("dots-ocr",))))
    driver = parts.drivers["process"]
    stray = parts.resolver.lineup(("dots-ocr",)).members[0]
    started = driver.start(replace(stray, model="stray", port=free_port()))
    os.kill(server_of(parts, "docstation-dots-ocr"), 9)
    eventually(lambda: not driver.find("docstation-dots-ocr").running)
    try:
        found = judged(observe(parts, ENGLISH))
    finally:
        driver.stop(started.name, grace=5)
        driver.stop("docstation-dots-ocr", grace=5)
    assert found[Promise.ONE_SERVER].verdict is Verdict.BROKEN
    assert len(found[Promise.ONE_SERVER].reasons) == 2
    assert found[Promise.WATCH].verdict is Verdict.BROKEN
    assert found[Promise.ANSWERS].verdict is Verdict.BROKEN
    assert found[Promise.LAST_KNOWN_GOOD].verdict is not Verdict.BROKEN


def server_of(parts: Parts, name: str) -> int:
    found = parts.drivers["process"].find(name)
    assert found is not None
    return found.pids[-1]


@pytest.mark.usefixtures("read_before")
def test_looking_changes_nothing(parts: Parts, desk: OwnersDesk) -> None:
    def contents() -> dict[str, bytes]:
        files = [path for path in parts.folder.rglob("*") if path.is_file() and "processes" not in path.parts]
        return {str(path): path.read_bytes() for path in files}

    before = contents()
    observe(parts, ENGLISH, canary=False)
    assert contents() == before


@pytest.mark.usefixtures("read_before")
def test_a_damaged_record_of_pins_and_a_broken_catalogue_leave_the_report_whole(parts: Parts, home: Path) -> None:
    parts.folder.mkdir(parents=True)
    (parts.folder / "pins.json").write_text("[")
    (home / "models.toml").write_text("[models.dots-ocr]\ncheckpoint = 7\n")
    found = judged(observe(parts, ENGLISH))
    assert list(found) == list(Promise)
    assert found[Promise.OFFLINE_START].verdict is Verdict.NOT_SEEN
    assert found[Promise.BOTH_MODELS].verdict is Verdict.NOT_SEEN


# Container engines.


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> EngineDouble:
    """An engine in memory, where the user's settings lead to it."""
    made = EngineDouble()
    made.add_image("stub:1", "vllm")
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.invalid:2375")
    monkeypatch.setattr("docstation.station.drivers.container_client.connect", lambda _seconds=30: made.connect())
    monkeypatch.setattr(
        "docstation.bootstrap.parts.Parts._container",
        lambda parts: driver(made, parts.mark, parts.folder, parts.hub),
    )
    return made


def driver(engine: EngineDouble, mark: str, folder: Path, hub: Path | None = None) -> ContainerDriver:
    given = {"logs": folder / "logs", "caches": folder / "caches", "gpu": False, "hub": hub}
    return ContainerDriver(engine.connect, station=mark, **given)


@pytest.mark.usefixtures("read_before")
def test_containers_of_ours_are_listed_and_those_of_another_station_named(
    engine: EngineDouble, home: Path, tmp_path: Path
) -> None:
    parts = Parts(Station())
    deploy = stub_deployments("stub:1", tmp_path)
    driver(engine, parts.mark, tmp_path).start(deploy("mine"))
    driver(engine, "another", tmp_path).start(deploy("theirs", port=free_port()))
    seen = observe(parts, ENGLISH, canary=False)
    assert [(one.name, one.model, one.running) for one in seen.listed.servers] == [("docstation-mine", "mine", True)]
    assert seen.listed.strangers == ("docstation-theirs",)
    assert seen.listed.engine.version == "Docker 28.5.2 (API 1.51)"
    finding = judged(seen)[Promise.ONE_SERVER]
    assert finding.verdict is Verdict.BROKEN
    assert [dict(reason.fields)["name"] for reason in finding.reasons] == ["docstation-mine"]


def test_an_image_and_its_digest_are_looked_for(engine: EngineDouble, tmp_path: Path) -> None:
    there = stub_deployments("stub:1", tmp_path)("mine")
    found = find_engine()
    assert bundle(there, "active", tmp_path, found).image == "stub:1"
    missing = bundle(replace(there, image="other:1", checkpoint="org/none"), "active", tmp_path, found)
    assert missing.image_trouble is not None
    assert missing.weights_trouble is not None
    assert missing.weights == missing.image == ""


@pytest.mark.usefixtures("read_before")
def test_the_default_model_is_looked_for_with_its_pins(engine: EngineDouble, home: Path) -> None:
    Pins(home / "station").record("weights", "rednote-hilab/dots.ocr", "c" * 40)
    seen = observe(Parts(Station()), ENGLISH, canary=False)
    (one,) = seen.bundles
    assert (one.role, one.deployment.model, one.deployment.revision) == ("default", "dots-ocr", "c" * 40)
    assert judged(seen)[Promise.OFFLINE_START].verdict is Verdict.BROKEN


def test_podman_is_told_from_docker(engine: EngineDouble) -> None:
    engine.answers = {"Version": "5.4.2", "Components": [{"Name": "Podman Engine"}]}
    found = find_engine().seen
    assert (found.state, found.version) == ("unsupported", "Podman 5.4.2 (API 1.51)")
    assert found.trouble.said.message.startswith("This is Podman")


def test_an_engine_that_cannot_give_a_gpu_away_says_so(engine: EngineDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstation.station.drivers.container_checks._HOOKS", ())
    assert find_engine().seen.gpu_trouble is not None
    engine.gpu = "granted"
    assert find_engine().seen.gpu_trouble is None


@pytest.mark.parametrize(("flaw", "state"), [("down", "down"), ("denied", "denied")])
def test_an_engine_that_is_of_no_use_is_named_by_its_flaw(engine: EngineDouble, flaw: str, state: str) -> None:
    setattr(engine, flaw, True)
    found = find_engine()
    assert (found.seen.state, found.client) == (state, None)
    assert found.seen.trouble.remedy.message


def at(socket_path: Path, **more: str) -> dict[str, str]:
    return {"DOCKER_HOST": f"unix://{socket_path}", "PATH": "/nowhere", **more}


def test_no_socket_means_none_installed_or_not_started(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    assert find_engine(at(tmp_path / "none.sock")).seen.state == "absent"
    assert find_engine(at(tmp_path / "none.sock", PATH=str(tmp_path))).seen.state == "down"


def test_a_chosen_context_is_asked_though_the_usual_socket_is_missing(
    engine: EngineDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "desktop-linux"}')
    assert find_engine({"DOCKER_CONFIG": str(tmp_path)}).seen.address == "context desktop-linux"


def test_an_engine_that_hangs_costs_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        began = time.monotonic()
        assert find_engine().seen.state == "down"
        assert time.monotonic() - began < 5.0


def test_a_remote_server_without_its_key_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("docstation.station.talk.get", lambda url, **_more: asked.append(url))
    remote = Deployment("far", "remote", "far", 8192, endpoint="https://far.invalid", key_variable="NO_SUCH_KEY")
    seen = ask(remote, 1.0)
    assert seen.trouble is not None
    assert asked == []
