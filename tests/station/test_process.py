"""The process driver: what all drivers promise, on the stub, and what only processes can do, on the scripted server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from driver_contract import (
    STUB_PROGRAM,
    Deploy,
    ServingContract,
    ended,
    eventually,
    free_port,
    get,
    refused,
    stub_checkpoint,
    stub_deployment,
)

from docstation.station.causes import Cause
from docstation.station.deployment import Deployment
from docstation.station.driver import Instance
from docstation.station.drivers import process
from docstation.station.drivers.process import ProcessDriver
from docstation.station.drivers.processes import identity
from docstation.station.drivers.shepherd import RECORD

STUB = (sys.executable, str(STUB_PROGRAM), "serve")
DOUBLE = (sys.executable, "-m", "docstation.testing.model_server", "serve")
GRACE = 10.0


class TestProcessDriver(ServingContract):
    """The contract, on the stub as a process."""

    @pytest.fixture
    def driver(self, tmp_path: Path) -> ProcessDriver:
        return ProcessDriver(tmp_path / "processes", program=STUB)

    @pytest.fixture
    def deploy(self, tmp_path: Path) -> Deploy:
        folder, own_port = str(stub_checkpoint(tmp_path / "checkpoint")), free_port()

        def deploy(
            model: str = "stub", *, checkpoint: str | None = None, port: int | None = None, **script: object
        ) -> Deployment:
            return stub_deployment("process", model, checkpoint=checkpoint or folder, port=port or own_port, **script)

        return deploy


@pytest.fixture
def folder(tmp_path: Path):
    """The driver's folder; whatever was started there is gone after the test."""
    folder = tmp_path / "processes"
    yield folder
    driver = ProcessDriver(folder)
    for instance in driver.instances():
        driver.stop(instance.name, grace=0.0)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return served(tmp_path)


def served(tmp_path: Path, **script: object) -> Deployment:
    """The scripted model server, with knobs of its script."""
    checkpoint = str(stub_checkpoint(tmp_path / "checkpoint"))
    return Deployment(
        model="scripted",
        driver="process",
        served_name="scripted/model",
        context=4096,
        arguments=(checkpoint, "--served-model-name", "scripted/model", "--max-model-len", "4096"),
        port=free_port(),
        checkpoint=checkpoint,
        environment=tuple(sorted((f"MODEL_SERVER_{knob.upper()}", str(value)) for knob, value in script.items())),
    )


def python(code: str) -> tuple[str, ...]:
    """A program that is a few lines of Python; the arguments that follow do not matter."""
    return (sys.executable, "-c", code)


def serving(driver: ProcessDriver, deployment: Deployment) -> Instance:
    """The instance, started and answering."""
    driver.start(deployment)
    eventually(lambda: get(deployment.port, "/health")[0] == 200)
    found = driver.find(deployment.instance)
    assert found is not None
    return found


def record(folder: Path, deployment: Deployment) -> dict:
    return json.loads((folder / deployment.instance / RECORD).read_text())


def gone(pids: tuple[int, ...]) -> bool:
    return not any(identity(pid) for pid in pids)


def test_what_a_killed_server_leaves_behind_is_killed(folder: Path, tmp_path: Path) -> None:
    driver, deployment = ProcessDriver(folder, program=DOUBLE), served(tmp_path, child=True)
    instance = serving(driver, deployment)
    assert len(instance.pids) == 2
    os.kill(record(folder, deployment)["server"][0], signal.SIGKILL)
    assert ended(driver, deployment.instance).exit_code == -signal.SIGKILL
    assert gone(instance.pids)


def test_a_descendant_that_hides_is_found_and_killed(folder: Path, deployment: Deployment) -> None:
    code = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("hidden", os.getpid(), flush=True)
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""
    driver = ProcessDriver(folder, program=python(code))
    driver.start(deployment)
    (line,) = eventually(lambda: driver.log_tail(deployment.instance))
    hidden = int(line.split()[1])
    found = eventually(lambda: driver.find(deployment.instance))
    assert hidden in found.pids
    driver.stop(deployment.instance, grace=GRACE)
    assert not identity(hidden)


