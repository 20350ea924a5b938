"""A hung server is found in time, and no other is taken for one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.station.liveness import LifeSign, LifeState, Liveness, Verdict

POLICY = Liveness()
FOUND = POLICY.still + POLICY.grace + 1


def play(*signs: LifeSign, policy: Liveness = POLICY) -> list[Verdict]:
    """Verdicts of a row of samples."""
    state, verdicts = LifeState(), []
    for sign in signs:
        state, verdict = policy.judge(state, sign)
        verdicts.append(verdict)
    return verdicts


def seconds(count: int, sign: LifeSign, start: float = 0.0) -> list[LifeSign]:
    """The same sample, second by second."""
    return [replace(sign, at=start + second) for second in range(count)]


def first(verdicts: list[Verdict], verdict: Verdict) -> int:
    return verdicts.index(verdict)


BUSY = LifeSign(0, True, running=1, waiting=0, steps=500, in_flight=1, passed=80)


def test_an_engine_that_stops_in_the_middle_of_an_answer_is_hung_after_twenty_seconds() -> None:
    working = [replace(BUSY, at=float(second), steps=second) for second in range(5)]
    stopped = seconds(60, replace(BUSY, steps=4), start=5)

    verdicts = play(*working, *stopped)

    assert first(verdicts, Verdict.HUNG) == 24, "20 seconds after its last step, at 4"
    assert Verdict.PROBE not in verdicts
    assert set(verdicts[24:]) == {Verdict.HUNG}


def test_requests_that_keep_coming_put_it_off_once_and_for_a_grace_only() -> None:
    signs = [replace(BUSY, at=float(second), in_flight=1 + second, waiting=second) for second in range(60)]
    assert first(play(*signs), Verdict.HUNG) == POLICY.still + POLICY.grace


def test_the_first_request_of_a_hung_engine_is_known_to_the_gateway_only_and_probed_for() -> None:
    idle = LifeSign(0, True, running=0, waiting=0, steps=7, in_flight=0, passed=0)
    taken = seconds(29, replace(idle, in_flight=1), start=1)
    asked = first(play(idle, *taken), Verdict.PROBE)
    taken[asked + 9] = replace(taken[asked + 9], probe=False)

    verdicts = play(idle, *taken)

    assert asked == 1 + POLICY.probe_after
    assert verdicts.count(Verdict.PROBE) == 1
    assert first(verdicts, Verdict.HUNG) == 1 + POLICY.still + POLICY.grace


def test_without_an_answer_of_the_probe_it_is_asked_for_again_and_nothing_is_concluded() -> None:
    verdicts = play(*seconds(60, replace(BUSY, running=0)))
    assert [second for second, verdict in enumerate(verdicts) if verdict is Verdict.PROBE] == [10, 22, 34, 46, 58]
    assert Verdict.HUNG not in verdicts


def test_an_answer_that_its_client_reads_slowly_is_probed_once_a_minute() -> None:
    signs, state, probes = seconds(200, replace(BUSY, running=0)), LifeState(), []
    probe = None
    for sign in signs:
        state, verdict = POLICY.judge(state, replace(sign, probe=probe))
        probe = True if verdict is Verdict.PROBE else None
        assert verdict is not Verdict.HUNG
        if verdict is Verdict.PROBE:
            probes.append(sign.at)
    assert probes == [10, 71, 132, 193]


def test_a_request_that_comes_while_stillness_was_explained_has_its_own_time() -> None:
    """A page that is read for 15 seconds in one step, 40 seconds after a probe was answered."""
    slow_reader = seconds(51, replace(BUSY, running=0))
    slow_reader[11] = replace(slow_reader[11], probe=True)
    prefill = seconds(16, replace(BUSY, running=0, in_flight=2), start=51)
    prefill[15] = replace(prefill[15], steps=501, running=1)
    prefill[12] = replace(prefill[12], probe=False)
    assert Verdict.HUNG not in play(*slow_reader, *prefill)


def test_a_hang_that_comes_with_a_request_after_explained_stillness_is_found_in_time() -> None:
    slow_reader = seconds(51, replace(BUSY, running=0))
    slow_reader[11] = replace(slow_reader[11], probe=True)
    hung = seconds(30, replace(BUSY, running=0, in_flight=2), start=51)
    hung[20] = replace(hung[20], probe=False)

    verdicts = play(*slow_reader, *hung)[51:]

    assert first(verdicts, Verdict.PROBE) == POLICY.probe_after
    assert first(verdicts, Verdict.HUNG) == POLICY.still + POLICY.grace


def test_a_probe_that_failed_before_the_last_step_proves_nothing_of_the_time_after() -> None:
    signs = seconds(60, replace(BUSY, running=0))
    signs[15:] = [replace(sign, steps=501) for sign in signs[15:]]
    signs[20] = replace(signs[20], probe=False)  # asked for at 10; the engine stepped at 15
    assert Verdict.HUNG not in play(*signs)


def test_requests_without_a_counter_of_steps_are_probed_for() -> None:
    verdicts = play(*seconds(60, replace(BUSY, steps=None, passed=None)))
    assert Verdict.PROBE in verdicts
    assert Verdict.HUNG not in verdicts


def test_requests_that_the_gateway_does_not_know_are_no_proof() -> None:
    """A gauge that nobody has refreshed, or somebody who asks the server past the gateway."""
    verdicts = play(*seconds(100, replace(BUSY, in_flight=0)))
    assert Verdict.PROBE in verdicts
    assert Verdict.HUNG not in verdicts


def test_without_a_gateway_the_metrics_are_proof() -> None:
    assert first(play(*seconds(60, replace(BUSY, in_flight=None, passed=None))), Verdict.HUNG) == 28


def test_saturation_is_no_hang() -> None:
    """Hundreds wait, the gateway passes nothing back for minutes, but the engine steps every few seconds."""
    signs = [
        LifeSign(float(second), True, running=256, waiting=700 + second, steps=second // 9, in_flight=900, passed=3)
        for second in range(600)
    ]
    assert set(play(*signs)) == {Verdict.FINE}


def test_a_long_picture_is_read_in_one_step() -> None:
    """Nothing moves for 25 seconds after a request has come."""
    idle = LifeSign(0, True, running=0, waiting=0, steps=7, in_flight=0)
    reading = seconds(25, replace(idle, in_flight=1), start=1)
    reading[20] = replace(reading[20], probe=False)  # it waits behind the picture
    answering = replace(idle, at=26, in_flight=1, running=1, steps=8)
    assert Verdict.HUNG not in play(idle, *reading, answering)


def test_the_samples_of_a_real_server_that_was_stopped() -> None:
    """vLLM 0.32 whose engine got SIGSTOP before the first step of a request: healthy, and nothing seems to run."""
    idle = LifeSign(0, True, running=0, waiting=0, steps=2005, in_flight=0, passed=2007)
    stopped = [replace(sign, in_flight=1) for sign in seconds(40, idle, start=1)]
    stopped[20] = replace(stopped[20], probe=False)
    assert first(play(idle, *stopped), Verdict.HUNG) <= 1 + FOUND


def test_an_idle_server_is_left_alone() -> None:
    idle = LifeSign(0, True, running=0, waiting=0, steps=7, in_flight=0, passed=9)
    assert set(play(*seconds(5000, idle))) == {Verdict.FINE}


def test_an_idle_server_without_metrics_is_left_alone_too() -> None:
    assert set(play(*seconds(5000, LifeSign(0, True, in_flight=0)))) == {Verdict.FINE}


def test_a_server_of_which_nothing_is_known_is_probed_once_a_minute() -> None:
    verdicts = play(*seconds(50, LifeSign(0, True)))
    assert set(verdicts) == {Verdict.FINE}
    assert first(play(*seconds(100, LifeSign(0, True))), Verdict.PROBE) == POLICY.rest


def test_missing_metrics_ask_for_a_probe_and_its_failure_is_a_hang() -> None:
    signs = seconds(40, LifeSign(0, True, in_flight=2))
    signs[19] = replace(signs[19], probe=False)
    verdicts = play(*signs)
    assert first(verdicts, Verdict.PROBE) == 10
    assert first(verdicts, Verdict.HUNG) == 28


def test_answers_that_flow_through_the_gateway_make_up_for_missing_metrics() -> None:
    signs = [LifeSign(float(second), True, in_flight=2, passed=second) for second in range(300)]
    assert set(play(*signs)) == {Verdict.FINE}


def test_a_server_that_answers_nothing_at_all_is_hung_though_nobody_waits() -> None:
    signs = seconds(40, LifeSign(0, None, in_flight=0))
    signs[20] = replace(signs[20], probe=False)
    verdicts = play(*signs)
    assert first(verdicts, Verdict.PROBE) == 10
    assert first(verdicts, Verdict.HUNG) == 20


def test_metrics_that_come_late_are_something_to_count_from_and_no_proof() -> None:
    signs = [*seconds(25, LifeSign(0, True, in_flight=5)), *seconds(19, replace(BUSY, in_flight=5), start=25)]
    assert Verdict.HUNG not in play(*signs)


def test_an_engine_that_says_it_is_gone_is_believed_the_second_time() -> None:
    gone = replace(BUSY, healthy=False)
    assert play(BUSY, *seconds(3, gone, 1)) == [Verdict.FINE, Verdict.FINE, Verdict.DEAD, Verdict.DEAD]
    assert Verdict.DEAD not in play(*(replace(BUSY, at=float(second), steps=second, healthy=second % 2 == 0)
                                      for second in range(50)))  # fmt: skip


def test_time_that_was_slept_through_does_not_count() -> None:
    """A laptop that was closed for an hour in the middle of an answer, or a watch that was starved."""
    before = seconds(5, BUSY)
    after = seconds(20, BUSY, start=3600)
    verdicts = play(*before, *after)
    assert Verdict.HUNG not in verdicts[: 5 + 10]
    assert Verdict.HUNG in play(*before, *after, *seconds(20, BUSY, start=3620))


def test_a_restarted_server_counts_anew() -> None:
    signs = [*seconds(15, BUSY), *seconds(15, replace(BUSY, steps=0), start=15)]
    assert Verdict.HUNG not in play(*signs)


# Properties, on an engine that is simulated second by second.


@dataclass
class Engine:
    """An engine with stale gauges: what `/metrics` shows is as of its last step."""

    steps: int = 0
    gauge: int = 0
    in_flight: int = 0
    still: float = 0.0
    patience: float = 10.0
    probe_due: float | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    state: LifeState = field(default_factory=LifeState)

    def second(self, at: float, *, step: bool, requests: int, metrics: bool, gateway: bool = True) -> Verdict:
        if requests > self.in_flight and self.in_flight == 0:
            self.still = 0.0
        self.in_flight = requests
        if step:
            self.steps, self.gauge, self.still = self.steps + 1, requests, 0.0
        else:
            self.still += 1
        probe = self._probe(at, step)
        sign = LifeSign(
            at,
            True,
            running=self.gauge if metrics else None,
            waiting=0 if metrics else None,
            steps=self.steps if metrics else None,
            in_flight=requests if gateway else None,
            probe=probe,
        )
        self.state, verdict = POLICY.judge(self.state, sign)
        if verdict is Verdict.PROBE:
            self.probe_due = at + self.patience
        self.verdicts.append(verdict)
        return verdict

    def _probe(self, at: float, step: bool) -> bool | None:
        """A probe is answered by the next step, and given up after a while."""
        if self.probe_due is None or not (step or at >= self.probe_due):
            return None
        self.probe_due = None
        return step


gaps = st.lists(st.integers(1, int(POLICY.still) - 1), min_size=1, max_size=30)
loads = st.lists(st.integers(0, 40), min_size=30, max_size=30)
blinks = st.lists(st.booleans(), min_size=30, max_size=30)


@given(gaps, loads, blinks, st.booleans(), st.integers(1, 10))
def test_an_engine_whose_steps_are_never_as_far_apart_as_a_hang_is_never_called_hung(
    between: list[int], requests: list[int], metrics: list[bool], gateway: bool, patience: int
) -> None:
    engine, at = Engine(patience=patience), 0.0
    for turn, gap in enumerate(between):
        for second in range(gap):
            at += 1
            verdict = engine.second(
                at,
                step=second == gap - 1,
                requests=max(1, requests[(turn + second) % 30]),
                metrics=metrics[(turn * 3 + second) % 30] if gateway else True,
                gateway=gateway,
            )
            assert verdict is not Verdict.HUNG


@given(st.integers(0, 40), st.integers(1, 9), loads, st.booleans(), st.booleans())
def test_a_hang_is_found_in_time_whatever_comes_in(
    worked: int, load: int, requests: list[int], metrics: bool, growing: bool
) -> None:
    """It works for a while, or never; then it makes no step, and requests come and go but never all go."""
    engine, at = Engine(), 0.0
    for _ in range(worked):
        at += 1
        assert engine.second(at, step=True, requests=load, metrics=True) is Verdict.FINE
    hung_at = at + 1
    while engine.second(at := at + 1, step=False, requests=load + (requests[int(at) % 30] if growing else 0),
                        metrics=metrics) is not Verdict.HUNG:  # fmt: skip
        assert at - hung_at <= FOUND


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_with_no_request_there_is_no_alarm(seconds_of: list[tuple[bool, bool]]) -> None:
    engine = Engine()
    for at, (step, metrics) in enumerate(seconds_of):
        assert engine.second(float(at), step=step, requests=0, metrics=metrics) is Verdict.FINE


signs = st.builds(
    LifeSign,
    at=st.just(0.0),
    healthy=st.sampled_from([True, False, None]),
    running=st.none() | st.integers(0, 3),
    waiting=st.none() | st.integers(0, 3),
    steps=st.none() | st.integers(0, 2),
    in_flight=st.none() | st.integers(0, 3),
    passed=st.none() | st.integers(0, 2),
    probe=st.none() | st.booleans(),
)


@given(st.lists(st.tuples(signs, st.floats(-5, 100)), max_size=60))
def test_whatever_is_seen_a_verdict_is_given_and_time_never_counts_backwards(
    row: list[tuple[LifeSign, float]],
) -> None:
    state, at = LifeState(), 1000.0
    for sign, later in row:
        at += later
        state, verdict = POLICY.judge(state, replace(sign, at=at))
        assert state.still_for(at) >= 0
        if verdict is Verdict.HUNG:
            assert state.still_for(at) >= POLICY.still
        if verdict is Verdict.DEAD:
            assert state.deaths >= POLICY.deaths


@pytest.mark.parametrize("still", [5.0, 120.0])
def test_the_time_to_wait_is_a_setting(still: float) -> None:
    policy = Liveness(still=still, grace=0)
    assert first(play(*seconds(200, BUSY), policy=policy), Verdict.HUNG) == still
