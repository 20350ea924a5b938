"""Weights count as there when all their files are: in a folder, or in the cache of the hub."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from driver_contract import refused

from docstation.station.causes import Cause
from docstation.station.deployment import Deployment
from docstation.station.drivers.weights import check_weights

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = Deployment("m", "container", "m", 8192, checkpoint="some-org/some-model")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """The folder of a commit in the hub's cache below `tmp_path`, named by its branch as a download leaves it."""
    repository = tmp_path / "models--some-org--some-model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    return folder


def fill(folder: Path, *, shards: int) -> None:
    names = [f"model-{number:05}-of-{shards:05}.safetensors" for number in range(1, shards + 1)]
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: name for name in names}}))
    for name in names:
        (folder / name).write_bytes(b"")


def test_a_whole_download_is_there(tmp_path: Path, snapshot: Path) -> None:
    fill(snapshot, shards=3)
    check_weights(MODEL, tmp_path)
    check_weights(replace(MODEL, revision=COMMIT), tmp_path)


def test_another_commit_is_missing(tmp_path: Path, snapshot: Path) -> None:
    fill(snapshot, shards=1)
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(replace(MODEL, revision="f" * 40), tmp_path)


def test_a_download_that_was_broken_off_is_missing(tmp_path: Path, snapshot: Path) -> None:
    fill(snapshot, shards=3)
    (snapshot / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(Exception, match="model-00002-of-00003"):
        check_weights(MODEL, tmp_path)


def test_a_dangling_link_into_the_cache_is_missing(tmp_path: Path, snapshot: Path) -> None:
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors.index.json").write_text('{"weight_map": {"a": "a.safetensors"}}')
    (snapshot / "a.safetensors").symlink_to("../../blobs/gone")
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(MODEL, tmp_path)


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": 7}', '{"weight_map": {"a": []}}', "\x00"])
def test_a_damaged_index_is_missing(tmp_path: Path, snapshot: Path, index: str) -> None:
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors.index.json").write_text(index)
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(MODEL, tmp_path)


def test_configuration_without_weights_is_missing(tmp_path: Path, snapshot: Path) -> None:
    (snapshot / "config.json").write_text("{}")
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(MODEL, tmp_path)
    (snapshot / "model.safetensors").write_bytes(b"")
    check_weights(MODEL, tmp_path)


@pytest.mark.parametrize("name", ["", "no-such/model", "../../etc", "a/b/c", "relative/folder", "\x00", "x" * 400])
def test_names_that_lead_nowhere_are_missing(tmp_path: Path, name: str) -> None:
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(replace(MODEL, checkpoint=name), tmp_path)


def test_a_folder_is_looked_into(tmp_path: Path) -> None:
    folder = tmp_path / "моя модель"
    folder.mkdir()
    local = replace(MODEL, checkpoint=str(folder))
    with refused(Cause.WEIGHTS_MISSING):
        check_weights(local, tmp_path / "hub")
    fill(folder, shards=2)
    check_weights(local, tmp_path / "hub")
