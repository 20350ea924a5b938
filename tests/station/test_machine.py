"""The station's machine: what serves, what is brought back, and what never happens, whatever fails when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from station_world import World, deployment, failing, lineup

from docstation.station.causes import Cause
from docstation.station.deployment import NOTHING, Lineup
from docstation.station.machine import BREAKER, delay
from docstation.station.words import Kind, Mode, Outcome, Perform, Requested, Step, StepDone

DOTS, QWEN, SMALL, PAIR = lineup("dots"), lineup("qwen"), lineup("small"), lineup("small", "tiny")
TOUCHING = [Step.STOP, Step.RECLAIM, Step.START, Step.LOAD, Step.PROBE, Step.CANARY]


def serving(wanted: Lineup, *, proven: bool = True) -> World:
    world = World()
    world.ask(Kind.SWITCH, wanted)
    world.run()
    if proven:
        world.settle()
    assert world.state.serving == wanted
    return world


def test_a_first_start_takes_the_steps_in_order():
    world = serving(DOTS)
    assert [step for step, _ in world.steps] == [Step.PREPARE, Step.START, Step.LOAD, Step.PROBE, Step.CANARY]
    assert (world.state.mode, world.shown[-1]) == (Mode.READY, DOTS)


def test_a_switch_stops_the_old_model_before_the_new_one_starts():
    world = serving(DOTS)
    world.steps.clear()
    world.ask(Kind.SWITCH, QWEN)
    world.run()
    assert world.steps == [
        (Step.PREPARE, ("qwen",)),
        (Step.DRAIN, ("dots",)),
        (Step.STOP, ("dots",)),
        (Step.RECLAIM, ("qwen",)),
        (Step.START, ("qwen",)),
        (Step.LOAD, ("qwen",)),
        (Step.PROBE, ("qwen",)),
        (Step.CANARY, ("qwen",)),
    ]
    assert world.ended[-1].outcome is Outcome.DONE
    assert world.state.last_known_good == DOTS, "not before it has settled"
    world.settle()
    assert world.state.last_known_good == QWEN


@pytest.mark.parametrize("step", [Step.PREPARE, Step.DRAIN])
def test_what_fails_before_the_old_model_is_touched_costs_nothing(step):
    world = serving(DOTS)
    shown = len(world.shown)
    world.ask(Kind.SWITCH, QWEN)
    world.run(failing(step, Cause.IMAGE_MISSING))
    assert world.ended[-1].outcome is Outcome.REFUSED
    assert world.ended[-1].transaction.cause is Cause.IMAGE_MISSING
    assert (world.state.mode, world.state.serving) == (Mode.READY, DOTS)
    assert set(world.shown[shown:]) == {DOTS}


@pytest.mark.parametrize("step", TOUCHING)
def test_what_fails_later_brings_the_old_model_back(step):
    world = serving(DOTS)
    world.ask(Kind.SWITCH, QWEN)

    def outcome(effect: Perform) -> Cause | None:
        forward = world.state.transaction is not None and world.state.transaction.back is None
        return Cause.UNKNOWN if effect.step is step and forward else None

    world.run(outcome)
    assert world.ended[-1].outcome is Outcome.ROLLED_BACK
    assert (world.state.mode, world.state.serving, world.awake) == (Mode.READY, DOTS, set(DOTS.members))
    assert world.state.last_known_good == DOTS


def test_when_the_old_model_does_not_come_back_either_the_last_known_good_is_tried():
    world = serving(DOTS)
    world.ask(Kind.SWITCH, SMALL)
    world.run()
    world.ask(Kind.SWITCH, QWEN)
    world.run(lambda effect: Cause.OOM_LOAD if effect.step is Step.LOAD and effect.members != DOTS.members else None)
    assert (world.state.serving, world.ended[-1].outcome) == (DOTS, Outcome.ROLLED_BACK)


def test_when_nothing_starts_the_embedded_engine_serves_and_tries_go_on():
    world = serving(DOTS)
    world.ask(Kind.SWITCH, QWEN)
    world.run(failing(Step.START, Cause.GPU_NOT_VISIBLE))
    assert (world.state.mode, world.shown[-1]) == (Mode.WAITING, NOTHING)
    assert (world.ended[-1].outcome, world.state.cause) == (Outcome.FELL_BACK, Cause.GPU_NOT_VISIBLE)
    world.retry()
    world.run()
    assert world.state.serving == DOTS


def test_a_first_start_that_fails_is_not_tried_again_by_itself():
    world = World()
    world.ask(Kind.SWITCH, DOTS)
    world.run(failing(Step.LOAD, Cause.BAD_FLAG))
    assert (world.state.mode, world.state.cause, world.retrying) == (Mode.IDLE, Cause.BAD_FLAG, False)
    world.ask(Kind.SWITCH, QWEN)
    world.run()
    assert (world.state.serving, world.awake) == (QWEN, set(QWEN.members))


def test_a_crash_is_answered_with_growing_patience():
    world = serving(DOTS)
    waits = []
    for _ in range(7):
        world.fall_ill("dots", Cause.EXITED)
        assert (world.state.mode, world.state.serving) == (Mode.WAITING, NOTHING)
        waits.append(delay(world.state.failures))
        world.retry()
        world.run()
        assert world.state.serving == DOTS
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    world.settle()
    assert world.state.failures == 0


@pytest.mark.parametrize(("cause", "drained"), [(Cause.ENGINE_HUNG, ()), (Cause.OVER_BUDGET, ("dots",))])
def test_nobody_waits_for_what_a_hung_engine_has_begun(cause, drained):
    world = serving(DOTS)
    world.steps.clear()
    world.fall_ill("dots", cause)
    world.retry()
    world.run()
    assert dict(world.steps)[Step.DRAIN] == drained
    assert (Step.STOP, ("dots",)) in world.steps
    assert world.state.serving == DOTS


def test_an_unproven_model_that_keeps_crashing_gives_way_to_the_last_known_good():
    world = serving(DOTS)
    world.ask(Kind.SWITCH, QWEN)
    world.run()
    for _ in range(BREAKER):
        assert world.state.wanted == QWEN
        world.fall_ill("qwen", Cause.EXITED)
        world.retry()
        world.run()
    assert world.state.serving == DOTS


def test_what_outgrew_the_budget_is_never_brought_back():
    world = serving(DOTS)
    world.ask(Kind.SHRINK, SMALL)
    world.run(failing(Step.CANARY, Cause.GARBAGE))
    assert DOTS not in world.shown[1:]
    assert (world.state.mode, world.state.wanted) == (Mode.WAITING, SMALL)


def test_a_cancelled_switch_leaves_the_old_model_or_brings_it_back():
    for steps in range(8):
        world = serving(DOTS)
        world.ask(Kind.SWITCH, QWEN)
        for _ in range(steps):
            world.do(lambda effect: None)
        world.cancel()
        world.run()
        assert world.state.serving == (DOTS if steps < 8 else QWEN)
        assert world.ended[-1].transaction.cause is Cause.CANCELLED


def test_a_second_request_is_declined_and_a_fulfilled_one_does_nothing():
    world = serving(DOTS)
    world.ask(Kind.SWITCH, DOTS)
    assert world.declined[-1].busy is False
    world.ask(Kind.SWITCH, QWEN)
    world.ask(Kind.SWITCH, SMALL)
    assert world.declined[-1].busy is True
    world.run()
    assert world.state.serving == QWEN


def test_a_restart_starts_the_same_model_anew():
    world = serving(DOTS)
    world.steps.clear()
    world.ask(Kind.RESTART, DOTS)
    world.run()
    assert (Step.STOP, ("dots",)) in world.steps
    assert world.state.serving == DOTS


def test_a_stop_ends_everything_and_wants_nothing():
    world = serving(PAIR)
    world.ask(Kind.STOP, NOTHING)
    world.run()
    assert (world.state.mode, world.awake, world.state.wanted) == (Mode.IDLE, set(), NOTHING)
    assert world.ended[-1].outcome is Outcome.DONE


def test_of_two_models_only_the_ill_one_is_started_anew():
    world = serving(PAIR)
    world.steps.clear()
    world.fall_ill("tiny", Cause.EXITED)
    assert world.state.serving == SMALL
    world.retry()
    world.run()
    assert {names for step, names in world.steps if step in {Step.STOP, Step.START}} == {("tiny",)}
    assert world.state.serving == PAIR


def test_outcomes_of_steps_that_are_over_are_not_heard():
    world = serving(DOTS)
    before = world.state
    world.tell(StepDone(world.tick(), "t0", Step.CANARY))
    assert world.state == before


@pytest.mark.parametrize("performed", [False, True])
@pytest.mark.parametrize("steps", range(9))
def test_an_owner_killed_after_any_step_is_followed_by_one_that_ends_the_switch(steps, performed):
    world = serving(DOTS)
    world.ask(Kind.SWITCH, QWEN)
    for _ in range(min(steps, 8)):
        world.do(lambda effect: None)
    world.die(performed=performed)
    world.run()
    # Before anything was touched the old model goes on; after that the switch is finished.
    assert world.state.serving == (DOTS if steps < 2 else QWEN)
    assert world.awake == set(world.state.serving.members)


def test_after_a_reboot_what_served_is_started_again():
    world = serving(DOTS)
    world.awake.clear()
    world.die(performed=False)
    assert world.state.mode is Mode.WAITING
    world.retry()
    world.run()
    assert world.state.serving == DOTS


def test_servers_that_outlived_their_engine_are_taken_over_again():
    world = serving(DOTS)
    world.fall_ill("dots", Cause.ENGINE_DOWN)
    world.die(performed=False)
    assert (world.state.mode, world.state.serving) == (Mode.READY, DOTS)


def test_a_server_that_never_passed_its_canary_is_not_taken_over():
    world = World()
    world.ask(Kind.RESTART, DOTS)
    world.run(failing(Step.START, Cause.ENGINE_DOWN))
    assert world.awake == set(DOTS.members), "it came up all the same"
    world.die(performed=False)
    assert (world.state.mode, world.state.serving) == (Mode.WAITING, NOTHING)


def test_a_requested_lineup_is_known_by_its_specs():
    assert Requested(1, "a", Kind.SWITCH, DOTS).lineup == Lineup((deployment("dots"),))


LINEUPS = st.sampled_from([DOTS, QWEN, SMALL, PAIR])
CAUSES = st.sampled_from([Cause.OOM_LOAD, Cause.ENGINE_DOWN, Cause.STOP_TIMEOUT, Cause.GARBAGE])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([Kind.SWITCH, Kind.RESTART, Kind.SHRINK]), LINEUPS),
        st.tuples(st.just("stop")),
        st.tuples(st.just("ok")),
        st.tuples(st.just("ok")),
        st.tuples(st.just("ok")),
        st.tuples(st.just("fail"), CAUSES),
        st.tuples(st.just("cancel")),
        st.tuples(st.just("settle")),
        st.tuples(st.just("retry")),
        st.tuples(st.just("ill"), st.sampled_from(["dots", "qwen", "small", "tiny"]), CAUSES),
        st.tuples(st.just("exit"), st.sampled_from(["dots", "qwen", "small", "tiny"])),
        st.tuples(st.just("die"), st.booleans()),
    ),
    max_size=80,
)


def act(world: World, action: tuple) -> None:
    match action:
        case ("ask", kind, wanted):
            world.ask(kind, wanted)
        case ("stop",):
            world.ask(Kind.STOP, NOTHING)
        case ("ok",) if world.pending:
            world.do(lambda effect: None)
        case ("fail", cause) if world.pending:
            world.do(lambda effect: cause)
        case ("cancel",):
            world.cancel()
        case ("settle",):
            world.settle()
        case ("retry",):
            world.retry()
        case ("ill", model, cause):
            world.fall_ill(model, cause)
        case ("exit", model):
            world.fall_ill(model, Cause.EXITED)
        case ("die", performed):
            world.die(performed=performed)


@settings(max_examples=600, deadline=None)
@given(ACTIONS)
def test_over_random_walks_the_promises_hold(actions):
    world = World()
    for action in actions:
        act(world, action)
        # Never more awake than one accepted plan holds, never beyond the budget.
        assert sum(one.planned_bytes for one in world.awake) <= 12_000_000_000
        assert len(world.awake) <= 1 or world.awake <= set(PAIR.members)
        if world.state.mode is Mode.READY:
            assert world.state.transaction is None
            assert world.state.serving == world.state.wanted
    world.run()
    assert world.state.transaction is None, "every command ends"
    ended = [one.transaction.id for one in world.ended]
    assert len(ended) == len(set(ended))
    for identity in world.asked:
        assert identity in ended or identity in {one.id for one in world.declined}
    # Left alone with an engine that works, what is wanted comes to serve.
    for _ in range(3):
        world.watch()
        world.retry()
        world.run()
    assert world.state.serving == world.state.wanted
    assert not world.state.wanted or world.awake == set(world.state.wanted.members)
