"""The pure machine of the station: ``(state, event) → (state, effects)``.

It decides what serves, in which order steps are taken, and what is brought back when one fails. It performs nothing,
reads no clock and knows no engine: the owner writes each event to the journal, asks the machine, and has the effects
performed. Steps may be repeated after a crash of the manager, so whatever performs them must be idempotent.
"""

from __future__ import annotations

from dataclasses import replace

from docstation.station.causes import Cause
from docstation.station.deployment import NOTHING, Deployment, Lineup
from docstation.station.words import (
    HARMLESS,
    Abort,
    CancelRequested,
    Declined,
    Effect,
    Ended,
    Event,
    FellIll,
    Hold,
    Kind,
    Mode,
    Outcome,
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
    Transaction,
    WaitToRetry,
    WaitToSettle,
)

FIRST_DELAY = 10.0
LONGEST_DELAY = 300.0
BREAKER = 3
"""Failures in a row after which an unproven lineup is given up for the last known good."""

Answer = tuple[State, tuple[Effect, ...]]


def react(state: State, event: Event) -> Answer:
    """What `event` makes of `state`, and what is to be done about it; events out of place change nothing."""
    match event:
        case Requested():
            return _requested(state, event)
        case StepDone():
            return _done(state, event) if _is_current(state, event) else (state, ())
        case StepFailed():
            return _failed(state, event) if _is_current(state, event) else (state, ())
        case CancelRequested():
            return _cancelled(state, event)
        case FellIll():
            return _fell_ill(state, event)
        case Settled():
            return _settled(state, event)
        case RetryDue():
            return _retry_due(state, event)
        case Recovered():
            return _recovered(state, event)


def delay(failures: int) -> float:
    """Seconds before the next try after so many failures in a row: 10 · 2ⁿ, at most 300."""
    return float(min(FIRST_DELAY * 2 ** max(0, min(failures, 10) - 1), LONGEST_DELAY))


def _is_current(state: State, event: StepDone | StepFailed) -> bool:
    now = state.transaction
    return now is not None and (now.id, now.step) == (event.id, event.step)


# Beginning.


def _requested(state: State, event: Requested) -> Answer:
    if state.transaction is not None:
        return state, (Declined(event.id, busy=True),)
    settled = state.mode is (Mode.READY if event.lineup else Mode.IDLE)
    if event.kind in {Kind.SWITCH, Kind.STOP} and event.lineup == state.serving and settled and not state.ill:
        return state, (Declined(event.id, busy=False),)
    ill = state.ill
    if event.kind is Kind.RESTART:
        ill = tuple(dict.fromkeys((*ill, *(one.model for one in state.present if one in event.lineup.members))))
    return _begin(replace(state, ill=ill), event.at, event.id, event.kind, event.lineup)


def _begin(state: State, at: float, identity: str, kind: Kind, lineup: Lineup) -> Answer:
    first = Step.DRAIN if kind is Kind.STOP else Step.PREPARE
    transaction = Transaction(identity, kind, lineup, state.serving, first, at, tried=(lineup,))
    state = replace(state, mode=Mode.SWITCHING, transaction=_aimed(state, transaction), lost=NOTHING)
    return state, (_perform(state),)


def _aimed(state: State, transaction: Transaction) -> Transaction:
    """The transaction with what it has to stop and to start to reach its target."""
    target = transaction.target.members
    kept = [one for one in state.present if one in target and one.model not in state.ill]
    stopping = tuple(one for one in state.present if one not in kept)
    # Going back, what may still run is looked at as carefully as what is started: a start finds it running.
    starting = target if transaction.back is not None else tuple(one for one in target if one not in kept)
    return replace(transaction, stopping=stopping, starting=starting)


def _perform(state: State) -> Perform:
    """The step under way as an effect."""
    now = _under_way(state)
    match now.step:
        case Step.PREPARE:
            return Perform(now.id, now.step, now.starting, tuple(one.instance for one in now.stopping))
        case Step.DRAIN:
            # A hung engine finishes nothing: waiting for it would only keep those who wait for it.
            hung = state.ill if state.cause is Cause.ENGINE_HUNG else ()
            finishing = tuple(one for one in now.stopping if one in state.serving.members or one.model not in hung)
            return Perform(now.id, now.step, finishing)
        case Step.STOP:
            return Perform(now.id, now.step, now.stopping[:1])
        case Step.RECLAIM:
            return Perform(now.id, now.step, now.starting)
        case _:
            return Perform(now.id, now.step, now.starting[:1])


def _under_way(state: State) -> Transaction:
    if state.transaction is None:
        raise RuntimeError("no transaction is under way")
    return state.transaction


# Going on.


