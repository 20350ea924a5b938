import json
from functools import partial

import pytest
from pull_station import CATALOGUE, IMAGE, held, station_with_hub
from station.small_registry import small_registry

from docstation.models.pins import Pins
from docstation.testing.container_engine import EngineDouble


@pytest.fixture
def server(home, tmp_path, monkeypatch):
    with station_with_hub(home, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def containers(server, monkeypatch):
    """The station starts vLLM in containers of this engine."""
    double = EngineDouble()
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "container")
    monkeypatch.setattr("docstation.station.drivers.container_client.connect", lambda: double)
    return double


@pytest.fixture
def pins(home):
    return Pins(home / "station")


def layer(status: str, current: int = 0, total: int = 0) -> dict:
    return {"id": "a", "status": status, "progressDetail": {"current": current, "total": total} if total else {}}


PULL = [layer("Downloading", 10, 300), layer("Download complete"), layer("Pull complete")]


def image(outcome) -> dict:
    (found,) = json.loads(outcome.out)["images"]
    return found


def test_an_image_is_pulled_recorded_and_then_here(run, containers, pins):
    containers.pulls[IMAGE] = PULL
    outcome = run("pull", "small")
    digest = pins.get("image", IMAGE)
    assert outcome.code == 0
    assert f"{IMAGE}: fetched, {digest[:19]}" in outcome.out
    assert f"{IMAGE}: 0 of 1 layers" in outcome.err
    containers.pulls.clear()
    assert f"{IMAGE}: all here, {digest[:19]}" in run("pull", "small").out


def test_an_image_that_is_here_is_recorded_without_asking_its_registry(run, containers, pins):
    made = containers.add_image(IMAGE)
    assert image(run("pull", "small", "--image-only", "--json"))["state"] == "here"
    assert pins.get("image", IMAGE) == made


def test_a_recorded_image_is_pulled_by_its_digest(run, containers, pins):
    digest = f"sha256:{'a' * 64}"
    pins.record("image", IMAGE, digest)
    containers.add_image(IMAGE)
    containers.pulls[f"some/server@{digest}"] = PULL
    found = image(run("pull", "small", "--image-only", "--json"))
    assert (found["state"], found["digest"], found["before"]) == ("fetched", digest, "")
    assert pins.get("image", IMAGE) == digest


def test_an_upgrade_takes_what_the_tag_names_now(run, containers, pins):
    old = f"sha256:{'a' * 64}"
    pins.record("image", IMAGE, old)
    containers.add_image(f"some/server@{old}")
    containers.pulls[IMAGE] = PULL
    found = image(run("pull", "small", "--image-only", "--upgrade", "--json"))
    assert (found["state"], found["before"]) == ("fetched", old)
    assert pins.get("image", IMAGE) == found["digest"] != old


def test_a_refusal_of_the_registry_is_explained_in_its_own_words_too(run, containers, pins):
    containers.pulls[IMAGE] = [{"error": "toomanyrequests: rate limit", "errorDetail": {}}]
    outcome = run("pull", "small", "--json")
    assert outcome.code == 4
    assert image(outcome)["error"]["cause"] == "image-pull"
    assert "toomanyrequests: rate limit" in outcome.err
    assert pins.get("image", IMAGE) == ""
    assert held(pins)


def test_an_engine_that_does_not_answer_is_explained(run, containers):
    containers.halt()
    outcome = run("pull", "small", "--image-only", "--json")
    assert outcome.code == 5
    assert image(outcome)["error"]["cause"] == "engine-down"


def test_without_a_container_engine_no_image_is_needed(run, server):
    outcome = run("pull", "small")
    assert outcome.code == 0
    assert f"{IMAGE}: not needed: no container engine starts models here" in outcome.out


def test_an_image_alone_is_not_left_out_in_silence(run, server, monkeypatch):
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "auto")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    outcome = run("pull", "small", "--image-only")
    assert outcome.code == 5
    assert "container engine does not answer" in outcome.err


def test_a_dry_run_pulls_no_image(run, containers, home):
    assert image(run("pull", "small", "--dry-run", "--json"))["state"] == "planned"
    assert not (home / "station").exists()


def test_weights_alone_need_no_engine(run, containers):
    containers.halt()
    assert run("pull", "small", "--weights-only").code == 0


@pytest.mark.engine
def test_a_real_engine_pulls_what_is_recorded_though_the_tag_has_moved_on(
    run, server, home, pins, engine_client, monkeypatch
):
    server_image = "docstation-test/pulled"
    with small_registry(server_image) as registry:
        name = f"{registry.address}/{server_image}:1"
        (home / "models.toml").write_text(CATALOGUE.replace(IMAGE, name))
        monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "container")
        pull = partial(run, "pull", "small", "--image-only", "--json")
        old = registry.push("1", seed=1)
        assert image(pull())["state"] == "fetched"
        assert pins.get("image", name) == old
        registry.push("1", seed=2)
        engine_client.remove_image(f"{registry.address}/{server_image}@{old}", force=True)
        engine_client.remove_image(name, force=True)
        found = image(pull())
        assert (found["state"], found["digest"]) == ("fetched", old)
        assert image(pull())["state"] == "here"
        found = image(pull("--upgrade"))
        assert found["before"] == old != found["digest"] == pins.get("image", name)
        for digest in (old, found["digest"]):
            engine_client.remove_image(f"{registry.address}/{server_image}@{digest}", force=True)
