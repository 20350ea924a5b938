"""A deployment becomes the body of a request, and its labels become the deployment again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.station.deployment import Deployment
from docstation.station.drivers.container_creation import (
    DEPLOYMENT,
    Mount,
    Surroundings,
    creation,
    deployment_of,
    is_ours,
    labels,
    listening,
    mounts,
)

DOTS = Deployment(
    model="dots-ocr",
    driver="container",
    served_name="rednote-hilab/dots.ocr",
    context=8192,
    arguments=("rednote-hilab/dots.ocr", "--host", "127.0.0.1", "--port", "18000", "--max-model-len", "8192"),
    port=18000,
    checkpoint="rednote-hilab/dots.ocr",
    environment=(("VLLM_LOGGING_LEVEL", "INFO"),),
)
AROUND = Surroundings("a-station", "1000:1000", Path("/cache/hub"), Path("/cache/container"))

words = st.text(st.characters(exclude_categories=["Cs"]))


def variables(body: dict[str, list[str]]) -> dict[str, str]:
    return dict(each.split("=", 1) for each in body["Env"])


@pytest.mark.parametrize(
    "given_words",
    [
        ("model",),
        ("model", "--host", "127.0.0.1", "--port", "18000"),
        ("model", "--port=18000", "--host=::1"),
        ("model", "--port"),
    ],
)
def test_inside_it_listens_where_the_published_port_leads(given_words: tuple[str, ...]) -> None:
    assert listening(given_words) == ["model", "--host", "0.0.0.0", "--port", "8000"]


def test_other_words_keep_their_order() -> None:
    body = creation(DOTS, "image", AROUND)
    assert body["Entrypoint"] == ["vllm", "serve"]
    assert body["Cmd"][:3] == ["rednote-hilab/dots.ocr", "--max-model-len", "8192"]


def test_a_user_without_an_entry_has_a_home_a_name_and_its_caches() -> None:
    told = variables(creation(DOTS, "image", AROUND))
    assert told["HOME"] == "/docstation"
    assert told["USER"] == told["LOGNAME"]
    caches = ("HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
    assert all(told[name].startswith("/docstation/") for name in caches)


def test_it_asks_nobody_for_weights_and_its_own_variables_win() -> None:
    told = variables(creation(replace(DOTS, environment=(("USER", "me"),)), "image", AROUND))
    assert (told["HF_HUB_OFFLINE"], told["HF_HUB_CACHE"], told["USER"]) == ("1", "/weights", "me")


def test_downloaded_weights_are_read_from_the_hub_and_a_folder_at_its_own_path() -> None:
    assert Mount(Path("/cache/hub"), "/weights") in mounts(DOTS, AROUND)
    own = mounts(replace(DOTS, checkpoint="/data/my model"), AROUND)
    assert Mount(Path("/data/my model"), "/data/my model") in own
    assert not any(each.target == "/weights" for each in own)
    assert [each.target for each in own if not each.read_only] == ["/docstation"]


def test_further_mounts_come_last() -> None:
    extra = Mount(Path("/opt"), "/opt")
    assert mounts(DOTS, replace(AROUND, mounts=(extra,)))[-1] == extra


def test_gpus_are_asked_for_all_or_by_their_ids() -> None:
    def requests(*gpus: str) -> object:
        return creation(DOTS, "image", replace(AROUND, gpus=gpus))["HostConfig"]["DeviceRequests"]

    assert requests() == []
    assert requests("all") == [{"Driver": "", "Capabilities": [["gpu"]], "Count": -1}]
    assert requests("0") == [{"Driver": "", "Capabilities": [["gpu"]], "DeviceIDs": ["0"]}]


def test_memory_is_bounded_without_swap() -> None:
    host = creation(DOTS, "image", replace(AROUND, memory_bytes=1 << 30))["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 1 << 30


@given(
    st.builds(
        Deployment,
        model=words,
        driver=st.just("container"),
        served_name=words,
        context=st.integers(0, 1 << 20),
        arguments=st.lists(words).map(tuple),
        port=st.integers(0, 65535),
        planned_bytes=st.integers(0, 1 << 40),
        environment=st.lists(st.tuples(words, words)).map(tuple),
        canary_prompt=words,
    )
)
def test_labels_bring_the_deployment_back(deployment: Deployment) -> None:
    found = labels(deployment, "a-station")
    assert is_ours(found, "a-station")
    assert not is_ours(found, "another")
    assert deployment_of(found) == deployment


def test_labels_of_a_newer_version_are_understood() -> None:
    found = labels(DOTS, "a-station")
    found[DEPLOYMENT] = json.dumps(json.loads(found[DEPLOYMENT]) | {"invented_later": 1})
    assert deployment_of(found) == DOTS


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "{}", '{"model": "x"}', '{"environment": 7}', "null"])
def test_a_label_that_is_no_deployment_gives_none(text: str) -> None:
    assert deployment_of({DEPLOYMENT: text}) is None


def test_containers_without_labels_are_not_ours() -> None:
    assert not is_ours(None, "a-station")
    assert not is_ours({}, "")
