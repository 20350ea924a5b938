"""Steps that happen in a world of plain values: for tests of the owner, the desk and the socket, not of drivers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, Lineup
from docstation.station.driver import Instance
from docstation.station.words import Perform, Step

Outcome = Callable[[Perform], Cause | None]


@dataclass
class PlainDriver:
    """Instances that are only written down."""

    kind: str = "container"
    running: dict[str, Deployment] = field(default_factory=dict)
    away: bool = False

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        pass

    def start(self, deployment: Deployment) -> Instance:
        self.running[deployment.instance] = deployment
        return self._instance(deployment)

    def stop(self, name: str, *, grace: float) -> None:
        self.running.pop(name, None)

    def find(self, name: str) -> Instance | None:
        return self._instance(self.running[name]) if name in self.running else None

    def instances(self) -> list[Instance]:
        if self.away:
            raise Fault(Cause.ENGINE_DOWN, "no answer")
        return [self._instance(one) for one in self.running.values()]

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        return []

    def follow(self, name: str) -> Iterator[str]:
        return iter(())

    @staticmethod
    def _instance(one: Deployment) -> Instance:
        return Instance(one.instance, one.model, one.spec, running=True)


@dataclass
class PlainGate:
    shown: list[tuple[str, ...]] = field(default_factory=list)

    def hold(self) -> None:
        self.shown.append(("hold",))

    def serve(self, lineup: Lineup) -> None:
        self.shown.append(lineup.names)

    def drain(self, members: Sequence[Deployment], *, seconds: float, cancelled: threading.Event) -> None:
        pass


class PlainSteps:
    """Performs steps at once, or fails them as `outcome` says; `blocked` steps wait until they are cancelled."""

    def __init__(self, driver: PlainDriver | None = None) -> None:
        self.driver_of_all = driver or PlainDriver()
        self.drivers = {"container": self.driver_of_all}
        self.gate = PlainGate()
        self.outcome: Outcome = lambda effect: None
        self.blocked: Step | None = None
        self.blocking = threading.Event()
        self.done: list[tuple[Step, tuple[str, ...]]] = []

    def perform(self, effect: Perform, cancelled: threading.Event) -> None:
        if effect.step is self.blocked:
            self.blocking.set()
            cancelled.wait()
            raise Fault(Cause.CANCELLED)
        cause = self.outcome(effect)
        if cause is not None:
            raise Fault(cause, "as told", ("the last line",))
        if effect.step is Step.START:
            self.driver_of_all.start(effect.members[0])
        elif effect.step is Step.STOP:
            self.driver_of_all.stop(effect.members[0].instance, grace=0)
        self.done.append((effect.step, tuple(one.model for one in effect.members)))


class PlainResolve:
    """Names to deployments, no plan asked."""

    def __init__(self, make: Callable[..., Lineup]) -> None:
        self._make = make

    def lineup(self, names: Sequence[str]) -> Lineup:
        return self._make(*names)

    def shipped(self) -> Lineup:
        return self._make("dots")
