"""The looking behind the report of promises: everything is asked anew, nothing is changed, no answer is made up.

What fails to be looked at becomes a `Trouble` in the observation, so that the report is always whole. What the
observations mean is judged by `docstation.station.promises`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.bootstrap.at_hand import FoundEngine, bundle, default_bundle, find_engine, trouble_of
from docstation.bootstrap.parts import Parts, catalogue
from docstation.errors import DocStationError
from docstation.messages.marking import N_
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.promises.seen import (
    BundleSeen,
    CanarySeen,
    CardSeen,
    EmbeddedSeen,
    Listed,
    Observations,
    OwnerSeen,
    PlansSeen,
    Reply,
    Said,
    ServerAsked,
    ServerListed,
    Trouble,
)
from docstation.station.promises.state import words_of

if TYPE_CHECKING:
    from docstation.station.drivers.container_client import Json
    from docstation.station.host import Host
    from docstation.station.journal import Record
    from docstation.station.talk import Answer
    from docstation.station.words import State

RESERVE = "qwen3-vl"
"""The model in reserve; the default one is named by the catalogue."""

ANSWER_SECONDS = 5.0
"""In which a server that works tells of itself."""


def observe(parts: Parts, languages: Sequence[str], *, canary: bool = True) -> Observations:
    """Look at everything that was promised.

    Args:
        parts: of the station.
        languages: that the embedded engine reads.
        canary: whether model servers are sent the test page.
    """
    from docstation.station import host
    from docstation.station.journal import read_records, replay
    from docstation.station.promises.past import last_change

    at = time.time()
    records = list(read_records(parts.folder))
    state, machine, engine = replay(records).state, host.look(), find_engine()
    seconds = parts.settings.canary_seconds if canary else None
    bundles, trouble = _bundles(parts, state, engine)
    return Observations(
        at=at,
        folder=str(parts.folder),
        kind=parts.kind,
        contained=parts.settings.driver in {"auto", "container"},
        state=state,
        asked=tuple(ask(one, seconds) for one in state.serving.members if one.driver != "embedded"),
        canary=canary,
        listed=_listed(parts, engine),
        card=_card(parts, state, machine, records),
        change=last_change(records),
        drain_seconds=parts.settings.drain_seconds,
        stable_seconds=parts.settings.stable_seconds,
        owner=_owner(parts.folder),
        plans=_plans(parts),
        bundles=bundles,
        bundles_trouble=trouble,
        embedded=_embedded(tuple(languages)),
        host=machine,
    )


# Servers that should serve.


def ask(deployment: Deployment, canary_seconds: float | None) -> ServerAsked:
    """What the server of `deployment` answers; it is sent the test page, for so many seconds, unless that is None."""
    from docstation.station.probes import key_of, models_in

    where = deployment.address.rstrip("/")
    seen = ServerAsked(deployment)
    try:
        key = key_of(deployment, os.environ)
    except Fault as fault:
        return replace(seen, trouble=words_of(fault.cause, fault.detail, model=deployment.model))
    if deployment.driver != "remote":
        seen = replace(seen, health=_reply(f"{where}/health")[0])
    reply, answer = _reply(f"{where}/v1/models", key)
    if answer is None or reply.status != 200:
        return replace(seen, models=reply)
    seen = replace(seen, models=reply, shown=tuple(models_in(answer)))
    return seen if canary_seconds is None else replace(seen, canary=_canary(deployment, canary_seconds, key))


def _reply(url: str, key: str = "") -> tuple[Reply, Answer | None]:
    from docstation.station.talk import TalkError, get

    try:
        answer = get(url, key=key, read=ANSWER_SECONDS)
    except TalkError as error:
        return Reply(words=str(error)), None
    return Reply(answer.status, "" if answer.status == 200 else answer.words), answer


def _canary(deployment: Deployment, seconds: float, key: str) -> CanarySeen:
    from docstation.station.canary import found, read_page

    began = time.monotonic()
    try:
        answer = read_page(deployment, seconds=seconds, key=key)
    except Fault as fault:
        known = {"model": deployment.model, "endpoint": deployment.endpoint}
        return CanarySeen(time.monotonic() - began, trouble=words_of(fault.cause, fault.detail, **known))
    return CanarySeen(answer.seconds, found(answer.text))


# The container engine, and what it runs.


def _listed(parts: Parts, engine: FoundEngine) -> Listed:
    from docstation.station.drivers.container_creation import APP, STATION
    from docstation.station.drivers.container_errors import engine_errors

    records = parts.folder / "processes"
    listed = Listed(engine.seen, f"{STATION}={parts.mark}", str(records), tuple(_processes(records)))
    if engine.client is None:
        return listed
    try:
        with engine_errors(Cause.ENGINE_DOWN):
            found = engine.client.containers(all=True, filters={"label": [f"{APP}=station"]})
    except Fault as fault:
        return replace(listed, engine=replace(engine.seen, state="down", trouble=trouble_of(fault)))
    ours = [one for one in found if (one.get("Labels") or {}).get(STATION) == parts.mark]
    containers = tuple(map(_container, ours))
    strangers = tuple(_container(one).name for one in found if one not in ours)
    return replace(listed, servers=(*containers, *listed.servers), strangers=strangers)


def _container(one: Json) -> ServerListed:
    from docstation.station.drivers.container_creation import MODEL, SPEC

    labels = one.get("Labels") or {}
    return ServerListed(
        "container",
        ", ".join(str(name).removeprefix("/") for name in one.get("Names") or []),
        str(labels.get(MODEL, "")),
        str(labels.get(SPEC, "")),
        # Also a paused one holds its memory.
        one.get("State") not in {"created", "exited", "dead"},
        str(one.get("Status", "")),
    )


def _processes(records: Path) -> Iterable[ServerListed]:
    from docstation.station.drivers.process import ProcessDriver

    for one in ProcessDriver(records).instances():
        status = f"pid {', '.join(map(str, one.pids))}" if one.running else f"exit code {one.exit_code}"
        yield ServerListed("process", one.name, one.model, one.spec, one.running, status)


# The card, the owner, the plans.


def _card(parts: Parts, state: State, machine: Host, records: Iterable[Record]) -> CardSeen:
    from docstation.models.devices import device_of
    from docstation.station.gpu import GpuReading

    # Without their processes nothing is known of them; an empty set would mean that they hold nothing.
    pids: Collection[int] = parts.pids([one.instance for one in state.present])
    reading = parts.gpu.read(pids or None)
    cuda = 0
    if isinstance(reading, GpuReading):
        cuda = device_of(reading, of_windows=machine.gpu_of_windows).cuda_bytes
    return CardSeen(reading, cuda, parts.settings.budget, _noted(records))


def _noted(records: Iterable[Record]) -> dict[str, tuple[int, str]]:
    """What was measured after starts, by spec; the newest counts."""
    found = {}
    for record in records:
        spec, measured = record.body.get("spec"), record.body.get("bytes")
        if record.body.get("note") == "measured" and isinstance(spec, str) and isinstance(measured, int):
            found[spec] = (measured, str(record.body.get("of", "")))
    return found


def _owner(folder: Path) -> OwnerSeen:
    from docstation.station.control import DistantDesk, socket_path
    from docstation.station.lock import holder_of

    return OwnerSeen(holder_of(folder), DistantDesk(folder).listens(), str(socket_path(folder)))


def _plans(parts: Parts) -> PlansSeen:
    from docstation.station.resolving import Resolver

    names: tuple[str, ...] = (RESERVE,)
    try:
        around = parts.surroundings(planning=True)
        names = (around.catalogue.default, RESERVE)
        resolver = Resolver(lambda: around)
        return PlansSeen(
            names,
            around.device.name,
            around.device.reference,
            not around.device.is_cpu,
            tuple(resolver.choices((name,))[0].plan for name in names),
            tuple(one.plan for one in resolver.choices(names)),
        )
    except (DocStationError, OSError) as error:
        return PlansSeen(names, trouble=trouble_of(error))


# What a start needs.


def _bundles(parts: Parts, state: State, engine: FoundEngine) -> tuple[tuple[BundleSeen, ...], Trouble | None]:
    """What the active model, the last known good and the default model need."""
    from docstation.models.pins import Pins
    from docstation.station.resolving import NO_VLLM, NO_VLLM_REMEDY

    roles = dict.fromkeys(state.serving.members, "active")
    for one in state.last_known_good.members:
        roles.setdefault(one, "last-known-good")
    try:
        found = [bundle(one, role, parts.hub, engine) for one, role in roles.items()]
        known = {one.model for one in roles}
        for name in parts.settings.models if parts.kind in {"container", "process"} else ():
            entries = catalogue(parts.config).resolve(name)
            if known.isdisjoint(one.name for one in entries):
                found.append(default_bundle(entries, parts.kind, Pins(parts.folder), parts.hub, engine))
    except (DocStationError, OSError) as error:
        return (), trouble_of(error)
    if found or parts.kind != "embedded":
        return tuple(found), None
    model = ", ".join(parts.settings.models)
    return (), Trouble(Said.of(NO_VLLM, model=model), Said.of(NO_VLLM_REMEDY, model=model))


# The embedded engine.


def _embedded(languages: tuple[str, ...]) -> EmbeddedSeen:
    from docstation.bootstrap.reader import read
    from docstation.document.model import PageStatus
    from docstation.station.canary import PAGE, found

    began = time.monotonic()
    try:
        pages = read(PAGE, jobs=1, languages=languages).pages
    except (DocStationError, OSError, ImportError) as error:
        return EmbeddedSeen(time.monotonic() - began, trouble=trouble_of(error))
    seconds = time.monotonic() - began
    failed = next((page for page in pages if page.status is PageStatus.FAILED), None)
    if failed is not None:
        return EmbeddedSeen(seconds, trouble=Trouble(Said(PAGE_FAILED), words=failed.reason))
    return EmbeddedSeen(seconds, found("\n".join(block.text for page in pages for block in page.blocks)))


PAGE_FAILED = N_("The embedded engine could not read the test page.")
