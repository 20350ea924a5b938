"""The real command's report: of a station of processes with a scripted server, and of a machine with nothing there."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from docstation import __version__
from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts
from docstation.settings import load
from docstation.station.desk import Order, Wish
from docstation.station.promises import Promise
from docstation.station.talk import post

COMMAND = str(Path(sys.executable).with_name("docstation"))
NO_CARD = {"budget", "both-models"}
"""Promises that cannot be looked at without a card."""

OF_THE_MACHINE = {"host"}
"""Promises that depend on the machine that runs the tests: it may have little shared memory."""


def doctor(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCSTATION_UI_LANGUAGE": "en", **variables}
    command = [COMMAND, "doctor", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def validated(report: dict[str, Any]) -> dict[str, str]:
    """The verdicts of a report that is dated, versioned, whole, and claims nothing that it does not show."""
    assert report["docstation"] == __version__
    assert 0 <= time.time() - datetime.fromisoformat(report["at"]).timestamp() < 120
    assert report["about"]["python"]
    assert report["about"]["kernel"]
    assert [one["promise"] for one in report["promises"]] == [promise.value for promise in Promise]
    for one in report["promises"]:
        assert one["verdict"] in {"kept", "broken", "not-seen"}
        seen = [figure for look in one["looks"] for figure in look["seen"].items()]
        assert seen or one["verdict"] == "not-seen", one
        assert one["reasons"] or one["verdict"] == "kept", one
        assert all(look["done"] for look in one["looks"])
    counts = dict.fromkeys(("kept", "broken", "not-seen"), 0)
    for one in report["promises"]:
        counts[one["verdict"]] += 1
    assert report["counts"] == counts
    return {one["promise"]: one["verdict"] for one in report["promises"]}


def seen_of(report: dict[str, Any], promise: str) -> dict[str, Any]:
    """All figures of a promise, the last one of each key."""
    (one,) = [one for one in report["promises"] if one["promise"] == promise]
    return {key: value for look in one["looks"] for key, value in look["seen"].items()}


@pytest.fixture
def serving(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a station's server: vllm, first on the path, is the scripted one. This process owns and manages it."""
    weights, programs = tmp_path / "weights", tmp_path / "bin"
    for folder in (home, weights, programs):
        folder.mkdir()
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes(b"")
    (programs / "vllm").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    (programs / "vllm").chmod(0o755)
    name = "rednote-hilab/dots.ocr"
    (home / "models.toml").write_text(f'[models.dots-ocr]\ncheckpoint = "{weights}"\nserved_name = "{name}"\n')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "process")
    monkeypatch.setenv("DOCSTATION_STATION_PORT", str(port))
    monkeypatch.setenv("DOCSTATION_STATION_STABLE_SECONDS", "0")
    with station.managing(Parts(load().settings.station)) as desk:
        list(desk.change(Order(Wish.SWITCH, ("dots-ocr",))))
        wait_for_good()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            list(desk.change(Order(Wish.STOP)))


def wait_for_good() -> None:
    last = time.monotonic() + 10
    while not station.status().state.last_known_good:
        assert time.monotonic() < last
        time.sleep(0.02)


def test_a_station_that_serves_keeps_what_can_be_looked_at_and_says_so_in_russian(serving: str, tmp_path: Path) -> None:
    done = doctor(tmp_path, "--report", "отчёт.md", "--json", "--ui-language", "ru")
    report = json.loads(done.stdout)
    verdicts = validated(report)
    assert done.returncode == report["exit_code"] == (0 if verdicts["host"] == "kept" else 4)
    assert {promise for promise, verdict in verdicts.items() if verdict != "kept"} - OF_THE_MACHINE == NO_CARD
    identity = seen_of(report, "identity")
    assert (identity["http_status"], identity["id"], identity["max_model_len"]) == (200, "rednote-hilab/dots.ocr", 8192)
    answers = seen_of(report, "answers")
    assert (answers["http_status"], answers["share_of_words"]) == (200, 1.0)
    assert seen_of(report, "embedded")["share_of_words"] > 0.9
    change = seen_of(report, "last-change")
    assert change["outcome"] == "done"
    assert change["load_seconds"] <= change["seconds"]
    assert seen_of(report, "one-server")["processes"] == 1
    assert seen_of(report, "watch")["pid"] == os.getpid()
    assert seen_of(report, "last-known-good")["id"] == "rednote-hilab/dots.ocr"
    assert_russian((tmp_path / "отчёт.md").read_text(encoding="utf-8"))


def assert_russian(text: str) -> None:
    """Every sentence is Russian; names and figures, in code spans or tables of what is installed, are as they are."""
    assert "rednote-hilab/dots.ocr" in text
    promises = text[: text.rindex("\n## ")]
    plain = re.sub(r"`[^`]*`|Python|Docker", "", promises)
    lines = [line for line in plain.splitlines() if re.search("[A-Za-z]{3}", line)]
    assert [line for line in lines if not re.search("[а-яё]", line, re.IGNORECASE)] == []
    assert re.search("выполнено: [89], нарушено: [01], не удалось проверить: 2", text)


def test_a_server_that_shows_another_model_and_garbage_breaks_promises(serving: str, tmp_path: Path) -> None:
    post(f"{serving}/control", {"served_name": "other/model", "trouble": "garbage"}, read=5)
    done = doctor(tmp_path, "--report", "report.json", "--json")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    verdicts = validated(report)
    assert verdicts["identity"] == verdicts["answers"] == "broken"
    assert report["exit_code"] == 4
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report


def test_with_nothing_there_the_report_is_whole_and_says_so(home: Path, tmp_path: Path) -> None:
    bare = {"PATH": "/nowhere", "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    done = doctor(tmp_path, "--report", "report.md", "--json", **bare)
    report = json.loads(done.stdout)
    verdicts = validated(report)
    assert done.returncode == 0, [check for check in report["checks"] if check["state"] == "missing"]
    kept = {promise for promise, verdict in verdicts.items() if verdict == "kept"}
    assert kept - OF_THE_MACHINE == {"one-server", "embedded"}
    assert set(verdicts.values()) == {"kept", "not-seen"}
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "No NVIDIA driver is installed" in text
    sections = text.split("\n## ")[1:]
    assert len(sections) == len(Promise) + 1
    assert all("\n  - " in section for section in sections if "Verdict: **kept**" in section)
