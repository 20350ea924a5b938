"""The status in words: a table of two columns, then the last events."""

from __future__ import annotations

from collections.abc import Iterator

from docstation.cli.models.facts import Facts, share
from docstation.cli.models.narrating import Narrator
from docstation.cli.models.wording import (
    WITHOUT_MODEL,
    duration,
    gigabytes,
    kind_words,
    local_time,
    plain,
    reason,
    step_words,
)
from docstation.messages import N_, translate
from docstation.station.gpu import GpuReading
from docstation.station.lock import Holder
from docstation.station.status import Serving
from docstation.station.words import Mode

Row = tuple[str, str]
"""A label and what stands beside it; an empty label goes on with the one above."""

MODES = {
    Mode.IDLE: N_("idle: no model is wanted"),
    Mode.SWITCHING: N_("changing what serves"),
    Mode.READY: N_("serves"),
    Mode.WAITING: N_("waits for the next try"),
}
GIB = 2**30


def status_lines(facts: Facts) -> Iterator[str]:
    """The whole status, line by line."""
    rows = list(_rows(facts))
    width = max(len(label) for label, _text in rows) + 2
    for label, text in rows:
        yield f"{label:<{width}}{text}".rstrip()
    narrator = Narrator()
    told = [line for line in map(narrator.tell, facts.status.events) if line is not None]
    if told:
        yield translate(N_("last events"))
        for line in told:
            yield f"  {local_time(line.at)}  {line.indented}"


def _rows(facts: Facts) -> Iterator[Row]:
    yield from _active(facts)
    yield from _mode(facts)
    yield from _under_way(facts)
    yield from _waits(facts)
    yield from _memory(facts)
    yield from _card(facts)
    yield from _others(facts)
    yield _owner(facts.status.owner, facts.now)


def _active(facts: Facts) -> Iterator[Row]:
    label = translate(N_("model"))
    if not facts.status.serving:
        yield label, translate(N_("none. {without}"), without=translate(WITHOUT_MODEL))
    for one in facts.status.serving:
        if one.deployment.driver == "embedded":
            yield label, f"{one.deployment.model}. {translate(WITHOUT_MODEL)}"
            continue
        yield label, _deployed(one)
        yield "", _shown(one)
        yield translate(N_("address")), f"{one.deployment.address.rstrip('/')}/v1"


def _deployed(one: Serving) -> str:
    return translate(
        N_("{name}: id {id}, context {context}"),
        name=one.deployment.model,
        id=one.deployment.served_name,
        context=one.deployment.context,
    )


def _shown(one: Serving) -> str:
    if one.answers:
        return translate(N_("and so it shows itself now"))
    if not one.shown_id:
        return translate(N_("it does not answer just now"))
    context = one.shown_context or "?"
    return translate(N_("but it shows id {id}, context {context}"), id=plain(one.shown_id), context=context)


def _mode(facts: Facts) -> Iterator[Row]:
    state = facts.status.state
    text = translate(MODES[state.mode])
    if state.since:
        text = translate(
            N_("{mode}, since {time} ({duration})"),
            mode=text,
            time=local_time(state.since),
            duration=duration(facts.now - state.since),
        )
    yield translate(N_("state")), text


def _under_way(facts: Facts) -> Iterator[Row]:
    now = facts.status.state.transaction
    if now is None:
        return
    target = now.target.names if now.back is not None else now.wanted.names
    doing = kind_words(now.kind, now.wanted.names)
    if now.back is not None:
        doing = translate(N_("{change} failed, going back to {models}"), change=doing, models=", ".join(target))
    yield (
        translate(N_("under way")),
        translate(
            N_("{change}: {step} since {time} ({seconds}), {total} in all"),
            change=doing,
            step=step_words(now.step),
            time=local_time(facts.step_since),
            seconds=duration(facts.now - facts.step_since),
            total=duration(facts.now - now.began),
        ),
    )
    if now.cancelled:
        yield "", translate(N_("asked to call it off"))
    if facts.status.owner is None:
        yield "", translate(N_("Nobody goes on with it: `docstation models manage`, or any switch, finishes it."))


