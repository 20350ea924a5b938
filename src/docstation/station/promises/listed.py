"""The promise that exactly what serves runs: one server of ours, or those of a plan for several, and no stray."""

from __future__ import annotations

from collections.abc import Iterable

from docstation.messages.marking import N_
from docstation.station.promises.findings import Doubts, Finding, Look, Promise
from docstation.station.promises.seen import Listed, Observations, Said, ServerListed
from docstation.station.promises.state import UNDER_WAY, journal_look

OURS = frozenset({"container", "process"})
"""Drivers that start servers; the others only note what is in use."""


def one_server(seen: Observations) -> Finding:
    """What runs is what serves: one server, or those of a plan for several, and no stray."""
    running = [one for one in seen.listed.servers if one.running]
    looks = (journal_look(seen), *_listing_looks(seen.listed))
    return _doubts_of_listing(seen, running).finding(Promise.ONE_SERVER, looks, _count(len(running)))


def _count(running: int) -> Said:
    if running == 0:
        return Said(N_("No server of ours runs, and none should."))
    if running == 1:
        return Said(N_("One server of ours runs, the one that serves."))
    return Said.of(N_("The {count} servers of an accepted plan run, and no other."), count=running)


def _listing_looks(listed: Listed) -> Iterable[Look]:
    engine = listed.engine
    containers = [one for one in listed.servers if one.kind == "container"]
    answered = engine.state in {"answers", "unsupported"}
    yield Look.of(
        Said.of(ASKED if answered else LOOKED_FOR, address=engine.address or "-", label=listed.label or "-"),
        engine=engine.version if answered else engine.state,
        words=(engine.trouble.words or None) if engine.trouble else None,
        containers=len(containers) if answered else None,
        of_other_stations=", ".join(listed.strangers) or None,
    )
    processes = [one for one in listed.servers if one.kind == "process"]
    done = Said.of(N_("Read the records of server processes in {folder}."), folder=listed.records or "-")
    yield Look.of(done, processes=len(processes))
    for one in listed.servers:
        yield Look.of(
            Said.of(N_("Found a server of ours: {name}"), name=one.name),
            kind=one.kind,
            model=one.model,
            spec=one.spec,
            running=one.running,
            status=one.status or None,
        )


def _doubts_of_listing(seen: Observations, running: list[ServerListed]) -> Doubts:
    state, engine = seen.state, seen.listed.engine
    serving = {one.spec: one for one in state.serving.members if one.driver in OURS}
    known = {one.spec for one in state.present} | set(serving)
    doubts = Doubts(broken=tuple(_of(STRAY, one) for one in running if one.spec not in known))
    ask = seen.contained or any(one.driver == "container" for one in state.present)
    blind = ask and engine.state in {"down", "denied"}
    if blind and engine.trouble is not None:
        doubts += Doubts.that_hide(engine.trouble)
    if state.transaction is not None:
        return doubts + Doubts(unseen=(Said.of(UNDER_WAY, step=state.transaction.step.value),))
    lost = [one for spec, one in serving.items() if spec not in {each.spec for each in running}]
    gone = [one for one in lost if not (blind and one.driver == "container")]
    idle = [one for one in running if one.spec in known and one.spec not in serving]
    return doubts + Doubts(
        broken=(
            *(Said.of(GONE, name=one.instance) for one in gone),
            *(_of(IDLE, one) for one in idle),
        )
    )


def _of(message: str, one: ServerListed) -> Said:
    return Said.of(message, name=one.name, model=one.model or "-")


ASKED = N_("Asked the container engine at {address} for containers with the label {label}.")
LOOKED_FOR = N_("Looked for a container engine at {address}.")
STRAY = N_("The server {name} ({model}) runs and the journal does not know it.")
GONE = N_("The server {name} should run and does not.")
IDLE = N_("The server {name} ({model}) runs and does not serve.")
