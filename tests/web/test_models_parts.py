"""What the page of models makes of what the service tells, without a page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation import messages
from docstation.client import CatalogueEntry, GpuHistory, GpuPoint, Plan, PlanChange, StationEvent, Transaction
from docstation.web.models import bar, cards, gpu, wording
from docstation.web.models.differences import compared
from docstation.web.models.ending import worth_telling
from docstation.web.models.now import progress
from docstation.web.models.story import Remark, Story, newest_story, stories

LARGE = Plan(
    model="big",
    verdict="does-not-fit",
    total_bytes=14_200_000_000,
    budget_bytes=12_000_000_000,
    utilisation=0.0,
    kv_tokens=0,
    bill={"weights": 11_000_000_000, "activations": 2_000_000_000, "margin": 1_200_000_000},
    reason="Weights and work memory alone need 14.2 GB with all savings; 12.0 GB are allowed.",
)
SMALL = replace(
    LARGE,
    verdict="fits-with-changes",
    total_bytes=9_000_000_000,
    utilisation=0.5,
    kv_tokens=32_896,
    bill={"margin": 1_000_000_000, "weights": 8_000_000_000},
    changes=(PlanChange("max_pixels", "3211264", "1605632"),),
)


@pytest.fixture(autouse=True)
def english() -> None:
    messages.use("en")


def event(number: int, body: dict, *, id: str = "t1", before: str = "", after: str = "", seconds: float = 1.0):
    return StationEvent(number, 100.0 + number, "event", id, before, after, seconds, body)


def asked(kind: str = "switch", *models: str):
    body = {"event": "Requested", "id": "t1", "kind": kind, "lineup": {"members": [{"model": one} for one in models]}}
    return event(1, body, before="ready", after="prepare")


def done(number: int, step: str, after: str):
    return event(number, {"event": "StepDone", "id": "t1", "step": step}, before=step, after=after)


def failed(number: int, step: str, cause: str, after: str):
    body = {"event": "StepFailed", "id": "t1", "step": step, "cause": cause, "detail": ""}
    return event(number, body, before=step, after=after)


def test_a_change_that_went_well_is_told_with_its_steps() -> None:
    told = newest_story([asked("switch", "a"), done(2, "prepare", "load"), done(3, "load", "ready")])
    assert told is not None
    assert (told.outcome, told.models, told.ended) == ("done", ("a",), 103.0)
    assert [one.step for one in told.steps] == ["prepare", "load"]
    assert not told.failed


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ([failed(2, "prepare", "budget", "ready")], "refused"),
        ([done(2, "prepare", "load"), failed(3, "load", "oom-load", "load"), done(4, "load", "ready")], "rolled-back"),
        ([done(2, "prepare", "load"), failed(3, "load", "oom-load", "idle")], "fell-back"),
        ([done(2, "prepare", "load"), failed(3, "load", "oom-load", "waiting")], "fell-back"),
        ([failed(2, "load", "cancelled", "ready")], "cancelled"),
        ([done(2, "prepare", "load")], "running"),
    ],
)
def test_how_a_change_ended_is_known(end: list[StationEvent], outcome: str) -> None:
    told = newest_story([asked("switch", "a"), *end])
    assert told is not None
    assert told.outcome == outcome


def test_whoever_asked_in_vain_meanwhile_changes_nothing_of_the_story() -> None:
    other = event(2, {"event": "Requested", "id": "t2", "kind": "switch", "lineup": {"members": [{"model": "b"}]}})
    told = newest_story([asked("switch", "a"), other, done(3, "load", "ready")])
    assert told is not None
    assert told.models == ("a",)


def test_crashes_and_measurements_stand_between_changes_the_newest_first() -> None:
    ill = event(9, {"event": "FellIll", "model": "a", "cause": "engine-dead", "detail": ""}, id="")
    note = StationEvent(10, 110.0, "note", body={"note": "headroom", "level": "soft", "bytes": 11_500_000_000})
    told = stories([asked("switch", "a"), done(2, "load", "ready"), ill, note])
    assert [type(one) for one in told] == [Remark, Remark, Story]
    assert "11.50 GB" in wording.remark(told[0])
    assert wording.remark(told[1]).startswith("a: ")


def test_events_of_a_newer_service_are_shown_or_passed_over() -> None:
    strange = event(1, {"event": "Dreamt", "id": "t1"}, after="elsewhere")
    assert [one.outcome for one in stories([strange]) if isinstance(one, Story)] == ["running"]
    assert wording.cause("sun-spots", "many")[0] == "sun-spots\\: many"
    assert wording.step("hover") == "hover"


def test_the_bar_holds_each_item_and_says_all_of_it_to_screen_readers() -> None:
    drawn = bar.bar(LARGE)
    for name, size in (("weights", "11.00 GB"), ("work memory", "2.00 GB"), ("margin", "1.20 GB")):
        assert f"{name} {size}" in drawn
    assert 'role="img"' in drawn
    assert "budget 12.00 GB" in drawn


def test_a_refusal_says_by_how_much_it_is_too_large() -> None:
    assert bar.sentence(LARGE) == "Does not fit: it needs 14.20 GB, 2.20 GB more than the budget of 12.00 GB."
    assert not bar.fits(LARGE)


def test_changes_of_a_plan_are_listed() -> None:
    assert "with the changes below" in bar.sentence(SMALL)
    assert bar.changes(SMALL) == ["`max_pixels`: 3211264 → 1605632"]


def test_what_runs_on_the_processor_has_no_bar() -> None:
    plan = replace(SMALL, verdict="fits", utilisation=0.0, bill={"kv-cache": 943_194_112}, total_bytes=943_194_112)
    assert bar.bar(plan) == ""
    assert "0.94 GB of the main memory" in bar.sentence(plan)


def test_names_of_an_unknown_item_do_not_reach_the_page_as_markup() -> None:
    assert "<script>" not in bar.bar(replace(LARGE, bill={"<script>": 5}))


def test_a_rollback_is_shown_while_it_happens() -> None:
    change = Transaction("t1", "switch", ("a",), "load", 100.0, 5.0, 2.0)
    told = newest_story([asked("switch", "a"), done(2, "prepare", "load"), failed(3, "load", "oom-load", "start")])
    lines = progress(change, told)
    assert any("what served before is brought back" in one for one in lines)
    assert lines[-1].endswith("**load** · 2.0 s")


def test_steps_to_come_are_named_while_a_model_is_loaded() -> None:
    lines = progress(Transaction("t1", "switch", ("a",), "load", 100.0, 5.0, 2.0), None)
    assert [one for one in lines if "test page" in one]


def test_a_failure_is_told_for_an_hour_and_a_success_for_a_minute() -> None:
    bad = newest_story([asked("switch", "a"), failed(2, "load", "oom-load", "idle")])
    good = newest_story([asked("switch", "a"), done(2, "load", "ready")])
    assert bad is not None
    assert good is not None
    assert [worth_telling(bad, 102.0 + after) for after in (60, 3000, 4000)] == [True, True, False]
    assert [worth_telling(good, 102.0 + after) for after in (30, 100)] == [True, False]


def test_commands_in_a_remedy_are_code_and_the_rest_is_only_text() -> None:
    assert wording.prose("set `a_b` to *x*") == "set `a_b` to \\*x\\*"
    assert "`" not in wording.prose("odd ` tick").replace("\\`", "")


def test_a_card_shows_the_licence_that_the_catalogue_knows() -> None:
    known = CatalogueEntry("a", "A", "vllm", "b/c", "c", 8192, 1, "none", "Apache-2.0")
    assert "licence: Apache-2.0" in cards.facts(known, default=False)
    assert "licence: unknown" in cards.facts(replace(known, licence=""), default=False)


def test_the_plot_has_the_budget_as_a_rule() -> None:
    history = GpuHistory(5.0, 12_000_000_000, (GpuPoint(1.0, 9_540_000_000, 97), GpuPoint(6.0, 9_600_000_000, None)))
    made = gpu.plot(history)
    assert made["data"]["values"][0] == {"at": 1000, "used": 9.54, "load": 97}
    assert "'datum': 12.0" in str(made)


def test_two_readings_differ_where_their_words_do() -> None:
    found = compared("Итого: 1 234 руб.\nПодпись", "Итого: 1 284 руб.\nПодпись")
    assert found.places == 1
    assert ":red-background[234]" in found.left
    assert ":green-background[284]" in found.right
    assert 0.8 < found.alike < 1


@given(st.text(max_size=60))
def test_a_reading_is_like_itself(text: str) -> None:
    found = compared(text, text)
    assert (found.alike, found.places) == (1.0, 0)
    assert found.left == found.right


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_reading_writes_markup_of_its_own(left: str, right: str) -> None:
    found = compared(left, right)
    for side in (found.left, found.right):
        bare = side.replace(":red-background[", "").replace(":green-background[", "")
        assert not any(one in bare.replace("\\" + one, "") for one in "<*[")
