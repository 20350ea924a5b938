"""The watch over the memory budget: limits, spikes, gaps in what is known, and whose memory it is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.station.gpu import Absence
from docstation.station.headroom import Headroom, HeadroomState, Level, LevelChange, MemorySample
from docstation.testing.scripted_gpu import ScriptedGpu, Told

GB = 10**9
BUDGET = 12 * GB
POLICY = Headroom(BUDGET)


def play(*held: float | None, policy: Headroom = POLICY, step: float = 1.0) -> list[LevelChange | None]:
    """Changes in a row of samples of ours, in gigabytes."""
    state, changes = HeadroomState(), []
    for index, one in enumerate(held):
        sample = MemorySample(index * step, None, None if one is None else round(one * GB))
        state, change = policy.sample(state, sample)
        changes.append(change)
    return changes


def levels(*held: float | None, policy: Headroom = POLICY, step: float = 1.0) -> list[Level]:
    """Level after each sample."""
    level, shown = Level.FINE, []
    for change in play(*held, policy=policy, step=step):
        level = level if change is None else change.level
        shown.append(level)
    return shown


def test_within_the_budget_nothing_is_said() -> None:
    assert play(*[11.7] * 100) == [None] * 100


def test_three_samples_above_the_soft_limit_are_soft() -> None:
    assert play(11.8, 11.8, 11.8, 11.8) == [
        None,
        None,
        LevelChange(2.0, Level.FINE, Level.SOFT, round(11.8 * GB), exact=True),
        None,
    ]


def test_three_samples_above_the_budget_are_hard_at_once() -> None:
    assert levels(11.7, 12.1, 12.1, 12.1) == [Level.FINE, Level.FINE, Level.FINE, Level.HARD]


def test_exactly_the_budget_is_within_it() -> None:
    assert Level.HARD not in levels(*[12.0] * 10)


def test_a_spike_is_none() -> None:
    assert set(levels(*[11.0, 12.5, 12.5, 11.0] * 20)) == {Level.FINE}


def test_near_the_limit_the_level_does_not_flutter() -> None:
    changes = [change for change in play(*[11.8] * 3, *[11.75, 11.77] * 50) if change is not None]
    assert [change.level for change in changes] == [Level.SOFT]


def test_well_below_the_limit_it_is_fine_again() -> None:
    assert levels(*[12.1] * 3, *[11.85] * 3, *[11.5] * 3)[-4:] == [Level.SOFT, Level.SOFT, Level.SOFT, Level.FINE]


def test_soft_for_too_long_is_hard_and_says_so() -> None:
    changes = [change for change in play(*[11.9] * 200) if change is not None]
    assert [(change.at, change.level, change.lasting) for change in changes] == [
        (2.0, Level.SOFT, False),
        (122.0, Level.HARD, True),
    ]


def test_hard_for_lasting_stays_until_it_is_fine() -> None:
    assert set(levels(*[11.9] * 130, *[11.7] * 50)[122:]) == {Level.HARD}
    assert levels(*[11.9] * 130, *[11.5] * 3)[-1] is Level.FINE


def test_a_moment_below_does_not_end_what_lasted_too_long() -> None:
    assert set(levels(*[11.9] * 130, 11.5, 11.5, 11.9, 11.5)[122:]) == {Level.HARD}


def test_a_figure_after_a_long_gap_that_is_well_below_is_no_lasting() -> None:
    assert Level.HARD not in levels(*[11.9] * 3, *[None] * 200, 11.5, 11.5, 11.5)


def test_patience_may_be_endless() -> None:
    assert set(levels(*[11.9] * 9000, policy=replace(POLICY, patience=math.inf))[3:]) == {Level.SOFT}


def test_a_reading_that_is_missing_neither_counts_nor_breaks_the_row() -> None:
    assert levels(12.1, None, 12.1, None, None, 12.1)[-1] is Level.HARD
    assert set(levels(12.1, 12.1, *[None] * 50)) == {Level.FINE}


def test_samples_far_apart_are_not_in_a_row() -> None:
    assert set(levels(12.1, 12.1, 12.1, 12.1, step=60.0)) == {Level.FINE}
    assert levels(12.1, 12.1, *[None] * 20, 12.1, 12.1)[-1] is Level.FINE


def test_the_drivers_figure_for_our_processes_counts_before_any_difference() -> None:
    policy = Headroom(BUDGET, baseline_bytes=GB)
    assert policy.held(MemorySample(0, used_bytes=15 * GB, ours_bytes=11 * GB)) == 11 * GB


def test_without_that_figure_what_others_held_before_is_taken_off() -> None:
    policy = Headroom(BUDGET, baseline_bytes=2 * GB)
    assert policy.held(MemorySample(0, used_bytes=13 * GB)) == 11 * GB
    assert policy.held(MemorySample(0, used_bytes=GB)) == 0


def test_without_either_nothing_is_concluded() -> None:
    state, change = POLICY.sample(HeadroomState(), MemorySample(0, used_bytes=15 * GB))
    assert (state, change) == (HeadroomState(), None)


@pytest.mark.parametrize(("told", "exact"), [("figures", True), ("nothing", False)])
def test_a_card_shared_with_a_desktop_is_watched_by_what_is_ours(told: Told, exact: bool) -> None:
    card = ScriptedGpu(told=told)
    card.others(2 * GB)
    policy, state, changes = Headroom(BUDGET, baseline_bytes=2 * GB), HeadroomState(), []
    card.take(7, 11 * GB)
    for second in range(6):
        if second == 3:
            card.take(7, 2 * GB)
        state, change = policy.sample(state, MemorySample.of(second, card.read({7})))
        changes += [change] if change is not None else []
    assert changes == [LevelChange(5, Level.FINE, Level.HARD, 13 * GB, exact)]


def test_a_card_that_cannot_be_read_makes_a_sample_without_figures() -> None:
    card = ScriptedGpu()
    card.fail(Absence.LOST)
    assert MemorySample.of(3.0, card.read()) == MemorySample(3.0)


figures = st.lists(st.none() | st.integers(0, 14 * GB), max_size=80)


@given(figures)
def test_a_change_is_always_one_and_the_level_is_as_last_told(row: list[int | None]) -> None:
    state, level = HeadroomState(), Level.FINE
    for at, held in enumerate(row):
        state, change = POLICY.sample(state, MemorySample(float(at), ours_bytes=held))
        if change is not None:
            assert change.before is level is not change.level
            level = change.level
        assert state.level is level


@given(st.lists(st.none() | st.integers(0, round(11.76 * GB)), max_size=80))
def test_what_keeps_below_the_soft_limit_is_always_fine(row: list[int | None]) -> None:
    state = HeadroomState()
    for at, held in enumerate(row):
        state, change = POLICY.sample(state, MemorySample(float(at), ours_bytes=held))
        assert change is None


@given(figures, st.lists(st.none(), max_size=3), st.integers(BUDGET + 1, 16 * GB))
def test_over_the_budget_it_is_hard_after_three_figures_whatever_was_before(
    row: list[int | None], gap: list[None], held: int
) -> None:
    state, at = HeadroomState(), 0.0
    for one in [*row, held, *gap, held, *gap, held]:
        state, _change = POLICY.sample(state, MemorySample(at, ours_bytes=one))
        at += 1
    assert state.level is Level.HARD
