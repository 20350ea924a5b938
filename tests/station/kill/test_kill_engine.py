"""kill -9 with containers of a real engine: the places at which the engine's own doings count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driver_contract import free_port
from killed_station import KILLED, Stations, named, stations_in
from mortal_owner import STORIES, Place
from real_engine import HostImage

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def stations(engine_client: Any, stub_image: HostImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stations]:
    """Stations of containers."""

    def containers(port: int) -> list[str]:
        listed = engine_client.containers(all=False)
        return [one["Id"] for one in listed if any(each.get("PublicPort") == port for each in one.get("Ports") or [])]

    yield from stations_in(
        lambda: tmp_path_factory.mktemp("station"),
        lambda folder: Place(folder, free_port(), stub_image.image, stub_image.mounts),
        containers,
    )


@pytest.mark.parametrize(
    ("story", "number"),
    [
        named("start", 4),
        named("start", 6),
        named("switch", 4),
        named("switch", 5),
        named("switch", 6),
        named("switch", 8),
        named("switch", 12),
        named("rollback", 12),
        named("rollback", 15),
        named("stop", 4),
    ],
)
def test_killed_right_behind_a_write(stations: Stations, story: str, number: int):
    station = stations(story)
    assert station.live(story, number, "written") == KILLED
    station.taken_over(STORIES[story])


@pytest.mark.parametrize("milliseconds", [20, 80, 150, 250, 400])
@pytest.mark.parametrize(("story", "number"), [named("switch", 5), named("switch", 7)])
def test_killed_while_the_engine_stops_or_starts_a_container(
    stations: Stations, story: str, number: int, milliseconds: int
):
    station = stations(story)
    assert station.live(story, number, "amid", seconds=milliseconds / 1000) == KILLED
    station.taken_over(STORIES[story])
