"""kill -9 at every write of the journal: the next owner finds its way, whatever the last one was about.

The stories are a first start, a switch, a switch that fails and goes back, and a stop; see `mortal_owner`. A failure
names the story and the write.
"""

from __future__ import annotations

import pytest
from killed_station import KILLED, Stations, named
from mortal_owner import STORIES

from docstation.station.journal import FILE

WRITES = [named(name, number) for name, story in STORIES.items() for number in range(1, len(story.writes) + 1)]


@pytest.mark.parametrize("story", STORIES)
def test_the_story_writes_what_is_listed(stations: Stations, story: str):
    station = stations(story)
    assert station.live(story, 0, "written") == 0
    assert station.lines() == [one.line for one in STORIES[story].writes]
    station.taken_over(STORIES[story])


@pytest.mark.parametrize(("story", "number"), WRITES)
def test_killed_right_behind_a_write(stations: Stations, story: str, number: int):
    station = stations(story)
    assert station.live(story, number, "written") == KILLED
    assert len(station.lines()) == number
    station.taken_over(STORIES[story])


@pytest.mark.parametrize(("story", "number"), WRITES)
def test_killed_in_the_middle_of_a_line(stations: Stations, story: str, number: int):
    station = stations(story)
    assert station.live(story, number, "torn") == KILLED
    assert not (station.place.folder / FILE).read_bytes().endswith(b"\n")
    assert len(station.lines()) == number - 1
    station.taken_over(STORIES[story])
