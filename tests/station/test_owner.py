"""The owner: events in, effects performed, everything in the journal first; and the desk that stands before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver_contract import eventually
from scripted_steps import PlainDriver, PlainResolve, PlainSteps
from station_world import deployment, failing, lineup

from docstation.errors import BudgetExceeded
from docstation.station.causes import Cause
from docstation.station.control import ControlServer, DistantDesk, OwnerGone, socket_path
from docstation.station.desk import Desk, Order, OwnersDesk, Wish
from docstation.station.journal import read_records
from docstation.station.lock import HeldByOther
from docstation.station.owner import Owner
from docstation.station.telling import EndTold, StepTold
from docstation.station.words import FellIll, Mode, Outcome, Step


@pytest.fixture
def steps() -> PlainSteps:
    return PlainSteps()


@pytest.fixture
def owner(tmp_path: Path, steps: PlainSteps) -> Iterator[Owner]:
    with Owner(tmp_path / "s", steps, stable_seconds=0.0) as owner:
        yield owner


@pytest.fixture(params=["own process", "socket"])
def desk(request: pytest.FixtureRequest, owner: Owner, tmp_path: Path) -> Iterator[Desk]:
    own = OwnersDesk(owner, PlainResolve(lineup))
    if request.param == "own process":
        yield own
        return
    server = ControlServer(tmp_path / "s", own)
    yield DistantDesk(tmp_path / "s")
    server.close()


def end(desk: Desk, *names: str, wish: Wish = Wish.SWITCH, **more: bool) -> EndTold:
    last = list(desk.change(Order(wish, names, **more)))[-1]
    assert isinstance(last, EndTold)
    return last


def test_a_switch_is_told_step_by_step(desk: Desk):
    told = list(desk.change(Order(Wish.SWITCH, ("dots",))))
    steps = [(one.step, one.moment) for one in told if isinstance(one, StepTold)]
    assert steps == [
        (step, moment)
        for step in (Step.PREPARE, Step.START, Step.LOAD, Step.PROBE, Step.CANARY)
        for moment in ("began", "done")
    ]
    assert told[-1] == EndTold(told[-1].transaction, Outcome.DONE, ("dots",), ("dots",), told[-1].seconds)


def test_a_failed_switch_tells_cause_and_evidence_and_the_way_back(desk: Desk, steps: PlainSteps):
    end(desk, "dots")
    steps.outcome = failing(Step.CANARY, Cause.GARBAGE, "qwen")
    told = list(desk.change(Order(Wish.SWITCH, ("qwen",))))
    last = told[-1]
    assert (last.outcome, last.cause, last.detail) == (Outcome.ROLLED_BACK, Cause.GARBAGE, "as told")
    assert (last.serving, last.evidence) == (("dots",), ("the last line",))
    assert any(one.back and one.step is Step.START for one in told if isinstance(one, StepTold))


def test_what_is_asked_twice_is_done_once(desk: Desk):
    end(desk, "dots")
    assert end(desk, "dots").outcome == "already"


def test_while_one_change_goes_on_another_is_declined_or_waits(desk: Desk, owner: Owner, steps: PlainSteps):
    steps.blocked = Step.LOAD
    first: list[EndTold] = []
    thread = threading.Thread(target=lambda: first.append(end(desk, "dots")))
    thread.start()
    assert steps.blocking.wait(10)
    assert end(desk, "qwen").outcome == "busy"
    second: list[EndTold] = []
    waiting = threading.Thread(target=lambda: second.append(end(desk, "qwen", wait=True)))
    waiting.start()
    steps.blocked = None
    desk.cancel()
    thread.join(10)
    waiting.join(10)
    assert first[0].cause is Cause.CANCELLED
    assert (second[0].outcome, owner.state.serving) == (Outcome.DONE, lineup("qwen"))


def test_a_refusal_of_the_plan_reaches_whoever_asked(owner: Owner, tmp_path: Path):
    class Refusing(PlainResolve):
        def lineup(self, names):
            raise BudgetExceeded(model=names[0])

    server = ControlServer(tmp_path / "s", OwnersDesk(owner, Refusing(lineup)))
    try:
        with pytest.raises(BudgetExceeded, match="dots does not fit"):
            list(DistantDesk(tmp_path / "s").change(Order(Wish.SWITCH, ("dots",))))
    finally:
        server.close()


def test_where_nobody_owns_nobody_answers(tmp_path: Path):
    assert not DistantDesk(tmp_path).listens()
    with pytest.raises(OwnerGone):
        DistantDesk(tmp_path).cancel()


def test_a_socket_is_for_its_user_only_and_long_paths_have_one_too(owner: Owner, tmp_path: Path):
    folder = tmp_path / ("x" * 120)
    assert len(str(socket_path(folder))) <= 100
    server = ControlServer(tmp_path / "s", OwnersDesk(owner, PlainResolve(lineup)))
    assert socket_path(tmp_path / "s").stat().st_mode & 0o777 == 0o600
    server.close()
    assert not socket_path(tmp_path / "s").exists()


def test_restore_brings_back_what_was_good_and_without_that_what_is_shipped(desk: Desk, owner: Owner):
    assert end(desk, wish=Wish.RESTORE).serving == ("dots",)
    end(desk, "qwen")
    eventually(lambda: owner.state.last_known_good == lineup("qwen"))
    end(desk, wish=Wish.STOP)
    assert end(desk, wish=Wish.RESTORE).serving == ("qwen",)
    assert end(desk, wish=Wish.RESTORE, shipped=True).serving == ("dots",)


def test_what_serves_becomes_the_last_known_good_after_the_stable_time(desk: Desk, owner: Owner):
    end(desk, "dots")
    eventually(lambda: owner.state.last_known_good == lineup("dots"))


def test_a_second_owner_is_refused(owner: Owner, tmp_path: Path, steps: PlainSteps):
    with pytest.raises(HeldByOther):
        Owner(tmp_path / "s", steps)


def test_the_next_owner_takes_over_what_runs_and_ends_what_nobody_knows(tmp_path: Path):
    driver = PlainDriver()
    with Owner(tmp_path, PlainSteps(driver), stable_seconds=0) as first:
        end(OwnersDesk(first, PlainResolve(lineup)), "dots")
    driver.start(deployment("small"))
    steps = PlainSteps(driver)
    with Owner(tmp_path, steps, stable_seconds=0) as second:
        assert (second.state.mode, second.state.serving) == (Mode.READY, lineup("dots"))
        assert list(driver.running.values()) == list(lineup("dots").members)
        assert steps.done == [], "nothing was started anew"


def test_an_engine_that_is_away_at_the_take_over_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("docstation.station.owner.ENGINE_PATIENCE", 0.05)
    driver = PlainDriver()
    with Owner(tmp_path, PlainSteps(driver)) as first:
        end(OwnersDesk(first, PlainResolve(lineup)), "dots")
    driver.away = True
    steps = PlainSteps(driver)
    with Owner(tmp_path, steps, stable_seconds=0) as second:
        eventually(lambda: any(one.body.get("note") == "engine-away" for one in read_records(tmp_path)))
        assert steps.gate.shown == []
        driver.away = False
        eventually(lambda: steps.gate.shown == [("dots",)])
        assert second.state.serving == lineup("dots")


def test_an_ill_model_is_started_anew(desk: Desk, owner: Owner, steps: PlainSteps):
    end(desk, "dots")
    steps.done.clear()
    owner.post(FellIll(owner.now(), "dots", Cause.ENGINE_HUNG))
    eventually(lambda: owner.state.mode is Mode.READY and (Step.CANARY, ("dots",)) in steps.done)
    assert (Step.STOP, ("dots",)) in steps.done


def test_a_bug_in_a_step_ends_the_switch_like_any_failure(desk: Desk, steps: PlainSteps, tmp_path: Path):
    def broken(effect):
        raise ZeroDivisionError("oops")

    end(desk, "dots")
    steps.outcome = broken
    last = end(desk, "qwen")
    assert (last.outcome, last.cause) == (Outcome.REFUSED, Cause.UNKNOWN)
    assert any(one.body.get("note") == "bug" for one in read_records(tmp_path / "s"))
