"""An owner that is killed at one write of its journal: the stories that it lives through, and the ways to die.

`live` and `live_on` run in a process of their own, which ends in the midst of it. The parent then looks at what is
left, lets the next owner take over, and compares with what the story says.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from driver_contract import STUB_PROGRAM, stub_deployment

import docstation.station.owner as owner_module
from docstation.station.deployment import Deployment, Lineup
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.driver import Driver
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_creation import Mount
from docstation.station.drivers.process import ProcessDriver
from docstation.station.gate import DirectGate
from docstation.station.journal import Journal, Record, _line
from docstation.station.owner import Owner
from docstation.station.probes import HttpProbes
from docstation.station.signs import under_way
from docstation.station.steps import Steps, Times
from docstation.station.words import Mode, State
from docstation.testing.model_server_script import READING

Death = Literal["written", "torn", "amid"]
"""Right behind a write, before its effects; in the middle of its line; a moment later, with its effects under way."""

TIMES = Times(drain=1.0, stop=5.0, reclaim=1.0, load=20.0, canary=10.0)


class Write(NamedTuple):
    """A line of the journal, and how the story ends for an owner that dies right behind it.

    Attributes:
        line: what is written.
        serves: model that serves once the next owner has taken over; empty for none.
        good: the last known good then.
    """

    line: str
    serves: str = ""
    good: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What one owner does, from its take-over to its end.

    Attributes:
        origin: model that serves, and is good, when it takes over; empty for a station that has never served.
        order: that it is given.
        writes: lines of the journal from its first to its last.
    """

    origin: str
    order: Order
    writes: tuple[Write, ...]

    def before(self, number: int) -> Write:
        """The last whole line when the owner dies at the write of that number, before it is whole."""
        return self.writes[number - 2] if number > 1 else Write("", self.origin, self.origin)


STORIES = {
    "start": Story(
        "",
        Order(Wish.SWITCH, ("dots",)),
        (
            Write("checkpoint"),
            Write("Recovered"),
            Write("Requested dots", "dots"),
            Write("StepDone prepare", "dots"),
            Write("StepDone start", "dots"),
            Write("StepDone load", "dots"),
            Write("StepDone probe", "dots"),
            Write("StepDone canary", "dots"),
            Write("checkpoint", "dots"),
            Write("Settled", "dots", "dots"),
        ),
    ),
    "switch": Story(
        "dots",
        Order(Wish.SWITCH, ("qwen",)),
        (
            Write("checkpoint", "dots", "dots"),
            Write("Recovered", "dots", "dots"),
            Write("Requested qwen", "dots", "dots"),
            Write("StepDone prepare", "dots", "dots"),
            Write("StepDone drain", "qwen", "dots"),
            Write("StepDone stop", "qwen", "dots"),
            Write("StepDone reclaim", "qwen", "dots"),
            Write("StepDone start", "qwen", "dots"),
            Write("StepDone load", "qwen", "dots"),
            Write("StepDone probe", "qwen", "dots"),
            Write("StepDone canary", "qwen", "dots"),
            Write("checkpoint", "qwen", "dots"),
            Write("Settled", "qwen", "qwen"),
        ),
    ),
    "rollback": Story(
        "qwen",
        Order(Wish.SWITCH, ("broken",)),
        (
            Write("checkpoint", "qwen", "qwen"),
            Write("Recovered", "qwen", "qwen"),
            Write("Requested dots", "qwen", "qwen"),
            Write("StepDone prepare", "qwen", "qwen"),
            Write("StepDone drain", "qwen", "qwen"),
            Write("StepDone stop", "qwen", "qwen"),
            Write("StepDone reclaim", "qwen", "qwen"),
            Write("StepDone start", "qwen", "qwen"),
            Write("StepDone load", "qwen", "qwen"),
            Write("StepDone probe", "qwen", "qwen"),
            Write("note evidence", "qwen", "qwen"),
            Write("StepFailed canary", "qwen", "qwen"),
            Write("StepDone stop", "qwen", "qwen"),
            Write("StepDone reclaim", "qwen", "qwen"),
            Write("StepDone start", "qwen", "qwen"),
            Write("StepDone load", "qwen", "qwen"),
            Write("StepDone probe", "qwen", "qwen"),
            Write("StepDone canary", "qwen", "qwen"),
            Write("checkpoint", "qwen", "qwen"),
        ),
    ),
    "stop": Story(
        "qwen",
        Order(Wish.STOP),
        (
            Write("checkpoint", "qwen", "qwen"),
            Write("Recovered", "qwen", "qwen"),
            Write("Requested", "qwen", "qwen"),
            Write("StepDone drain", "", "qwen"),
            Write("StepDone stop", "", "qwen"),
            Write("checkpoint", "", "qwen"),
        ),
    ),
}
"""One after the other they are the whole life of a station."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where servers run.

    Attributes:
        folder: of the station's state, and of the weights.
        port: of the servers.
        image: of their containers; empty where they are processes.
        mounts: what those containers see.
    """

    folder: Path
    port: int
    image: str = ""
    mounts: tuple[Mount, ...] = ()

    def driver(self) -> Driver:
        """A driver of these servers."""
        if not self.image:
            program = (sys.executable, "-I", "-S", str(STUB_PROGRAM), "serve")
            return ProcessDriver(self.folder / "processes", program=program, free_bytes=0)
        return ContainerDriver(
            station="kill", logs=self.folder / "logs", caches=self.folder / "caches", gpu=False, mounts=self.mounts
        )

    def steps(self) -> Steps:
        """The real steps on them."""
        driver = self.driver()
        return Steps({driver.kind: driver}, HttpProbes({}), DirectGate(under_way), NoGpu(), TIMES, NoWitness())

    def models(self) -> dict[str, Deployment]:
        """The deployments of the stories; the third is dots with an answer that is no reading of the page."""
        return {
            "dots": self._model("dots", answer=READING),
            "qwen": self._model("qwen", answer=READING),
            "broken": self._model("dots", answer="!!!!"),
        }

    def _model(self, name: str, **script: object) -> Deployment:
        kind, weights = "container" if self.image else "process", str(self.folder / "weights")
        return stub_deployment(kind, name, checkpoint=weights, port=self.port, image=self.image, **script)


