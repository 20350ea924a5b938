"""Pulling by a real engine, from a registry on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driver_contract import free_port, refused
from small_registry import SmallRegistry, small_registry

from docstation.station.causes import Cause
from docstation.station.deployment import Deployment
from docstation.station.drivers.container_images import PullProgress, image_digest, image_reference, pull_image

pytestmark = pytest.mark.engine

REPOSITORY = "some/server"


@pytest.fixture
def registry(engine_client: Any) -> Iterator[SmallRegistry]:
    with small_registry(REPOSITORY) as made:
        yield made
        for image in engine_client.images(name=f"{made.address}/{REPOSITORY}"):
            engine_client.remove_image(image["Id"], force=True)


def ignore(_progress: PullProgress) -> None:
    """Nobody watches this pull."""


def test_a_pull_gives_the_digest_and_tells_how_far_it_is(engine_client: Any, registry: SmallRegistry) -> None:
    digest = registry.push("1", seed=1)
    image = f"{registry.address}/{REPOSITORY}:1"
    heard: list[PullProgress] = []
    assert pull_image(engine_client, image, heard.append) == digest
    assert (heard[-1].layers_done, heard[-1].layers) == (1, 1)
    assert heard[-1].bytes_done == heard[-1].bytes
    assert image_digest(engine_client, image) == digest


def test_a_recorded_digest_holds_when_the_tag_moves_on(engine_client: Any, registry: SmallRegistry) -> None:
    image = f"{registry.address}/{REPOSITORY}:latest"
    old = registry.push("latest", seed=1)
    pull_image(engine_client, image, ignore)
    new = registry.push("latest", seed=2)
    assert pull_image(engine_client, image, ignore) == new != old
    held = Deployment("m", "container", "m", 8192, image=image, digest=old)
    reference = image_reference(engine_client, held)
    assert reference == f"{registry.address}/{REPOSITORY}@{old}"
    assert engine_client.inspect_image(reference)["Id"] != engine_client.inspect_image(image)["Id"]


def test_what_the_registry_does_not_have_is_not_pulled(engine_client: Any, registry: SmallRegistry) -> None:
    with refused(Cause.IMAGE_PULL):
        pull_image(engine_client, f"{registry.address}/{REPOSITORY}:absent", ignore)


def test_a_registry_that_is_not_there_is_out_of_reach(engine_client: Any) -> None:
    with refused(Cause.HUB_UNREACHABLE):
        pull_image(engine_client, f"127.0.0.1:{free_port()}/{REPOSITORY}:1", ignore)
