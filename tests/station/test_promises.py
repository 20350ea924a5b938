"""Each promise kept, broken and not to be looked at, from scripted observations."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promises_seen import (
    BUDGET,
    BUNDLE,
    CHANGE,
    DOTS,
    EMBEDDED,
    KEPT,
    NO_NVML,
    NOBODY,
    NOTHING_THERE,
    NOW,
    PLANS,
    QWEN,
    READY,
    SWITCHING,
    TROUBLE,
    WAITING,
    asked,
    card,
    ended,
    figures,
    found,
    listed,
    plan,
    reading,
    sentences,
    step,
    with_bundle,
    with_engine,
    with_plans,
)

from docstation.models.devices import REFERENCE
from docstation.models.plan import Change as PlanChange
from docstation.models.plan import Verdict as Fit
from docstation.station.deployment import NOTHING, Lineup
from docstation.station.gpu import Attribution
from docstation.station.host import Traces, understand
from docstation.station.lock import Holder
from docstation.station.probes import ServedModel
from docstation.station.promises import Figure, Finding, Look, Promise, Said, Verdict, judge
from docstation.station.promises.seen import (
    CanarySeen,
    EmbeddedSeen,
    PlansSeen,
    Reply,
    ServerAsked,
)
from docstation.station.words import Kind, Outcome, State, Step


def test_every_promise_is_kept_where_everything_is_as_it_should_be() -> None:
    assert {one.promise: one.verdict for one in judge(KEPT)} == dict.fromkeys(Promise, Verdict.KEPT)


def test_without_gpu_and_docker_the_report_is_whole_and_claims_only_what_was_seen() -> None:
    findings = judge(NOTHING_THERE)
    assert [one.promise for one in findings] == list(Promise)
    kept = {one.promise for one in findings if one.verdict is Verdict.KEPT}
    assert kept == {Promise.ONE_SERVER, Promise.EMBEDDED, Promise.HOST}
    assert all(one.verdict is Verdict.NOT_SEEN for one in findings if one.promise not in kept)


BROKEN = {
    "wrong id": (Promise.IDENTITY, replace(KEPT, asked=(asked(DOTS, shown=(ServedModel("other", 8192),)),))),
    "nothing shown": (Promise.IDENTITY, replace(KEPT, asked=(asked(DOTS, shown=()),))),
    "wrong context": (
        Promise.IDENTITY,
        replace(KEPT, asked=(asked(DOTS, shown=(ServedModel(DOTS.served_name, 4096),)),)),
    ),
    "no models": (Promise.IDENTITY, replace(KEPT, asked=(asked(DOTS, models=Reply(0, "refused"), canary=None),))),
    "error of models": (Promise.IDENTITY, replace(KEPT, asked=(asked(DOTS, models=Reply(500, "dead")),))),
    "should serve": (Promise.IDENTITY, replace(KEPT, state=WAITING, asked=())),
    "stray": (Promise.ONE_SERVER, replace(KEPT, listed=replace(KEPT.listed, servers=listed(DOTS, QWEN)))),
    "stray while changing": (
        Promise.ONE_SERVER,
        replace(KEPT, state=SWITCHING, listed=replace(KEPT.listed, servers=listed(QWEN))),
    ),
    "gone": (Promise.ONE_SERVER, replace(KEPT, listed=replace(KEPT.listed, servers=()))),
    "ended": (Promise.ONE_SERVER, replace(KEPT, listed=replace(KEPT.listed, servers=listed(DOTS, running=False)))),
    "of another spec": (
        Promise.ONE_SERVER,
        replace(KEPT, listed=replace(KEPT.listed, servers=listed(replace(DOTS, context=4096)))),
    ),
    "idle": (Promise.ONE_SERVER, replace(KEPT, state=replace(WAITING, present=(DOTS,)))),
    "held over": (Promise.BUDGET, replace(KEPT, card=card(reading(12_000_000_001, 13_000_000_000)))),
    "planned over": (Promise.BUDGET, replace(KEPT, card=replace(KEPT.card, budget_bytes=11_900_000_000))),
    "granted over": (
        Promise.BUDGET,
        replace(KEPT, state=replace(READY, present=(replace(DOTS, arguments=("--gpu-memory-utilization", "0.85")),))),
    ),
    "unhealthy": (Promise.ANSWERS, replace(KEPT, asked=(asked(DOTS, health=Reply(503, "engine is dead")),))),
    "no health": (Promise.ANSWERS, replace(KEPT, asked=(asked(DOTS, health=Reply(0, "refused")),))),
    "garbage": (Promise.ANSWERS, replace(KEPT, asked=(asked(DOTS, canary=CanarySeen(2.0, None, TROUBLE)),))),
    "lost": (Promise.LAST_CHANGE, ended(Outcome.FELL_BACK)),
    "stop failed": (Promise.LAST_CHANGE, ended(Outcome.FELL_BACK, kind=Kind.STOP, wanted=NOTHING)),
    "restart lost": (Promise.LAST_CHANGE, ended(Outcome.FELL_BACK, kind=Kind.RESTART, origin=NOTHING)),
    "cut off": (Promise.LAST_CHANGE, replace(KEPT, change=replace(CHANGE, steps=(step(Step.DRAIN, 30.01),)))),
    "not recorded as good": (Promise.LAST_KNOWN_GOOD, replace(KEPT, state=replace(READY, last_known_good=NOTHING))),
    "nobody watches": (Promise.WATCH, replace(KEPT, owner=NOBODY)),
    "owner does not listen": (Promise.WATCH, replace(KEPT, owner=replace(KEPT.owner, listens=False))),
    "does not fit": (
        Promise.BOTH_MODELS,
        with_plans(alone=(PLANS.alone[0], plan("qwen3-vl-2b", 13 * 10**9, Fit.DOES_NOT_FIT))),
    ),
    "plan over budget": (Promise.BOTH_MODELS, with_plans(alone=(plan("dots-ocr", BUDGET + 1),))),
    "together over budget": (
        Promise.BOTH_MODELS,
        with_plans(together=(plan("dots-ocr", 9 * 10**9), plan("qwen3-vl-2b", 8 * 10**9))),
    ),
    "no weights": (Promise.OFFLINE_START, with_bundle(weights="", weights_trouble=TROUBLE)),
    "no image": (Promise.OFFLINE_START, with_bundle(image="", image_trouble=TROUBLE)),
    "weights not pinned": (Promise.OFFLINE_START, with_bundle(deployment=replace(DOTS, revision=""))),
    "image not pinned": (Promise.OFFLINE_START, with_bundle(deployment=replace(DOTS, digest=""))),
    "no page": (Promise.EMBEDDED, replace(KEPT, embedded=EmbeddedSeen(0.1, None, TROUBLE))),
    "few words": (Promise.EMBEDDED, replace(KEPT, embedded=EmbeddedSeen(2.0, 0.2))),
    "WSL 1": (Promise.HOST, replace(KEPT, host=understand(Traces("4.4.0-19041-Microsoft")))),
    "little shared memory": (
        Promise.HOST,
        replace(KEPT, kind="process", host=understand(Traces("6.8.0", shared_bytes=64 * 2**20))),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_promise_is_broken_with_a_reason_and_the_figure_that_shows_it(name: str) -> None:
    promise, seen = BROKEN[name]
    finding = found(seen, promise)
    assert finding.verdict is Verdict.BROKEN
    assert finding.reasons
    assert figures(finding)


NOT_SEEN = {
    "nothing asked for": (Promise.IDENTITY, NOTHING_THERE),
    "embedded chosen": (
        Promise.IDENTITY,
        replace(KEPT, state=replace(READY, serving=Lineup((EMBEDDED,)), wanted=Lineup((EMBEDDED,))), asked=()),
    ),
    "change under way": (Promise.IDENTITY, replace(KEPT, state=SWITCHING, asked=())),
    "remote tells no context": (
        Promise.IDENTITY,
        replace(KEPT, asked=(asked(replace(DOTS, driver="remote"), shown=(ServedModel(DOTS.served_name),)),)),
    ),
    "no key": (Promise.IDENTITY, replace(KEPT, asked=(ServerAsked(DOTS, trouble=TROUBLE),))),
    "engine down": (Promise.ONE_SERVER, replace(KEPT, listed=with_engine("down"))),
    "engine denied": (Promise.ONE_SERVER, replace(KEPT, state=State(), asked=(), listed=with_engine("denied"))),
    "listing while changing": (
        Promise.ONE_SERVER,
        replace(KEPT, state=SWITCHING, listed=replace(KEPT.listed, servers=())),
    ),
    "no card": (Promise.BUDGET, replace(KEPT, card=card(NO_NVML))),
    "nothing on the card": (Promise.BUDGET, replace(KEPT, state=replace(READY, present=()))),
    "not divided": (
        Promise.BUDGET,
        replace(KEPT, card=card(reading(None, 12_500_000_000, Attribution.NOT_TOLD))),
    ),
    "no canary": (Promise.ANSWERS, replace(KEPT, canary=False, asked=(asked(DOTS, canary=None),))),
    "no change": (Promise.LAST_CHANGE, replace(KEPT, change=None)),
    "none good yet": (
        Promise.LAST_KNOWN_GOOD,
        replace(KEPT, state=replace(READY, last_known_good=NOTHING, since=NOW - 5)),
    ),
    "good but unseen": (
        Promise.LAST_KNOWN_GOOD,
        replace(KEPT, state=replace(READY, last_known_good=NOTHING), owner=NOBODY),
    ),
    "owner has just come": (
        Promise.LAST_KNOWN_GOOD,
        replace(
            KEPT,
            state=replace(READY, last_known_good=NOTHING),
            owner=replace(KEPT.owner, holder=Holder(17, "desk", "manage", NOW - 5)),
        ),
    ),
    "nothing to watch": (Promise.WATCH, NOTHING_THERE),
    "reference card": (Promise.BOTH_MODELS, NOTHING_THERE),
    "processor": (Promise.BOTH_MODELS, with_plans(on_card=False)),
    "no plans": (Promise.BOTH_MODELS, with_plans(alone=(), together=(), trouble=TROUBLE)),
    "nothing starts vLLM": (Promise.OFFLINE_START, NOTHING_THERE),
    "image unseen": (Promise.OFFLINE_START, replace(with_bundle(image=""), listed=with_engine("down"))),
    "little shared memory that nobody needs": (
        Promise.HOST,
        replace(KEPT, kind="embedded", host=understand(Traces("6.8.0", shared_bytes=64 * 2**20))),
    ),
    "no shared memory to be seen": (Promise.HOST, replace(KEPT, kind="process", host=understand(Traces("6.8.0")))),
    "remote only": (Promise.OFFLINE_START, with_bundle(deployment=replace(DOTS, driver="remote"))),
}


@pytest.mark.parametrize("name", NOT_SEEN)
def test_what_could_not_be_looked_at_says_why(name: str) -> None:
    promise, seen = NOT_SEEN[name]
    finding = found(seen, promise)
    assert finding.verdict is Verdict.NOT_SEEN
    assert finding.reasons


STILL_KEPT = {
    "several by an accepted plan": (
        Promise.ONE_SERVER,
        replace(
            KEPT,
            state=replace(READY, serving=Lineup((DOTS, QWEN)), present=(DOTS, QWEN)),
            listed=replace(KEPT.listed, servers=listed(DOTS, QWEN)),
        ),
    ),
    "an ended container": (
        Promise.ONE_SERVER,
        replace(KEPT, listed=replace(KEPT.listed, servers=listed(DOTS) + listed(QWEN, running=False))),
    ),
    "no engine where servers are processes": (
        Promise.ONE_SERVER,
        replace(KEPT, contained=False, state=State(), asked=(), listed=with_engine("down")),
    ),
    "all that is in use is within the budget": (
        Promise.BUDGET,
        replace(KEPT, card=card(reading(None, 11_900_000_000, Attribution.NOT_LISTED))),
    ),
    "remote with more context": (
        Promise.IDENTITY,
        replace(KEPT, asked=(asked(replace(DOTS, driver="remote"), shown=(ServedModel(DOTS.served_name, 16384),)),)),
    ),
    "remote without health": (
        Promise.ANSWERS,
        replace(KEPT, asked=(asked(replace(DOTS, driver="remote"), health=Reply()),)),
    ),
    "rolled back": (Promise.LAST_CHANGE, ended(Outcome.ROLLED_BACK)),
    "refused": (Promise.LAST_CHANGE, ended(Outcome.REFUSED)),
    "failed from nothing": (Promise.LAST_CHANGE, ended(Outcome.FELL_BACK, origin=NOTHING)),
    "both at once fit": (
        Promise.BOTH_MODELS,
        with_plans(together=(plan("dots-ocr", 6 * 10**9), plan("qwen3-vl-2b", 5 * 10**9))),
    ),
    "a folder needs no pin": (
        Promise.OFFLINE_START,
        with_bundle(deployment=replace(DOTS, driver="process", revision="", image="", digest=""), own_folder=True),
    ),
    "WSL 2 with its notes": (
        Promise.HOST,
        replace(KEPT, host=understand(Traces("5.15.153.1-microsoft-standard-WSL2", dxg=True, shared_bytes=2**33))),
    ),
}


@pytest.mark.parametrize("name", STILL_KEPT)
def test_what_is_unusual_and_well_is_kept(name: str) -> None:
    promise, seen = STILL_KEPT[name]
    assert found(seen, promise).verdict is Verdict.KEPT


def test_the_raw_figures_stand_beside_the_promised_ones() -> None:
    identity = figures(found(KEPT, Promise.IDENTITY))
    assert (identity["id"], identity["max_model_len"]) == (["rednote-hilab/dots.ocr"], [8192])
    assert (identity["promised_id"], identity["promised_max_model_len"]) == (["rednote-hilab/dots.ocr"], [8192])
    memory = figures(found(KEPT, Promise.BUDGET))
    assert memory["budget_bytes"] == [BUDGET]
    assert (memory["planned_bytes"], memory["noted_bytes"]) == ([11_994_000_000], [11_600_000_000])
    assert (memory["ours_bytes"], memory["used_bytes"]) == ([11_500_000_000], [12_700_000_000])
    assert memory["utilisation"] == [0.688]
    assert memory["granted_bytes"] == [round(0.688 * REFERENCE.cuda_bytes)]
    assert memory["reserved_bytes"] == [REFERENCE.reserved_bytes]
    answer = figures(found(KEPT, Promise.ANSWERS))
    assert (answer["http_status"], answer["seconds"], answer["share_of_words"]) == ([200], [1.25], [0.9])


def test_the_last_change_is_told_in_its_steps_with_the_way_back_apart() -> None:
    steps = (step(Step.START, 1.1), step(Step.START, 2.2), step(Step.CANARY, 3.0, "failed"))
    back = (step(Step.START, 4.0, back=True),)
    change = replace(CHANGE, outcome=Outcome.ROLLED_BACK, steps=steps + back)
    seen = figures(found(replace(KEPT, change=change), Promise.LAST_CHANGE))
    assert (seen["start_seconds"], seen["back_start_seconds"]) == ([3.3], [4.0])
    assert (seen["failed_step"], seen["outcome"], seen["seconds"]) == (["canary"], ["rolled-back"], [100.0])
    assert (seen["before"], seen["serving"]) == (["qwen3-vl-2b"], ["dots-ocr"])


def test_a_cause_is_told_with_its_remedy() -> None:
    finding = found(replace(KEPT, state=WAITING, asked=()), Promise.ANSWERS)
    assert sentences(finding).startswith("Should serve and does not: dots-ocr.")
    assert len(finding.reasons) == 2
    assert finding.remedies


def test_the_engine_is_said_to_be_asked_only_where_it_answered() -> None:
    done = [look.done.message for look in found(NOTHING_THERE, Promise.ONE_SERVER).looks]
    assert not any(message.startswith("Asked") for message in done)
    assert any(message.startswith("Asked") for message in [look.done.message for look in judge(KEPT)[1].looks])


def test_a_claim_without_a_figure_cannot_be_made() -> None:
    bare = (Look(Said("Looked.")),)
    for verdict in (Verdict.KEPT, Verdict.BROKEN):
        with pytest.raises(ValueError, match="without a figure"):
            Finding(Promise.HOST, verdict, bare, (Said("So it is."),))
    with pytest.raises(ValueError, match="without a reason"):
        Finding(Promise.HOST, Verdict.NOT_SEEN, bare)
    Finding(Promise.HOST, Verdict.KEPT, (Look(Said("Looked."), (Figure("wsl", 0),)),))


STATES = (READY, WAITING, SWITCHING, State(), replace(READY, last_known_good=NOTHING))
ASKED = (
    asked(DOTS),
    asked(DOTS, models=Reply(0, "refused"), health=Reply(), shown=(), canary=None),
    ServerAsked(DOTS, trouble=TROUBLE),
    asked(DOTS, canary=CanarySeen(120.0, None, TROUBLE)),
)
READINGS = (
    reading(1, 2),
    reading(13_000_000_000, 14_000_000_000),
    reading(None, 2**33, Attribution.NOT_TOLD),
    NO_NVML,
)
ENGINES = ("answers", "unsupported", "absent", "down", "denied")
CHANGES = (None, CHANGE, *(replace(CHANGE, outcome=outcome) for outcome in Outcome))


@given(
    st.sampled_from(STATES),
    st.sampled_from(ASKED),
    st.sampled_from(READINGS),
    st.sampled_from(ENGINES),
    st.sampled_from(CHANGES),
    st.sampled_from((KEPT.owner, NOBODY, replace(KEPT.owner, listens=False))),
    st.sampled_from((PLANS, NOTHING_THERE.plans, replace(PLANS, on_card=False), PlansSeen((), trouble=TROUBLE))),
    st.lists(st.sampled_from((BUNDLE, replace(BUNDLE, weights_trouble=TROUBLE))), max_size=2),
    st.sampled_from((listed(), listed(DOTS), listed(QWEN), listed(DOTS, running=False))),
)
def test_whatever_is_seen_nothing_is_claimed_that_the_figures_do_not_bear_out(
    state, answer, gpu, engine, change, owner, plans, bundles, servers
) -> None:
    seen = replace(
        KEPT,
        state=state,
        asked=(answer,) if state.serving else (),
        card=card(gpu),
        listed=replace(with_engine(engine), servers=servers),
        change=change,
        owner=owner,
        plans=plans,
        bundles=tuple(bundles),
    )
    findings = {one.promise: one for one in judge(seen)}
    assert list(findings) == list(Promise)
    kept = {promise for promise, one in findings.items() if one.verdict is Verdict.KEPT}
    shown = {promise: figures(one) for promise, one in findings.items()}
    if Promise.IDENTITY in kept:
        assert shown[Promise.IDENTITY]["max_model_len"] == shown[Promise.IDENTITY]["promised_max_model_len"]
    if Promise.ANSWERS in kept:
        assert shown[Promise.ANSWERS]["share_of_words"]
    if Promise.BUDGET in kept:
        memory = shown[Promise.BUDGET]
        assert memory.get("ours_bytes", memory["used_bytes"])[0] <= memory["budget_bytes"][0]
    if Promise.ONE_SERVER in kept:
        running = sum(value is True for value in shown[Promise.ONE_SERVER].get("running", ()))
        assert running == len(state.serving.members)
        assert engine not in {"down", "denied"}
    if Promise.WATCH in kept:
        assert shown[Promise.WATCH]["listens"] == [True]


def test_every_figure_that_can_be_shown_has_a_name() -> None:
    from docstation.station.promises.words import BACK, FIGURES

    cases = [KEPT, NOTHING_THERE, *(seen for _promise, seen in (*BROKEN.values(), *NOT_SEEN.values()))]
    cases += [seen for _promise, seen in STILL_KEPT.values()]
    all_steps = tuple(step(which, 1.0, "failed", back=back) for which, back in product(Step, (False, True)))
    cases.append(replace(KEPT, change=replace(CHANGE, steps=all_steps)))
    cases.append(replace(KEPT, listed=replace(KEPT.listed, strangers=("docstation-other",))))
    cases.append(replace(KEPT, host=understand(Traces("6.8.0", "MemAvailable: 1 kB\nSwapTotal: 8 kB"))))
    changed = replace(PLANS.alone[0], changes=(PlanChange("max_pixels", "2", "1", "blurred"),))
    cases.append(with_plans(alone=(changed,)))
    keys = {one.key.removeprefix(BACK) for seen in cases for finding in judge(seen) for one in _all(finding)}
    assert keys == set(FIGURES)


def _all(finding: Finding) -> list[Figure]:
    return [one for look in finding.looks for one in look.seen]
