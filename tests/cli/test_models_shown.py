"""What ``docstation models`` shows: status, events, logs and the list, of a station in any state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "station"))

from driver_contract import eventually
from station_world import deployment, failing, lineup
from test_models_desk import station, under_way  # noqa: F401 - a fixture and a helper

from docstation.cli.models.dry_run import argv
from docstation.cli.models.facts import Facts
from docstation.cli.models.narrating import Narrator
from docstation.cli.models.status_json import status_json
from docstation.cli.models.status_lines import status_lines
from docstation.cli.models.wording import duration
from docstation.station.causes import Cause
from docstation.station.gpu import Absence, NoReading
from docstation.station.journal import Record
from docstation.station.status import Serving, Status
from docstation.station.words import FellIll, Mode, State, Step
from docstation.testing.scripted_gpu import ScriptedGpu

NOW = 1_770_000_000.0


def facts(**changes: object) -> Facts:
    """A station on which dots serves, with changes of its status."""
    state = State(Mode.READY, lineup("dots"), lineup("dots"), since=NOW - 100)
    status = Status(state, (Serving(deployment("dots")),), None, NoReading(Absence.NO_LIBRARY), 12 * 10**9, ())
    return Facts(replace(status, **changes), NOW, ("qwen",), {"best": ("qwen", "dots")})


def shown(some: Facts) -> str:
    return "\n".join(status_lines(some))


def card(ours: int, others: int, told: str = "figures") -> ScriptedGpu:
    gpu = ScriptedGpu(told=told)
    gpu.take(1, ours)
    gpu.take(2, others)
    return gpu


def test_the_card_is_divided_by_the_driver_where_it_tells():
    some = facts(gpu=card(9 * 10**9, 10**9).read({1}))
    text, told = shown(some), status_json(some)["gpu"]
    assert "NVIDIA GeForce RTX 5070 Ti, driver 580.95.05, 17.09 GB (15.92 GiB)" in text
    assert "in use 10.00 GB: ours 9.00 GB, others' 1.00 GB; free 6.65 GB" in text
    assert "61 °C, load 97 %, 250 W" in text
    assert (told["ours_bytes"], told["others_bytes"], told["ours_by"]) == (9 * 10**9, 10**9, "driver")


def test_the_card_is_divided_by_our_own_figures_where_the_driver_does_not_tell():
    reading = card(9 * 10**9, 10**9, "nothing").read()
    planned = facts(gpu=reading)
    assert "ours 9.00 GB (by the plan), others' 1.00 GB" in shown(planned)
    measured = facts(gpu=reading, serving=(Serving(deployment("dots"), measured_bytes=8 * 10**9),))
    assert "ours 8.00 GB (as measured), others' 2.00 GB" in shown(measured)
    assert "9.00 GB by the plan, 8.00 GB measured, budget 12.00 GB" in shown(measured)
    assert status_json(measured)["measured_bytes"] == 8 * 10**9
    nothing = facts(gpu=reading, state=State(), serving=())
    assert "ours 0.00 GB (as measured), others' 10.00 GB" in shown(nothing)


@pytest.mark.parametrize("absence", list(Absence))
def test_a_card_that_cannot_be_read_has_a_word_and_a_remedy(absence: Absence):
    some = facts(gpu=NoReading(absence, "0 (RTX)"))
    told = status_json(some)["gpu"]
    assert told["absent"] == absence.value
    assert told["message"] in shown(some)
    assert told["remedy"] in shown(some)


def test_a_server_that_shows_something_else_is_told_apart():
    wrong = Serving(deployment("dots"), "evil\x1b[2Jname", 4096)
    text = shown(facts(serving=(wrong,)))
    assert "but it shows id evil [2Jname, context 4096" in text
    assert "\x1b" not in text
    right = Serving(deployment("dots"), "org/dots", 8192)
    assert "and so it shows itself now" in shown(facts(serving=(right,)))


def test_nobody_watches_where_nobody_owns():
    assert "none: nothing is watched. `docstation models manage` watches." in shown(facts())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (75, "75 s"), (1020, "17 min"), (11_100, "3 h 05 min"), (187_300, "2 d 4 h")],
)
def test_times_are_told_in_the_units_that_matter(seconds: float, said: str):
    assert duration(seconds) == said


HEAVY = {"pydantic", "rich", "docker", "huggingface_hub", "numpy", "PIL", "psutil", "lxml"}


def test_status_loads_nothing_heavy(home: Path):
    (home / "station").mkdir(parents=True)
    (home / "models.toml").write_text('[models.mine]\nextends = "dots-ocr"\n')
    script = (
        "import sys\nfrom docstation.cli.main import main\ncode = main(['models', 'status'])\n"
        "sys.stderr.write('\\n'.join(sys.modules))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stderr.split()} & HEAVY
    assert "mine" in done.stdout


def test_status_answers_where_the_catalogue_and_the_settings_are_broken(run, home: Path):
    home.mkdir(exist_ok=True)
    (home / "models.toml").write_text("[models.mine]\nnonsense = 1\n")
    (home / "docstation.toml").write_text("[station]\nbudget = 'much'\nmodels = 7\n")
    outcome = run("models", "status")
    assert outcome.code == 0
    assert "Unknown key models.mine.nonsense" in outcome.out
    assert json.loads(run("models", "status", "--json").out)["catalogue_trouble"]


def test_status_does_not_both_watch_and_print_json(run):
    assert run("models", "status", "--watch", "--json").code == 2


def note(name: str, /, **fields: object) -> Record:
    return Record(1, NOW, "note", body={"note": name, **fields})


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (note("evidence", cause="oom-load", lines=["first", "the\x1b last"]), "from the log: the last"),
        (note("measured", spec="x", bytes=9 * 10**9, of="ours"), "measured: 9.00 GB of the card"),
        (note("headroom", level="hard", before="fine", bytes=13 * 10**9), "over the budget: 13.00 GB of the card"),
        (note("engine-away", cause="engine-down", detail="no"), "The container engine does not answer."),
        (note("stray-ended", name="docstation-x", model="x"), "ended a server that the journal does not know: docst"),
        (note("bug", step="load", error="ValueError: x"), "a bug in DocStation: ValueError: x"),
        (note("of-a-newer-version", figure=3), "of-a-newer-version figure=3"),
        (Record(1, NOW, "event", body={"event": "Unheard", "at": NOW, "why": "x"}), 'Unheard why="x"'),
    ],
)
def test_every_record_has_words(record: Record, said: str):
    line = Narrator().tell(record)
    assert line is not None
    assert line.text.startswith(said)


def test_the_list_says_what_fits_what_is_here_and_what_serves(run, monkeypatch, home: Path):
    monkeypatch.setenv("DOCSTATION_STATION_DEVICE", "cuda")
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "process")
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "hub"))
    lines = run("models", "list").out.splitlines()
    assert lines[0] == "planned for RTX 5070 Ti (no card was read; the reference card stands in), budget 12.00 GB"
    row = next(line for line in lines if "qwen3-vl-8b-fp8 " in line)
    assert "does not fit" in row
    assert "to be fetched" in row
    told = json.loads(run("models", "list", "--json").out)
    models = {one["name"]: one for one in told["models"]}
    assert (models["dots-ocr"]["fits"], models["qwen3-vl-8b-fp8"]["fits"]) == (True, False)
    assert (models["dots-ocr"]["weights_here"], models["embedded"]["weights_here"]) == (False, None)
    assert told["aliases"]["qwen3-vl"]["candidates"][0] == "qwen3-vl-8b-fp8"
    assert told["default"] == "dots-ocr"


def test_a_rehearsal_says_which_variant_and_why_not_the_others(run, monkeypatch, home: Path):
    monkeypatch.setenv("DOCSTATION_STATION_DEVICE", "cuda")
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "process")
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "hub"))
    outcome = run("models", "switch", "qwen3-vl", "--dry-run")
    assert outcome.code == 0
    (passed_over,) = [line for line in outcome.out.splitlines() if line.startswith("qwen3-vl-8b-fp8 passed over: ")]
    assert "12.0 GB are allowed" in passed_over
    assert "  vllm serve cpatonn/Qwen3-VL-8B-Instruct-AWQ-4bit --served-model-name" in outcome.out
    told = json.loads(run("models", "switch", "qwen3-vl", "--dry-run", "--json").out)
    (start,) = told["starts"]
    assert (start["model"], start["argv"][:2], told["stops"]) == ("qwen3-vl-8b-awq", ["vllm", "serve"], [])
    assert told["passed_over"][0]["model"] == "qwen3-vl-8b-fp8"
    assert not (home / "station").exists()


def test_a_rehearsal_of_what_does_not_fit_says_so_with_its_code(run, monkeypatch, home: Path):
    monkeypatch.setenv("DOCSTATION_STATION_DEVICE", "cuda")
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "process")
    outcome = run("models", "switch", "qwen3-vl-8b-fp8", "--dry-run")
    assert (outcome.code, "qwen3-vl-8b-fp8 does not fit in the memory budget." in outcome.err) == (7, True)
    told = json.loads(run("models", "switch", "qwen3-vl-8b-fp8", "--dry-run", "--json").out)
    assert (told["fits"], told["starts"], told["exit_code"]) == (False, [], 7)


def test_a_rehearsal_names_what_would_be_stopped(run, station, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "embedded")
    run("models", "switch", "dots")
    outcome = run("models", "switch", "embedded", "--dry-run")
    assert outcome.code == 0
    assert "would be stopped: dots at http://127.0.0.1:8000" in outcome.out


def test_in_a_container_the_server_listens_for_the_engine():
    words = ("org/dots", "--host", "127.0.0.1", "--port", "8000", "--enforce-eager")
    outside = argv(replace(deployment("dots"), driver="process", arguments=words))
    assert outside == ("vllm", "serve", *words)
    inside = argv(replace(deployment("dots"), arguments=words))
    assert inside[:4] == ("vllm", "serve", "org/dots", "--enforce-eager")
    assert "0.0.0.0" in inside


def test_no_log_is_an_error_that_says_where_to_look(run, monkeypatch):
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "embedded")
    outcome = run("models", "logs")
    assert (outcome.code, "docstation models events" in outcome.err) == (3, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("docstation models sw", ["switch"]),
        ("docstation models switch dots-", ["dots-ocr", "dots-mocr"]),
        ("docstation models switch dots-ocr dots-", ["dots-mocr"]),
        ("docstation models logs qwen3-vl-4", ["qwen3-vl-4b", "qwen3-vl-4b-fp8"]),
    ],
)
def test_the_shell_completes_models(words: str, expected: list[str]):
    environment = {
        **os.environ,
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_DOCSTATION_COMPLETE": "bash_complete",
    }
    program = [sys.executable, "-c", "from docstation.cli.main import main; main()"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert [word.partition(",")[2] for word in done.stdout.split()] == expected


def test_status_tells_what_serves_and_who_watches(run, station):  # noqa: F811
    run("models", "switch", "dots")
    outcome = run("models", "status")
    assert outcome.code == 0
    shown = dict(line.split("  ", 1) for line in outcome.out.splitlines() if not line.startswith(" ") and "  " in line)
    shown = {label: text.strip() for label, text in shown.items()}
    assert shown["model"] == "dots: id org/dots, context 8192"
    assert shown["address"] == "http://127.0.0.1:8000/v1"
    assert shown["memory"] == "9.00 GB by the plan, not measured, budget 12.00 GB"
    assert shown["state"].startswith("serves, since ")
    assert f"(pid {os.getpid()} on " in shown["manager"]
    assert "dots-ocr, dots-mocr, qwen3-vl-2b" in shown["in reserve"]
    assert "qwen3-vl: the best that fits of qwen3-vl-8b-fp8, " in outcome.out
    assert "dots: serves now" not in outcome.out.split("last events")[0]


def test_status_as_json_always_has_every_key(run, station, home):  # noqa: F811
    before = json.loads(run("models", "status", "--json").out)
    run("models", "switch", "dots")
    after = json.loads(run("models", "status", "--json").out)
    assert set(before) == set(after)
    assert (before["engine"], before["mode"], before["serving"]) == ("embedded", "idle", [])
    assert (after["engine"], after["mode"]) == ("vllm", "ready")
    (serving,) = after["serving"]
    assert (serving["model"], serving["context"], serving["answers"], serving["shown"]) == ("dots", 8192, False, None)
    assert after["owner"]["pid"] == os.getpid()
    assert (after["budget_bytes"], after["planned_bytes"], after["exit_code"]) == (12 * 10**9, 9 * 10**9, 0)
    assert after["events"][-1]["text"]


def test_status_during_a_switch_tells_step_and_time(run, station):  # noqa: F811
    run("models", "switch", "dots")
    halt, thread = under_way(run, station, "qwen")
    told = json.loads(run("models", "status", "--json").out)
    shown = run("models", "status").out
    halt.go.set()
    thread.join()
    now = told["transaction"]
    assert (told["mode"], now["kind"], now["wanted"], now["step"]) == ("switching", "switch", ["qwen"], "load")
    assert 0 <= now["step_seconds"] <= now["seconds"] + 0.1
    assert "switch to qwen: load since " in shown


def test_status_says_why_it_waits_and_what_to_do(run, station):  # noqa: F811
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.LOAD, Cause.OOM_LOAD)
    station.owner.post(FellIll(station.owner.now(), "dots", Cause.EXITED, "killed"))
    eventually(lambda: station.owner.state.mode is Mode.WAITING)
    told, shown = json.loads(run("models", "status", "--json").out), run("models", "status").out
    assert (told["mode"], told["cause"]["code"], told["wanted"]) == ("waiting", "exited", ["dots"])
    assert told["cause"]["remedy"]
    assert "waits for the next try" in shown
    assert "Wanted: dots; failures in a row: 1." in shown
    assert "Chat and answers by schema need a model." in shown


def test_events_tell_the_switch_step_by_step(run, station):  # noqa: F811
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.LOAD, Cause.OOM_LOAD, "qwen")
    run("models", "switch", "qwen")
    texts = [line[21:] for line in run("models", "events").out.splitlines()]
    assert texts[:4] == ["a manager took over", "switch to dots", "  check, 0.0 s", "  start, 0.0 s"]
    assert texts[6] == "  test page, 0.0 s – dots: serves now"
    assert any(text.startswith("  load: failed after 0.0 s. ") for text in texts)
    assert "  from the log: the last line" in texts
    assert texts[-1] in {
        "  test page, 0.0 s – what served before serves again",
        "it has served long enough without failure: last known good",
    }


def test_events_since_a_moment_and_in_number_and_as_json(run, station):  # noqa: F811
    run("models", "switch", "dots")
    assert run("models", "events", "--since", "2100-01-01").out == ""
    assert len(run("models", "events", "--since", "1h", "-n", "2").out.splitlines()) == 2
    lines = [json.loads(line) for line in run("models", "events", "--json").out.splitlines()]
    assert [one["body"]["event"] for one in lines[:2]] == ["Recovered", "Requested"]
    assert [one["number"] for one in lines] == sorted(one["number"] for one in lines)
    outcome = run("models", "events", "--since", "the other day")
    assert (outcome.code, "the other day is no time." in outcome.err) == (2, True)


def test_what_the_journal_kept_of_a_failure_is_its_log(run, station):  # noqa: F811
    run("models", "switch", "dots")
    station.steps.outcome = failing(Step.LOAD, Cause.OOM_LOAD, "qwen")
    run("models", "switch", "qwen")
    outcome = run("models", "logs", "qwen")
    assert outcome.out == "the last line\n"
    assert "qwen does not run and its log is gone; the journal kept these lines of it:" in outcome.err


def test_the_log_that_a_driver_kept_is_shown_without_control_characters(run, station):  # noqa: F811
    run("models", "switch", "dots")
    (station.folder / "logs").mkdir(exist_ok=True)
    (station.folder / "logs" / "docstation-dots.log").write_bytes(b"one\n\x1b[31mtwo\x1b[0m\nthree\n")
    assert run("models", "logs", "-n", "2").out == "two\nthree\n"
