"""The steps of a transaction, performed: what the machine wants is done with drivers, probes, the gate and the GPU.

Each step either returns or raises `Fault`; each may be repeated. What a server's log says about a failure is diagnosed
here, so that the fault carries the cause and not the symptom.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event as Flag
from typing import Protocol

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, DriverKind, Lineup
from docstation.station.diagnosis import diagnose
from docstation.station.driver import Driver
from docstation.station.words import Perform, Step


@dataclass(frozen=True, slots=True)
class Times:
    """How long each step may take, in seconds; see the settings of the same names."""

    drain: float = 30.0
    stop: float = 20.0
    reclaim: float = 30.0
    load: float = 900.0
    canary: float = 120.0


class Probes(Protocol):
    """What is asked of a model server over HTTP."""

    def wait_until_answers(
        self, deployment: Deployment, *, seconds: float, still_running: Callable[[], bool], cancelled: Flag
    ) -> None:
        """Return at the first healthy answer, or when `still_running` says no.

        Raises:
            Fault: ``LOAD_TIMEOUT`` or ``CANCELLED``.
        """

    def check_identity(self, deployment: Deployment) -> None:
        """Raise `Fault` ``WRONG_MODEL`` or ``WRONG_CONTEXT`` unless the server shows what was deployed."""

    def canary(self, deployment: Deployment, *, seconds: float, cancelled: Flag) -> None:
        """Have the canary page read; raise `Fault` unless the answer holds what the page shows."""


class Gate(Protocol):
    """Who lets requests through to the model."""

    def hold(self) -> None:
        """Keep new requests waiting."""

    def drain(self, members: Sequence[Deployment], *, seconds: float, cancelled: Flag) -> None:
        """Hold, and return once no request is under way or the time is up."""

    def serve(self, lineup: Lineup) -> None:
        """Let requests through to `lineup`; nothing stands for the embedded engine."""


class Memory(Protocol):
    """The GPU's memory as the switch needs it."""

    def check(self, starting: Sequence[Deployment], stopping: Sequence[str]) -> None:
        """Raise `Fault` ``MEMORY_TAKEN`` when others hold what `starting` needs."""

    def wait_for(self, starting: Sequence[Deployment], *, seconds: float, cancelled: Flag) -> None:
        """Return once there is room; raise `Fault` ``MEMORY_NOT_RETURNED`` when the time is up."""


class Witness(Protocol):
    """Who learns from starts."""

    def answered(self, deployment: Deployment, log: Sequence[str]) -> None:
        """A server gave its first healthy answer; `log` is all that it has said."""

    def passed(self, deployment: Deployment) -> None:
        """A server passed its canary."""


LONGEST_TAIL = 400
LAST_WORDS = 0.6
"""Seconds in which the log of a server that fails has its reason."""