def test_a_driver_that_was_killed_is_no_loss(folder: Path, deployment: Deployment) -> None:
    code = f"""
import os, signal
from pathlib import Path
from docstation.station.deployment import Deployment
from docstation.station.drivers.process import ProcessDriver
ProcessDriver(Path({str(folder)!r}), program={DOUBLE!r}).start({deployment!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    driver = ProcessDriver(folder, program=DOUBLE)
    found = driver.find(deployment.instance)
    assert found is not None
    assert found.running
    assert driver.start(deployment).started_at == found.started_at
    eventually(lambda: get(deployment.port, "/health")[0] == 200)
    driver.stop(deployment.instance, grace=GRACE)
    assert gone(found.pids)


def test_a_number_that_was_given_out_again_is_not_believed(folder: Path, deployment: Deployment) -> None:
    # Started first: two processes of one clock tick could not be told apart.
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    driver = ProcessDriver(folder, program=STUB)
    driver.start(deployment)
    path = folder / deployment.instance / RECORD
    known = record(folder, deployment)
    try:
        for known_process in (known["shepherd"], known["server"]):
            known_process[0] = bystander.pid
        path.with_name("forged").write_text(json.dumps(known))
        original = path.read_text()
        path.with_name("forged").replace(path)
        found = driver.find(deployment.instance)
        assert found is not None
        assert (found.running, found.exit_code, found.pids) == (False, None, ())
        path.write_text(original)
        driver.stop(deployment.instance, grace=0.0)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_record_of_before_a_restart_of_the_machine_is_not_believed(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=STUB)
    driver.start(deployment)
    path = folder / deployment.instance / RECORD
    original = path.read_text()
    known = json.loads(original)
    for known_process in (known["shepherd"], known["server"]):
        known_process[1] = "another-start/" + known_process[1].rpartition("/")[2]
    path.write_text(json.dumps(known))
    found = driver.find(deployment.instance)
    assert found is not None
    assert (found.running, found.pids) == (False, ())
    path.write_text(original)


def test_a_server_does_not_outlive_its_shepherd(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=DOUBLE)
    instance = serving(driver, deployment)
    os.kill(record(folder, deployment)["shepherd"][0], signal.SIGKILL)
    assert not ended(driver, deployment.instance).running
    assert gone(instance.pids)


def test_what_lost_its_shepherd_and_is_deaf_is_still_ours(folder: Path, tmp_path: Path) -> None:
    driver, deployment = ProcessDriver(folder, program=DOUBLE), served(tmp_path, stop_seconds=600, child=True)
    instance = serving(driver, deployment)
    os.kill(record(folder, deployment)["shepherd"][0], signal.SIGKILL)
    eventually(lambda: not identity(record(folder, deployment)["shepherd"][0]))
    found = driver.find(deployment.instance)
    assert found is not None
    assert found.running
    assert set(found.pids) == set(instance.pids)
    assert driver.start(deployment).pids == found.pids
    driver.stop(deployment.instance, grace=0.1)
    assert gone(instance.pids)


def test_a_shepherd_that_hangs_does_not_keep_the_server_alive(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_KILL_SECONDS", 0.3)
    driver, deployment = ProcessDriver(folder, program=DOUBLE), served(tmp_path, stop_seconds=600)
    instance = serving(driver, deployment)
    os.kill(record(folder, deployment)["shepherd"][0], signal.SIGSTOP)
    driver.stop(deployment.instance, grace=0.1)
    assert gone(instance.pids)
    assert driver.find(deployment.instance) is None


def test_a_stop_that_was_only_asked_for_is_carried_through(folder: Path, tmp_path: Path) -> None:
    driver = ProcessDriver(folder, program=DOUBLE, stop_seconds=0.3)
    deployment = served(tmp_path, stop_seconds=600)
    serving(driver, deployment)
    os.kill(record(folder, deployment)["shepherd"][0], signal.SIGTERM)
    assert ended(driver, deployment.instance).exit_code == -signal.SIGKILL


def test_two_starts_at_once_start_one_server(folder: Path, deployment: Deployment) -> None:
    started: list[Instance] = []
    threads = [
        threading.Thread(target=lambda: started.append(ProcessDriver(folder, program=STUB).start(deployment)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({instance.started_at for instance in started}) == 1
    assert len(started) == 4


def test_a_missing_program_is_refused(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=("no-such-program", "serve"))
    with refused(Cause.PROGRAM_MISSING):
        driver.prepare(deployment)
    with refused(Cause.PROGRAM_MISSING):
        driver.start(deployment)
    assert driver.instances() == []


def test_a_program_that_the_system_cannot_start_leaves_nothing(
    folder: Path, deployment: Deployment, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF is all that it has")
    broken.chmod(0o755)
    driver = ProcessDriver(folder, program=(str(broken),))
    with refused(Cause.START_FAILED):
        driver.start(deployment)
    assert driver.instances() == []
    assert ProcessDriver(folder, program=STUB).start(deployment).running


def test_a_word_that_no_program_can_be_given_leaves_nothing(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=STUB)
    with refused(Cause.START_FAILED):
        driver.start(replace(deployment, arguments=("a\0b",)))
    assert driver.instances() == []


def test_a_full_disk_is_refused(folder: Path, deployment: Deployment) -> None:
    with refused(Cause.DISK_FULL):
        ProcessDriver(folder, program=STUB, free_bytes=1 << 60).prepare(deployment)


def test_a_port_that_another_driver_gives_up_counts_as_free(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=STUB)
    other = ProcessDriver(folder.with_name("others"), program=STUB)
    elsewhere = replace(deployment, model="elsewhere")
    serving(other, elsewhere)
    with refused(Cause.PORT_TAKEN):
        driver.prepare(deployment)
    driver.prepare(deployment, replacing=[elsewhere.instance])
    other.stop(elsewhere.instance, grace=GRACE)


def test_a_signal_shows_as_a_negative_code(folder: Path, tmp_path: Path) -> None:
    driver, deployment = ProcessDriver(folder, program=DOUBLE), served(tmp_path, exit_at="profile", exit_code=-11)
    driver.start(deployment)
    assert ended(driver, deployment.instance).exit_code == -signal.SIGSEGV


def test_the_last_words_of_a_failed_start_are_in_the_log(folder: Path, tmp_path: Path) -> None:
    driver, deployment = ProcessDriver(folder, program=DOUBLE), served(tmp_path, fail="no-kv-memory")
    driver.start(deployment)
    assert ended(driver, deployment.instance).exit_code == 1
    assert any("No available memory for the cache blocks" in line for line in driver.log_tail(deployment.instance))


def test_the_server_inherits_our_secrets_and_the_record_does_not(
    folder: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    driver = ProcessDriver(folder, program=python("import os; print(len(os.environ['HF_TOKEN']))"))
    driver.start(deployment)
    ended(driver, deployment.instance)
    assert driver.log_tail(deployment.instance) == ["9"]
    assert not any(b"hf_secret" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_only_its_owner_can_read_what_the_server_says(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=STUB)
    driver.start(deployment)
    assert (folder / deployment.instance).stat().st_mode & 0o077 == 0


def test_a_name_cannot_lead_out_of_the_folder(folder: Path, deployment: Deployment) -> None:
    driver = ProcessDriver(folder, program=STUB)
    strange = replace(deployment, model="../../org/model: v1")
    driver.start(strange)
    assert [instance.name for instance in driver.instances()] == [strange.instance]
    assert {path.parent for path in folder.rglob(RECORD)} == {path.parent for path in folder.glob(f"*/{RECORD}")}
    driver.stop(strange.instance, grace=GRACE)
    assert driver.instances() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"deployment": 3}'])
def test_a_damaged_record_counts_as_none(folder: Path, deployment: Deployment, text: str) -> None:
    home = folder / deployment.instance
    home.mkdir(parents=True)
    (home / RECORD).write_text(text)
    driver = ProcessDriver(folder, program=STUB)
    assert driver.instances() == []
    assert driver.start(deployment).running


def test_the_log_stays_within_its_bound_and_keeps_the_end(folder: Path, deployment: Deployment) -> None:
    code = "for number in range(20000): print(f'line {number}')"
    driver = ProcessDriver(folder, program=python(code), log_bytes=65536)
    driver.start(deployment)
    ended(driver, deployment.instance)
    lines = driver.log_tail(deployment.instance, 200)
    assert lines == [f"line {number}" for number in range(19800, 20000)]
    kept = [path.stat().st_size for path in (folder / deployment.instance).glob("server.log*")]
    assert len(kept) == 2
    assert max(kept) <= 2 * 65536


def test_following_goes_on_when_the_log_turns(folder: Path, deployment: Deployment, tmp_path: Path) -> None:
    turn = tmp_path / "turn"
    code = f"""
import pathlib, time
print("x" * 3000, flush=True)
while not pathlib.Path({str(turn)!r}).exists():
    time.sleep(0.01)
for number in range(100):
    print(f"line {{number}} " + "y" * 20, flush=True)
"""
    driver = ProcessDriver(folder, program=python(code), log_bytes=4096)
    driver.start(deployment)
    lines = driver.follow(deployment.instance)
    assert next(lines) == "x" * 3000
    turn.touch()
    assert [line.split()[1] for line in lines] == [str(number) for number in range(100)]


def test_lines_are_shown_without_colours_and_controls(folder: Path, deployment: Deployment) -> None:
    code = r"print('\x1b[32mgreen\x1b[0m\a\x00 0%\r100% Приём', flush=True)"
    driver = ProcessDriver(folder, program=python(code))
    driver.start(deployment)
    ended(driver, deployment.instance)
    assert driver.log_tail(deployment.instance) == list(driver.follow(deployment.instance)) == ["100% Приём"]
