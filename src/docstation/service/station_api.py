"""The station over HTTP: status, plan, switch, restore, restart, stop, cancel, events and logs under ``/station``.

A change answers at once with 202 and the transaction's id; how it goes on is told by ``/station/events``.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts, catalogue
from docstation.errors import Busy, DocStationError, NotFound
from docstation.messages.marking import N_
from docstation.models.plan import MemoryPlan
from docstation.station.deployment import Deployment
from docstation.station.desk import Desk, Order, Wish
from docstation.station.gpu import GpuReading
from docstation.station.journal import Record
from docstation.station.status import Status
from docstation.station.telling import EndTold, StepTold, Told

Json = dict[str, object]
PATIENCE = 2.0
"""Seconds that a server and the card may take to show themselves."""


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


def router(parts: Parts, desk: Desk) -> APIRouter:
    """The routes, on the desk of this process's station."""
    api = APIRouter(prefix="/station", tags=["station"])

    @api.get("")
    def status() -> Json:
        """What serves, what is under way, the memory and the card."""
        return status_json(station.status(parts.config, patience=PATIENCE))

    @api.get("/models")
    def models() -> Json:
        """The catalogue: what could serve."""
        known = catalogue(parts.config)
        return {"default": known.default, "models": list(known.entries), "aliases": list(known.aliases)}

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
    async def events(request: Request, after: int = 0, follow: bool = False) -> object:
        """Records of the journal after a number; with ``follow`` as server-sent events that go on."""
        last = request.headers.get("last-event-id", "")
        since = int(last) if last.isdecimal() else after
        if not follow:
            records = await asyncio.to_thread(lambda: [one for one in station.records() if one.number > since])
            return {"events": [record_json(one) for one in records[-1000:]]}
        return StreamingResponse(live(request, since), media_type="text/event-stream")

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


async def live(request: Request, since: int) -> AsyncIterator[str]:
    """Server-sent events of the journal, history first, until the client leaves."""
    quiet = 0
    while not await request.is_disconnected():
        new = await asyncio.to_thread(newer, since)
        for one in new:
            since = one.number
            yield f"id: {one.number}\nevent: {one.kind}\ndata: {json.dumps(record_json(one), ensure_ascii=False)}\n\n"
        quiet = 0 if new else quiet + 1
        if quiet and quiet % 60 == 0:
            yield ": still here\n\n"
        await asyncio.sleep(0.25)


def newer(since: int) -> list[Record]:
    """Records after a number, oldest first."""
    return list(_newer(since))[::-1]


def _newer(since: int) -> Iterator[Record]:
    for one in station.newest_records():
        if one.number <= since:
            return
        yield one


def record_json(one: Record) -> Json:
    """A record of the journal."""
    return {
        "number": one.number,
        "at": one.at,
        "kind": one.kind,
        "transaction": one.transaction,
        "before": one.before,
        "after": one.after,
        "seconds": one.seconds,
        "body": one.body if one.kind != "checkpoint" else {},
    }


def status_json(now: Status) -> Json:
    """The status for programs; what a secret names stays a name."""
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
        "transaction": None
        if state.transaction is None
        else {
            "id": state.transaction.id,
            "kind": state.transaction.kind.value,
            "wanted": list(state.transaction.wanted.names),
            "step": state.transaction.step.value,
            "began": state.transaction.began,
        },
        "last_known_good": list(state.last_known_good.names),
        "budget_bytes": now.budget_bytes,
        "gpu": {"name": gpu.name, "used_bytes": gpu.used_bytes, "free_bytes": gpu.free_bytes}
        if isinstance(gpu, GpuReading)
        else {"absent": gpu.absence.value},
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
        "reason": one.reason.format(**dict(one.reason_fields)),
    }