class Steps:
    """Performs steps, one at a time.

    Args:
        drivers: by their kind.
        probes: the HTTP side.
        gate: of the requests.
        memory: of the GPU.
        times: bounds of the steps.
        witness: learns memory figures from every start.
    """

    def __init__(
        self,
        drivers: Mapping[DriverKind, Driver],
        probes: Probes,
        gate: Gate,
        memory: Memory,
        times: Times,
        witness: Witness,
    ) -> None:
        self.drivers = drivers
        self.gate = gate
        self._probes = probes
        self._memory = memory
        self._times = times
        self._witness = witness

    def perform(self, effect: Perform, cancelled: Flag) -> None:
        """Do the step.

        Raises:
            Fault: with the cause; ``CANCELLED`` when `cancelled` was set meanwhile.
        """
        match effect.step:
            case Step.PREPARE:
                self._prepare(effect, cancelled)
            case Step.DRAIN:
                self.gate.drain(effect.members, seconds=self._times.drain, cancelled=cancelled)
            case Step.STOP:
                self._stop(effect.members)
            case Step.RECLAIM:
                self._memory.wait_for(effect.members, seconds=self._times.reclaim, cancelled=cancelled)
            case Step.START:
                self._start(effect.members[0])
            case Step.LOAD:
                self._load(effect.members[0], cancelled)
            case Step.PROBE:
                self._probe(effect.members[0])
            case Step.CANARY:
                self._canary(effect.members[0], cancelled)

    def driver(self, deployment: Deployment) -> Driver:
        """The driver of a deployment.

        Raises:
            Fault: ``ENGINE_DOWN`` where there is none of its kind here.
        """
        driver = self.drivers.get(deployment.driver)
        if driver is None:
            raise Fault(Cause.ENGINE_DOWN, f"no driver for {deployment.driver}")
        return driver

    def _prepare(self, effect: Perform, cancelled: Flag) -> None:
        for member in effect.members:
            if cancelled.is_set():
                raise Fault(Cause.CANCELLED)
            self.driver(member).prepare(member, replacing=effect.replacing)
        self._memory.check(effect.members, effect.replacing)

    def _stop(self, members: Sequence[Deployment]) -> None:
        for member in members:
            self.driver(member).stop(member.instance, grace=self._times.stop)

    def _start(self, member: Deployment) -> None:
        try:
            self.driver(member).start(member)
        except Fault as fault:
            raise self._explained(member, fault, Step.START) from fault

    def _load(self, member: Deployment, cancelled: Flag) -> None:
        driver = self.driver(member)
        looked = Looked(driver, member)
        try:
            self._probes.wait_until_answers(
                member, seconds=self._times.load, still_running=looked.running, cancelled=cancelled
            )
        except Fault as fault:
            raise self._explained(member, fault, Step.LOAD) from fault
        if not looked.running():
            raise self._explained(member, Fault(Cause.EXITED), Step.LOAD)
        self._witness.answered(member, driver.log_tail(member.instance, LONGEST_TAIL))

    def _probe(self, member: Deployment) -> None:
        try:
            self._probes.check_identity(member)
        except Fault as fault:
            raise self._explained(member, fault, Step.PROBE) from fault

    def _canary(self, member: Deployment, cancelled: Flag) -> None:
        try:
            self._probes.canary(member, seconds=self._times.canary, cancelled=cancelled)
        except Fault as fault:
            raise self._explained(member, fault, Step.CANARY) from fault
        self._witness.passed(member)

    def _explained(self, member: Deployment, fault: Fault, step: Step) -> Fault:
        """The fault with the cause that the server's log tells, where the fault itself is only a symptom."""
        return fault if fault.cause not in SYMPTOMS else explained(self.driver(member), member, fault, str(step))


SYMPTOMS = frozenset({Cause.EXITED, Cause.LOAD_TIMEOUT, Cause.ENGINE_DEAD, Cause.START_FAILED})


def explained(driver: Driver, member: Deployment, fault: Fault, phase: str) -> Fault:
    """What the log and the exit code say about a symptom; the symptom itself where they say nothing.

    A dying server answers a little before its last words are in the log, so they are waited for.
    """
    last = time.monotonic() + LAST_WORDS
    while True:
        found = _told_by_log(driver, member, fault, phase)
        if found.cause is not fault.cause or time.monotonic() > last:
            return found
        time.sleep(0.1)


def _told_by_log(driver: Driver, member: Deployment, fault: Fault, phase: str) -> Fault:
    try:
        instance, log = driver.find(member.instance), driver.log_tail(member.instance, LONGEST_TAIL)
    except Fault:
        return fault
    found = diagnose(
        log,
        exit_code=instance.exit_code if instance else None,
        oom_killed=instance.oom_killed if instance else False,
        phase=phase,
        observed=fault.cause,
    )
    if found.cause is Cause.UNKNOWN:
        return Fault(fault.cause, fault.detail or found.detail, found.evidence or fault.evidence)
    return Fault(found.cause, found.detail, found.evidence)


class Looked:
    """Whether a server lives, asked of its driver no more often than it pays.

    Args:
        driver: of the server.
        member: which server.
        every: seconds for which an answer holds.
    """

    def __init__(self, driver: Driver, member: Deployment, every: float = 0.2) -> None:
        self._driver = driver
        self._member = member
        self._every = every
        self._asked = -every
        self._lives = True

    def running(self) -> bool:
        """The newest answer; an engine that is away does not make a server dead."""
        now = time.monotonic()
        if now - self._asked >= self._every:
            self._asked = now
            try:
                found = self._driver.find(self._member.instance)
            except Fault:
                return self._lives
            self._lives = found is not None and found.running
        return self._lives
