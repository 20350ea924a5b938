"""A station that has nothing fetched yet, beside a hub on the loopback; for the tests of ``docstation pull``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from models.hub_server import REPOSITORY, HubServer, hub_server

from docstation.models.pins import Pins

SHARD = "model.safetensors"
LARGE_REPOSITORY = "maker/large-reader"
IMAGE = "some/server:1"
FILES = {"config.json": b"{}", "tokenizer.json": b"[]" * 500, SHARD: bytes(range(256)) * 4096}
CATALOGUE = f"""
[models.small]
checkpoint = "{REPOSITORY}"
figures = "dots-ocr"
image = "{IMAGE}"

[models.small-too]
extends = "small"
context = 6144

[models.large]
checkpoint = "{LARGE_REPOSITORY}"
figures = "qwen3-vl-8b"
image = "{IMAGE}"

[aliases.reader]
candidates = ["large", "small"]
"""


@contextmanager
def station_with_hub(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The hub; vLLM is started as a program, and weights go to `folder`/hub."""
    home.mkdir()
    (home / "models.toml").write_text(CATALOGUE)
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "DOCSTATION_STATION_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "process")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setenv("HF_HOME", str(folder / "hf"))
    with hub_server() as made:
        made.push(FILES)
        monkeypatch.setenv("HF_ENDPOINT", made.address)
        yield made


def held(pins: Pins) -> str:
    """The recorded revision of the small reader."""
    return pins.get("weights", REPOSITORY)


def weights(outcome) -> dict:
    """What the document for programs says of the only weights."""
    (found,) = json.loads(outcome.out)["weights"]
    return found
