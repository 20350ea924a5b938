"""Whether a model server that says 200 still works: ``(state, sample) → (state, verdict)``, pure.

An engine hangs when it owes an answer and makes no step. vLLM's counter of steps moves whenever it does, however many
wait; its gauges of requests are as old as its last step, so the first request of a hung engine is only known to the
gateway. What cannot be told from outside is settled by a probe. It reads no clock, asks no server and restarts nothing
itself. Times are seconds of any steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

_SLACK = 2.0


class Verdict(StrEnum):
    """What a sample says of the server; the value is stable and appears in JSON and metrics."""

    FINE = "fine"
    PROBE = "probe"
    """Ask it a small question now, and tell with a later sample how that ended."""
    HUNG = "hung"
    DEAD = "dead"
    """It says itself that its engine is gone."""


@dataclass(frozen=True, slots=True)
class LifeSign:
    """What was seen of the server at one moment; None is always: not known.

    Attributes:
        at: when.
        healthy: whether ``/health`` said yes; None when it gave no answer in time.
        running: requests that the engine works on, by its metrics.
        waiting: requests that wait in the engine, by its metrics.
        steps: any counter that moves with every step of the engine (``vllm:iteration_tokens_total_count``).
        in_flight: requests that the gateway has passed to it and that are not answered.
        passed: any counter that moves with every piece of an answer that the gateway has passed back; refusals do not
            count, which a server with a hung engine still gives.
        probe: how the probe asked for before ended, told once: True for an answer, False for none in time.
    """

    at: float
    healthy: bool | None = None
    running: int | None = None
    waiting: int | None = None
    steps: int | None = None
    in_flight: int | None = None
    passed: int | None = None
    probe: bool | None = None

    @property
    def engine_load(self) -> int | None:
        """Requests that the engine knows of, as of its last step."""
        if self.running is None and self.waiting is None:
            return None
        return (self.running or 0) + (self.waiting or 0)

    @property
    def load(self) -> int:
        """Requests that anybody knows of."""
        return max(self.engine_load or 0, self.in_flight or 0)

    @property
    def blind(self) -> bool:
        """Whether nobody can say if there is work: no metrics, no gateway."""
        return self.engine_load is None and self.in_flight is None

    @property
    def owing(self) -> bool:
        """Whether it owes an answer, or may owe one."""
        return self.load > 0 or self.blind or self.healthy is None

    @property
    def certain(self) -> bool:
        """Whether it must step: the engine knows of work, and the gateway, if there is one, agrees."""
        return bool(self.engine_load) and self.steps is not None and self.in_flight != 0


@dataclass(frozen=True, slots=True)
class LifeState:
    """What is remembered between samples; a new start of a server begins with a new one.

    Attributes:
        at: of the last sample, None before the first.
        still_since: since when it owes and shows nothing; None while it owes nothing.
        fresh: whether requests have come since its last sign, so that it may be reading a long prompt.
        resting: whether stillness is explained until a request comes: a probe was answered, as when a client reads
            slowly what is long finished, or nobody can say if there is work.
        probe_at: when the probe that is under way was asked for.
        probe_failed: whether a probe went unanswered and nothing was seen since.
        steps: last known.
        passed: last known.
        load: requests at the last sample.
        deaths: samples in a row that said that the engine is gone.
    """

    at: float | None = None
    still_since: float | None = None
    fresh: bool = False
    resting: bool = False
    probe_at: float | None = None
    probe_failed: bool = False
    steps: int | None = None
    passed: int | None = None
    load: int = 0
    deaths: int = 0

    def still_for(self, at: float) -> float:
        """Seconds for which it has owed an answer and shown nothing."""
        return 0.0 if self.still_since is None else max(0.0, at - self.still_since)


@dataclass(frozen=True, slots=True)
class Liveness:
    """The policy; all times in seconds. With samples once a second it finds a hang within ``still + grace + 1``.

    Attributes:
        still: owing and showing nothing for so long is hanging.
        grace: so much longer if requests have come since the last sign: an engine makes one long step of a long
            picture. On a processor a page may take minutes; there both want to be larger.
        probe_after: stillness after which a probe settles what is not certain.
        rest: likewise where the stillness is explained, see `LifeState.resting`.
        pause: samples further apart than this mean that we slept, and the server may have slept too: the rest of the
            time does not count.
        deaths: samples in a row that it takes to believe the server that its engine is gone.
    """

    still: float = 20.0
    grace: float = 8.0
    probe_after: float = 10.0
    rest: float = 60.0
    pause: float = 5.0
    deaths: int = 2

    @property
    def probe_within(self) -> float:
        """Seconds that a probe is given for its answer; one of which nothing is heard a little later is asked anew."""
        return max(1.0, self.still - self.probe_after)

    def judge(self, state: LifeState, sign: LifeSign) -> tuple[LifeState, Verdict]:
        """After one sample. A server stays hung or dead, sample after sample, until it shows life or is replaced."""
        deaths = state.deaths + 1 if sign.healthy is False else 0
        before = self._without_pause(state, sign.at)
        now = replace(_followed(before, sign), deaths=deaths)
        if deaths >= self.deaths:
            return now, Verdict.DEAD
        if now.still_since is None or sign.healthy is False:
            return now, Verdict.FINE
        return self._judge_stillness(now, sign)

    def _without_pause(self, state: LifeState, at: float) -> LifeState:
        if state.at is None or state.still_since is None or at - state.at <= self.pause:
            return state
        slept = at - state.at - self.pause
        probe_at = None if state.probe_at is None else state.probe_at + slept
        return replace(state, still_since=state.still_since + slept, probe_at=probe_at)

    def _judge_stillness(self, state: LifeState, sign: LifeSign) -> tuple[LifeState, Verdict]:
        still = state.still_for(sign.at)
        over = still >= self.still + (self.grace if state.fresh else 0.0)
        if over and (sign.certain or state.probe_failed):
            return state, Verdict.HUNG
        if sign.certain or state.probe_failed:
            return state, Verdict.FINE
        under_way = state.probe_at is not None and sign.at - state.probe_at < self.probe_within + _SLACK
        if under_way or still < (self.rest if state.resting else self.probe_after):
            return state, Verdict.FINE
        return replace(state, probe_at=sign.at), Verdict.PROBE


def _followed(state: LifeState, sign: LifeSign) -> LifeState:
    """The state with what the sample shows, before anything is judged."""
    known = replace(
        state,
        at=sign.at,
        steps=state.steps if sign.steps is None else sign.steps,
        passed=state.passed if sign.passed is None else sign.passed,
        load=sign.load,
    )
    came = sign.load > state.load
    if not sign.owing:
        return _counting_from(None, known)
    if sign.probe:
        return _counting_from(sign.at, known, fresh=came, resting=not came)
    if _moved(state, sign):
        return _counting_from(sign.at, known, fresh=came)
    if state.still_since is None or (came and state.resting):
        return _counting_from(sign.at, known, fresh=sign.load > 0, resting=sign.blind and sign.healthy is not None)
    failed = sign.probe is False and state.probe_at is not None
    return replace(
        known,
        fresh=state.fresh or came,
        probe_at=None if failed else state.probe_at,
        probe_failed=state.probe_failed or failed,
    )


def _counting_from(at: float | None, state: LifeState, *, fresh: bool = False, resting: bool = False) -> LifeState:
    return replace(state, still_since=at, fresh=fresh, resting=resting, probe_at=None, probe_failed=False)


def _moved(state: LifeState, sign: LifeSign) -> bool:
    """Whether a counter shows work. The first figure of the engine's counter is none, but one to count from."""
    stepped = sign.steps is not None and sign.steps != state.steps
    return stepped or (state.passed is not None and sign.passed is not None and sign.passed != state.passed)
