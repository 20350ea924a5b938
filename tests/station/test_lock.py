"""One owner: the second is refused at once and told who holds the lock; a dead holder holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from docstation.station.lock import HeldByOther, StationLock, holder_of

HOLD = """
import pathlib, sys
from docstation.station.lock import StationLock
lock = StationLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_a_second_owner_is_refused_at_once_and_told_who_holds_it(tmp_path: Path, holder: subprocess.Popen[str]):
    before = time.monotonic()
    with pytest.raises(HeldByOther) as refused:
        StationLock(tmp_path)
    assert time.monotonic() - before < 0.2, "the promise of the issue"
    assert refused.value.holder is not None
    assert refused.value.holder.pid == holder.pid
    assert refused.value.holder.since == pytest.approx(time.time(), abs=60)


def test_who_looks_takes_nothing_and_sees_the_holder(tmp_path: Path, holder: subprocess.Popen[str]):
    seen = holder_of(tmp_path)
    assert seen is not None
    assert seen.pid == holder.pid


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, holder: subprocess.Popen[str]):
    holder.kill()
    holder.wait()
    assert holder_of(tmp_path) is None
    StationLock(tmp_path).release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path):
    lock = StationLock(tmp_path)
    assert holder_of(tmp_path).pid == os.getpid()
    lock.release()
    lock.release()
    assert holder_of(tmp_path) is None
    StationLock(tmp_path).release()


def test_those_who_only_look_are_in_nobodys_way(tmp_path: Path):
    StationLock(tmp_path).release()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder_of(tmp_path)

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for one in watchers:
        one.start()
    try:
        for _ in range(100):
            StationLock(tmp_path).release()
    finally:
        stop.set()
        for one in watchers:
            one.join()
