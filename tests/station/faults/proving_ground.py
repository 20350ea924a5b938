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
from pathlib import Path
from typing import Any, Generic, TypeVar

from ground_parts import HastyProbes, LivingGpu, Named, NoWitness, Patience
from scripted_models import scripted
from seeing import Look, Seen, is_healthy

from docstation.station.causes import Fault
from docstation.station.deployment import DriverKind
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.driver import Driver, Instance
from docstation.station.gate import DirectGate
from docstation.station.liveness import Liveness
from docstation.station.owner import Owner
from docstation.station.room import GpuRoom
from docstation.station.signs import HttpSigns, under_way
from docstation.station.steps import Steps
from docstation.station.telling import StepTold, Told
from docstation.station.watch import Watch
from docstation.station.words import Mode, State, Step

BUDGET = 12_000_000_000
PLANNED = {"dots": 9_000_000_000, "qwen": 8_000_000_000}
"""GPU memory in bytes: the two never fit on the card together."""
Servers = Callable[[int], Sequence[object]]
LONG = 3600.0
USUAL = Liveness()
PULSE_SECONDS = 0.02


Doings = Mapping[tuple[Step, str], Callable[[], object]]
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

    def change(self, *names: str, hooks: Doings | None = None, wish: Wish = Wish.SWITCH) -> list[Told]:
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
            ports = {one.port for one in self.names.known.values()}
            seen.most = max(seen.most, self.living(), sum(len(self.servers(port)) for port in ports))
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
