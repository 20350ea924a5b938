"""What the hub refuses, told apart."""

import pytest
from models.hub_server import REPOSITORY, TOKEN, HubServer, hub_server

from docstation.models.hub import Hub, Unfetched


@pytest.fixture
def server(monkeypatch):
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with hub_server() as made:
        made.push({"config.json": b"{}", "model.safetensors": b"weights"})
        yield made


def refused(server: HubServer, revision: str = "") -> Unfetched:
    with pytest.raises(Unfetched) as caught:
        Hub(server.address).listing(REPOSITORY, revision)
    return caught.value


def test_terms_that_were_not_accepted_are_known_before_anything_is_loaded(server, monkeypatch):
    server.repositories[REPOSITORY].gated = True
    assert refused(server).reason == "hub-gated"
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert refused(server).reason == "hub-gated"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert Hub(server.address).listing(REPOSITORY).files


@pytest.mark.parametrize("token", ["", "hf_other"])
def test_a_private_repository_looks_as_if_it_were_not_there(server, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    server.repositories[REPOSITORY].private = True
    assert refused(server).reason == "weights-missing"
    server.repositories.clear()
    assert refused(server).reason == "weights-missing"


def test_a_token_that_is_none_is_told_apart(server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(server).reason == "hub-denied"


def test_a_commit_that_is_gone_is_told_apart(server):
    assert refused(server, "f" * 40).reason == "revision-gone"


def test_a_name_that_is_none_of_a_repository_is_refused():
    with pytest.raises(Unfetched) as caught:
        Hub("http://127.0.0.1:9").listing("~/models/no such folder")
    assert caught.value.reason == "weights-missing"


def test_a_hub_that_is_not_there_is_out_of_reach(server):
    server.address = "http://127.0.0.1:9"
    failure = refused(server)
    assert (failure.reason, failure.passing) == ("hub-unreachable", True)


def test_asking_may_be_forbidden(server, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert refused(server).reason == "hub-offline"


def test_a_page_of_a_hotel_is_no_answer(server):
    server.nonsense = True
    assert refused(server).reason == "hub-failed"


def test_a_repository_without_weights_is_refused(server):
    server.push({"config.json": b"{}", "model.gguf": b"x"})
    assert refused(server).reason == "no-weights"
