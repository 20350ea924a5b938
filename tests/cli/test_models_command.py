"""The installed command with real managers and real processes, whose ``vllm`` is the scripted model server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

sys.path.append(str(Path(__file__).parents[1] / "station"))

from driver_contract import eventually, free_port, stub_checkpoint

from docstation.station.drivers.process import ProcessDriver
from docstation.station.lock import Holder, holder_of

COMMAND = str(Path(sys.executable).with_name("docstation"))
PROGRAM = """#!/bin/sh
exec '{python}' -m docstation.testing.model_server "$@"
"""
MODELS = """
[models.dots-ocr]
checkpoint = "{checkpoint}"
[models.slow]
extends = "dots-ocr"
served_name = "slow"
environment = {{ MODEL_SERVER_LOAD_SECONDS = "4" }}
[models.endless]
extends = "dots-ocr"
served_name = "endless"
environment = {{ MODEL_SERVER_LOAD_SECONDS = "600" }}
[models.broken]
extends = "dots-ocr"
served_name = "broken"
environment = {{ MODEL_SERVER_FAIL = "oom" }}
"""


@dataclass
class Machine:
    """A machine of the test's own: state folder, catalogue, port, and a program called vllm."""

    home: Path
    port: int
    variables: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "station"

    @property
    def owner(self) -> Holder | None:
        return holder_of(self.folder)

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of ``docstation models``."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def start(self, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [COMMAND, "models", *arguments],
            env=self.variables,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        self.started.append(process)
        return process

    def status(self) -> dict:
        code, out, _ = self.call("status", "--json")
        assert code == 0
        return json.loads(out)

    def loads(self) -> bool:
        """Whether a model is being loaded."""
        now = self.status()["transaction"]
        return now is not None and now["step"] == "load"

    def end(self) -> None:
        """End everything that was started here."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if (owner := self.owner) is not None:
            os.kill(owner.pid, signal.SIGTERM)
            eventually(lambda: self.owner is None)
        # A gateway outlives a service that was killed, and waits for the next one.
        for process in self.left_over():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "docstation.service.gateway" in process.cmdline():
                    process.terminate()
        driver = ProcessDriver(self.folder / "processes")
        for instance in driver.instances():
            driver.stop(instance.name, grace=0.0)
        eventually(lambda: not self.left_over())

    def left_over(self) -> list[psutil.Process]:
        """Processes that belong to this machine."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("DOCSTATION_HOME") == str(self.home) and process.pid != os.getpid():
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def machine(tmp_path: Path, home: Path) -> Iterator[Machine]:
    programs = tmp_path / "programs"
    programs.mkdir()
    home.mkdir()
    (programs / "vllm").write_text(PROGRAM.format(python=sys.executable))
    (programs / "vllm").chmod(0o755)
    (home / "models.toml").write_text(MODELS.format(checkpoint=stub_checkpoint(tmp_path / "checkpoint")))
    port = free_port()
    variables = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_STATION_PORT": str(port),
        "DOCSTATION_SERVICE_PORT": str(free_port()),
        "DOCSTATION_STATION_STABLE_SECONDS": "0",
    }
    machine = Machine(home, port, variables)
    yield machine
    machine.end()


@pytest.mark.slow
def test_a_switch_leaves_a_manager_and_a_failed_one_comes_back(machine: Machine) -> None:
    code, out, err = machine.call("switch", "dots-ocr")
    assert (code, out) == (0, f"dots-ocr serves at http://127.0.0.1:{machine.port}/v1\n")
    assert "✓ dots-ocr: test page, " in err
    # On a busy machine the server may not answer a look in its tenth of a second.
    told = eventually(lambda: (seen := machine.status())["serving"][0]["answers"] and seen)
    assert [(one["model"], one["shown"]["context"]) for one in told["serving"]] == [("dots-ocr", 8192)]
    manager = told["owner"]["pid"]
    assert psutil.pid_exists(manager)

    code, _, err = machine.call("switch", "broken")
    assert code == 10
    assert "error: The switch to broken failed; dots-ocr serves again." in err
    assert "  log: torch.OutOfMemoryError: CUDA out of memory." in err
    assert "  fix: Lower `max_pixels` or `batch_tokens` of broken in models.toml" in err
    eventually(lambda: machine.status()["serving"][0]["answers"])

    code, _, err = machine.call("manage")
    assert code == 8
    assert "Another process holds the station: " in err
    assert f"serve --idle (pid {manager})" in err

    assert "Application startup complete." in machine.call("logs")[1]
    assert "torch.OutOfMemoryError" in machine.call("logs", "broken")[1]
    events = machine.call("events")[1]
    assert "  test page, 0.0 s – dots-ocr: serves now" in events
    assert "what served before serves again" in events


def test_stop_and_restore_with_a_manager_that_goes_on(machine: Machine) -> None:
    assert machine.call("switch", "dots-ocr")[0] == 0
    manager = machine.status()["owner"]["pid"]
    eventually(lambda: machine.status()["last_known_good"] == ["dots-ocr"])
    code, out, _ = machine.call("stop")
    assert (code, out.startswith("The embedded engine serves: it reads pages.")) == (0, True)
    told = machine.status()
    assert (told["engine"], told["mode"], told["owner"]["pid"]) == ("embedded", "idle", manager)
    code, out, _ = machine.call("restore", "--json")
    assert (code, json.loads(out)["serving"][0]["model"]) == (0, "dots-ocr")


