"""The journal in words: each record one line, for ``events``, ``manage`` and the last events of ``status``."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from docstation.cli.models.wording import gigabytes, kind_words, plain, reason, step_end, step_words
from docstation.messages import N_, translate
from docstation.station.causes import Cause
from docstation.station.journal import Record
from docstation.station.records import Json, event_from_json
from docstation.station.words import (
    HARMLESS,
    CancelRequested,
    Event,
    FellIll,
    Kind,
    Mode,
    Recovered,
    Requested,
    RetryDue,
    Settled,
    StepDone,
    StepFailed,
)

MODES = frozenset(mode.value for mode in Mode)
NOTHING_TOUCHED = N_("Nothing was touched.")
# What a transaction came to, behind the step that ended it.
NEXT_TRY = N_("only the embedded engine reads until the next try")
EMBEDDED = N_("only the embedded engine reads")
AGAIN = N_("what served before serves again")
IT_SERVES = N_("it serves")
SERVES = N_("{models}: serves now")
LEVELS = {
    "fine": N_("within the budget again: {size} of the card"),
    "soft": N_("close to the budget: {size} of the card"),
    "hard": N_("over the budget: {size} of the card"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One record in words.

    Attributes:
        at: POSIX seconds.
        text: in the active language.
        of_step: whether it tells of a step within a transaction.
    """

    at: float
    text: str
    of_step: bool = False

    @property
    def indented(self) -> str:
        """The text, set in where it tells of a step."""
        return f"  {self.text}" if self.of_step else self.text


@dataclass(frozen=True, slots=True)
class _About:
    """What is remembered of a transaction."""

    kind: Kind
    models: tuple[str, ...]
    failed: bool = False


class Narrator:
    """Tells records in their order; it remembers what transactions are about."""

    def __init__(self) -> None:
        self._about: dict[str, _About] = {}

    def tell(self, record: Record) -> Line | None:
        """The record in words; None where it is only for the machine."""
        if record.kind == "event":
            try:
                event = event_from_json(record.body)
            except (ValueError, TypeError, KeyError):  # a newer version wrote it
                return _raw(record, "event")
            return self._event(event, record)
        return _note(record) if record.kind == "note" else None

    def _event(self, event: Event, record: Record) -> Line:
        at = record.at
        match event:
            case Requested():
                return Line(at, self._requested(event, record))
            case RetryDue():
                self._about[event.id] = _About(Kind.RESTART, ())
                return Line(at, translate(N_("the next try")))
            case StepDone():
                took = step_end(step_words(event.step), record.seconds)
                return Line(at, took + self._end(event.id, record.after), of_step=True)
            case StepFailed():
                return self._failed(event, record)
            case CancelRequested():
                self._fail(event.id)
                return Line(at, translate(N_("asked to call it off")), of_step=True)
            case FellIll():
                return Line(at, f"{event.model}: {_why(event.cause, event.detail, event.model)}")
            case Settled():
                return Line(at, translate(N_("it has served long enough without failure: last known good")))
            case Recovered():
                return Line(at, translate(N_("a manager took over")))

    def _requested(self, event: Requested, record: Record) -> str:
        change = kind_words(event.kind, event.lineup.names)
        if record.transaction == event.id:
            self._about[event.id] = _About(event.kind, event.lineup.names)
            return change
        if record.transaction:
            return translate(N_("{change}: not begun, another change is under way"), change=change)
        return translate(N_("{change}: nothing to do"), change=change)

    def _failed(self, event: StepFailed, record: Record) -> Line:
        about = self._fail(event.id)
        why = _why(event.cause, event.detail, ", ".join(about.models))
        text = step_end(step_words(event.step), record.seconds, event.cause, why)
        if event.step in HARMLESS and not about.failed:
            return Line(record.at, f"{text} {translate(NOTHING_TOUCHED)}", of_step=True)
        return Line(record.at, text + self._end(event.id, record.after), of_step=True)

    def _fail(self, identity: str) -> _About:
        """Remember that the transaction failed; what it was before."""
        about = self._about.get(identity, _About(Kind.SWITCH, ()))
        self._about[identity] = replace(about, failed=True)
        return about

    def _end(self, identity: str, after: str) -> str:
        """What the transaction came to, where this record ended it."""
        if after not in MODES:
            return ""
        about = self._about.get(identity, _About(Kind.RESTART, ()))
        if after != Mode.READY:
            came_to = translate(NEXT_TRY if after == Mode.WAITING else EMBEDDED)
        elif about.failed:
            came_to = translate(AGAIN)
        else:
            came_to = translate(SERVES, models=", ".join(about.models)) if about.models else translate(IT_SERVES)
        return f" – {came_to}"


def _why(cause: Cause, detail: str, model: str) -> str:
    return reason(cause, detail, model=model).sentence


def _note(record: Record) -> Line:
    body = record.body
    match body.get("note"), body:
        case "evidence", {"lines": [*_, str(last)]}:
            return _line(record, translate(N_("from the log: {line}"), line=plain(last)))
        case "measured", {"bytes": int(held)}:
            return _line(record, translate(N_("measured: {size} of the card"), size=gigabytes(held)))
        case "headroom", {"level": str(level), "bytes": int(held)} if level in LEVELS:
            return _line(record, translate(LEVELS[level], size=gigabytes(held)))
        case "engine-away", {"cause": str(cause), "detail": str(detail)} if cause in set(Cause):
            return _line(record, _why(Cause(cause), detail, ""))
        case "stray-ended", {"name": str(name)}:
            return _line(record, translate(N_("ended a server that the journal does not know: {name}"), name=name))
        case "bug" | "watch-bug", {"error": str(error)}:
            return _line(record, translate(N_("a bug in DocStation: {error}"), error=plain(error)))
        case _:
            return _raw(record, "note")


def _line(record: Record, text: str) -> Line:
    return Line(record.at, text, of_step=bool(record.transaction))


def _raw(record: Record, name: str) -> Line:
    fields: dict[str, Json] = {key: value for key, value in record.body.items() if key not in {name, "at", "id"}}
    said = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return _line(record, plain(f"{record.body.get(name, record.kind)} {said}"))
