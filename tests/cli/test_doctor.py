"""What ``docstation doctor`` says of the station's parts, and the forms and codes of its report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from docstation.cli import checks, checks_station
from docstation.station.gpu import Absence, Attribution, GpuReading, NoReading
from docstation.station.promises.seen import EmbeddedSeen
from docstation.testing.container_engine import EngineDouble

CARD = GpuReading(
    "NVIDIA GeForce RTX 5070 Ti",
    "GPU-1",
    "580.95.05",
    "13.0",
    (12, 0),
    16303 * 2**20,
    421 * 2**20,
    False,
    2**30,
    14858 * 2**20,
    None,
    None,
    Attribution.NOT_ASKED,
)
STATION_CHECKS = ("gpu", "docker", "vllm", "default-model", "station", "host")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither card, nor engine, nor program, whatever the machine has."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr("shutil.which", lambda *_names, **_more: None)
    read(monkeypatch, NoReading(Absence.NO_LIBRARY))


def read(monkeypatch: pytest.MonkeyPatch, answer: GpuReading | NoReading) -> None:
    monkeypatch.setattr("docstation.station.nvml.NvmlGpu.read", lambda _gpu, _ours=None: answer)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> EngineDouble:
    """An engine in memory that the settings of the user lead to."""
    made = EngineDouble()
    made.gpu = "granted"
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.invalid:2375")
    monkeypatch.setattr("docstation.station.drivers.container_client.connect", lambda _seconds=30: made.connect())
    return made


@pytest.fixture
def found(run):
    """A check by its name, as a program sees it."""

    def look(name: str, *arguments: str) -> dict[str, str]:
        told = json.loads(run("doctor", "--json", *arguments).out)["checks"]
        return next(check for check in told if check["name"] == name)

    return look


def test_on_a_bare_machine_nothing_of_the_station_is_called_missing(run):
    told = {check["name"]: check for check in json.loads(run("doctor", "--json").out)["checks"]}
    assert {told[name]["state"] for name in STATION_CHECKS} <= {"ok", "optional"}
    assert "No NVIDIA driver" in told["gpu"]["found"]
    assert "No container engine is installed" in told["docker"]["found"]
    for name in ("docker", "vllm", "default-model"):
        assert "The embedded engine does without." in told[name]["found"]


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [("DEVICE", "cuda", "gpu"), ("DRIVER", "container", "docker"), ("DRIVER", "process", "vllm")],
)
def test_what_the_settings_ask_for_is_missing_where_it_is_not_there(run, found, monkeypatch, key, value, name):
    monkeypatch.setenv(f"DOCSTATION_STATION_{key}", value)
    check = found(name)
    assert check["state"] == "missing"
    assert check["advice"]
    assert "does without" not in check["found"]
    assert run("doctor").code == 5


def test_a_card_is_shown_with_its_driver_and_memory(found, monkeypatch):
    read(monkeypatch, CARD)
    check = found("gpu")
    assert check["state"] == "ok"
    assert "NVIDIA GeForce RTX 5070 Ti, driver 580.95.05, 15.9 GiB, 14.5 GiB free" in check["found"]


@pytest.mark.parametrize("absence", list(Absence))
def test_the_absence_of_a_card_has_its_own_words_and_advice(found, monkeypatch, absence):
    read(monkeypatch, NoReading(absence, "17"))
    check = found("gpu")
    assert check["found"].startswith(absence.sentence.format(detail="17"))
    assert check["advice"] == absence.remedy.format(detail="17")


def test_an_engine_is_shown_with_its_version(found, engine):
    check = found("docker")
    assert (check["state"], check["found"]) == ("ok", "Docker 28.5.2 (API 1.51), tcp://engine.invalid:2375")


def test_an_engine_that_does_not_let_us_in_podman_and_one_that_is_down_are_told_apart(found, engine):
    engine.denied = True
    assert "does not let this user in" in found("docker")["found"]
    engine.denied, engine.down = False, True
    assert "does not answer" in found("docker")["found"]
    engine.down = False
    engine.answers = {"Version": "5.4.2", "Components": [{"Name": "Podman Engine"}]}
    assert found("docker")["found"].startswith("Podman 5.4.2 (API 1.51): This is Podman")


def test_an_engine_without_the_toolkit_is_worth_a_word_only_beside_a_card(found, engine, monkeypatch):
    monkeypatch.setattr("docstation.station.drivers.container_checks._HOOKS", ())
    engine.gpu = "absent"
    assert found("docker")["state"] == "ok"
    read(monkeypatch, CARD)
    check = found("docker")
    assert check["state"] == "optional"
    assert "Container Toolkit" in check["advice"]


def test_the_default_model_is_at_hand_with_weights_and_image(found, engine, home, tmp_path):
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    home.mkdir()
    (home / "models.toml").write_text(f'[models.dots-ocr]\ncheckpoint = "{weights}"\nimage = "stub:1"\n')
    assert found("default-model")["state"] == "optional"
    (weights / "model.safetensors").write_bytes(b"")
    assert "image stub:1 is not on this machine" in found("default-model")["found"]
    engine.add_image("stub:1", "vllm")
    check = found("default-model")
    assert (check["state"], check["found"]) == ("ok", f"dots-ocr, {weights}, stub:1")


def test_the_version_of_a_vllm_command_is_read_beside_it(found, monkeypatch, tmp_path):
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.touch()
    facts = tmp_path / "lib" / "python3.11" / "site-packages" / "vllm-0.32.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0\n")
    monkeypatch.setattr("shutil.which", lambda *_names, **_more: str(program))
    assert found("vllm")["found"] == f"{program} 0.32.0"


def test_checks_can_be_made_outside_of_a_command():
    assert {check.name for check in checks.all_checks()} >= set(STATION_CHECKS)


def test_a_look_at_the_engine_is_made_once_for_all_checks(found, engine, monkeypatch):
    looks: list[int] = []
    monkeypatch.setattr(
        "docstation.station.drivers.container_client.connect",
        lambda _seconds=30: looks.append(1) or engine.connect(),
    )
    found("docker")
    assert looks == [1]
    assert checks_station.engine().client is not None


# The report.


@pytest.fixture
def read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded engine has read its page; what that shows is looked at by the real command's tests."""
    monkeypatch.setattr("docstation.bootstrap.promises._embedded", lambda _languages: EmbeddedSeen(2.0, 1.0))


