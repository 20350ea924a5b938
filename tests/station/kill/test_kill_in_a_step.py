"""kill -9 with a step under way, and again while the next owner still makes good what the last one left."""

from __future__ import annotations

from itertools import pairwise

import pytest
from killed_station import KILLED, Stations, named
from mortal_owner import STORIES

STEPS = [
    named(name, number)
    for name, story in STORIES.items()
    for number, (write, following) in enumerate(pairwise(story.writes), 1)
    if write.line.startswith(("Requested", "Step")) and following.line.startswith(("Step", "note"))
]
"""Writes behind which a step begins."""
LAUNCH = named("switch", 7)


@pytest.mark.parametrize(("story", "number"), STEPS)
def test_killed_in_the_middle_of_a_step(stations: Stations, story: str, number: int):
    station = stations(story)
    assert station.live(story, number, "amid", seconds=0.015) == KILLED
    station.taken_over(STORIES[story])


@pytest.mark.parametrize("milliseconds", [1, 5, 10, 20, 25, 30, 35, 40])
@pytest.mark.parametrize(("story", "number"), [LAUNCH])
def test_killed_while_a_server_is_being_launched(stations: Stations, story: str, number: int, milliseconds: int):
    station = stations(story)
    assert station.live(story, number, "amid", seconds=milliseconds / 1000) == KILLED
    station.taken_over(STORIES[story])


@pytest.mark.parametrize(("story", "number"), [named("start", 4), named("switch", 6), named("rollback", 12)])
def test_owners_that_all_die_at_their_third_write_get_there_together(stations: Stations, story: str, number: int):
    station = stations(story)
    assert station.live(story, number, "written") == KILLED
    owners = 0
    while (code := station.live_on(3)) == KILLED:
        owners += 1
    assert code == 0
    assert owners > 2
    station.calm_with(STORIES[story].writes[number - 1])
