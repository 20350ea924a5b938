"""The ground that faults are injected on: a real owner, real steps, a driver with scripted servers, a ledger of memory.

What happens there is seen from outside, by threads that ask the driver and the old server again and again.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from scripted_models import scripted

from docstation.station.causes import Fault
from docstation.station.deployment import Deployment, DriverKind, Lineup
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.driver import Driver, Instance
from docstation.station.gate import DirectGate
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.liveness import Liveness
from docstation.station.owner import Owner
from docstation.station.probes import HttpProbes
from docstation.station.room import GpuRoom
from docstation.station.signs import HttpSigns, under_way
from docstation.station.steps import Steps
from docstation.station.telling import EndTold, StepTold, Told
from docstation.station.watch import Watch
from docstation.station.words import Mode, State, Step
from docstation.testing.scripted_gpu import ScriptedGpu

BUDGET = 12_000_000_000
PLANNED = {"dots": 9_000_000_000, "qwen": 8_000_000_000}
"""GPU memory in bytes: the two never fit on the card together."""
Servers = Callable[[int], Sequence[object]]
LONG = 3600.0
USUAL = Liveness()
PULSE_SECONDS = 0.02


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


@dataclass
class Seen:
    """What was seen from outside during a change.

    Attributes:
        told: by the desk.
        most: servers of ours that lived at once.
        looks: how often they were counted.
        asked: how often the old server was asked for its health.
        silences: moments at which it did not say yes.
        seconds: that it all took.
        shown: what the server that serves in the end says that it is, for whoever looked.
    """

    told: list[Told] = field(default_factory=list)
    most: int = 0
    looks: int = 0
    asked: int = 0
    silences: list[float] = field(default_factory=list)
    seconds: float = 0.0
    shown: str = ""

    @property
    def end(self) -> EndTold:
        last = self.told[-1]
        assert isinstance(last, EndTold)
        return last

    @property
    def steps(self) -> list[Step]:
        """Steps that were begun, each once."""
        return list(dict.fromkeys(one.step for one in self.told if isinstance(one, StepTold)))


Hooks = Mapping[tuple[Step, str], Callable[[], object]]
"""What to do when a step ``began``, is ``done`` or ``failed``; each is done once."""


GroundKind = TypeVar("GroundKind", bound="Ground")


class Ground:
    """One station; see the module.

    Args:
        folder: for everything.
        drivers: by kind; faults may replace them.
        looker: a driver of the same servers, for looking at them beside the station.
        port: of the servers.
        servers: those that are to serve on a port, whoever started them: not as our driver has it.
        usual: of every deployment, see `scripted`.
    """

    def __init__(
        self, folder: Path, drivers: dict[DriverKind, Driver], looker: Driver, port: int, servers: Servers, **usual: Any
    ) -> None:
        self._undo = ExitStack()
        self.servers = servers
        self.usual = usual
        self.folder = folder
        self.port = port
        self.drivers = drivers
        self._looker = looker
        self.names = Named()
        self.patience = Patience()
        self.probes = HastyProbes()
        self.gpu = LivingGpu(self._holding)
        self.room = GpuRoom(self.gpu, self.pids)
        self.steps = Steps(drivers, self.probes, DirectGate(under_way), self.room, self.patience, NoWitness())
        self.owner = self._own(0.0)
        self.want("dots")
        self.want("qwen")

    def _own(self, stable_seconds: float) -> Owner:
        owner = Owner(self.folder, self.steps, stable_seconds=stable_seconds)
        owner.start()
        self.desk = OwnersDesk(owner, self.names)
        return owner

    def own_anew(self, *, stable_seconds: float) -> None:
        """Let another manager take the station over."""
        self.owner.close()
        self.owner = self._own(stable_seconds)

    def close(self) -> None:
        """End the manager and all that runs."""
        self.undo()
        self.owner.close()
        for one in self.instances():
            self._looker.stop(one.name, grace=0.0)

    def pids(self, names: Collection[str]) -> set[int]:
        return {pid for one in self.instances() if one.name in names for pid in one.pids}

    def instances(self) -> list[Instance]:
        return self._looker.instances()

    def _holding(self) -> dict[int, int]:
        planned = {one.instance: one.planned_bytes for one in self.names.known.values()}
        return {one.pids[0]: planned.get(one.name, 0) for one in self.instances() if one.running and one.pids}

    # What is done.

    def later(self, undo: Callable[[], object]) -> None:
        """Have something undone when the fault is over."""
        self._undo.callback(undo)

    def undo(self) -> None:
        """The fault is over."""
        self._undo.close()

    def replace_driver(self, kind: DriverKind, driver: Driver) -> None:
        """Let another driver of the same servers do the work until the fault is over."""
        before = dict(self.drivers)
        self.drivers[kind] = driver
        self.later(lambda: (self.drivers.clear(), self.drivers.update(before)))

    def want(self, model: str, **options: Any) -> None:
        """What the model is from now on, as in `scripted`."""
        usual = {"weights": str(self.folder / "weights"), "port": self.port, "planned_bytes": PLANNED[model]}
        self.names.known[model] = scripted(model, **(usual | self.usual | options))

    def kill(self, model: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to the main process of its server."""
        instance = self._looker.find(self.names.known[model].instance)
        assert instance is not None
        os.kill(instance.pids[0], number)

    def change(self, *names: str, hooks: Hooks | None = None, wish: Wish = Wish.SWITCH) -> list[Told]:
        """Ask for a change and hear it to its end."""
        left, told = dict(hooks or {}), []
        for one in self.desk.change(Order(wish, names)):
            told.append(one)
            hook = left.pop((one.step, one.moment), None) if isinstance(one, StepTold) else None
            if hook is not None:
                hook()
        return told

    def come_to_rest(self) -> None:
        """Have dots serve, and wait until it is good."""
        self.want("dots")
        self.change("dots")
        self.wait_until(lambda state: self.is_at_rest)

    def wait_until(self, condition: Callable[[State], bool], *, within: float = 20.0) -> State:
        """The state once the condition holds; AssertionError when it does not come true."""
        end = time.monotonic() + within
        while not condition(state := self.owner.state):
            assert time.monotonic() < end, state
            time.sleep(0.005)
        return state

    @contextmanager
    def looked_after(self, liveness: Liveness = USUAL) -> Iterator[None]:
        """The real watch looks after what serves within the block."""
        watch = self._watch(liveness)
        watch.start()
        try:
            yield
        finally:
            watch.close()

    def _watch(self, liveness: Liveness) -> Watch:
        return Watch(
            self.owner,
            self.steps.driver,
            HttpSigns({}),
            self.gpu,
            self.pids,
            liveness=liveness,
            budget_bytes=BUDGET,
            baseline_bytes=lambda: self.room.baseline_bytes,
            smaller=lambda _serving: None,
            admit=lambda _open: None,
        )

    def control(self, model: str, **knobs: object) -> None:
        """Set knobs of a scripted server while it runs."""
        assert self._post(model, "/control", knobs) == 200

    def ask(self, model: str) -> int:
        """Status of the answer to a question."""
        question = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 8}
        return self._post(model, "/v1/chat/completions", question)

    def _post(self, model: str, path: str, content: object) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.names.known[model].port, timeout=20)
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    # What is seen.

    @property
    def is_at_rest(self) -> bool:
        """Whether dots serves and is good, nothing else lives, and nothing is to happen."""
        state, dots = self.owner.state, self.names.lineup(["dots"])
        living = [(one.spec, one.running) for one in self.instances()]
        calm = state.mode is Mode.READY and state.transaction is None and not state.failures and not state.ill
        return calm and state.serving == state.last_known_good == dots and living == [(dots.members[0].spec, True)]

    @contextmanager
    def watched(self, *, every: float = PULSE_SECONDS) -> Iterator[Seen]:
        """See what goes on within the block from outside, and once before and once after it."""
        seen, over = Seen(), threading.Event()
        looks = [Look(every, over, lambda: self._count(seen)), Look(PULSE_SECONDS, over, lambda: self._feel(seen))]
        for look in looks:
            look.start()
            look.first.wait()
        began = time.monotonic()
        try:
            yield seen
        finally:
            seen.seconds = time.monotonic() - began
            over.set()
            for look in looks:
                look.join()

    def _count(self, seen: Seen) -> None:
        with suppress(Fault):
            seen.most = max(seen.most, self.living())
            seen.looks += 1

    def living(self) -> int:
        """Servers of ours that live now."""
        return sum(one.running for one in self.instances())

    def _feel(self, seen: Seen) -> None:
        seen.asked += 1
        if not is_healthy(self.names.known["dots"].port):
            seen.silences.append(time.monotonic())


class Kept(Generic[GroundKind]):
    """The ground of the last test, kept for the next one while it is as a ground should be.

    Args:
        make: makes one at rest.
    """

    def __init__(self, make: Callable[[], GroundKind]) -> None:
        self._make = make
        self._kept: GroundKind | None = None

    def get(self) -> GroundKind:
        """A ground at rest: dots serves, is good, and is alone."""
        if self._kept is not None and not self._kept.is_at_rest:
            self.drop()
        if self._kept is None:
            self._kept = self._make()
        return self._kept

    def drop(self) -> None:
        """End it."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class Look(threading.Thread):
    """Looks again and again until it is over, and then once more.

    Attributes:
        first: set after the first look.
    """

    def __init__(self, every: float, over: threading.Event, look: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.first = threading.Event()
        self._every = every
        self._over = over
        self._look = look

    def run(self) -> None:
        self._look()
        self.first.set()
        while not self._over.wait(self._every):
            self._look()
        self._look()


def is_healthy(port: int) -> bool:
    """Whether ``/health`` says yes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