class NoGpu:
    """Room without end."""

    def check(self, starting: object, stopping: object) -> None:
        pass

    def wait_for(self, starting: object, *, seconds: float, cancelled: object) -> None:
        pass


class NoWitness:
    """Learns nothing."""

    def answered(self, deployment: Deployment, log: object) -> None:
        pass

    def passed(self, deployment: Deployment) -> None:
        pass


class Known:
    """Names to the deployments of the stories."""

    def __init__(self, deployments: dict[str, Deployment]) -> None:
        self._deployments = deployments

    def lineup(self, names: Sequence[str]) -> Lineup:
        return Lineup(tuple(self._deployments[name] for name in names))

    def shipped(self) -> Lineup:
        return self.lineup(["dots"])


def live(place: Place, name: str, number: int, death: Death, seconds: float) -> None:
    """Live through the story of that name and die at the write of that number; 0 is to live to its end.

    A death amid the effects of the write comes after so many seconds.
    """
    story = STORIES[name]
    owner_module.Journal = _mortal(number, death, seconds)
    with Owner(place.folder, place.steps(), stable_seconds=0.0) as owner:
        carry_out(OwnersDesk(owner, Known(place.models())), story.order)
        _wait_until(owner, lambda state: is_calm(state) and (is_good(state) or not state.serving))
        if number:
            signal.pause()


def live_on(place: Place, number: int) -> None:
    """Take over what is left of another owner, and die right behind the write of that number, if it comes."""
    owner_module.Journal = _mortal(number, "written", 0.0)
    with Owner(place.folder, place.steps(), stable_seconds=3600.0) as owner:
        _wait_until(owner, is_calm)


def is_calm(state: State) -> bool:
    """Whether nothing more is to be done."""
    return state.transaction is None and state.mode in {Mode.READY, Mode.IDLE}


def is_good(state: State) -> bool:
    """Whether what serves is the last known good."""
    return bool(state.serving) and state.serving == state.last_known_good


def carry_out(desk: OwnersDesk, order: Order) -> None:
    """Give an order and wait for its end."""
    for _told in desk.change(order):
        pass


def _wait_until(owner: Owner, condition: Callable[[State], bool]) -> None:
    seen = threading.Event()
    leave = owner.listen(lambda _record, state, _effects: seen.set() if condition(state) else None)
    while not condition(owner.state):
        seen.wait()
    leave()


def _mortal(number: int, death: Death, seconds: float) -> type[Journal]:
    class MortalJournal(Journal):
        """A journal whose process ends at one of its writes."""

        _writes = 0

        def _write(self, record: Record) -> None:
            self._writes += 1
            fatal = self._writes == number
            if fatal and death == "torn":
                self._stream.write(_line(record)[: len(_line(record)) // 2])
                self._stream.flush()
                _die()
            super()._write(record)
            if fatal and death == "amid":
                threading.Thread(target=_die_in, args=(seconds,), daemon=True).start()
            elif fatal:
                _die()

    return MortalJournal


def _die_in(seconds: float) -> None:
    time.sleep(seconds)
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
