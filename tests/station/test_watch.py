"""The watch: what crashed, hangs or outgrows the budget is found, told with its cause, and started anew or smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from driver_contract import eventually
from scripted_steps import PlainDriver, PlainResolve, PlainSteps
from station_world import deployment, lineup

from docstation.station.causes import Cause
from docstation.station.deployment import Deployment, Lineup
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.journal import read_records
from docstation.station.liveness import LifeSign, Liveness
from docstation.station.owner import Owner
from docstation.station.watch import AWAY_PATIENCE, Watch
from docstation.station.words import Mode, Step
from docstation.testing.scripted_gpu import ScriptedGpu

GB = 10**9


@dataclass
class Signs:
    """What servers show: by default idle and healthy."""

    running: int = 0
    steps: int = 0
    healthy: bool | None = True
    answers: bool = True
    questions: int = 0

    def life_sign(self, deployment: Deployment, at: float) -> LifeSign:
        return LifeSign(at, self.healthy, self.running, 0, self.steps)

    def small_question(self, deployment: Deployment, *, seconds: float) -> bool:
        self.questions += 1
        return self.answers


@dataclass
class Scene:
    """An owner with dots serving, a watch, and a clock that is moved by hand."""

    owner: Owner
    driver: PlainDriver
    steps: PlainSteps
    signs: Signs
    gpu: ScriptedGpu
    folder: Path
    now: float = 0.0
    admitted: list[bool] = field(default_factory=list)
    plans: dict[tuple[str, ...], Lineup] = field(default_factory=dict)
    watch: Watch | None = None
    baseline: int | None = None

    def rounds(self, count: int, *, seconds: float = 1.0) -> None:
        for _ in range(count):
            self.now += seconds
            assert self.watch is not None
            self.watch.look()

    def pids(self, names: Collection[str]) -> set[int]:
        return {1} if names else set()

    def causes(self) -> list[str]:
        return [str(one.body["cause"]) for one in read_records(self.folder) if one.body.get("event") == "FellIll"]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    driver = PlainDriver()
    steps = PlainSteps(driver)
    with Owner(tmp_path, steps, stable_seconds=3600) as owner:
        gpu = ScriptedGpu()
        made = Scene(owner, driver, steps, Signs(), gpu, tmp_path)
        made.watch = Watch(
            owner,
            lambda deployment: driver,
            made.signs,
            gpu,
            made.pids,
            liveness=Liveness(still=20.0, grace=8.0),
            budget_bytes=12 * GB,
            baseline_bytes=lambda: made.baseline,
            smaller=lambda serving: made.plans.get(serving.names),
            admit=made.admitted.append,
            clock=lambda: made.now,
        )
        list(OwnersDesk(owner, PlainResolve(lineup)).change(Order(Wish.SWITCH, ("dots",))))
        yield made


def test_a_quiet_server_is_left_in_peace(scene: Scene):
    scene.rounds(600)
    assert scene.causes() == []
    assert scene.owner.state.mode is Mode.READY


def test_a_process_that_ended_is_told_at_once(scene: Scene):
    scene.driver.running.clear()
    scene.rounds(1)
    eventually(lambda: scene.owner.state.mode is Mode.WAITING)
    assert scene.causes() == [Cause.EXITED]


def test_a_server_that_owes_an_answer_and_makes_no_step_is_restarted_within_thirty_seconds(scene: Scene):
    scene.signs.running, scene.signs.answers = 1, False
    scene.steps.done.clear()
    scene.rounds(30)
    eventually(lambda: (Step.CANARY, ("dots",)) in scene.steps.done)
    assert scene.causes() == [Cause.ENGINE_HUNG]
    assert (Step.STOP, ("dots",)) in scene.steps.done


def test_a_busy_server_that_makes_steps_is_not_hung(scene: Scene):
    scene.signs.running = 4
    for _ in range(300):
        scene.signs.steps += 1
        scene.rounds(1)
    assert scene.causes() == []


def test_a_server_that_says_its_engine_is_dead_is_believed(scene: Scene):
    scene.signs.healthy = False
    scene.rounds(3)
    eventually(lambda: scene.causes()[:1] == [Cause.ENGINE_DEAD])


def test_an_engine_that_is_away_while_its_server_answers_ends_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scene.driver, "find", _away)
    scene.rounds(120)
    assert scene.causes() == []
    assert any(one.body.get("note") == "engine-away" for one in read_records(scene.folder))


def test_an_engine_that_went_with_its_server_is_waited_for_and_taken_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    found = scene.driver.find
    scene.steps.done.clear()
    monkeypatch.setattr(scene.driver, "find", _away)
    scene.signs.healthy = None
    scene.rounds(int(AWAY_PATIENCE) + 2)
    eventually(lambda: scene.owner.state.cause is Cause.ENGINE_DOWN)
    monkeypatch.setattr(scene.driver, "find", found)
    scene.rounds(1)
    eventually(lambda: scene.owner.state.mode is Mode.READY)
    assert scene.steps.done == [], "it had gone on without its engine: nothing was started anew"


def _away(name: str) -> None:
    from docstation.station.causes import Fault

    raise Fault(Cause.ENGINE_DOWN, "no answer")


def test_nearing_the_budget_stops_admission_until_there_is_room_again(scene: Scene):
    scene.gpu.take(1, round(11.9 * GB))
    scene.rounds(5)
    assert scene.admitted == [False]
    scene.gpu.release(1)
    scene.gpu.take(1, 9 * GB)
    scene.rounds(5)
    assert scene.admitted == [False, True]
    assert scene.owner.state.serving == lineup("dots")


def test_beyond_the_budget_a_smaller_plan_is_started(scene: Scene):
    scene.plans[("dots",)] = lineup("small")
    scene.gpu.take(1, round(12.3 * GB))
    scene.rounds(5)
    eventually(lambda: scene.owner.state.serving == lineup("small"))
    assert scene.driver.running == {deployment("small").instance: deployment("small")}


def test_where_nothing_is_smaller_the_model_is_taken_down(scene: Scene):
    scene.gpu.take(1, round(12.3 * GB))
    scene.rounds(5)
    eventually(lambda: scene.owner.state.mode is Mode.WAITING)
    assert scene.causes() == [Cause.OVER_BUDGET]


def test_memory_of_others_is_not_held_against_us(scene: Scene):
    scene.gpu.take(1, 9 * GB)
    scene.gpu.others(3 * GB)
    scene.rounds(30)
    assert (scene.admitted, scene.causes()) == ([], [])


def test_where_the_driver_does_not_tell_whose_memory_it_is_the_growth_since_the_start_is_ours(scene: Scene):
    scene.gpu.told = "nothing"
    scene.gpu.others(2 * GB)
    scene.gpu.take(1, 9 * GB)
    scene.baseline = 2 * GB
    scene.rounds(5)
    assert scene.admitted == []
    scene.gpu.release(1)
    scene.gpu.take(1, round(11.9 * GB))
    scene.rounds(5)
    assert scene.admitted == [False]
