"""A world for the pure machine: servers that are awake or not, and an owner that may die between any two lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from docstation.station.causes import Cause
from docstation.station.deployment import Deployment, Lineup
from docstation.station.machine import react
from docstation.station.words import (
    CancelRequested,
    Declined,
    Effect,
    Ended,
    Event,
    FellIll,
    Kind,
    Mode,
    Perform,
    Recovered,
    Requested,
    RetryDue,
    Serve,
    Settled,
    State,
    Step,
    StepDone,
    StepFailed,
    WaitToRetry,
    WaitToSettle,
)

BUDGET = 12_000_000_000
SIZES = {"dots": 9, "qwen": 8, "small": 5, "tiny": 4}


def deployment(name: str) -> Deployment:
    return Deployment(name, "container", f"org/{name}", 8192, port=8000, planned_bytes=SIZES[name] * 10**9)


def lineup(*names: str) -> Lineup:
    return Lineup(tuple(deployment(name) for name in names))


Outcome = Callable[[Perform], Cause | None]
"""Why a step fails, None where it succeeds."""


@dataclass
class World:
    """Holds the machine's state and what is really awake; asserts the invariants at every effect."""

    state: State = field(default_factory=State)
    now: float = 1000.0
    awake: set[Deployment] = field(default_factory=set)
    passed: set[Deployment] = field(default_factory=set)
    pending: Perform | None = None
    settling: float | None = None
    retrying: bool = False
    ended: list[Ended] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    shown: list[Lineup] = field(default_factory=list)
    good: set[Lineup] = field(default_factory=set)
    steps: list[tuple[Step, tuple[str, ...]]] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        self.state, effects = react(self.state, event)
        for effect in effects:
            self._note(effect)
        assert not self.state.last_known_good or self.state.last_known_good in self.good

    def _note(self, effect: Effect) -> None:
        match effect:
            case Perform():
                assert self.pending is None, "one step at a time"
                self.pending, self.settling, self.retrying = effect, None, False
            case Ended():
                self.ended.append(effect)
            case Declined():
                self.declined.append(effect)
            case Serve():
                self.shown.append(effect.lineup)
            case WaitToSettle():
                self.settling = self.state.since
            case WaitToRetry():
                self.retrying = True

    def ask(self, kind: Kind, wanted: Lineup) -> None:
        self.asked.append(f"t{len(self.asked)}")
        self.tell(Requested(self.tick(), self.asked[-1], kind, wanted))

    def tick(self) -> float:
        self.now += 1
        return self.now

    def do(self, outcome: Outcome) -> None:
        """Perform the pending step."""
        effect = self.pending
        assert effect is not None
        self.pending = None
        cause = outcome(effect)
        if effect.step in {Step.LOAD, Step.PROBE, Step.CANARY} and not self.awake.issuperset(effect.members):
            cause = cause or Cause.EXITED
        self.happen(effect, cause)
        if cause is None:
            self.tell(StepDone(self.tick(), effect.id, effect.step))
        else:
            self.tell(StepFailed(self.tick(), effect.id, effect.step, cause, "as told"))

    def happen(self, effect: Perform, cause: Cause | None) -> None:
        """What the step does to the world, whether its outcome is heard or not."""
        self.steps.append((effect.step, tuple(one.model for one in effect.members)))
        if effect.step is Step.STOP and cause is None:
            self.awake -= set(effect.members)
            self.passed -= set(effect.members)
        elif effect.step is Step.START:
            self.awake |= set(effect.members)
            target = self.state.transaction.target if self.state.transaction else Lineup()
            assert self.awake <= set(target.members), "what is not wanted was stopped before"
            assert sum(one.planned_bytes for one in self.awake) <= BUDGET
        elif effect.step is Step.CANARY and cause is None:
            self.passed |= set(effect.members)

    def run(self, outcome: Outcome = lambda effect: None) -> None:
        """Until nothing is pending."""
        for _ in range(200):
            if self.pending is None:
                return
            self.do(outcome)
        raise AssertionError("the transaction does not end")

    def settle(self) -> None:
        if self.settling is not None:
            if self.settling == self.state.since and self.state.mode is Mode.READY:
                assert set(self.state.serving.members) <= self.passed
                self.good.add(self.state.serving)
            self.tell(Settled(self.tick(), self.settling))
            self.settling = None

    def retry(self) -> None:
        if self.retrying:
            self.retrying = False
            self.tell(RetryDue(self.tick(), f"r{self.now}"))

    def fall_ill(self, model: str, cause: Cause) -> None:
        if cause is Cause.EXITED:
            gone = {one for one in self.awake if one.model == model}
            self.awake -= gone
            self.passed -= gone
        self.tell(FellIll(self.tick(), model, cause))

    def watch(self) -> None:
        """Look after what serves, as the watch does again and again."""
        for one in self.state.serving.members:
            if one not in self.awake:
                self.fall_ill(one.model, Cause.EXITED)

    def cancel(self) -> None:
        if self.state.transaction is not None:
            self.tell(CancelRequested(self.tick(), self.state.transaction.id))

    def die(self, *, performed: bool) -> None:
        """The owner is killed; the step under way had its effect or not, and nobody heard of it."""
        if self.pending is not None and performed:
            self.happen(self.pending, None)
        self.pending, self.settling, self.retrying = None, None, False
        self.tell(Recovered(self.tick(), tuple(one.spec for one in self.awake)))


def failing(step: Step, cause: Cause, model: str = "") -> Outcome:
    """Fails at `step` (of `model`) and nowhere else."""

    def outcome(effect: Perform) -> Cause | None:
        names = [one.model for one in effect.members]
        return cause if effect.step is step and (not model or model in names) else None

    return outcome