def test_the_manager_in_the_foreground_tells_each_event_and_leaves_what_serves(machine: Machine) -> None:
    manager = machine.start("manage")
    eventually(lambda: machine.status()["last_known_good"] == ["dots-ocr"])
    manager.send_signal(signal.SIGHUP)
    assert machine.call("switch", "dots-ocr")[1] == "dots-ocr serves already; nothing was changed.\n"
    assert manager.poll() is None
    manager.send_signal(signal.SIGTERM)
    _, err = manager.communicate(timeout=20)
    assert manager.returncode == 0
    texts = [line[21:] for line in err.splitlines() if line[:2] == "20"]
    assert texts[0] == f"owns the station in {machine.folder} and takes orders"
    assert "switch to dots-ocr" in texts
    assert "  test page, 0.0 s – dots-ocr: serves now" in texts
    assert texts[-1] == "ended; what serves goes on serving, and nobody watches it"
    told = machine.status()
    assert told["owner"] is None
    eventually(lambda: machine.status()["serving"][0]["answers"])
    assert "none: nothing is watched." in machine.call("status")[1]


def test_a_switch_in_the_foreground_leaves_no_manager_and_ctrl_c_calls_it_off(machine: Machine) -> None:
    assert machine.call("switch", "dots-ocr", "--foreground")[0] == 0
    told = machine.status()
    assert told["owner"] is None
    eventually(lambda: machine.status()["serving"][0]["answers"])
    switch = machine.start("switch", "endless", "--foreground")
    eventually(machine.loads)
    code, _, err = machine.call("cancel")
    assert (code, "Press Ctrl-C where it was started." in err) == (8, True)
    switch.send_signal(signal.SIGINT)
    _, err = switch.communicate(timeout=30)
    assert switch.returncode == 130
    assert "✗ endless: load: called off after" in err
    assert "error: Called off; dots-ocr serves." in err
    assert machine.status()["serving"][0]["model"] == "dots-ocr"


@pytest.mark.slow
def test_what_a_killed_manager_began_is_finished_by_the_next(machine: Machine) -> None:
    assert machine.call("switch", "dots-ocr")[0] == 0
    switch = machine.start("switch", "slow")
    eventually(machine.loads)
    owner = machine.owner
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)
    _, err = switch.communicate(timeout=30)
    assert switch.returncode == 6
    assert "error: The manager of the models went away in the middle of the change." in err
    assert "Nobody goes on with it" in machine.call("status")[1]
    code, _, err = machine.call("cancel")
    assert (code, "A change was left half done, and nobody goes on with it." in err) == (6, True)
    code, out, _ = machine.call("switch", "slow", "--wait")
    assert (code, out) == (0, "slow serves already; nothing was changed.\n")


def test_the_log_is_followed_until_the_server_ends(machine: Machine) -> None:
    assert machine.call("switch", "dots-ocr")[0] == 0
    logs = machine.start("logs", "-f", "-n", "1")
    events = machine.start("events", "-f", "-n", "0", "--json")
    assert logs.stdout is not None
    assert events.stdout is not None
    assert logs.stdout.readline()
    assert machine.call("stop")[0] == 0
    rest, _ = logs.communicate(timeout=20)
    assert logs.returncode == 0
    assert "shutdown triggered" in rest
    first = json.loads(events.stdout.readline())
    assert (first["body"]["event"], first["body"]["kind"]) == ("Requested", "stop")
    events.send_signal(signal.SIGINT)
    events.communicate(timeout=20)
    assert events.returncode == 130


@pytest.mark.slow
def test_on_a_terminal_one_line_moves_and_finished_steps_stay(machine: Machine) -> None:
    ours, theirs = os.openpty()
    switch = machine.start("switch", "slow", stderr=theirs)
    os.close(theirs)
    shown = b"".join(iter(lambda: read_terminal(ours), b"")).decode()
    os.close(ours)
    out, _ = switch.communicate(timeout=30)
    assert (switch.returncode, out) == (0, f"slow serves at http://127.0.0.1:{machine.port}/v1\n")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"slow: load +0:00:0[1-9]", plain)
    assert re.search(r"✓ slow: load, [0-9.]+ s", plain)


def read_terminal(descriptor: int) -> bytes:
    """What was written to the terminal; nothing once nobody writes any more."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""


def test_status_is_shown_again_when_it_changes(machine: Machine) -> None:
    assert machine.call("switch", "dots-ocr", "--foreground")[0] == 0
    watch = machine.start("status", "--watch")
    assert watch.stdout is not None
    assert watch.stdout.readline().startswith("model            dots-ocr")
    assert machine.call("stop")[0] == 0
    assert any(line.startswith("model            none.") for line in iter(watch.stdout.readline, ""))
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=20)
    assert watch.returncode == 0
