"""What a proving ground has in place of the station's own: patience to be shortened, a ledger for a card, names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docstation.station.deployment import Deployment, Lineup
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.probes import HttpProbes
from docstation.testing.scripted_gpu import ScriptedGpu


@dataclass
class Patience:
    """Bounds of the steps in seconds, for faults to shorten; see `docstation.station.steps.Times`."""

    drain: float = 1.0
    stop: float = 5.0
    reclaim: float = 5.0
    load: float = 30.0
    canary: float = 20.0


class HastyProbes(HttpProbes):
    """The real probes, whose patience with single models can be shortened, so that the way back has all of it.

    Attributes:
        load_seconds: for these models to load.
        canary_seconds: for these models to read.
    """

    def __init__(self) -> None:
        super().__init__({})
        self.load_seconds: dict[str, float] = {}
        self.canary_seconds: dict[str, float] = {}

    def wait_until_answers(self, deployment: Deployment, *, seconds: float, **more: Any) -> None:
        super().wait_until_answers(deployment, seconds=self.load_seconds.get(deployment.model, seconds), **more)

    def canary(self, deployment: Deployment, *, seconds: float, **more: Any) -> None:
        super().canary(deployment, seconds=self.canary_seconds.get(deployment.model, seconds), **more)


class LivingGpu(ScriptedGpu):
    """A card on which every server that lives holds what was planned for it.

    Attributes:
        leaking: whether what ends gives its memory back only when this is over.
    """

    def __init__(self, living: Callable[[], Mapping[int, int]]) -> None:
        super().__init__()
        self.leaking = False
        self._living = living
        self._known: set[int] = set()
        self._turn = threading.Lock()

    def others(self, amount: int) -> None:
        with self._turn:
            self._follow_the_living()
            super().others(amount)

    def read(self, ours: Collection[int] | None = None) -> GpuReading | NoReading:
        with self._turn:
            self._follow_the_living()
            return super().read(ours)

    def _follow_the_living(self) -> None:
        living = self._living()
        gone = set() if self.leaking else self._known - set(living)
        for pid in gone:
            self.release(pid)
        for pid in set(living) - self._known:
            self.take(pid, living[pid])
        self._known = (self._known - gone) | set(living)


class NoWitness:
    """Learns nothing."""

    def answered(self, deployment: Deployment, log: Sequence[str]) -> None:
        pass

    def passed(self, deployment: Deployment) -> None:
        pass


class Named:
    """Names to deployments; a fault puts its own under a name."""

    def __init__(self) -> None:
        self.known: dict[str, Deployment] = {}

    def lineup(self, names: Sequence[str]) -> Lineup:
        return Lineup(tuple(self.known[name] for name in names))

    def shipped(self) -> Lineup:
        return self.lineup(["dots"])
