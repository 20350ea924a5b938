"""The ladder by itself: every path ends, no step is taken twice, and the best is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.reading.vision.answers import End
from docstation.reading.vision.ladder import ENOUGH, MENDABLE, MOST_GAPS, MOST_STEPS, Step, Tried, best, next_step

ends = st.sampled_from(End)
covers = st.floats(0, 1)


def climbed(*results: tuple[End, int, float, int], in_time: bool = True) -> list[Step]:
    """The steps where they come to these results: end, blocks, covered, gaps; the last result is repeated."""
    tried: list[Tried] = []
    steps = []
    for place in range(50):
        step = next_step(tried, in_time=in_time)
        steps.append(step)
        if step in (Step.DONE, Step.EMBEDDED):
            return steps
        end, blocks, covered, gaps = results[min(place, len(results) - 1)]
        tried.append(Tried(step, end, blocks, covered, gaps))
    raise AssertionError(steps)


@given(st.lists(st.tuples(ends, st.integers(0, 90), covers, st.integers(0, 99)), min_size=1), st.booleans())
def test_every_path_ends_and_takes_no_step_twice(results: list[tuple[End, int, float, int]], in_time: bool) -> None:
    steps = climbed(*results, in_time=in_time)
    assert len(steps) <= MOST_STEPS + 2
    assert len(set(steps)) == len(steps)
    assert steps[0] is Step.PLANNED
    assert Step.FILL not in steps[:-2]


@given(st.lists(st.tuples(ends, st.integers(0, 90), covers, st.integers(0, 99)), min_size=1), st.booleans())
def test_only_a_page_of_which_nothing_is_worth_keeping_is_read_anew(
    results: list[tuple[End, int, float, int]], in_time: bool
) -> None:
    steps = climbed(*results, in_time=in_time)
    given_back = [results[min(place, len(results) - 1)] for place in range(len(steps) - 1)]
    top = max(given_back, key=lambda one: (round(one[2], 2), one[0] is End.STOP, one[1]))
    if steps[-1] is Step.EMBEDDED:
        assert not top[1] or top[2] < MENDABLE


def test_a_whole_answer_is_enough() -> None:
    assert climbed((End.STOP, 5, 1.0, 0)) == [Step.PLANNED, Step.DONE]
    assert climbed((End.STOP, 5, ENOUGH, 2)) == [Step.PLANNED, Step.DONE]


@pytest.mark.parametrize("end", End)
def test_what_a_good_part_left_out_is_filled_in_however_the_answer_ended(end: End) -> None:
    assert climbed((end, 5, 0.6, 3)) == [Step.PLANNED, Step.FILL, Step.DONE]


def test_a_page_with_too_many_gaps_is_asked_for_anew_before_the_rest_is_filled_in() -> None:
    scattered = (End.STOP, 5, 0.6, MOST_GAPS + 1)
    assert climbed(scattered) == [Step.PLANNED, Step.WARMER, Step.HALVES, Step.FILL, Step.DONE]
    assert climbed(scattered, (End.STOP, 60, 1.0, 0)) == [Step.PLANNED, Step.WARMER, Step.DONE]


def test_a_loop_is_asked_for_again_warmer_smaller_and_in_parts() -> None:
    steps = climbed((End.LOOP, 0, 0.0, 9))
    assert steps == [Step.PLANNED, Step.WARMER, Step.SMALLER, Step.HALVES, Step.QUARTERS, Step.EMBEDDED]


def test_a_window_that_was_too_small_is_met_with_parts_first() -> None:
    assert climbed((End.LENGTH, 1, 0.1, 9))[:3] == [Step.PLANNED, Step.HALVES, Step.QUARTERS]


def test_an_engine_that_broke_is_asked_the_same_again() -> None:
    assert climbed((End.BROKEN, 0, 0.0, 9), (End.STOP, 9, 1.0, 0)) == [Step.PLANNED, Step.AGAIN, Step.DONE]


def test_nobody_is_asked_where_nobody_serves_or_time_is_up() -> None:
    assert climbed((End.AWAY, 0, 0.0, 9)) == [Step.PLANNED, Step.EMBEDDED]
    assert climbed((End.LOOP, 0, 0.0, 9), in_time=False) == [Step.PLANNED, Step.EMBEDDED]
    assert climbed((End.LOOP, 3, 0.5, 9), in_time=False) == [Step.PLANNED, Step.FILL, Step.DONE]


def test_the_best_explains_the_most_ink_then_ended_well_then_has_the_most_blocks() -> None:
    tried = [
        Tried(Step.PLANNED, End.LOOP, 9, 0.5),
        Tried(Step.WARMER, End.STOP, 2, 0.5),
        Tried(Step.SMALLER, End.STOP, 3, 0.5),
        Tried(Step.HALVES, End.STOP, 3, 0.5),
    ]
    assert best(tried) == 2
    assert best([*tried, Tried(Step.QUARTERS, End.BROKEN, 1, 0.9)]) == 4
    with pytest.raises(ValueError, match="empty"):
        best([])
