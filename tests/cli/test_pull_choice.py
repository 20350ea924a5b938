"""Which models a pull takes, and what it says where it cannot."""

import json

import pytest
from models.hub_server import REPOSITORY, TOKEN
from pull_station import FILES, LARGE_REPOSITORY, held, station_with_hub, weights

from docstation.models.pins import Pins


@pytest.fixture
def server(home, tmp_path, monkeypatch):
    with station_with_hub(home, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def pins(home):
    return Pins(home / "station")


def test_of_an_alias_the_plan_picks_the_candidate(run, server):
    outcome = run("pull", "reader", "--json")
    assert outcome.code == 0
    found = json.loads(outcome.out)
    assert [one["model"] for one in found["models"]] == ["small"]
    assert [one["model"] for one in found["passed_over"]] == ["large"]
    assert "large passed over: " in outcome.err


def test_a_model_that_was_named_is_fetched_though_it_does_not_fit(run, server):
    server.push(FILES, LARGE_REPOSITORY)
    outcome = run("pull", "large")
    assert outcome.code == 0
    assert "large does not fit here: " in outcome.err
    assert f"{LARGE_REPOSITORY}: fetched" in outcome.out


def test_all_that_fit_are_fetched_once_for_each_repository(run, server):
    found = json.loads(run("pull", "--all", "reader", "small-too", "--json").out)
    assert [one["model"] for one in found["models"]] == ["small", "small-too"]
    assert [one["repository"] for one in found["weights"]] == [REPOSITORY]


def test_an_alias_of_which_nothing_fits_is_refused(run, server, monkeypatch):
    monkeypatch.setenv("DOCSTATION_STATION_BUDGET", "1 GB")
    assert run("pull", "reader").code == 7


def test_without_a_name_those_of_the_settings_are_meant(run, server, monkeypatch):
    monkeypatch.setenv("DOCSTATION_STATION_MODELS", "small")
    assert weights(run("pull", "--json"))["repository"] == REPOSITORY


def test_a_part_that_fails_does_not_keep_the_rest_from_being_fetched(run, server, pins):
    outcome = run("pull", "large", "small", "--json")
    assert outcome.code == 4
    found = {one["repository"]: one for one in json.loads(outcome.out)["weights"]}
    assert found[LARGE_REPOSITORY]["state"] == "failed"
    assert found[REPOSITORY]["state"] == "fetched"
    assert held(pins)


def test_what_is_built_in_or_lies_in_a_folder_needs_nothing(run, server, home, tmp_path):
    (home / "models.toml").write_text(f'[models.own]\ncheckpoint = "{tmp_path}"\nfigures = "dots-ocr"\n')
    outcome = run("pull", "embedded", "own")
    assert outcome.code == 0
    assert "embedded: built in or served elsewhere" in outcome.out
    assert f"{tmp_path}: a folder of your own" in outcome.out


def test_an_unknown_name_is_refused(run, server):
    assert run("pull", "smal").code == 2


# Refusals.


def failure(run, *more: str) -> tuple[dict, str]:
    outcome = run("pull", "small", "--json", *more)
    assert outcome.code == 5
    return weights(outcome)["error"], outcome.err


def test_terms_that_were_not_accepted_are_explained(run, server, monkeypatch):
    server.repositories[REPOSITORY].gated = True
    error, told = failure(run)
    assert error["cause"] == "hub-gated"
    assert f"the page of {REPOSITORY}" in told
    assert "HF_TOKEN" in told
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert run("pull", "small").code == 0


def test_a_wrong_token_is_explained(run, server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    error, told = failure(run)
    assert error["cause"] == "hub-gated"
    assert "valid token" in told
    assert "hf_wrong" not in told + json.dumps(error)


def test_a_login_of_the_hubs_own_is_used(run, server, tmp_path, monkeypatch):
    server.repositories[REPOSITORY].private = True
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    assert failure(run)[0]["cause"] == "weights-missing"
    (tmp_path / "token").write_text(TOKEN)
    assert run("pull", "small").code == 0


def test_an_unknown_repository_is_explained(run, server):
    server.repositories.clear()
    error, told = failure(run)
    assert error["cause"] == "weights-missing"
    assert REPOSITORY in told
    assert "`checkpoint` of small in models.toml" in told


def test_a_hub_out_of_reach_is_explained(run, server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    error, told = failure(run)
    assert error["cause"] == "hub-unreachable"
    assert "http://127.0.0.1:9 cannot be reached" in told
    assert "HTTPS_PROXY" in told


def test_a_variable_that_forbids_asking_is_named(run, server, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE=0 docstation pull small" in failure(run)[1]


def test_what_the_hub_says_is_shown_on_one_plain_line(run, server):
    server.nonsense = True
    assert "HF_ENDPOINT" in failure(run)[1]


def test_a_recorded_commit_that_is_gone_is_explained(run, server, pins):
    pins.record("weights", REPOSITORY, "f" * 40)
    error, told = failure(run)
    assert error["cause"] == "revision-gone"
    assert "docstation pull small --upgrade" in told


@pytest.mark.parametrize(
    "options",
    [
        ("--weights-only", "--image-only"),
        ("--verify", "--upgrade"),
        ("--verify", "--dry-run"),
        ("--verify", "--image-only"),
        ("--image-only", "--deep"),
    ],
)
def test_options_that_contradict_each_other_are_refused(run, server, options):
    outcome = run("pull", "small", *options)
    assert outcome.code == 2
    assert f"{options[0]} and {options[1]} do not go together" in outcome.err
