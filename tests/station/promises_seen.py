"""Scripted observations for the promises: a station where all is well, and what can be changed of it."""

from __future__ import annotations

from dataclasses import replace

from docstation.models.devices import REFERENCE
from docstation.models.entry import ModelEntry
from docstation.models.plan import Item, Line, MemoryPlan
from docstation.models.plan import Verdict as Fit
from docstation.station.causes import Cause
from docstation.station.deployment import NOTHING, Deployment, Lineup
from docstation.station.gpu import Absence, Attribution, GpuReading, NoReading
from docstation.station.host import Traces, understand
from docstation.station.lock import Holder
from docstation.station.probes import ServedModel
from docstation.station.promises import Finding, Observations, Promise, Said, judge
from docstation.station.promises.past import Change
from docstation.station.promises.seen import (
    BundleSeen,
    CanarySeen,
    CardSeen,
    EmbeddedSeen,
    EngineSeen,
    Listed,
    OwnerSeen,
    PlansSeen,
    Reply,
    ServerAsked,
    ServerListed,
    Trouble,
)
from docstation.station.telling import StepTold
from docstation.station.words import Kind, Mode, Outcome, State, Step, Transaction

BUDGET = 12_000_000_000
NOW = 1_800_000_000.0
NO_NVML = NoReading(Absence.NO_LIBRARY, "NVML Shared Library Not Found")
TROUBLE = Trouble(Said("It is away."), Said("Bring it back."), "connection refused")

DOTS = Deployment(
    "dots-ocr",
    "container",
    "rednote-hilab/dots.ocr",
    8192,
    ("rednote-hilab/dots.ocr", "--gpu-memory-utilization", "0.688"),
    8000,
    11_994_000_000,
    "rednote-hilab/dots.ocr",
    "a" * 40,
    "vllm/vllm-openai:v0.32.0",
    "sha256:" + "b" * 64,
)
QWEN = replace(DOTS, model="qwen3-vl-2b", served_name="Qwen/Qwen3-VL-2B-Instruct", port=8001, planned_bytes=6 * 10**9)
EMBEDDED = Deployment("embedded", "embedded", "embedded", 8192)
SERVING = Lineup((DOTS,))
READY = State(Mode.READY, SERVING, SERVING, (DOTS,), last_known_good=SERVING, since=NOW - 3600)
WAITING = replace(READY, mode=Mode.WAITING, serving=NOTHING, present=(), cause=Cause.OOM_LOAD, failures=2)
SWITCH = Transaction("t1", Kind.SWITCH, SERVING, NOTHING, Step.CANARY, NOW - 100)
SWITCHING = replace(READY, mode=Mode.SWITCHING, serving=NOTHING, transaction=SWITCH)


def reading(ours: int | None, used: int, attribution: Attribution = Attribution.EXACT) -> GpuReading:
    board, reserve = REFERENCE.board_bytes, REFERENCE.reserved_bytes
    free, others = board - reserve - used, None if ours is None else used - ours
    card = ("NVIDIA GeForce RTX 5070 Ti", "GPU-1", "580.95.05", "13.0", (12, 0))
    return GpuReading(*card, board, reserve, False, used, free, ours, others, attribution)


def card(seen: GpuReading | NoReading) -> CardSeen:
    cuda = REFERENCE.cuda_bytes if isinstance(seen, GpuReading) else 0
    return CardSeen(seen, cuda, BUDGET, {DOTS.spec: (11_600_000_000, "ours")})


def step(which: Step, seconds: float, moment: str = "done", *, back: bool = False) -> StepTold:
    return StepTold("t1", which, moment, ("dots-ocr",), back, seconds)


def asked(member: Deployment, **changes: object) -> ServerAsked:
    shown = (ServedModel(member.served_name, member.context),)
    answered = ServerAsked(member, Reply(200), Reply(200), shown, CanarySeen(1.25, 0.9))
    return replace(answered, **changes)


def listed(*members: Deployment, running: bool = True) -> tuple[ServerListed, ...]:
    return tuple(ServerListed("container", one.instance, one.model, one.spec, running, "Up 1 hour") for one in members)


