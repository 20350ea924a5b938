"""The card in the last hour, and the phases of a change under way, as the station's routes tell them."""

from __future__ import annotations

import asyncio
import threading

from docstation.service.gpu_history import GpuHistory, GpuPoint
from docstation.service.station_api import transaction_json
from docstation.station.deployment import Lineup
from docstation.station.gpu import Absence
from docstation.station.journal import Record
from docstation.station.words import Kind, Step, Transaction
from docstation.testing.scripted_gpu import ScriptedGpu


def test_readings_are_kept_for_an_hour():
    gpu, times = ScriptedGpu(), iter(range(100))
    history = GpuHistory(gpu.read, kept=3, now=lambda: float(next(times)))
    used = gpu.used_bytes
    for _reading in range(5):
        assert history.look()
    assert [one.at for one in history.points()] == [2.0, 3.0, 4.0]
    assert {one.used_bytes for one in history.points()} == {used}


def test_a_card_that_is_not_there_leaves_a_gap():
    gpu = ScriptedGpu()
    history = GpuHistory(gpu.read, now=lambda: 1.0)
    gpu.fail(Absence.LOST, readings=1)
    assert not history.look()
    assert history.points() == ()
    assert history.look()
    assert isinstance(history.points()[0], GpuPoint)


def test_it_is_read_while_an_application_runs():
    gpu = ScriptedGpu()
    history = GpuHistory(gpu.read, every=0.001)

    async def run() -> None:
        async with history.lifespan(None):
            while len(history.points()) < 3:
                await asyncio.sleep(0)

    asyncio.run(run())
    assert all(thread.name != "gpu-history" for thread in threading.enumerate())


def test_a_change_tells_its_steps_and_their_seconds():
    change = Transaction("1234", Kind.SWITCH, Lineup(), Lineup(), Step.LOAD, 100.0)
    records = [
        Record(1, 100.0, "event", "1234", "ready", "prepare", 5.0, {}),
        Record(2, 103.0, "event", "1234", "prepare", "drain", 3.0, {}),
        Record(3, 103.0, "note", "1234", "drain", "drain", 0.0, {}),
        Record(4, 104.5, "event", "1234", "drain", "load", 1.5, {}),
        Record(5, 104.5, "event", "9999", "load", "probe", 9.0, {}),
    ]
    told = transaction_json(change, records)
    assert told["phases"] == [{"step": "prepare", "seconds": 3.0}, {"step": "drain", "seconds": 1.5}]
    assert (told["step"], told["began"]) == ("load", 100.0)
    assert told["seconds"] == round(told["step_seconds"] + 4.5, 1)
