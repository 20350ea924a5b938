"""``docstation models …`` in this process, at the desk of a real owner whose steps happen among plain values."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "station"))

from driver_contract import eventually
from scripted_steps import PlainResolve, PlainSteps
from station_world import failing, lineup

from docstation.cli.models.asking import Box, Change, Pressed
from docstation.cli.models.outcomes import REFUSALS
from docstation.cli.models.views import Lines
from docstation.errors import BudgetExceeded, ExitCode, Interrupted
from docstation.station.causes import Cause
from docstation.station.control import ControlServer, DistantDesk
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.journal import read_records
from docstation.station.owner import Owner
from docstation.station.words import Mode, Perform, Step


@dataclass
class Station:
    """An owner that listens, and the steps that it performs."""

    folder: Path
    owner: Owner
    steps: PlainSteps
    resolve: PlainResolve
    server: ControlServer

    @property
    def serving(self) -> tuple[str, ...]:
        return self.owner.state.serving.names


@pytest.fixture
def station(home: Path) -> Iterator[Station]:
    steps, resolve = PlainSteps(), PlainResolve(lineup)
    with Owner(home / "station", steps, stable_seconds=0.0) as owner:
        server = ControlServer(home / "station", OwnersDesk(owner, resolve))
        yield Station(home / "station", owner, steps, resolve, server)
        server.close()


class Halt:
    """Holds one step of one model until it is called off, or until `go`."""

    def __init__(self, station: Station, step: Step, model: str) -> None:
        self.reached = threading.Event()
        self.go = threading.Event()
        self._meant = (step, (model,))
        station.steps.outcome = self._outcome

    def _outcome(self, effect: Perform) -> None:
        if (effect.step, tuple(one.model for one in effect.members)) == self._meant:
            self.reached.set()
            assert self.go.wait(20)

    def then(self, *does: Callable[[], object]) -> threading.Thread:
        """Do this in a thread of its own as soon as the step is reached."""

        def do() -> None:
            assert self.reached.wait(20)
            for one in does:
                one()

        thread = threading.Thread(target=do)
        thread.start()
        return thread


def press() -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def called_off(station: Station) -> bool:
    now = station.owner.state.transaction
    return now is not None and now.cancelled


def test_a_switch_tells_its_steps_on_stderr_and_what_serves_on_stdout(run, station):
    outcome = run("models", "switch", "dots")
    assert (outcome.code, outcome.out) == (0, "dots serves at http://127.0.0.1:8000/v1\n")
    told = [line for line in outcome.err.splitlines() if line.startswith("✓")]
    assert [line.split(",")[0] for line in told] == [
        "✓ dots: check",
        "✓ dots: start",
        "✓ dots: load",
        "✓ dots: name and context",
        "✓ dots: test page",
    ]


def test_a_switch_as_json_is_one_document(run, station):
    told = json.loads(run("models", "switch", "dots", "--json").out)
    assert (told["outcome"], told["exit_code"], told["engine"]) == ("done", 0, "vllm")
    assert told["serving"] == [{"model": "dots", "id": "org/dots", "context": 8192, "address": "http://127.0.0.1:8000"}]
    assert [(one["step"], one["ok"], one["back"]) for one in told["steps"]] == [
        (step, True, False) for step in ("prepare", "start", "load", "probe", "canary")
    ]
    assert told["cause"] is None


def test_what_serves_already_is_left_alone(run, station):
    run("models", "switch", "dots")
    outcome = run("models", "switch", "dots")
    assert (outcome.code, outcome.out) == (0, "dots serves already; nothing was changed.\n")
    assert run("models", "switch", "dots", "--restart").out == "dots serves at http://127.0.0.1:8000/v1\n"


def test_a_failed_switch_shows_the_way_back_and_why(run, station):
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.CANARY, Cause.GARBAGE, "qwen")
    outcome = run("models", "switch", "qwen")
    assert (outcome.code, outcome.out, station.serving) == (ExitCode.ROLLED_BACK, "", ("dots",))
    lines = outcome.err.splitlines()
    failed = next(line for line in lines if line.startswith("✗"))
    assert failed.startswith("✗ qwen: test page: failed after")
    assert failed.endswith("qwen did not read the test page right.")
    way_back = lines[lines.index("Going back to what served before.") :]
    assert any(line.startswith("✓ dots: test page") for line in way_back)
    assert lines[-4:-1] == [
        "error: The switch to qwen failed; dots serves again.",
        "  why: qwen did not read the test page right.",
        "  log: the last line",
    ]
    assert lines[-1].startswith("  fix: `docstation pull qwen` checks the weights.")


def test_a_failed_switch_as_json_has_everything(run, station):
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.LOAD, Cause.OOM_LOAD, "qwen")
    outcome = run("models", "switch", "qwen", "--json")
    told = json.loads(outcome.out)
    assert outcome.code == told["exit_code"] == 10
    assert (told["outcome"], told["wanted"], told["cause"]) == ("rolled-back", ["qwen"], "oom-load")
    assert [one["model"] for one in told["serving"]] == ["dots"]
    assert (told["detail"], told["evidence"]) == ("as told", ["the last line"])
    assert told["reason"]
    assert told["remedy"]
    assert {one["back"] for one in told["steps"]} == {False, True}


@pytest.mark.parametrize("cause", [*REFUSALS, Cause.DISK_FULL])
def test_a_refusal_has_its_causes_own_exit_code(run, station, cause):
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.PREPARE, cause, "qwen")
    outcome = run("models", "switch", "qwen")
    assert outcome.code == REFUSALS.get(cause, ExitCode.ROLLED_BACK)
    assert "error: The switch to qwen was refused; dots serves on." in outcome.err
    assert "  fix: " in outcome.err


def test_where_nothing_served_before_only_the_embedded_engine_does(run, station):
    station.steps.outcome = failing(Step.LOAD, Cause.OOM_LOAD)
    outcome = run("models", "switch", "dots")
    assert outcome.code == ExitCode.NO_ENGINE
    assert "error: The switch to dots failed; only the embedded engine serves." in outcome.err
    assert "Chat and answers by schema need a model." in outcome.err


def test_missing_weights_are_missing_also_where_nothing_served(run, station):
    station.steps.outcome = failing(Step.PREPARE, Cause.WEIGHTS_MISSING)
    outcome = run("models", "switch", "dots")
    assert outcome.code == ExitCode.MISSING
    assert "docstation pull dots" in outcome.err


def test_a_refusal_of_the_plan_reaches_the_terminal(run, station, monkeypatch):
    def refuse(names):
        raise BudgetExceeded(model=names[0])

    monkeypatch.setattr(station.resolve, "lineup", refuse)
    outcome = run("models", "switch", "dots", "--json")
    assert (outcome.code, json.loads(outcome.out)["error"]["code"]) == (7, "budget")
    assert "dots does not fit in the memory budget." in outcome.err


def test_ctrl_c_calls_it_off_and_waits_for_the_way_back(run, station):
    run("models", "switch", "dots")
    halt = Halt(station, Step.LOAD, "qwen")
    thread = halt.then(press, lambda: eventually(lambda: called_off(station)), halt.go.set)
    outcome = run("models", "switch", "qwen", "--json")
    thread.join()
    told = json.loads(outcome.out)
    assert (outcome.code, told["outcome"], told["cause"]) == (130, "rolled-back", "cancelled")
    assert "Calling it off; what served before comes back." in outcome.err
    assert "error: Called off; dots serves." in outcome.err
    assert station.serving == ("dots",)
    events = run("models", "events").out
    assert "  asked to call it off" in events
    assert "qwen: serves now" not in events
    assert "what served before serves again" in events


def test_ctrl_c_before_the_order_is_given_gives_none(station):
    box = Box()
    box.put(Pressed())
    change = Change(DistantDesk(station.folder), Order(Wish.SWITCH, ("dots",)), station.folder, box, Lines())
    with pytest.raises(Interrupted, match="nothing was changed"):
        change.run(wait=False)
    assert not any(one.body.get("event") == "Requested" for one in read_records(station.folder))


def test_a_second_ctrl_c_leaves_it_to_itself(run, station):
    run("models", "switch", "dots")
    halt = Halt(station, Step.LOAD, "qwen")
    thread = halt.then(press, lambda: eventually(lambda: called_off(station)), press)
    outcome = run("models", "switch", "qwen")
    thread.join()
    assert outcome.code == 130
    assert "error: The change was left to itself." in outcome.err
    assert station.owner.state.transaction is not None
    halt.go.set()
    eventually(lambda: station.owner.state.mode is Mode.READY)
    assert station.serving == ("dots",)


def under_way(run, station: Station, name: str) -> tuple[Halt, threading.Thread]:
    """A change to `name` that was asked for elsewhere and stands still while it loads."""
    halt = Halt(station, Step.LOAD, name)
    desk = DistantDesk(station.folder)
    thread = threading.Thread(target=lambda: list(desk.change(Order(Wish.SWITCH, (name,)))))
    thread.start()
    assert halt.reached.wait(10)
    return halt, thread


def was_declined(station: Station) -> bool:
    """Whether a request came while another change was under way."""
    requests = [one for one in read_records(station.folder) if one.body.get("event") == "Requested"]
    return any(one.transaction and one.body["id"] != one.transaction for one in requests)


def test_while_another_change_goes_on_a_switch_is_refused_by_its_name(run, station):
    halt, thread = under_way(run, station, "dots")
    outcome = run("models", "switch", "qwen", "--json")
    assert (outcome.code, json.loads(outcome.out)["error"]["code"]) == (8, "busy")
    assert "A switch to dots is under way." in outcome.err
    halt.go.set()
    thread.join()
    assert "switch to qwen: not begun, another change is under way" in run("models", "events").out


def test_with_wait_a_switch_follows_the_other_change(run, station):
    halt, thread = under_way(run, station, "dots")
    release = threading.Thread(target=lambda: (eventually(lambda: was_declined(station)), halt.go.set()))
    release.start()
    assert run("models", "switch", "qwen", "--wait").out == "qwen serves at http://127.0.0.1:8000/v1\n"
    release.join()
    thread.join()


def test_ctrl_c_while_waiting_leaves_the_other_change_alone(run, station):
    halt, thread = under_way(run, station, "dots")
    pressing = threading.Thread(target=lambda: (eventually(lambda: was_declined(station)), press()))
    pressing.start()
    outcome = run("models", "switch", "qwen", "--wait")
    pressing.join()
    assert (outcome.code, called_off(station)) == (130, False)
    assert "error: Interrupted; nothing was changed." in outcome.err
    halt.go.set()
    thread.join()
    assert station.serving == ("dots",)


def test_cancel_calls_off_what_somebody_else_asked_for(run, station):
    run("models", "switch", "dots")
    halt, thread = under_way(run, station, "qwen")
    release = threading.Thread(target=lambda: (eventually(lambda: called_off(station)), halt.go.set()))
    release.start()
    outcome = run("models", "cancel")
    release.join()
    thread.join()
    assert (outcome.code, outcome.out) == (0, "Called off; dots serves.\n")
    assert json.loads(run("models", "cancel", "--json").out)["message"] == "No change is under way."


def test_restart_stop_and_restore(run, station):
    outcome = run("models", "restart")
    assert (outcome.code, "There is no model to start anew." in outcome.err) == (6, True)
    run("models", "switch", "qwen")
    eventually(lambda: station.owner.state.last_known_good.names == ("qwen",))
    station.steps.done.clear()
    assert run("models", "restart").out == "qwen serves at http://127.0.0.1:8000/v1\n"
    assert (Step.STOP, ("qwen",)) in station.steps.done
    assert run("models", "stop").out == (
        "The embedded engine serves: it reads pages. Chat and answers by schema need a model.\n"
    )
    assert run("models", "stop").out == "Nothing serves; nothing was changed.\n"
    assert run("models", "restore").out == "qwen serves at http://127.0.0.1:8000/v1\n"
    assert run("models", "restore", "--shipped").out == "dots serves at http://127.0.0.1:8000/v1\n"
