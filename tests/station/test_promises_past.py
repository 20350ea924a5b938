"""The last change of what served, read out of journals that a real owner wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_steps import PlainResolve, PlainSteps
from station_world import failing, lineup

from docstation.station.causes import Cause
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.journal import read_records
from docstation.station.owner import Owner
from docstation.station.promises.past import Change, last_change
from docstation.station.words import Kind, Outcome, Step

FORWARD = [Step.PREPARE, Step.START, Step.LOAD, Step.PROBE, Step.CANARY]


@pytest.fixture
def steps() -> PlainSteps:
    return PlainSteps()


def change(folder: Path, steps: PlainSteps, wish: Wish, *names: str) -> None:
    with Owner(folder, steps, stable_seconds=0.0) as owner:
        list(OwnersDesk(owner, PlainResolve(lineup)).change(Order(wish, names)))


def told(folder: Path) -> Change:
    found = last_change(read_records(folder))
    assert found is not None
    return found


def test_a_journal_without_a_change_knows_of_none(tmp_path: Path, steps: PlainSteps) -> None:
    assert last_change(read_records(tmp_path)) is None
    with Owner(tmp_path, steps):
        pass
    assert last_change(read_records(tmp_path)) is None


def test_a_change_has_its_steps_its_time_and_its_end(tmp_path: Path, steps: PlainSteps) -> None:
    change(tmp_path, steps, Wish.SWITCH, "dots")
    seen = told(tmp_path)
    assert (seen.outcome, seen.serving, seen.transaction.kind) == (Outcome.DONE, ("dots",), Kind.SWITCH)
    assert [one.step for one in seen.steps] == FORWARD
    assert seen.seconds >= sum(one.seconds for one in seen.steps) - 0.01


def test_only_the_last_change_counts(tmp_path: Path, steps: PlainSteps) -> None:
    change(tmp_path, steps, Wish.SWITCH, "dots")
    change(tmp_path, steps, Wish.SWITCH, "qwen")
    seen = told(tmp_path)
    assert (seen.serving, seen.transaction.origin.names) == (("qwen",), ("dots",))
    assert [one.step for one in seen.steps] == [Step.PREPARE, Step.DRAIN, Step.STOP, Step.RECLAIM, *FORWARD[1:]]
    change(tmp_path, steps, Wish.STOP)
    seen = told(tmp_path)
    assert (seen.transaction.kind, seen.serving, seen.outcome) == (Kind.STOP, (), Outcome.DONE)


def test_the_way_back_is_told_apart(tmp_path: Path, steps: PlainSteps) -> None:
    change(tmp_path, steps, Wish.SWITCH, "dots")
    steps.outcome = failing(Step.CANARY, Cause.GARBAGE, "qwen")
    change(tmp_path, steps, Wish.SWITCH, "qwen")
    seen = told(tmp_path)
    assert (seen.outcome, seen.serving, seen.transaction.cause) == (Outcome.ROLLED_BACK, ("dots",), Cause.GARBAGE)
    assert [one.moment for one in seen.steps if one.step is Step.CANARY] == ["failed", "done"]
    assert [one.back for one in seen.steps if one.step is Step.CANARY] == [False, True]


def test_a_refused_change_touched_nothing(tmp_path: Path, steps: PlainSteps) -> None:
    change(tmp_path, steps, Wish.SWITCH, "dots")
    steps.outcome = failing(Step.PREPARE, Cause.WEIGHTS_MISSING)
    change(tmp_path, steps, Wish.SWITCH, "qwen")
    seen = told(tmp_path)
    assert (seen.outcome, seen.serving) == (Outcome.REFUSED, ("dots",))
    assert [one.step for one in seen.steps] == [Step.PREPARE]


def test_a_change_outlasts_the_journal_that_is_begun_anew(tmp_path: Path, steps: PlainSteps, monkeypatch) -> None:
    monkeypatch.setattr("docstation.station.journal.LARGEST", 10)
    change(tmp_path, steps, Wish.SWITCH, "dots")
    assert (tmp_path / "journal.1.jsonl").exists()
    assert told(tmp_path).serving == ("dots",)
