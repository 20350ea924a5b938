"""What the journal says of the station, the reasons why nothing serves, and the words that a cause has."""

from __future__ import annotations

from docstation.messages.marking import N_
from docstation.station.causes import Cause
from docstation.station.promises.findings import Doubts, Look
from docstation.station.promises.seen import Observations, Said, Trouble
from docstation.station.remedies import advise
from docstation.station.words import Mode, State


def words_of(cause: Cause, detail: str = "", **known: str) -> Trouble:
    """The trouble that a cause is, in the words that its remedy has."""
    advice = advise(cause, detail, **known)
    fields = tuple(advice.fields.items())
    return Trouble(Said(advice.sentence, fields), Said(advice.remedy, fields), detail)


def journal_look(seen: Observations) -> Look:
    """What the journal says."""
    state = seen.state
    return Look.of(
        Said.of(N_("Read the journal in {folder}."), folder=seen.folder),
        mode=state.mode.value,
        serving=", ".join(state.serving.names) or "-",
        wanted=", ".join(state.wanted.names) or "-",
        cause=state.cause.value if state.cause else None,
        step=state.transaction.step.value if state.transaction else None,
    )


def doubts_of_state(state: State) -> Doubts:
    """Why nothing serves, or less than should."""
    if state.transaction is not None and not state.serving:
        return Doubts(unseen=(Said.of(UNDER_WAY, step=state.transaction.step.value),))
    missing = [name for name in state.wanted.names if name not in state.serving.names]
    if state.mode is Mode.WAITING and missing:
        doubts = Doubts(broken=(Said.of(DOES_NOT_SERVE, models=", ".join(missing)),))
        cause = words_of(state.cause, state.detail, model=missing[0]) if state.cause else None
        return doubts + Doubts.that_break(cause) if cause else doubts
    if not any(one.driver != "embedded" for one in state.serving.members):
        return Doubts(unseen=(Said(NO_MODEL),))
    return Doubts()


UNDER_WAY = N_("A change of what serves is under way, at the step {step}; look again when it is over.")
DOES_NOT_SERVE = N_("Should serve and does not: {models}.")
NO_MODEL = N_("No model is asked to serve; the embedded engine reads.")