def _done(state: State, event: StepDone) -> Answer:
    now = _under_way(state)
    if now.cancelled and now.back is None:
        return _failed(_after(state, event.step), StepFailed(event.at, event.id, event.step, Cause.CANCELLED))
    match event.step:
        case Step.PREPARE:
            return _to(state, Step.DRAIN) if now.stopping else _to_start(state, event.at)
        case Step.DRAIN:
            return _to_stop(state, event.at)
        case Step.STOP:
            state = _after(state, Step.STOP)
            return _to(state, Step.STOP) if _under_way(state).stopping else _to_reclaim(state, event.at)
        case Step.RECLAIM:
            return _to_start(state, event.at)
        case Step.START:
            return _to(state, Step.LOAD)
        case Step.LOAD:
            return _to(state, Step.PROBE)
        case Step.PROBE:
            return _to(state, Step.CANARY)
        case Step.CANARY:
            return _to_start(replace(state, transaction=replace(now, starting=now.starting[1:])), event.at)


def _after(state: State, step: Step) -> State:
    """The state once the step's own work counts: a stopped server is gone."""
    now = _under_way(state)
    if step is not Step.STOP or not now.stopping:
        return state
    gone = now.stopping[0]
    return replace(
        state,
        present=tuple(one for one in state.present if one != gone),
        ill=tuple(name for name in state.ill if name != gone.model),
        transaction=replace(now, stopping=now.stopping[1:]),
    )


def _to(state: State, step: Step) -> Answer:
    state = replace(state, transaction=replace(_under_way(state), step=step))
    return state, (_perform(state),)


def _to_stop(state: State, at: float) -> Answer:
    """From here on what served before is touched: only what stays goes on serving."""
    now = _under_way(state)
    staying = Lineup(tuple(one for one in state.serving.members if one not in now.stopping))
    if not now.stopping:
        return _to_reclaim(replace(state, serving=staying, since=at), at)
    state, effects = _to(replace(state, serving=staying, since=at), Step.STOP)
    return state, (Hold(), *effects)


def _to_reclaim(state: State, at: float) -> Answer:
    return _to(state, Step.RECLAIM) if _under_way(state).starting else _to_start(state, at)


def _to_start(state: State, at: float) -> Answer:
    now = _under_way(state)
    if not now.starting:
        return _committed(state, at)
    coming = now.starting[0]
    if coming not in state.present:
        state = replace(state, present=(*state.present, coming))
    return _to(state, Step.START)


def _committed(state: State, at: float) -> Answer:
    now = _under_way(state)
    lineup = now.target
    ended = Ended(now, Outcome.DONE if now.back is None else Outcome.ROLLED_BACK)
    state = replace(state, serving=lineup, wanted=lineup, transaction=None, since=at)
    if not lineup:
        return replace(state, mode=Mode.IDLE, failures=0, cause=None, detail=""), (Serve(NOTHING), ended)
    failures = state.failures if now.kind is Kind.RESTART and now.back is None else 0
    state = replace(state, mode=Mode.READY, failures=failures, cause=None, detail="")
    return state, (Serve(lineup), ended, WaitToSettle())


# Failing.


def _failed(state: State, event: StepFailed) -> Answer:
    now = _under_way(state)
    if event.step is Step.RECLAIM and now.back is not None:
        # The memory of the failed model may never come back; what served before is tried all the same.
        return _to_start(state, event.at)
    if now.back is None:
        now = replace(now, cause=event.cause, detail=event.detail)
        state = replace(state, transaction=now)
        if event.step in HARMLESS:
            return _refused(state, event.at)
    if now.kind is Kind.STOP:
        return _given_up(state, event.at)
    return _back(state, event.at)


def _refused(state: State, at: float) -> Answer:
    """Nothing was touched: the station is as it was before."""
    now = _under_way(state)
    ended = Ended(now, Outcome.REFUSED if state.serving else Outcome.FELL_BACK)
    if now.kind is Kind.RESTART and not state.serving:
        return _back(state, at) if _candidates(state) else _given_up(state, at)
    state = replace(state, transaction=None, failures=state.failures + (now.kind is Kind.RESTART))
    if state.serving and state.serving == state.wanted and not state.ill:
        return replace(state, mode=Mode.READY), (Serve(state.serving), ended, WaitToSettle())
    if state.wanted:
        return replace(state, mode=Mode.WAITING), (Serve(state.serving), ended, WaitToRetry(delay(state.failures)))
    return replace(state, mode=Mode.IDLE, cause=now.cause, detail=now.detail), (Serve(state.serving), ended)


def _candidates(state: State) -> list[Lineup]:
    """What may be brought back, the dearest first."""
    now = _under_way(state)
    known = [state.last_known_good] if now.kind is Kind.SHRINK else [now.origin, state.last_known_good]
    # What outgrew the budget is not brought back; what failed in this transaction is not tried twice.
    refused = [*now.tried, now.origin] if now.kind is Kind.SHRINK else list(now.tried)
    return [one for one in known if one and one not in refused]


def _back(state: State, at: float) -> Answer:
    candidates = _candidates(state)
    if not candidates:
        return _given_up(state, at)
    back = candidates[0]
    now = _under_way(state)
    now = _aimed(state, replace(now, back=back, tried=(*now.tried, back), cancelled=False))
    return _to_stop(replace(state, transaction=now), at)


