"""The station over HTTP: status, plan, switch, restore, restart, stop, cancel, events and logs under ``/station``.

A change answers at once with 202 and the transaction's id; how it goes on is told by ``/station/events``.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts, catalogue
from docstation.errors import Busy, DocStationError, NotFound
from docstation.jobs.station_events import MOST, StationHistory
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.models.entry import ModelEntry
from docstation.models.plan import MemoryPlan
from docstation.service.gpu_history import EVERY, GpuHistory
from docstation.station.deployment import Deployment
from docstation.station.desk import Desk, Order, Wish
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.journal import Record
from docstation.station.status import Status
from docstation.station.telling import EndTold, StepTold, Told
from docstation.station.words import Step, Transaction

Json = dict[str, object]
PATIENCE = 2.0
"""Seconds that a server and the card may take to show themselves."""
LONGEST_NUMBER = 18
"""Digits of an event's number."""


class ChangeAsked(BaseModel, extra="forbid"):
    """What is to serve.

    Attributes:
        models: names of the catalogue, aliases or checkpoints; several are to serve together.
        restart: whether a model that serves already is started anew.
    """

    models: Annotated[list[str], Field(min_length=1, max_length=8)]
    restart: bool = False


class RestoreAsked(BaseModel, extra="forbid"):
    """What is to be brought back.

    Attributes:
        shipped: whether the shipped configuration, whatever was last known to be good.
    """

    shipped: bool = False


class Begun(BaseModel):
    """A change that was begun.

    Attributes:
        transaction: its id, empty where nothing had to be changed.
        outcome: ``begun`` or ``already``.
    """

    transaction: str
    outcome: Literal["begun", "already"]


class EventsAsked(BaseModel, extra="forbid"):
    """Which part of the station's history is wanted; without `after` and `since` its end.

    Attributes:
        after: number of the last event that is known already.
        since: seconds of the epoch.
        limit: of events in one answer.
        follow: whether what happens from then on is told too, as server-sent events.
    """

    after: Annotated[int, Field(ge=0, lt=10**LONGEST_NUMBER)] = 0
    since: Annotated[float, Field(ge=0)] = 0.0
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST
    follow: bool = False


class GpuPointShown(BaseModel):
    """The card at one moment: seconds of the epoch, bytes used by everybody, per cent of time in which it worked."""

    at: float
    used_bytes: int
    load: int | None


class GpuHistoryShown(BaseModel):
    """The card in the last hour.

    Attributes:
        every: seconds between two points.
        budget_bytes: GPU memory that all models may take.
        points: the oldest first; none where there is no card.
    """

    every: float
    budget_bytes: int
    points: list[GpuPointShown]


def router(parts: Parts, desk: Desk, history: StationHistory) -> APIRouter:
    """The routes, on the desk of this process's station and its history."""

    def card() -> GpuReading | NoReading:
        return parts.gpu.read()

    gpu = GpuHistory(card)
    api = APIRouter(prefix="/station", tags=["station"], lifespan=gpu.lifespan)

    @api.get("")
    def status() -> Json:
        """What serves, what is under way, the memory and the card."""
        now = station.status(parts.config, patience=PATIENCE)
        began = now.state.transaction.began if now.state.transaction else 0.0
        return status_json(now, history.records(since=began) if began else ())

    @api.get("/gpu/history")
    def gpu_history() -> GpuHistoryShown:
        """The card in the last hour: how much of its memory was used, and how busy it was."""
        points = [GpuPointShown(at=one.at, used_bytes=one.used_bytes, load=one.load) for one in gpu.points()]
        return GpuHistoryShown(every=EVERY, budget_bytes=parts.settings.budget, points=points)

    @api.get("/models")
    def models() -> Json:
        """The catalogue: what could serve."""
        known = catalogue(parts.config)
        entries = [entry_json(one) for one in known.entries.values()]
        names = {"default": known.default, "models": list(known.entries), "aliases": list(known.aliases)}
        return {**names, "entries": entries}

    @api.get("/plan")
    def plan(model: Annotated[list[str], Query(min_length=1, max_length=8)]) -> Json:
        """The memory plan of a model, or of several together."""
        choices = parts.resolver.choices(model)
        return {"fits": all(one.plan.fits for one in choices), "plans": [plan_json(one.plan) for one in choices]}

    @api.post("/switch", status_code=202)
    def switch(asked: ChangeAsked) -> Begun:
        """Begin a switch; 409 while another is under way."""
        return begun(desk, Order(Wish.RESTART if asked.restart else Wish.SWITCH, tuple(asked.models)))

    @api.post("/restore", status_code=202)
    def restore(asked: RestoreAsked) -> Begun:
        """Bring back the last known good configuration, or the shipped one."""
        return begun(desk, Order(Wish.RESTORE, shipped=asked.shipped))

    @api.post("/stop", status_code=202)
    def stop() -> Begun:
        """Stop what serves; the embedded engine goes on reading."""
        return begun(desk, Order(Wish.STOP))

    @api.post("/cancel", status_code=202)
    def cancel() -> Json:
        """Call off the change under way."""
        desk.cancel()
        return {"heard": True}

    @api.get("/events")
    async def events(request: Request, asked: Annotated[EventsAsked, Query()]) -> object:
        """What happened, oldest first; with ``follow`` as server-sent events that go on."""
        last = request.headers.get("last-event-id", "")
        after = int(last) if last.isdecimal() and len(last) < LONGEST_NUMBER else asked.after
        if asked.follow:
            return StreamingResponse(live(request, history, after), media_type="text/event-stream")
        look = partial(history.records, after=after, since=asked.since, limit=asked.limit)
        return {"events": [record_json(one) for one in await asyncio.to_thread(look)]}

    @api.get("/logs/{model}")
    def logs(model: str, lines: Annotated[int, Query(ge=1, le=5000)] = 200) -> Json:
        """Last lines of a running server's log."""
        present = station.present(parts)
        found = next((one for one in present if one.model == model), None)
        if found is None:
            raise NotFound(N_("The model {model} has no server here."), model=model)
        return {"model": model, "lines": parts.steps.driver(found).log_tail(found.instance, lines)}

    return api