@pytest.mark.parametrize("flags", [("--no-canary",), ("--format", "json")])
def test_flags_of_the_report_are_refused_without_one(run, flags):
    outcome = run("doctor", *flags)
    assert outcome.code == 2
    assert "--report FILE" in outcome.err


@pytest.mark.usefixtures("read_before")
@pytest.mark.parametrize(
    ("name", "flags", "is_json"),
    [("r.md", (), False), ("r.JSON", (), True), ("r.txt", (), False), ("r.txt", ("--format", "json"), True)],
)
def test_the_form_follows_the_ending_unless_it_is_named(run, name, flags, is_json):
    assert run("doctor", "--report", f"new/{name}", *flags).code == 0
    text = Path("new", name).read_text(encoding="utf-8")
    assert text.startswith("{" if is_json else "# DocStation")


@pytest.mark.usefixtures("read_before")
def test_the_terminal_is_told_each_verdict_and_where_the_report_lies(run):
    outcome = run("doctor", "--report", "r.md")
    lines = outcome.out.splitlines()
    assert len(lines) == 12
    assert all(line[0] in "✓✗–" for line in lines[:-1])
    assert re.fullmatch(r"kept: \d+, broken: 0, could not be looked at: \d+", lines[-1])
    assert "Report: r.md" in outcome.err


@pytest.mark.usefixtures("read_before")
def test_the_standard_output_can_take_the_report(run):
    assert run("doctor", "--report", "-").out.startswith("# DocStation")
    told = json.loads(run("doctor", "--report", "-", "--format", "json").out)
    asked = json.loads(run("doctor", "--report", "-", "--json").out)
    assert (told.keys(), told["about"], told["counts"]) == (asked.keys(), asked["about"], asked["counts"])
    assert {path.name for path in Path().iterdir()} == {"home"}


@pytest.mark.usefixtures("read_before")
def test_a_bare_machine_is_reported_in_russian_too(run):
    outcome = run("doctor", "--report", "r.md", "--ui-language", "ru")
    assert outcome.code == 0
    text = Path("r.md").read_text(encoding="utf-8")
    assert re.search("нарушено: 0, не удалось проверить: [89]", text)
    assert "Работа модели не запрошена; читает встроенный движок." in text
    assert "Отчёт: r.md" in outcome.err


@pytest.mark.usefixtures("read_before")
def test_something_missing_outweighs_a_broken_promise(run, monkeypatch):
    monkeypatch.setattr("docstation.bootstrap.promises._embedded", lambda _languages: EmbeddedSeen(2.0, 0.1))
    assert run("doctor", "--report", "r.json").code == 4
    assert json.loads(Path("r.json").read_text())["exit_code"] == 4
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "container")
    assert run("doctor", "--report", "r.json").code == 5


@pytest.mark.usefixtures("read_before")
def test_a_place_that_cannot_be_written_is_refused_readably(run):
    Path("file").write_text("")
    outcome = run("doctor", "--report", "file/r.md")
    assert outcome.code == 3
    assert "cannot be written" in outcome.err


@pytest.mark.usefixtures("read_before")
def test_what_others_say_cannot_break_out_of_the_report(run, monkeypatch):
    from docstation.bootstrap import promises
    from docstation.station.promises.seen import Reply, ServerAsked

    look = promises.observe

    def spoilt(*given, **more):
        from docstation.station.deployment import Deployment, Lineup
        from docstation.station.probes import ServedModel
        from docstation.station.words import Mode, State

        one = Deployment("dots-ocr", "process", "dots", 8192, port=1)
        bad = "``x`` \x1b[31m\n# owned | <script>\u2028" + "z" * 5000
        asked = ServerAsked(one, Reply(500, bad), Reply(200), (ServedModel(bad, 8192),))
        lineup = Lineup((one,))
        return replace(look(*given, **more), state=State(Mode.READY, lineup, lineup, (one,)), asked=(asked,))

    monkeypatch.setattr(promises, "observe", spoilt)
    assert run("doctor", "--report", "r.md").code == 4
    text = Path("r.md").read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\n# owned" not in text
    assert max(map(len, text.splitlines())) < 800
    spans = re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", text)
    assert any("# owned" in span for _fence, span in spans)
    assert "<script>" not in re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text).replace("\\<script>", "")
