"""The embedded engine as a driver: always there, found again after a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from docstation.station.deployment import Deployment
from docstation.station.driver import Driver
from docstation.station.drivers.embedded import EmbeddedDriver

EMBEDDED = Deployment("embedded", "embedded", "embedded", 8192)


def test_it_is_always_ready_and_runs_until_it_is_stopped(tmp_path: Path) -> None:
    driver: Driver = EmbeddedDriver(tmp_path, clock=lambda: 1000.0)
    driver.prepare(EMBEDDED, replacing=["docstation-dots-ocr"])
    assert driver.find(EMBEDDED.instance) is None
    instance = driver.start(EMBEDDED)
    assert (instance.model, instance.spec, instance.running) == ("embedded", EMBEDDED.spec, True)
    assert (instance.started_at, instance.pids) == (1000.0, ())
    assert driver.instances() == [instance]
    driver.stop(EMBEDDED.instance, grace=10.0)
    driver.stop(EMBEDDED.instance, grace=10.0)
    assert driver.instances() == []


def test_another_process_finds_it(tmp_path: Path) -> None:
    started = EmbeddedDriver(tmp_path).start(EMBEDDED)
    assert EmbeddedDriver(tmp_path).find(EMBEDDED.instance) == started


def test_starting_it_again_changes_nothing_and_another_spec_replaces_it(tmp_path: Path) -> None:
    times = iter((1000.0, 2000.0, 3000.0))
    driver = EmbeddedDriver(tmp_path, clock=lambda: next(times))
    assert driver.start(EMBEDDED) == driver.start(EMBEDDED)
    other = replace(EMBEDDED, context=4096)
    assert driver.start(other).spec == other.spec
    assert [instance.spec for instance in driver.instances()] == [other.spec]


def test_it_has_no_log(tmp_path: Path) -> None:
    driver = EmbeddedDriver(tmp_path)
    driver.start(EMBEDDED)
    assert driver.log_tail(EMBEDDED.instance) == []
    assert list(driver.follow(EMBEDDED.instance)) == []


def test_a_damaged_note_counts_as_none(tmp_path: Path) -> None:
    driver = EmbeddedDriver(tmp_path)
    driver.start(EMBEDDED)
    for path in tmp_path.iterdir():
        path.write_text("{")
    assert driver.instances() == []
    assert driver.start(EMBEDDED).running
