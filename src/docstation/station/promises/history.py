"""The promises about the past and the keeper: the last change, the last known good, and who owns and watches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from docstation.messages.marking import N_
from docstation.station.deployment import Deployment
from docstation.station.promises.findings import Doubts, Figure, Finding, Look, Promise
from docstation.station.promises.past import Change
from docstation.station.promises.seen import Observations, Said, Trouble
from docstation.station.promises.state import NO_MODEL, journal_look, words_of
from docstation.station.words import Kind, Mode, Outcome, Step

SETTLING = 10.0
"""Seconds beyond the stable time in which a manager surely says that it has passed."""


def moment(at: float) -> str:
    """POSIX seconds as local time with its offset: ``2026-02-03T18:42:10+0300``."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(at))


# The last change.


def last_change_kept(seen: Observations) -> Finding:
    """The last change succeeded, or lost nothing."""
    change = seen.change
    done = Said.of(N_("Read the last change of what serves in the journal in {folder}."), folder=seen.folder)
    if change is None:
        return Doubts(unseen=(Said(NO_CHANGE),)).finding(Promise.LAST_CHANGE, (Look(done),))
    look = Look(done, (*_figures(change), Figure("drain_limit_seconds", seen.drain_seconds)))
    doubts = _doubts_of_outcome(change) + _doubts_of_drain(change, seen.drain_seconds)
    drained = any(one.step is Step.DRAIN and not one.back for one in change.steps)
    outcome = LET_FINISH if drained and change.outcome is Outcome.DONE else _OUTCOMES[change.outcome]
    return doubts.finding(Promise.LAST_CHANGE, (look,), Said(outcome))


NO_CHANGE = N_("The journal holds no change of what serves that has ended.")
LOST = N_("Served before or was to serve, and was not brought back: {models}.")
STOP_FAILED = N_("What was to be stopped could not be stopped.")
CUT_OFF = N_("After {seconds} s, all the time that they are given, requests were still under way and were cut off.")
LET_FINISH = N_("The change succeeded; requests that the old server told of had ended before it was stopped.")
_OUTCOMES = {
    Outcome.DONE: N_("The change succeeded."),
    Outcome.ROLLED_BACK: N_("The change failed, and what served before serves again."),
    Outcome.REFUSED: N_("The change was refused before anything was touched."),
    Outcome.FELL_BACK: N_("The change failed; the embedded engine serves, as it did before."),
}


def _figures(change: Change) -> Iterable[Figure]:
    now = change.transaction
    yield Figure("kind", now.kind.value)
    yield Figure("wanted", ", ".join(now.wanted.names) or "-")
    yield Figure("before", ", ".join(now.origin.names) or "-")
    yield Figure("outcome", change.outcome.value)
    yield Figure("serving", ", ".join(change.serving) or "-")
    yield Figure("ended", moment(change.at))
    yield Figure("seconds", change.seconds)
    spent: Counter[str] = Counter()
    for one in change.steps:
        # In milliseconds, so that sums are exact.
        spent[f"{'back_' if one.back else ''}{one.step}_seconds"] += round(one.seconds * 1000)
    for key, milliseconds in spent.items():
        yield Figure(key, milliseconds / 1000)
    failed = [one for one in change.steps if one.moment == "failed"]
    for one in failed[:1]:
        yield Figure("failed_step", one.step.value)
    if now.cause is not None:
        yield Figure("cause", now.cause.value)
    if now.detail:
        yield Figure("words", now.detail)


def _doubts_of_outcome(change: Change) -> Doubts:
    now = change.transaction
    if change.outcome is not Outcome.FELL_BACK:
        return Doubts()
    again = {Kind.RESTART, Kind.SHRINK}
    names = [one.model for one in now.origin.members if one.driver != "embedded"] or (
        list(now.wanted.names) if now.kind in again else []
    )
    if now.kind is Kind.STOP:
        doubts = Doubts(broken=(Said(STOP_FAILED),))
    elif names:
        doubts = Doubts(broken=(Said.of(LOST, models=", ".join(names)),))
    else:
        return Doubts()
    if now.cause is None:
        return doubts
    model = next(iter(now.wanted.names or now.origin.names), "")
    return doubts + Doubts.that_break(words_of(now.cause, now.detail, model=model))


def _doubts_of_drain(change: Change, limit: float) -> Doubts:
    drained = [one.seconds for one in change.steps if one.step is Step.DRAIN and one.moment == "done"]
    if 0 < limit <= max(drained, default=0.0):
        return Doubts(broken=(Said.of(CUT_OFF, seconds=f"{limit:g}"),))
    return Doubts()


# The last known good.


def last_known_good(seen: Observations) -> Finding:
    """There is one, and what it is."""
    looks = (journal_look(seen), *map(_known_good_look, seen.state.last_known_good.members))
    return _doubts_of_known_good(seen).finding(Promise.LAST_KNOWN_GOOD, looks)


NONE_YET = N_("No model has yet served for {seconds} s without failure while a manager was there to see it.")
NOT_RECORDED = N_("What serves has done so for {seconds} s without failure and was not recorded as good.")


def _known_good_look(one: Deployment) -> Look:
    return Look.of(
        Said.of(N_("Read the last known good: {model}"), model=one.model),
        kind=one.driver,
        id=one.served_name,
        max_model_len=one.context,
        spec=one.spec,
        planned_bytes=one.planned_bytes,
        checkpoint=one.checkpoint or None,
        revision=one.revision or None,
        image=one.image or None,
        digest=one.digest or None,
    )


def _doubts_of_known_good(seen: Observations) -> Doubts:
    state = seen.state
    if state.last_known_good:
        return Doubts()
    holder = seen.owner.holder
    if seen.owner.listens and holder is not None and state.mode is Mode.READY:
        # A manager that takes over waits anew.
        watched_for = seen.at - max(state.since, holder.since)
        if watched_for > seen.stable_seconds + SETTLING:
            return Doubts(broken=(Said.of(NOT_RECORDED, seconds=round(watched_for)),))
    return Doubts(unseen=(Said.of(NONE_YET, seconds=f"{seen.stable_seconds:g}"),))


# Who owns and watches.


def watched(seen: Observations) -> Finding:
    """One process owns the station and watches."""
    owner = seen.owner
    looks = (
        Look.of(
            Said.of(N_("Asked who holds the lock in {folder}."), folder=seen.folder),
            owner=owner.holder.command or "?" if owner.holder else "-",
            pid=owner.holder.pid if owner.holder else None,
            host=owner.holder.host if owner.holder else None,
            since=moment(owner.holder.since) if owner.holder else None,
        ),
        Look.of(
            Said.of(N_("Called the manager on its control socket {socket}."), socket=owner.socket or "-"),
            listens=owner.listens,
        ),
    )
    return _doubts_of_watch(seen).finding(Promise.WATCH, looks, Said(WATCHES))


WATCHES = N_("A manager owns the station and answers; the same process watches what serves.")
NOT_WATCHED = N_("Nobody watches what serves ({models}): no manager answers.")
START_MANAGER = N_("Start one with `docstation models manage`, or as a service of the system.")


def _doubts_of_watch(seen: Observations) -> Doubts:
    if seen.owner.listens and seen.owner.holder is not None:
        return Doubts()
    names = [one.model for one in seen.state.serving.members if one.driver != "embedded"]
    if not names:
        return Doubts(unseen=(Said(NO_MODEL),))
    said = Said.of(NOT_WATCHED, models=", ".join(names))
    return Doubts.that_break(Trouble(said, Said(START_MANAGER)))
