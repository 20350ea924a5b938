"""The journal: what was written outlasts a crash, torn lines do not count, and events add up to the state."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from station_world import World, lineup

from docstation.station import journal as journals
from docstation.station.causes import Cause
from docstation.station.journal import FILE, OLDER, Journal, read_records, replay
from docstation.station.machine import react
from docstation.station.records import event_from_json, event_to_json, state_from_json, state_to_json
from docstation.station.words import Event, Kind, Requested, State, Step, StepDone, StepFailed


def switch(identity: str = "t1", at: float = 1000.0) -> list[Event]:
    """A first start of dots, from the request to the canary."""
    steps = (Step.PREPARE, Step.START, Step.LOAD, Step.PROBE, Step.CANARY)
    done = [StepDone(at + number, identity, step) for number, step in enumerate(steps, 1)]
    return [Requested(at, identity, Kind.SWITCH, lineup("dots")), *done]


def write(journal: Journal, events: list[Event]) -> State:
    for event in events:
        state, _ = react(journal.state, event)
        journal.append(event, state)
    return journal.state


def test_what_was_written_is_the_state_of_the_next_owner(tmp_path: Path):
    journal = Journal(tmp_path)
    state = write(journal, switch())
    journal.close()
    assert state.serving == lineup("dots")
    assert Journal(tmp_path).state == state


def test_a_checkpoint_stands_for_all_that_was_before(tmp_path: Path):
    journal = Journal(tmp_path)
    state = write(journal, switch())
    journal.checkpoint(2000)
    lines = (tmp_path / FILE).read_text().splitlines()
    (tmp_path / FILE).write_text(lines[-1] + "\n")
    assert replay(read_records(tmp_path)).state == state


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_torn_line_is_not_counted_and_does_not_harm_the_next(tmp_path: Path, cut: int):
    journal = Journal(tmp_path)
    write(journal, switch()[:3])
    before = journal.state
    event = switch()[3]
    journal.append(event, react(before, event)[0])
    journal.close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-cut])
    again = Journal(tmp_path)
    assert again.state == before
    again.append(event, react(before, event)[0])
    assert replay(read_records(tmp_path)).state == again.state


def test_records_tell_how_long_each_step_took(tmp_path: Path):
    journal = Journal(tmp_path)
    write(journal, switch())
    steps = [(one.before, one.after, one.seconds) for one in read_records(tmp_path)]
    assert steps[1:] == [
        ("prepare", "start", 1.0),
        ("start", "load", 1.0),
        ("load", "probe", 1.0),
        ("probe", "canary", 1.0),
        ("canary", "ready", 1.0),
    ]
    assert {one.transaction for one in read_records(tmp_path)} == {"t1"}


def test_numbers_go_on_in_a_new_file_and_the_older_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journals, "LARGEST", 100)
    journal = Journal(tmp_path)
    write(journal, switch())
    journal.checkpoint(2000)
    assert (tmp_path / OLDER).exists()
    numbers = [one.number for one in read_records(tmp_path)]
    assert numbers == sorted(set(numbers))
    assert replay(read_records(tmp_path)).state == journal.state


def test_notes_are_read_by_people_and_change_nothing(tmp_path: Path):
    journal = Journal(tmp_path)
    write(journal, switch())
    journal.note(2000, "measured", {"spec": "x", "bytes": 5})
    assert replay(read_records(tmp_path)).state == journal.state
    assert [one.kind for one in read_records(tmp_path, notes=False)] == ["event"] * 6


def test_a_line_of_another_version_is_read_as_far_as_it_is_known(tmp_path: Path):
    journal = Journal(tmp_path)
    write(journal, switch())
    journal.checkpoint(2000)
    lines = (tmp_path / FILE).read_text().splitlines()
    last = json.loads(lines[-1])
    last["body"]["colour"] = "blue"
    del last["body"]["failures"]
    (tmp_path / FILE).write_text(json.dumps(last) + "\n")
    assert replay(read_records(tmp_path)).state == journal.state


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["ask", "ok", "fail", "settle", "retry", "exit"]), max_size=40))
def test_events_and_states_survive_being_written(actions: list[str]):
    world = World()
    for action in actions:
        if action == "ask":
            world.ask(Kind.SWITCH, lineup("dots") if len(world.asked) % 2 else lineup("small", "tiny"))
        elif action in {"ok", "fail"} and world.pending:
            world.do(lambda effect, action=action: Cause.GARBAGE if action == "fail" else None)
        elif action == "settle":
            world.settle()
        elif action == "retry":
            world.retry()
        elif action == "exit":
            world.fall_ill("dots", Cause.EXITED)
        assert state_from_json(json.loads(json.dumps(state_to_json(world.state)))) == world.state
    for event in (*switch(), StepFailed(1.0, "t", Step.LOAD, Cause.OOM_LOAD, "слово")):
        assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_a_line_that_did_not_fit_whole_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal = Journal(tmp_path)
    write(journal, switch()[:2])
    before, event = (tmp_path / FILE).read_bytes(), switch()[2]
    real = os.write
    left = [7]

    def full(descriptor: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written, left[0] = real(descriptor, data[: left[0]]), 0
        return written

    monkeypatch.setattr(journals.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        journal.append(event, react(journal.state, event)[0])
    monkeypatch.setattr(journals.os, "write", real)
    assert (tmp_path / FILE).read_bytes() == before
    journal.append(event, react(journal.state, event)[0])
    numbers = [one.number for one in read_records(tmp_path)]
    assert numbers == [1, 2, 3]
