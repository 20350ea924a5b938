"""The watch: looks after what serves day and night, and tells the owner when something is ill.

Each round asks the driver whether the process lives, the server for a life sign, and the card for our share of it.
What the answers mean is decided by the pure policies (`liveness`, `headroom`); what is done about it, by the machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Protocol

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, Lineup
from docstation.station.driver import Driver
from docstation.station.gpu import Gpu
from docstation.station.headroom import Headroom, HeadroomState, Level, MemorySample
from docstation.station.liveness import LifeSign, LifeState, Liveness, Verdict
from docstation.station.owner import Owner, new_id
from docstation.station.steps import explained
from docstation.station.words import FellIll, Kind, Mode, Recovered, Requested

EVERY = 1.0
"""Seconds between two rounds."""
AWAY_PATIENCE = 30.0
"""Seconds for which an engine may be away while its server does not answer, before the server counts as lost."""


class LifeSigns(Protocol):
    """What a server shows of itself."""

    def life_sign(self, deployment: Deployment, at: float) -> LifeSign:
        """Health and counters within a second; what is not known is None."""

    def small_question(self, deployment: Deployment, *, seconds: float) -> bool:
        """Whether it answers a small question in time."""


@dataclass(slots=True)
class _Watched:
    """What is remembered of one server, from its start to its end."""

    life: LifeState = field(default_factory=LifeState)
    probe: threading.Thread | None = None
    probe_answer: bool | None = None
    away_since: float | None = None


@dataclass(slots=True)
class _Memory:
    """What is remembered of the card while one lineup serves."""

    lineup: Lineup
    policy: Headroom
    state: HeadroomState = field(default_factory=HeadroomState)


class Watch:
    """Watches until it is closed.

    Args:
        owner: told of what is found.
        drivers: the driver of a deployment.
        signs: the servers' side.
        gpu: the card.
        pids: processes of the instances of these names.
        liveness: when a server counts as hung.
        budget_bytes: of all that serves.
        baseline_bytes: gives what others held on the card when the lineup was started, None where it is not known.
        smaller: the lineup on a smaller plan, None where there is none.
        admit: told whether new requests may come in, when that changes.
        clock: steady seconds.
    """

    def __init__(
        self,
        owner: Owner,
        drivers: Callable[[Deployment], Driver],
        signs: LifeSigns,
        gpu: Gpu,
        pids: Callable[[Collection[str]], set[int]],
        *,
        liveness: Liveness,
        budget_bytes: int,
        baseline_bytes: Callable[[], int | None],
        smaller: Callable[[Lineup], Lineup | None],
        admit: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._owner = owner
        self._drivers = drivers
        self._signs = signs
        self._gpu = gpu
        self._pids = pids
        self._liveness = liveness
        self._budget_bytes = budget_bytes
        self._baseline_bytes = baseline_bytes
        self._smaller = smaller
        self._admit = admit
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._memory: _Memory | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self.look()
            except Exception as error:  # one bad round must not end the watch
                self._owner.note("watch-bug", error=f"{type(error).__name__}: {error}")

    def look(self) -> None:
        """One round."""
        state = self._owner.state
        if state.transaction is not None:
            self._watched.clear()
            self._memory = None
            return
        self._look_for_engine(state.mode, state.cause, state.wanted)
        known = {one.spec for one in state.serving.members}
        self._watched = {spec: seen for spec, seen in self._watched.items() if spec in known}
        for member in state.serving.members:
            self._look_at(member, self._watched.setdefault(member.spec, _Watched()))
        self._look_at_memory(state.serving)

    # Servers.

    def _look_at(self, member: Deployment, seen: _Watched) -> None:
        now = self._clock()
        sign = self._sign(member, seen, now)
        seen.life, verdict = self._liveness.judge(seen.life, sign)
        try:
            instance = self._drivers(member).find(member.instance)
        except Fault as fault:
            self._engine_away(member, seen, fault, now, answers=sign.healthy is True)
            return
        seen.away_since = None
        if instance is None or not instance.running:
            self._ill(member, Fault(Cause.EXITED))
        elif verdict is Verdict.DEAD:
            self._ill(member, Fault(Cause.ENGINE_DEAD))
        elif verdict is Verdict.HUNG:
            still = f"no progress for {seen.life.still_for(now):.0f} s"
            self._owner.post(FellIll(self._owner.now(), member.model, Cause.ENGINE_HUNG, still))
        elif verdict is Verdict.PROBE:
            self._probe(member, seen)

    def _sign(self, member: Deployment, seen: _Watched, now: float) -> LifeSign:
        sign = self._signs.life_sign(member, now)
        if seen.probe is not None and not seen.probe.is_alive():
            sign, seen.probe = replace(sign, probe=seen.probe_answer), None
        return sign

    def _probe(self, member: Deployment, seen: _Watched) -> None:
        """Ask in a thread of its own: a hung server must not hang the watch."""
        if seen.probe is not None:
            return
        wait = self._liveness.still - self._liveness.probe_after

        def ask() -> None:
            seen.probe_answer = self._signs.small_question(member, seconds=wait)

        seen.probe = threading.Thread(target=ask, name="probe", daemon=True)
        seen.probe.start()

    def _ill(self, member: Deployment, fault: Fault) -> None:
        """Tell the owner, with the cause that the log gives."""
        fault = explained(self._drivers(member), member, fault, "ready")
        if fault.evidence:
            self._owner.note("evidence", cause=fault.cause, lines=list(fault.evidence))
        self._owner.post(FellIll(self._owner.now(), member.model, fault.cause, fault.detail))

    # The engine behind the servers.

    def _engine_away(self, member: Deployment, seen: _Watched, fault: Fault, now: float, *, answers: bool) -> None:
        """An engine that is away does not end its servers; one that takes its servers along does."""
        if seen.away_since is None:
            seen.away_since = now
            self._owner.note("engine-away", cause=fault.cause, detail=fault.detail)
        if answers:
            seen.away_since = now
        elif now - seen.away_since >= AWAY_PATIENCE:
            self._owner.post(FellIll(self._owner.now(), member.model, Cause.ENGINE_DOWN, fault.detail))

    def _look_for_engine(self, mode: Mode, cause: Cause | None, wanted: Lineup) -> None:
        """When what is wanted waits for its engine, take it over as soon as that is back."""
        if mode is not Mode.WAITING or cause is not Cause.ENGINE_DOWN:
            return
        try:
            found = [self._drivers(one).find(one.instance) for one in wanted.members]
        except Fault:
            return
        alive = tuple(one.spec for one in found if one is not None and one.running)
        self._owner.post(Recovered(self._owner.now(), alive))

    # Memory.

    def _look_at_memory(self, serving: Lineup) -> None:
        if not serving.planned_bytes:
            return
        # Where no process of ours can be seen, nothing is known of whose memory it is.
        reading = self._gpu.read(self._pids([one.instance for one in serving.members]) or None)
        sample = MemorySample.of(self._clock(), reading)
        memory = self._memory
        if memory is None or memory.lineup != serving:
            memory = self._memory = _Memory(
                serving, Headroom(self._budget_bytes, baseline_bytes=self._baseline_bytes())
            )
        memory.state, change = memory.policy.sample(memory.state, sample)
        if change is None:
            return
        self._owner.note(
            "headroom", level=change.level, before=change.before, bytes=change.held_bytes, exact=change.exact
        )
        self._admit(change.level is Level.FINE)
        if change.level is Level.HARD:
            self._shrink(serving, change.held_bytes)

    def _shrink(self, serving: Lineup, held: int) -> None:
        smaller = self._smaller(serving)
        detail = f"{held / 10**9:.2f} GB held, {self._budget_bytes / 10**9:.2f} GB allowed"
        if smaller is None:
            self._owner.post(FellIll(self._owner.now(), serving.names[0], Cause.OVER_BUDGET, detail))
        else:
            self._owner.post(Requested(self._owner.now(), new_id(), Kind.SHRINK, smaller))
