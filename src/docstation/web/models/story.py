"""The station's journal as stories: each change with its steps and its end, and what happened between changes.

Pure: events of the client in, frozen values out. Words of the machine are kept as they are; `wording` says them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docstation.client import StationEvent
from docstation.client.station_records import AT_REST
from docstation.document.json_reader import JsonObject, Value

HARMLESS = frozenset({"prepare", "drain"})
"""Steps that touch nothing that serves."""
NOTES = frozenset({"measured", "headroom", "engine-away", "stray-ended", "bug", "watch-bug"})
"""Notes that people are told of."""


@dataclass(frozen=True, slots=True)
class StepSeen:
    """A step that is over.

    Attributes:
        step: such as ``load``.
        seconds: that it took.
        cause: slug of why it failed, empty where it did not.
        detail: the cause's own words.
    """

    step: str
    seconds: float
    cause: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One change of what serves.

    Attributes:
        id: of the transaction.
        kind: ``switch``, ``restart``, ``shrink`` or ``stop``.
        models: that were to serve.
        began: seconds of the epoch.
        ended: the same, None while it is under way.
        outcome: ``running``, ``done``, ``refused``, ``rolled-back``, ``fell-back`` or ``cancelled``.
        steps: that are over, in their order, those of bringing back what served before among them.
        log: last lines of the server's log that show the cause.
    """

    id: str
    kind: str
    models: tuple[str, ...]
    began: float
    ended: float | None
    outcome: str
    steps: tuple[StepSeen, ...] = ()
    log: tuple[str, ...] = ()

    @property
    def failure(self) -> StepSeen | None:
        """The first step that failed; what comes after it brings back what served before."""
        return next((one for one in self.steps if one.cause), None)

    @property
    def failed(self) -> bool:
        """Whether people have to be told that what they asked for is not there."""
        return self.outcome in {"refused", "rolled-back", "fell-back"}


@dataclass(frozen=True, slots=True)
class Remark:
    """What happened outside of changes.

    Attributes:
        at: seconds of the epoch.
        what: ``FellIll``, ``Settled``, ``Recovered`` or one of `NOTES`.
        model: that it happened to, empty where that is not known.
        cause: slug, empty for none.
        detail: its own words, or a name.
        bytes: that it tells of, 0 for none.
    """

    at: float
    what: str
    model: str = ""
    cause: str = ""
    detail: str = ""
    bytes: int = 0


def stories(events: Iterable[StationEvent]) -> list[Story | Remark]:
    """What happened, the newest first."""
    changes: dict[str, list[StationEvent]] = {}
    told: list[Story | Remark] = []
    for event in events:
        if event.transaction:
            changes.setdefault(event.transaction, []).append(event)
        elif (remark := _remark(event)) is not None:
            told.append(remark)
    told += [_story(id, of_it) for id, of_it in changes.items()]
    return sorted(told, key=moment, reverse=True)


def newest_story(events: Iterable[StationEvent]) -> Story | None:
    """The newest change, also where it is under way."""
    return next((one for one in stories(events) if isinstance(one, Story)), None)


def moment(one: Story | Remark) -> float:
    """When it began."""
    return one.began if isinstance(one, Story) else one.at


def _story(id: str, events: Sequence[StationEvent]) -> Story:
    # Whoever asked in vain while it was under way is in its records too.
    own = [one for one in events if one.kind == "event" and _text(one.body, "id") == id]
    asked = next((one.body for one in own if one.body.get("event") in {"Requested", "RetryDue"}), {})
    steps = tuple(_step(one) for one in own if one.body.get("event") in {"StepDone", "StepFailed"})
    end = next((one for one in reversed(own) if one.after in AT_REST), None)
    notes = [one.body for one in events if one.kind == "note" and one.body.get("note") == "evidence"]
    kind = _text(asked, "kind") or "restart"
    return Story(
        id=id,
        kind=kind,
        models=_models(asked),
        began=events[0].at,
        ended=None if end is None else end.at,
        outcome="running" if end is None else _outcome(kind, steps, end.after),
        steps=steps,
        log=_texts(notes[0].get("lines")) if notes else (),
    )


def _step(event: StationEvent) -> StepSeen:
    body = event.body
    return StepSeen(_text(body, "step"), event.seconds, _text(body, "cause"), _text(body, "detail"))


def _outcome(kind: str, steps: Sequence[StepSeen], after: str) -> str:
    failed = next((place for place, one in enumerate(steps) if one.cause), None)
    if failed is None:
        return "done" if after == "ready" or kind == "stop" else "fell-back"
    if any(one.cause == "cancelled" for one in steps):
        return "cancelled"
    if all(one.step in HARMLESS for one in steps[: failed + 1]) and after != "waiting":
        return "refused"
    return "rolled-back" if after == "ready" else "fell-back"


def _remark(event: StationEvent) -> Remark | None:
    body = event.body
    if event.kind == "event":
        what = _text(body, "event")
        if what not in {"FellIll", "Settled", "Recovered"}:
            return None
        return Remark(event.at, what, _text(body, "model"), _text(body, "cause"), _text(body, "detail"))
    note = _text(body, "note")
    if event.kind != "note" or note not in NOTES:
        return None
    held = body.get("bytes")
    detail = _text(body, "level") or _text(body, "detail") or _text(body, "name") or _text(body, "error")
    count = held if isinstance(held, int) else 0
    return Remark(event.at, note, _text(body, "model"), _text(body, "cause"), detail, count)


def _models(asked: JsonObject) -> tuple[str, ...]:
    lineup = asked.get("lineup")
    members = lineup.get("members") if isinstance(lineup, dict) else None
    if not isinstance(members, list):
        return ()
    return tuple(_text(one, "model") for one in members if isinstance(one, dict))


def _text(body: JsonObject, key: str) -> str:
    found = body.get(key)
    return found if isinstance(found, str) else ""


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
