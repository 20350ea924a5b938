"""What a switch tells while it goes on: each step as it begins and ends, and the end of it all.

Records of the journal become two small events that doors show, the socket carries and JSON output prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from docstation.station.causes import Cause
from docstation.station.journal import Record
from docstation.station.records import Json
from docstation.station.words import Declined, Effect, Ended, Outcome, Perform, State, Step, Transaction

Moment = Literal["began", "done", "failed"]
NotBegun = Literal["busy", "already"]
MOMENTS: dict[str, Moment] = {"began": "began", "done": "done", "failed": "failed"}
NOT_BEGUN: dict[str, NotBegun] = {"busy": "busy", "already": "already"}


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step began or ended.

    Attributes:
        transaction: its id.
        step: which.
        moment: ``began``, ``done`` or ``failed``.
        models: with whom.
        back: whether what served before is being brought back.
        seconds: that it took; 0 when it begins.
        cause: why it failed.
        detail: the cause's own words.
    """

    transaction: str
    step: Step
    moment: Moment
    models: tuple[str, ...] = ()
    back: bool = False
    seconds: float = 0.0
    cause: Cause | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EndTold:
    """The change is over, or was not begun.

    Attributes:
        transaction: its id.
        outcome: how it ended; ``busy`` and ``already`` for what was not begun.
        wanted: models that were asked for.
        serving: models that serve now; none means the embedded engine.
        seconds: from beginning to end.
        cause: why it failed.
        detail: the cause's own words.
        evidence: last lines of the log that show it.
    """

    transaction: str
    outcome: Outcome | NotBegun
    wanted: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    seconds: float = 0.0
    cause: Cause | None = None
    detail: str = ""
    evidence: tuple[str, ...] = ()


Told = StepTold | EndTold


class Teller:
    """Turns records into what is told of one transaction; keeps the evidence that its notes bring."""

    def __init__(self, identity: str) -> None:
        self._id = identity
        self._models: tuple[str, ...] = ()
        self._back = False
        self._evidence: tuple[str, ...] = ()

    def told(self, record: Record, state: State, effects: tuple[Effect, ...]) -> Iterator[Told]:
        """What this record says of the transaction, the ended step before the one that begins."""
        if record.kind == "note":
            self._keep_evidence(record)
            return
        body = record.body
        if body.get("id") == self._id and body.get("event") in {"StepDone", "StepFailed"}:
            yield self._step_ended(record)
        for effect in effects:
            match effect:
                case Perform() if effect.id == self._id:
                    yield self._step_began(effect, state.transaction)
                case Ended() if effect.transaction.id == self._id:
                    yield self._ended(effect, record.at, state)
                case Declined() if effect.id == self._id:
                    yield EndTold(effect.id, "busy" if effect.busy else "already", serving=state.serving.names)
                case _:
                    pass

    def _keep_evidence(self, record: Record) -> None:
        lines = record.body.get("lines")
        # The first failure is the reason of the switch's own; later ones are of the way back.
        if record.transaction == self._id and isinstance(lines, list) and not self._evidence:
            self._evidence = tuple(str(line) for line in lines)

    def _step_began(self, effect: Perform, now: Transaction | None) -> StepTold:
        self._models = tuple(one.model for one in effect.members)
        self._back = now is not None and now.back is not None
        return StepTold(effect.id, effect.step, "began", self._models, self._back)

    def _step_ended(self, record: Record) -> StepTold:
        body = record.body
        step, cause = Step(str(body["step"])), body.get("cause")
        if cause is None:
            return StepTold(self._id, step, "done", self._models, self._back, record.seconds)
        detail = str(body.get("detail") or "")
        return StepTold(self._id, step, "failed", self._models, self._back, record.seconds, Cause(str(cause)), detail)

    def _ended(self, effect: Ended, at: float, state: State) -> EndTold:
        now = effect.transaction
        return EndTold(
            now.id,
            effect.outcome,
            now.wanted.names,
            state.serving.names,
            round(at - now.began, 3),
            now.cause,
            now.detail,
            self._evidence,
        )


def told_to_json(told: Told) -> dict[str, Json]:
    """The event for the socket and for JSON output; ``tell`` names its kind."""
    if isinstance(told, StepTold):
        return {
            "tell": "step",
            "transaction": told.transaction,
            "step": told.step.value,
            "moment": told.moment,
            "models": list(told.models),
            "back": told.back,
            "seconds": told.seconds,
            "cause": told.cause.value if told.cause else None,
            "detail": told.detail,
        }
    return {
        "tell": "end",
        "transaction": told.transaction,
        "outcome": str(told.outcome),
        "wanted": list(told.wanted),
        "serving": list(told.serving),
        "seconds": told.seconds,
        "cause": told.cause.value if told.cause else None,
        "detail": told.detail,
        "evidence": list(told.evidence),
    }


def told_from_json(value: dict[str, Json]) -> Told:
    """The event again; ValueError or KeyError for anything else."""
    cause = Cause(str(value["cause"])) if value.get("cause") else None
    identity, detail = str(value["transaction"]), str(value["detail"])
    seconds = value["seconds"]
    if not isinstance(seconds, int | float):
        raise ValueError(seconds)
    if value.get("tell") == "step":
        moment = MOMENTS[str(value["moment"])]
        step, back = Step(str(value["step"])), bool(value["back"])
        return StepTold(identity, step, moment, _words(value["models"]), back, float(seconds), cause, detail)
    said = str(value["outcome"])
    outcome = NOT_BEGUN.get(said) or Outcome(said)
    wanted, serving, evidence = (_words(value[name]) for name in ("wanted", "serving", "evidence"))
    return EndTold(identity, outcome, wanted, serving, float(seconds), cause, detail, evidence)


def _words(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(value)
    return tuple(str(one) for one in value)
