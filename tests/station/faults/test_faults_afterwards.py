"""Faults that come after the switch or outlast it: crashes on trial, ways back that fail too, a full disk."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import injections as inject
import pytest
from matrix import Reality, Row
from proving_ground import LONG, Ground
from seeing import Seen
from trials import check_that_nothing_serves, check_what_serves

from docstation.station import machine, owner, watch
from docstation.station.causes import Cause
from docstation.station.desk import Order, Wish
from docstation.station.journal import FILE, read_records, replay
from docstation.station.liveness import Liveness
from docstation.station.machine import BREAKER
from docstation.station.words import Mode, Outcome

SOON = 0.2
"""Seconds before the first new try, in place of ten."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "FIRST_DELAY", SOON)
    monkeypatch.setattr(watch, "EVERY", 0.05)


def save(number: int, fault: str, injected: str, reality: Reality, cause: Cause | None, ended: str, seen: Seen) -> None:
    """The row of a fault that does not end with its transaction."""
    assert seen.most <= 1, "never two at once"
    Row(
        number=100 + number,
        ground="processes",
        fault=fault,
        injected=injected,
        reality=reality,
        cause=str(cause or ""),
        old="",
        ended=ended,
        serves=seen.shown,
        most=seen.most,
        seconds=round(seen.seconds, 2),
    ).save()


def crash(ground: Ground, model: str) -> None:
    """kill -9, and wait until the station knows."""
    since = ground.owner.state.since
    ground.kill(model)
    ground.wait_until(lambda state: state.since != since)


def test_a_crash_in_the_trial_period_restarts_it_and_does_not_make_it_good(ground: Ground):
    ground.own_anew(stable_seconds=LONG)
    ground.want("qwen")
    with ground.watched() as seen, ground.looked_after():
        assert ground.change("qwen")[-1].outcome == Outcome.DONE
        crash(ground, "qwen")
        assert ground.owner.state.cause is Cause.EXITED
        ground.wait_until(lambda state: state.mode is Mode.READY)
    assert ground.owner.state.last_known_good == ground.names.lineup(["dots"])
    seen.shown = check_what_serves(ground, "qwen")
    save(
        0,
        "crash in the trial period",
        "kill -9 of what has just begun to serve",
        "real",
        Cause.EXITED,
        "restarted",
        seen,
    )
    ground.own_anew(stable_seconds=0.0)


def test_a_crash_loop_ends_with_the_last_known_good(ground: Ground):
    ground.own_anew(stable_seconds=LONG)
    ground.want("qwen")
    with ground.watched() as seen, ground.looked_after():
        assert ground.change("qwen")[-1].outcome == Outcome.DONE
        for failures in range(1, BREAKER + 1):
            crash(ground, "qwen")
            state = ground.wait_until(lambda state: state.mode is Mode.READY)
            assert state.serving.names == (("qwen",) if failures < BREAKER else ("dots",))
    seen.shown = check_what_serves(ground, "dots")
    save(1, "crash loop", f"kill -9, {BREAKER} times in a row", "real", Cause.EXITED, "last known good", seen)
    ground.own_anew(stable_seconds=0.0)


def test_when_the_way_back_fails_too_the_embedded_engine_serves_until_it_comes_back_by_itself(ground: Ground):
    inject.wanting(trouble="garbage")(ground)
    inject.next_starts("dots", fail="memory-taken")(ground)
    with ground.watched() as seen:
        end = ground.change("qwen")[-1]
        assert (end.outcome, end.cause, end.serving) == (Outcome.FELL_BACK, Cause.GARBAGE, ())
        assert ground.owner.state.mode is Mode.WAITING
        ground.undo()
        ground.wait_until(lambda state: state.mode is Mode.READY)
    seen.shown = check_what_serves(ground, "dots")
    save(
        2,
        "the way back fails too",
        "garbage, then no memory for the old one",
        "double",
        Cause.GARBAGE,
        "came back",
        seen,
    )


def test_while_nothing_can_serve_the_state_says_so(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "FIRST_DELAY", LONG)
    inject.wanting(trouble="garbage")(ground)
    inject.next_starts("dots", fail="memory-taken")(ground)
    with ground.watched() as seen:
        end = ground.change("qwen")[-1]
    assert end.outcome == Outcome.FELL_BACK
    state = ground.owner.state
    assert (state.mode, state.wanted, state.cause) == (Mode.WAITING, ground.names.lineup(["dots"]), Cause.GARBAGE)
    ground.change(wish=Wish.STOP)
    check_that_nothing_serves(ground)
    save(
        3,
        "nothing can serve",
        "garbage, then no memory for the old one",
        "double",
        Cause.GARBAGE,
        str(end.outcome),
        seen,
    )