def begun(desk: Desk, order: Order) -> Begun:
    """Ask, and answer as soon as it is known whether it was begun; the rest is followed by nobody.

    Raises:
        Busy: another change is under way.
        DocStationError: before anything was touched.
    """
    box: queue.Queue[Told | DocStationError] = queue.Queue()

    def ask() -> None:
        try:
            for told in desk.change(order):
                box.put(told)
        except DocStationError as error:
            box.put(error)

    threading.Thread(target=ask, name="change", daemon=True).start()
    first = box.get()
    if isinstance(first, DocStationError):
        raise first
    if isinstance(first, EndTold) and first.outcome == "busy":
        raise Busy(model=", ".join(order.names))
    if isinstance(first, StepTold) or first.outcome != "already":
        return Begun(transaction=first.transaction, outcome="begun")
    return Begun(transaction="", outcome="already")


async def live(request: Request, history: StationHistory, after: int) -> AsyncIterator[str]:
    """Server-sent events, history first, until the client leaves."""
    quiet = 0
    while not await request.is_disconnected():
        new = await asyncio.to_thread(partial(history.records, after=after, oldest=True))
        for one in new:
            after = one.number
            yield f"id: {one.number}\nevent: {one.kind}\ndata: {json.dumps(record_json(one), ensure_ascii=False)}\n\n"
        quiet = 0 if new else quiet + 1
        if quiet and quiet % 60 == 0:
            yield ": still here\n\n"
        await asyncio.sleep(0.25)


def record_json(one: Record) -> Json:
    """A record of the journal, as the history has it."""
    return {
        "number": one.number,
        "at": one.at,
        "kind": one.kind,
        "transaction": one.transaction,
        "before": one.before,
        "after": one.after,
        "seconds": one.seconds,
        "body": one.body,
    }


def status_json(now: Status, records: Sequence[Record] = ()) -> Json:
    """The status for programs; what a secret names stays a name.

    Args:
        now: the station.
        records: of the change under way, among others.
    """
    state = now.state
    gpu = now.gpu
    return {
        "mode": state.mode.value,
        "engine": "vllm" if now.serving else "embedded",
        "serving": [
            {
                **deployment_json(one.deployment),
                "shown": {"id": one.shown_id, "context": one.shown_context} if one.shown_id else None,
                "answers": one.answers,
                "measured_bytes": one.measured_bytes or None,
            }
            for one in now.serving
        ],
        "since": state.since,
        "wanted": list(state.wanted.names),
        "failures": state.failures,
        "cause": state.cause.value if state.cause else None,
        "detail": state.detail,
        "transaction": transaction_json(state.transaction, records) if state.transaction else None,
        "last_known_good": list(state.last_known_good.names),
        "budget_bytes": now.budget_bytes,
        "gpu": gpu_json(gpu) if isinstance(gpu, GpuReading) else {"absent": gpu.absence.value},
    }


def gpu_json(gpu: GpuReading) -> Json:
    """The card now."""
    return {
        "name": gpu.name,
        "used_bytes": gpu.used_bytes,
        "free_bytes": gpu.free_bytes,
        "total_bytes": gpu.cuda_bytes,
        "load": gpu.load,
        "temperature": gpu.temperature,
    }


def transaction_json(one: Transaction, records: Sequence[Record]) -> Json:
    """A change under way, with the seconds of each of its steps."""
    now = time.time()
    own = [record for record in records if record.transaction == one.id and record.kind == "event"]
    steps = [record for record in own if record.before in set(Step) and record.before != record.after]
    return {
        "id": one.id,
        "kind": one.kind.value,
        "wanted": list(one.wanted.names),
        "step": one.step.value,
        "began": one.began,
        "seconds": round(max(now - one.began, 0.0), 1),
        "step_seconds": round(max(now - (steps[-1].at if steps else one.began), 0.0), 1),
        "phases": [{"step": record.before, "seconds": record.seconds} for record in steps],
    }


def entry_json(one: ModelEntry) -> Json:
    """What is shown of a catalogue entry."""
    embedded = one.engine == "embedded"
    return {
        "name": one.name,
        "title": one.title,
        "engine": one.engine,
        "checkpoint": one.checkpoint,
        "licence": one.licence,
        "id": one.model_id,
        "context": 0 if embedded else one.context,
        "max_sequences": one.max_sequences,
        "quantisation": one.quantisation,
    }


def deployment_json(one: Deployment) -> Json:
    """What is shown of a deployment."""
    return {
        "model": one.model,
        "id": one.served_name,
        "context": one.context,
        "driver": one.driver,
        "planned_bytes": one.planned_bytes,
        "checkpoint": one.checkpoint,
        "revision": one.revision or None,
        "image": one.image or None,
    }


def plan_json(one: MemoryPlan) -> Json:
    """A memory plan for programs."""
    return {
        "model": one.entry.name,
        "verdict": one.verdict.value,
        "total_bytes": one.total_bytes,
        "budget_bytes": one.budget_bytes,
        "utilisation": one.utilisation,
        "kv_tokens": one.kv_tokens,
        "bill": [{"item": line.item.value, "bytes": line.bytes, "source": line.source} for line in one.bill],
        "changes": [{"key": change.key, "before": change.before, "after": change.after} for change in one.changes],
        "reason": translate(one.reason, **dict(one.reason_fields)),
    }
