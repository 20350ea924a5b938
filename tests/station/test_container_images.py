"""Images by tag and by digest, and how a pull tells of itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from driver_contract import refused

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.container_images import PullProgress, image_digest, image_reference, pull_image
from docstation.testing.container_engine import EngineDouble

DIGEST = f"sha256:{'a' * 64}"
IMAGE = "vllm/vllm-openai:v0.32.0"
DEPLOYMENT = Deployment("m", "container", "m", 8192, image=IMAGE)


class Registered(EngineDouble):
    """An engine whose images came from registries: they have digests beside their ids."""

    def __init__(self, digests: list[str]) -> None:
        super().__init__()
        self.digests = digests

    def inspect_image(self, image: str) -> dict[str, Any]:
        return super().inspect_image(image) | {"RepoDigests": self.digests}


@pytest.mark.parametrize(
    ("image", "listed"),
    [
        (IMAGE, f"vllm/vllm-openai@{DIGEST}"),
        ("vllm/vllm-openai", f"docker.io/vllm/vllm-openai@{DIGEST}"),
        ("localhost:5000/some/image", f"localhost:5000/some/image@{DIGEST}"),
        ("localhost:5000/some/image:1", f"localhost:5000/some/image@{DIGEST}"),
        ("busybox:1", f"busybox@{DIGEST}"),
        ("docker.io/library/busybox", f"busybox@{DIGEST}"),
        (f"vllm/vllm-openai@{DIGEST}", f"vllm/vllm-openai@{DIGEST}"),
    ],
)
def test_the_digest_is_the_one_of_the_images_own_repository(image: str, listed: str) -> None:
    engine = Registered([f"mirror.invalid/copy@sha256:{'b' * 64}", listed])
    engine.add_image(image)
    assert image_digest(engine, image) == DIGEST


def test_without_a_registry_the_id_is_the_digest() -> None:
    engine = EngineDouble()
    made = engine.add_image(IMAGE)
    assert image_digest(engine, IMAGE) == made


def test_a_recorded_digest_is_looked_for_in_its_repository_first() -> None:
    engine = EngineDouble()
    held = replace(DEPLOYMENT, digest=DIGEST)
    engine.add_image(IMAGE)
    with pytest.raises(Fault, match=f"vllm/vllm-openai@{DIGEST}") as caught:
        image_reference(engine, held)
    assert caught.value.cause is Cause.IMAGE_MISSING
    engine.add_image(f"vllm/vllm-openai@{DIGEST}")
    assert image_reference(engine, held) == f"vllm/vllm-openai@{DIGEST}"
    assert image_reference(engine, DEPLOYMENT) == IMAGE


def test_a_deployment_without_an_image_is_refused() -> None:
    with refused(Cause.IMAGE_MISSING):
        image_reference(EngineDouble(), replace(DEPLOYMENT, image=""))


def told(layer: str, status: str, current: int = 0, total: int = 0) -> dict[str, Any]:
    detail = {"current": current, "total": total} if total else {}
    return {"id": layer, "status": status, "progressDetail": detail}


def test_a_pull_tells_layers_and_bytes() -> None:
    engine = EngineDouble()
    engine.pulls[IMAGE] = [
        told("v0.32.0", "Pulling from vllm/vllm-openai"),
        told("a", "Already exists"),
        told("b", "Pulling fs layer"),
        told("c", "Pulling fs layer"),
        told("b", "Downloading", 50, 100),
        told("c", "Downloading", 10, 300),
        told("b", "Download complete"),
        told("c", "Downloading", 300, 300),
        told("c", "Download complete"),
        told("b", "Extracting", 7, 100),
        told("b", "Pull complete"),
        told("c", "Pull complete"),
        {"status": f"Digest: {DIGEST}"},
    ]
    heard: list[PullProgress] = []
    assert pull_image(engine, IMAGE, heard.append) == image_digest(engine, IMAGE)
    assert heard[0] == PullProgress(layers_done=1, layers=1, bytes_done=0, bytes=0)
    assert heard[5] == PullProgress(layers_done=1, layers=3, bytes_done=110, bytes=400)
    assert heard[-1] == PullProgress(layers_done=3, layers=3, bytes_done=400, bytes=400)
    assert all(before.bytes_done <= after.bytes_done for before, after in pairwise(heard))


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("failed to register layer: write /usr/lib/x: no space left on device", Cause.DISK_FULL),
        ("toomanyrequests: You have reached your pull rate limit", Cause.IMAGE_PULL),
        ("unauthorized: authentication required", Cause.IMAGE_PULL),
        ("manifest for vllm/vllm-openai:v9 not found: manifest unknown: manifest unknown", Cause.IMAGE_PULL),
        ("Get https://r.invalid/v2/: dial tcp 10.0.0.1:443: i/o timeout", Cause.HUB_UNREACHABLE),
        ("Get https://r.invalid/v2/: net/http: TLS handshake timeout", Cause.HUB_UNREACHABLE),
        ("read tcp 10.0.0.2:40000->10.0.0.1:443: read: connection reset by peer", Cause.HUB_UNREACHABLE),
        ("Get https://r.invalid/v2/: proxyconnect tcp: EOF", Cause.HUB_UNREACHABLE),
    ],
)
def test_a_pull_that_breaks_off_says_why(words: str, cause: Cause) -> None:
    engine = EngineDouble()
    engine.pulls[IMAGE] = [told("a", "Downloading", 1, 9), {"error": words, "errorDetail": {"message": words}}]
    with pytest.raises(Fault) as caught:
        pull_image(engine, IMAGE, lambda _progress: None)
    assert (caught.value.cause, caught.value.detail) == (cause, words)
    with refused(Cause.IMAGE_MISSING):
        image_digest(engine, IMAGE)
