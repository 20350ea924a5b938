"""The last change of what served, out of the journal: what was wanted, its steps with their seconds, how it ended.

Pure over records; the file itself is read by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from docstation.station.journal import Record
from docstation.station.machine import react
from docstation.station.records import event_from_json, state_from_json
from docstation.station.telling import StepTold, Teller
from docstation.station.words import Effect, Ended, Outcome, State, Transaction


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what serves that is over.

    Attributes:
        at: POSIX seconds of its end.
        transaction: as it was when it ended.
        outcome: how it ended.
        serving: models that served afterwards; none means the embedded engine.
        steps: that were done or failed, in their order.
    """

    at: float
    transaction: Transaction
    outcome: Outcome
    serving: tuple[str, ...]
    steps: tuple[StepTold, ...]

    @property
    def seconds(self) -> float:
        """From beginning to end."""
        return round(self.at - self.transaction.began, 3)


def last_change(records: Iterable[Record]) -> Change | None:
    """The last change that ended; None where the records know of none."""
    state, told, found = State(), _Told(), None
    for record in records:
        if record.kind == "checkpoint":
            state = state_from_json(record.body)
        elif record.kind == "event":
            state, effects = react(state, event_from_json(record.body))
            if state.transaction is not None:
                told.follow(state.transaction.id)
            steps = told.steps_after(record, state, effects)
            for effect in effects:
                if isinstance(effect, Ended):
                    found = Change(record.at, effect.transaction, effect.outcome, state.serving.names, steps)
    return found


class _Told:
    """The steps of the transaction that is followed."""

    def __init__(self) -> None:
        self._id = ""
        self._teller = Teller("")
        self._steps: list[StepTold] = []

    def follow(self, identity: str) -> None:
        if identity != self._id:
            self._id, self._teller, self._steps = identity, Teller(identity), []

    def steps_after(self, record: Record, state: State, effects: tuple[Effect, ...]) -> tuple[StepTold, ...]:
        told = self._teller.told(record, state, effects)
        self._steps += [one for one in told if isinstance(one, StepTold) and one.moment != "began"]
        return tuple(self._steps)
