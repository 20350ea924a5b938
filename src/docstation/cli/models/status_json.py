"""The status for programs: one document whose keys are always there; sizes in bytes, times in ISO 8601."""

from __future__ import annotations

from docstation.cli.console import JsonValue
from docstation.cli.models.facts import Facts, share
from docstation.cli.models.narrating import Narrator
from docstation.cli.models.wording import iso_time, reason
from docstation.messages import translate
from docstation.station.causes import Cause
from docstation.station.deployment import Deployment, Lineup
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.journal import Record
from docstation.station.lock import Holder
from docstation.station.status import Serving


def status_json(facts: Facts) -> dict[str, JsonValue]:
    """The whole status."""
    state, status = facts.status.state, facts.status
    first = state.wanted.members[0] if state.wanted else None
    return {
        "mode": state.mode.value,
        "engine": _engine(state.serving),
        "serving": [_serving(one) for one in status.serving],
        "since": _time(state.since),
        "seconds": round(facts.now - state.since, 1) if state.since else None,
        "wanted": list(state.wanted.names),
        "failures": state.failures,
        "cause": cause_json(state.cause, state.detail, first),
        "transaction": _transaction(facts),
        "last_known_good": list(state.last_known_good.names),
        "budget_bytes": status.budget_bytes,
        "planned_bytes": facts.planned_bytes,
        "measured_bytes": facts.measured_bytes or None,
        "gpu": _gpu(facts, status.gpu),
        "owner": _owner(status.owner),
        "reserve": list(facts.reserve),
        "aliases": {name: list(candidates) for name, candidates in facts.aliases.items()},
        "catalogue_trouble": facts.catalogue_trouble or None,
        "events": events_json(status.events),
        "exit_code": 0,
    }


def cause_json(cause: Cause | None, detail: str, deployment: Deployment | None = None) -> JsonValue:
    """A cause with its words; null where there is none."""
    if cause is None:
        return None
    why = reason(cause, detail, deployment)
    return {"code": cause.value, "message": why.sentence, "remedy": why.remedy, "detail": detail}


def events_json(records: tuple[Record, ...]) -> list[JsonValue]:
    """Records with their words."""
    narrator = Narrator()
    return [record_json(one, narrator) for one in records]


def record_json(record: Record, narrator: Narrator) -> dict[str, JsonValue]:
    """One record of the journal, in words too."""
    line = narrator.tell(record)
    return {
        "number": record.number,
        "at": iso_time(record.at),
        "kind": record.kind,
        "transaction": record.transaction or None,
        "before": record.before or None,
        "after": record.after or None,
        "seconds": record.seconds,
        "text": line.text if line else None,
        "body": record.body,
    }


def _engine(serving: Lineup) -> str:
    drivers = {one.driver for one in serving.members} - {"embedded"}
    return ("remote" if drivers == {"remote"} else "vllm") if drivers else "embedded"


def _serving(one: Serving) -> dict[str, JsonValue]:
    deployed = one.deployment
    shown: JsonValue = {"id": one.shown_id, "context": one.shown_context} if one.shown_id else None
    return {
        "model": deployed.model,
        "id": deployed.served_name,
        "context": deployed.context,
        "shown": shown,
        "answers": one.answers,
        "driver": deployed.driver,
        "address": None if deployed.driver == "embedded" else deployed.address,
        "planned_bytes": deployed.planned_bytes,
        "measured_bytes": one.measured_bytes or None,
        "checkpoint": deployed.checkpoint,
        "revision": deployed.revision or None,
        "image": deployed.image or None,
        "digest": deployed.digest or None,
        "arguments": list(deployed.arguments),
    }


def _transaction(facts: Facts) -> JsonValue:
    now = facts.status.state.transaction
    if now is None:
        return None
    member = now.wanted.members[0] if now.wanted else None
    return {
        "id": now.id,
        "kind": now.kind.value,
        "wanted": list(now.wanted.names),
        "back": None if now.back is None else list(now.back.names),
        "step": now.step.value,
        "began": iso_time(now.began),
        "seconds": round(facts.now - now.began, 1),
        "step_began": iso_time(facts.step_since),
        "step_seconds": round(facts.now - facts.step_since, 1),
        "cancelled": now.cancelled,
        "cause": cause_json(now.cause, now.detail, member),
    }


def _gpu(facts: Facts, found: GpuReading | NoReading) -> dict[str, JsonValue]:
    if not isinstance(found, GpuReading):
        absence = found.absence
        return {
            "absent": absence.value,
            "message": translate(absence.sentence, detail=found.detail),
            "remedy": translate(absence.remedy, detail=found.detail),
        }
    divided = share(facts, found)
    return {
        "absent": None,
        "name": found.name,
        "uuid": found.uuid,
        "driver": found.driver,
        "cuda": found.cuda,
        "board_bytes": found.board_bytes,
        "reserved_bytes": found.reserved_bytes,
        "used_bytes": found.used_bytes,
        "free_bytes": found.free_bytes,
        "ours_bytes": divided.ours_bytes,
        "others_bytes": divided.others_bytes,
        "ours_by": divided.by,
        "temperature": found.temperature,
        "load": found.load,
        "power": found.power,
    }


def _owner(owner: Holder | None) -> JsonValue:
    if owner is None:
        return None
    return {"pid": owner.pid, "host": owner.host, "command": owner.command, "since": _time(owner.since)}


def _time(at: float) -> str | None:
    return iso_time(at) if at else None
