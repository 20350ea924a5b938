"""The shepherd's parts: its log on a full disk, kills for lack of memory, and what it believes of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from docstation.station.drivers import logfile, shepherd
from docstation.station.drivers.logfile import LOG, PREVIOUS_LOG, Log, last_lines
from docstation.station.drivers.process_records import Known
from docstation.station.drivers.processes import descendants, identity, look, send
from docstation.station.drivers.shepherd import OomWatch

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_full_disk_loses_words_and_not_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(str(tmp_path), 1000)
    log.write(b"before\n")

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(logfile.os, "write", full)
        log.write(b"lost\n")
    log.write(b"after\n")
    assert last_lines(tmp_path, 10) == ["before", "after"]


def test_a_disk_that_fills_up_as_the_log_turns_does_not_mix_files_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(str(tmp_path), 10)
    log.write(b"0123456789")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(logfile.os, "open", full)
        log.write(b"end\nlost\n")
    log.write(b"after\n")
    log.write(b"more\n")
    assert "after" in last_lines(tmp_path, 10)


def test_a_line_without_an_end_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = Log(str(tmp_path), 1000)
    for _ in range(50):
        log.write(b"x" * 100)
    assert (tmp_path / LOG).stat().st_size <= 2100
    assert (tmp_path / PREVIOUS_LOG).stat().st_size <= 2100


def test_a_recent_kill_for_memory_is_seen_and_an_old_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(shepherd.time, "monotonic", lambda: now[0])
    counts = tmp_path / "vmstat"
    counts.write_text("nr_free_pages 1\noom_kill 3\n")
    watch = OomWatch(str(counts))
    assert not watch.killed()
    counts.write_text("nr_free_pages 1\noom_kill 4\n")
    assert watch.killed()
    for _ in range(3):
        now[0] += 10.0
        watch.sample()
    assert not watch.killed()


def test_a_kernel_that_does_not_count_kills_is_fine(tmp_path: Path) -> None:
    assert not OomWatch(str(tmp_path / "missing")).killed()


def test_an_ended_process_that_nobody_waited_for_is_gone() -> None:
    child = subprocess.Popen(SLEEPER)
    who = identity(child.pid)
    assert who
    assert [each.pid for each in descendants([os.getpid()]) if each.pid == child.pid]
    child.kill()
    assert Known(child.pid, who).ended_within(10.0)
    assert look(child.pid) is None
    assert not Known(child.pid, who).lives
    child.wait()


def test_signals_reach_only_the_process_that_was_meant() -> None:
    child = subprocess.Popen(SLEEPER)
    try:
        assert not send(child.pid, "another/1", signal.SIGKILL)
        assert child.poll() is None
        assert send(child.pid, identity(child.pid), signal.SIGTERM)
        assert child.wait() == -signal.SIGTERM
        assert not send(child.pid, "another/1", signal.SIGKILL)
    finally:
        child.kill()
        child.wait()


def test_the_shepherd_imports_no_third_party_library() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import docstation.station.drivers.shepherd; print(*sys.modules)"
    )
    root = str(Path(shepherd.__file__).parents[3])
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", code, root], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in shown.stdout.split()}
    assert loaded - sys.stdlib_module_names <= {"docstation", "__main__"}
    assert "subprocess" not in loaded