def plan(name: str, total: int, fit: Fit = Fit.FITS) -> MemoryPlan:
    entry, bill = ModelEntry(name), (Line(Item.WEIGHTS, total),)
    share = 0.5 if fit is not Fit.DOES_NOT_FIT else 0.0
    return MemoryPlan(entry, fit, bill, BUDGET, REFERENCE.cuda_bytes, share, 1000, reason="Too large.")


PLANS = PlansSeen(
    ("dots-ocr", "qwen3-vl"),
    "RTX 5070 Ti",
    alone=(plan("dots-ocr", 9 * 10**9), plan("qwen3-vl-2b", 8 * 10**9)),
    together=(plan("dots-ocr", 9 * 10**9, Fit.DOES_NOT_FIT), plan("qwen3-vl-2b", 8 * 10**9, Fit.DOES_NOT_FIT)),
)
BUNDLE = BundleSeen(DOTS, "active", "/weights/snapshots/a", image="vllm/vllm-openai@sha256:b")
CHANGE = Change(
    NOW - 3600,
    replace(SWITCH, origin=Lineup((QWEN,)), began=NOW - 3700),
    Outcome.DONE,
    ("dots-ocr",),
    (step(Step.PREPARE, 0.5), step(Step.DRAIN, 1.5), step(Step.STOP, 2.0), step(Step.LOAD, 60.0)),
)
KEPT = Observations(
    at=NOW,
    folder="/state/station",
    kind="container",
    contained=True,
    state=READY,
    asked=(asked(DOTS),),
    canary=True,
    listed=Listed(
        EngineSeen("answers", "unix:///var/run/docker.sock", "Docker 28.5.2 (API 1.51)"),
        "docstation.station=abc",
        "/state/station/processes",
        listed(DOTS),
    ),
    card=card(reading(11_500_000_000, 12_700_000_000)),
    change=CHANGE,
    drain_seconds=30.0,
    stable_seconds=60.0,
    owner=OwnerSeen(Holder(17, "desk", "docstation models manage", NOW - 7200), True, "/state/station/control.sock"),
    plans=PLANS,
    bundles=(BUNDLE,),
    bundles_trouble=None,
    embedded=EmbeddedSeen(2.1, 1.0),
    host=understand(Traces("6.8.0-31-generic", "MemTotal: 64 kB", shared_bytes=32 * 2**30)),
)
NOBODY = OwnerSeen(None, False, "/state/station/control.sock")
NO_ENGINE = Listed(EngineSeen("absent", "unix:///var/run/docker.sock", trouble=TROUBLE))
NOTHING_THERE = replace(
    KEPT,
    kind="embedded",
    state=State(),
    asked=(),
    listed=NO_ENGINE,
    card=card(NO_NVML),
    change=None,
    owner=NOBODY,
    plans=replace(PLANS, reference=True),
    bundles=(),
    bundles_trouble=TROUBLE,
)


def found(seen: Observations, promise: Promise) -> Finding:
    return next(one for one in judge(seen) if one.promise is promise)


def figures(finding: Finding) -> dict[str, list[object]]:
    seen: dict[str, list[object]] = {}
    for look in finding.looks:
        for one in look.seen:
            seen.setdefault(one.key, []).append(one.value)
    return seen


def sentences(finding: Finding) -> str:
    return " ".join(one.message.format(**dict(one.fields)) for one in finding.reasons)


def with_engine(state: str) -> Listed:
    return replace(KEPT.listed, engine=EngineSeen(state, "unix:///s", trouble=TROUBLE), servers=())


def with_plans(**changes: object) -> Observations:
    return replace(KEPT, plans=replace(PLANS, **changes))


def with_bundle(**changes: object) -> Observations:
    return replace(KEPT, bundles=(replace(BUNDLE, **changes),))


def ended(outcome: Outcome, **changes: object) -> Observations:
    given = replace(CHANGE.transaction, cause=Cause.OOM_LOAD, **changes)
    return replace(KEPT, change=replace(CHANGE, outcome=outcome, transaction=given))