def test_a_crash_while_serving_is_made_good(ground: Ground):
    with ground.watched() as seen, ground.looked_after():
        crash(ground, "dots")
        ground.wait_until(lambda state: state.mode is Mode.READY)
    seen.shown = check_what_serves(ground, "dots")
    save(5, "crash while serving", "kill -9 from outside", "real", Cause.EXITED, "restarted", seen)


def test_an_engine_that_dies_while_serving_is_started_anew(ground: Ground):
    since = ground.owner.state.since
    with ground.watched() as seen, ground.looked_after():
        ground.control("dots", trouble="dead", dead_seconds=1.0)
        state = ground.wait_until(lambda state: state.since != since)
        ground.wait_until(lambda state: state.mode is Mode.READY)
    assert state.cause in {Cause.ENGINE_DEAD, Cause.EXITED}
    seen.shown = check_what_serves(ground, "dots")
    save(6, "engine dies while serving", "503, 500 and the end, as vLLM does", "double", state.cause, "restarted", seen)


def test_an_engine_that_hangs_while_serving_is_started_anew(ground: Ground):
    since = ground.owner.state.since
    ground.control("dots", trouble="hang")
    asking = threading.Thread(target=lambda: suppressed(lambda: ground.ask("dots")))
    with ground.watched() as seen, ground.looked_after(Liveness(still=0.6, grace=0.2, probe_after=0.3, rest=0.5)):
        asking.start()
        state = ground.wait_until(lambda state: state.since != since)
        ground.wait_until(lambda state: state.mode is Mode.READY)
    asking.join()
    assert state.cause is Cause.ENGINE_HUNG
    seen.shown = check_what_serves(ground, "dots")
    save(
        7,
        "engine hangs while serving",
        "a question is never answered, /health is well",
        "double",
        state.cause,
        "restarted",
        seen,
    )


def test_a_server_that_loses_its_shepherd_is_replaced(ground: Ground):
    (server,) = ground.servers(ground.port)
    shepherd = int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])
    with ground.watched() as seen, ground.looked_after():
        os.kill(shepherd, signal.SIGKILL)
        ground.wait_until(lambda state: state.mode is Mode.WAITING or state.transaction is not None)
        ground.wait_until(lambda state: state.mode is Mode.READY)
    seen.shown = check_what_serves(ground, "dots")
    save(8, "the server's shepherd killed", "kill -9 from outside", "real", Cause.EXITED, "restarted", seen)


def test_a_change_goes_on_when_whoever_asked_is_gone(ground: Ground):
    ground.want("qwen")
    with ground.watched() as seen:
        asked = ground.desk.change(Order(Wish.SWITCH, ("qwen",)))
        next(asked)
        asked.close()
        ground.wait_until(lambda state: state.mode is Mode.READY and state.serving.names == ("qwen",))
    seen.shown = check_what_serves(ground, "qwen")
    save(9, "whoever asked is gone", "after the first word", "real", None, str(Outcome.DONE), seen)


def test_a_lost_journal_leaves_no_server_behind(ground: Ground):
    ground.owner.close()
    (ground.folder / FILE).unlink()
    with ground.watched() as seen:
        ground.own_anew(stable_seconds=0.0)
    assert ground.owner.state.mode is Mode.IDLE
    check_that_nothing_serves(ground)
    save(10, "journal lost", "its file is deleted under a serving model", "real", None, "ended as a stray", seen)


def suppressed(do: Callable[[], object]) -> None:
    """A client whose server is taken from under it."""
    with suppress(OSError, HTTPException):
        do()


def test_a_full_disk_under_the_journal_holds_the_change_up_and_loses_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(owner, "JOURNAL_PATIENCE", 0.05)
    ground.want("qwen")
    journal = ground.owner._journal
    usual = journal._stream
    with Path("/dev/full").open("ab", buffering=0) as full, ground.watched() as seen:
        monkeypatch.setattr(journal, "_stream", full)
        threading.Timer(0.5, setattr, [journal, "_stream", usual]).start()
        seen.told = ground.change("qwen")
    assert seen.end.outcome == Outcome.DONE
    assert seen.seconds > 0.5
    seen.shown = check_what_serves(ground, "qwen")
    records = list(read_records(ground.folder))
    assert [one.number for one in records] == list(range(1, len(records) + 1))
    assert replay(records).state == ground.owner.state
    save(
        4,
        "disk full under the journal",
        "no line can be written for 0.5 s",
        "double",
        None,
        str(seen.end.outcome),
        seen,
    )