def _waits(facts: Facts) -> Iterator[Row]:
    state = facts.status.state
    transaction = state.transaction
    cause = transaction.cause if transaction is not None else state.cause
    if cause is None:
        return
    detail = transaction.detail if transaction is not None else state.detail
    lineup = transaction.wanted if transaction is not None else state.wanted
    member = lineup.members[0] if lineup else None
    why = reason(cause, detail, member)
    yield translate(N_("reason")), why.sentence
    if detail:
        yield "", plain(detail)
    if why.remedy:
        yield translate(N_("remedy")), why.remedy
    if state.mode is Mode.WAITING:
        wanted = ", ".join(state.wanted.names)
        yield "", translate(N_("Wanted: {models}; failures in a row: {count}."), models=wanted, count=state.failures)


def _memory(facts: Facts) -> Iterator[Row]:
    budget = translate(N_("budget {size}"), size=gigabytes(facts.status.budget_bytes))
    if not facts.planned_bytes:
        yield translate(N_("memory")), budget
        return
    measured = facts.measured_bytes
    figure = translate(N_("{size} measured"), size=gigabytes(measured)) if measured else translate(N_("not measured"))
    planned = translate(N_("{size} by the plan"), size=gigabytes(facts.planned_bytes))
    yield translate(N_("memory")), f"{planned}, {figure}, {budget}"


def _card(facts: Facts) -> Iterator[Row]:
    label, found = translate(N_("card")), facts.status.gpu
    if not isinstance(found, GpuReading):
        yield label, translate(found.absence.sentence, detail=plain(found.detail))
        yield "", translate(found.absence.remedy, detail=plain(found.detail))
        return
    size = f"{gigabytes(found.board_bytes)} ({found.board_bytes / GIB:.2f} GiB)"
    yield label, translate(N_("{name}, driver {driver}, {size}"), name=found.name, driver=found.driver, size=size)
    divided = share(facts, found)
    yield (
        "",
        translate(
            N_("in use {used}: ours {ours}{by}, others' {others}; free {free}"),
            used=gigabytes(found.used_bytes),
            ours=gigabytes(divided.ours_bytes),
            by="" if divided.by == "driver" else f" {translate(SHARES[divided.by])}",
            others=gigabytes(divided.others_bytes),
            free=gigabytes(found.free_bytes),
        ),
    )
    figures = [
        f"{found.temperature} °C" if found.temperature is not None else "",
        translate(N_("load {percent} %"), percent=found.load) if found.load is not None else "",
        translate(N_("{watts} W"), watts=f"{found.power:.0f}") if found.power is not None else "",
    ]
    if any(figures):
        yield "", ", ".join(one for one in figures if one)


SHARES = {"measurement": N_("(as measured)"), "plan": N_("(by the plan)")}


def _others(facts: Facts) -> Iterator[Row]:
    label = translate(N_("in reserve"))
    if facts.catalogue_trouble:
        yield label, facts.catalogue_trouble
    else:
        yield label, ", ".join(facts.reserve) or "–"
        for alias, candidates in facts.aliases.items():
            best = translate(N_("{alias}: the best that fits of {models}"), alias=alias, models=", ".join(candidates))
            yield "", best
    good = facts.status.state.last_known_good.names
    yield translate(N_("last known good")), ", ".join(good) or translate(N_("nothing yet"))


def _owner(owner: Holder | None, now: float) -> Row:
    label = translate(N_("manager"))
    if owner is None:
        return label, translate(N_("none: nothing is watched. `docstation models manage` watches."))
    if not owner.pid:
        return label, translate(N_("a process that has not said its name yet"))
    return label, translate(
        N_("{command} (pid {pid} on {host}), since {time} ({duration})"),
        command=plain(owner.command),
        pid=owner.pid,
        host=owner.host,
        time=local_time(owner.since),
        duration=duration(now - owner.since),
    )