def _given_up(state: State, at: float) -> Answer:
    """Nothing of ours serves: the embedded engine does, and what was good once is tried again later."""
    now = _under_way(state)
    if now.kind is Kind.STOP:
        wanted = NOTHING
    elif now.kind in {Kind.RESTART, Kind.SHRINK}:
        wanted = now.wanted
    else:
        wanted = now.origin or state.last_known_good
    # All that is present is suspect: it is stopped before anything is started.
    ill = tuple(one.model for one in state.present)
    state = replace(state, serving=NOTHING, wanted=wanted, ill=ill, transaction=None, since=at)
    state = replace(state, cause=now.cause, detail=now.detail)
    effects: tuple[Effect, ...] = (Serve(NOTHING), Ended(now, Outcome.FELL_BACK))
    if not wanted:
        return replace(state, mode=Mode.IDLE), effects
    state = replace(state, mode=Mode.WAITING, failures=state.failures + 1)
    return state, (*effects, WaitToRetry(delay(state.failures)))


def _cancelled(state: State, event: CancelRequested) -> Answer:
    now = state.transaction
    if now is None or now.id != event.id or now.back is not None or now.cancelled:
        return state, ()
    return replace(state, transaction=replace(now, cancelled=True)), (Abort(now.id),)


# Serving.


def _fell_ill(state: State, event: FellIll) -> Answer:
    if state.transaction is not None or event.model not in state.serving.names:
        return state, ()
    well = Lineup(tuple(one for one in state.serving.members if one.model != event.model))
    lost = state.lost or state.serving
    state = replace(state, ill=tuple(dict.fromkeys((*state.ill, event.model))), serving=well, mode=Mode.WAITING)
    state = replace(state, failures=state.failures + 1, since=event.at, cause=event.cause, detail=event.detail)
    state = replace(state, lost=lost if event.cause is Cause.ENGINE_DOWN else NOTHING)
    if state.failures >= BREAKER and state.last_known_good and state.last_known_good != state.wanted:
        state = replace(state, wanted=state.last_known_good)
    # To find a hang took its time already.
    at_once = event.cause is Cause.ENGINE_HUNG and state.failures == 1
    return state, (Serve(well), WaitToRetry(0.0 if at_once else delay(state.failures)))


def _settled(state: State, event: Settled) -> Answer:
    if state.mode is not Mode.READY or not state.serving or event.since != state.since:
        return state, ()
    return replace(state, last_known_good=state.serving, failures=0), ()


def _retry_due(state: State, event: RetryDue) -> Answer:
    if state.mode is not Mode.WAITING or not state.wanted:
        return state, ()
    return _begin(state, event.at, event.id, Kind.RESTART, state.wanted)


# Taking over.


def _recovered(state: State, event: Recovered) -> Answer:
    """After a manager's death: what runs goes on, what was half done is finished or undone."""
    gone = tuple(one for one in state.present if one.spec not in event.alive)
    if state.transaction is not None:
        return _recovered_within(state, event, gone)
    if state.mode is Mode.READY:
        return _recovered_ready(state, event.at, gone)
    if state.mode is Mode.WAITING:
        return _recovered_waiting(state, event)
    return state, (Serve(state.serving),)


def _recovered_within(state: State, event: Recovered, gone: tuple[Deployment, ...]) -> Answer:
    now = _under_way(state)
    untouched = now.back is None and now.step in HARMLESS
    if untouched and now.origin and not any(one in gone for one in now.origin.members):
        return _refused(replace(state, transaction=replace(now, cause=Cause.INTERRUPTED)), event.at)
    if untouched:
        # What served is gone by itself; the way on is to stop its remains and start what was wanted.
        serving = Lineup(tuple(one for one in state.serving.members if one not in gone))
        state = replace(state, serving=serving, ill=tuple(dict.fromkeys((*state.ill, *(one.model for one in gone)))))
        return _to_aimed(state, now)
    return state, (Hold(), _perform(state))


def _to_aimed(state: State, now: Transaction) -> Answer:
    state = replace(state, transaction=_aimed(state, now))
    return state, (Hold(), _perform(state))


def _recovered_waiting(state: State, event: Recovered) -> Answer:
    back = state.lost == state.wanted and all(one.spec in event.alive for one in state.wanted.members)
    if not back:
        return state, (Serve(state.serving), WaitToRetry(0.0))
    # The engine was away and its servers went on without it.
    state = replace(state, mode=Mode.READY, serving=state.wanted, ill=(), since=event.at, cause=None, detail="")
    state = replace(state, lost=NOTHING)
    return state, (Serve(state.serving), WaitToSettle())


def _recovered_ready(state: State, at: float, gone: tuple[Deployment, ...]) -> Answer:
    lost = tuple(one for one in state.serving.members if one in gone)
    if not lost:
        return state, (Serve(state.serving), WaitToSettle())
    well = Lineup(tuple(one for one in state.serving.members if one not in lost))
    names = tuple(dict.fromkeys((*state.ill, *(one.model for one in lost))))
    state = replace(state, mode=Mode.WAITING, serving=well, ill=names, since=at, cause=Cause.EXITED, detail="")
    return state, (Serve(well), WaitToRetry(0.0))
