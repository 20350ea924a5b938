"""The reader of NVIDIA cards on the real NVML binding, with a library that answers as a scene says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pynvml
import pytest
from conftest_nvml import CARD, Scene, build, nvml, nvml_library, scene

from docstation.station.gpu import REFERENCE_RESERVE, Absence, Attribution, GpuProcess, GpuReading, NoReading
from docstation.station.nvml import NvmlGpu

__all__ = ["nvml", "nvml_library", "scene"]

GB = 10**9
SECOND_CARD = {"1.name": "Tesla T4", "1.uuid": "GPU-22222222-0000-4000-8000-000000000002", "1.capability": "7 5",
               "1.memory": f"{16 * GB} 0", "1.used": "5"}  # fmt: skip


def read(gpu: NvmlGpu, *ours: int) -> GpuReading:
    answer = gpu.read(ours)
    assert isinstance(answer, GpuReading)
    return answer


def failed(gpu: NvmlGpu) -> NoReading:
    answer = gpu.read()
    assert isinstance(answer, NoReading)
    return answer


def test_a_card_is_described(nvml: NvmlGpu, scene: Scene) -> None:
    shown = read(nvml)

    assert (shown.name, shown.uuid) == (CARD["name"], CARD["uuid"])
    assert (shown.driver, shown.cuda, shown.capability) == ("580.95.05", "13.0", (12, 0))
    assert (shown.temperature, shown.load, shown.power) == (61, 97, 250.0)


def test_a_driver_that_tells_no_reserve_has_it_estimated(nvml: NvmlGpu, scene: Scene) -> None:
    scene.take(7, 5 * GB)
    scene.show(**{"nvmlDeviceGetMemoryInfo_v2.answer": "13"})

    shown = read(nvml, 7)

    assert (shown.reserved_bytes, shown.reserved_estimated) == (REFERENCE_RESERVE, True)
    assert (shown.used_bytes, shown.ours_bytes, shown.others_bytes) == (5 * GB, 5 * GB, 0)


def test_an_estimated_reserve_is_never_more_than_what_is_not_free(nvml: NvmlGpu, scene: Scene) -> None:
    scene.card["memory"] = f"{8 * GB} {GB // 10}"
    scene.show(**{"nvmlDeviceGetMemoryInfo_v2.answer": "13"})

    shown = read(nvml)

    assert (shown.reserved_bytes, shown.used_bytes, shown.free_bytes) == (GB // 10, 0, 8 * GB - GB // 10)


@pytest.mark.parametrize("key", ["load", "temperature", "power"])
def test_a_figure_that_is_not_to_be_had_is_none_and_the_rest_is_read(nvml: NvmlGpu, scene: Scene, key: str) -> None:
    del scene.card[key]
    scene.show()

    shown = read(nvml)

    assert getattr(shown, key) is None
    assert sum(getattr(shown, other) is None for other in ("load", "temperature", "power")) == 1


def test_an_older_driver_is_asked_for_the_temperature_in_its_own_way(nvml: NvmlGpu, scene: Scene) -> None:
    scene.show(**{"nvmlDeviceGetTemperatureV.answer": "13"})
    assert read(nvml).temperature == 61


def test_a_process_that_computes_and_draws_is_counted_once(nvml: NvmlGpu, scene: Scene) -> None:
    scene.card["graphics"] = f"7:{5 * GB} 1500:300"
    scene.take(7, 5 * GB)

    shown = read(nvml, 7)

    assert shown.processes == (GpuProcess(7, 5 * GB), GpuProcess(1500, 300))
    assert shown.ours_bytes == 5 * GB


def test_a_process_whose_figure_only_one_list_has_keeps_it(nvml: NvmlGpu, scene: Scene) -> None:
    scene.card["graphics"] = "7:?"
    scene.take(7, 5 * GB)
    assert read(nvml, 7).processes == (GpuProcess(7, 5 * GB),)


def test_where_processes_cannot_be_asked_for_memory_is_read_all_the_same(nvml: NvmlGpu, scene: Scene) -> None:
    """As under WSL 2: not an empty list but a refusal."""
    scene.take(7, 5 * GB)
    del scene.card["compute"], scene.card["graphics"]
    scene.show()

    shown = read(nvml, 7)

    assert (shown.used_bytes, shown.ours_bytes, shown.attribution) == (5 * GB, None, Attribution.NOT_LISTED)


def test_many_processes_are_all_listed(nvml: NvmlGpu, scene: Scene) -> None:
    for pid in range(1, 201):
        scene.held[pid] = pid
    scene.show()
    assert read(nvml, *range(1, 201)).ours_bytes == 201 * 100


@pytest.mark.parametrize(("wish", "name"), [("", CARD["name"]), ("0", CARD["name"]), ("1", "Tesla T4"),
                                            (" 1 ", "Tesla T4"), (SECOND_CARD["1.uuid"], "Tesla T4")])  # fmt: skip
def test_a_card_is_chosen_by_number_or_uuid_else_the_first(scene: Scene, wish: str, name: str) -> None:
    scene.lines |= {"cards": "2"} | SECOND_CARD
    scene.show()
    assert read(NvmlGpu(wish)).name == name


@pytest.mark.parametrize("wish", ["2", "-1", "4294967296", "9" * 5000, "GPU-none", "карта", "١", "\ud800", "0\0"])
def test_a_card_that_is_not_there_is_told_with_those_that_are(scene: Scene, wish: str) -> None:
    scene.lines |= {"cards": "2"} | SECOND_CARD
    scene.show()

    answer = failed(NvmlGpu(wish))

    assert answer.absence is Absence.NO_SUCH_GPU
    assert answer.detail == f"0 ({CARD['name']}, {CARD['uuid']}); 1 (Tesla T4, {SECOND_CARD['1.uuid']})"


@pytest.mark.parametrize(
    ("code", "absence"),
    [(4, Absence.NO_PERMISSION), (9, Absence.NO_DRIVER), (17, Absence.NO_PERMISSION), (18, Absence.MISMATCH),
     (15, Absence.LOST), (28, Absence.NO_GPU), (12, Absence.NO_LIBRARY), (999, Absence.FAILED)],
)  # fmt: skip
def test_what_fails_at_the_start_has_its_own_word_and_is_tried_again(scene: Scene, code: int, absence: Absence) -> None:
    scene.show(**{"nvmlInitWithFlags.answer": str(code)})
    gpu = NvmlGpu()
    answer = failed(gpu)
    scene.show()

    assert answer.absence is absence
    assert read(gpu).name == CARD["name"]


def test_a_driver_that_is_not_loaded_is_told(scene: Scene) -> None:
    del scene.lines["driver"]
    scene.show()
    assert failed(NvmlGpu()).absence is Absence.NO_DRIVER


def test_a_driver_without_a_card_is_told(scene: Scene) -> None:
    scene.lines["cards"] = "0"
    scene.show()
    assert failed(NvmlGpu()).absence is Absence.NO_GPU


def test_an_error_without_a_word_of_its_own_brings_the_drivers(nvml: NvmlGpu, scene: Scene) -> None:
    scene.show(**{"nvmlDeviceGetName.answer": "20"})
    assert failed(nvml) == NoReading(Absence.FAILED, "Insufficient Memory")


def test_every_absence_has_its_sentence_and_remedy() -> None:
    assert all(one.remedy for one in Absence)
    assert len({one.sentence for one in Absence}) == len(Absence)


def test_a_lost_card_is_read_again_once_nvml_is_initialised_anew(nvml: NvmlGpu, scene: Scene) -> None:
    """The scene loses the card after 20 calls, half-way through a reading, until the next initialisation."""
    scene.show(lost="20")
    assert [isinstance(nvml.read(), GpuReading) for _ in range(6)] == [True] * 6


def test_a_library_that_somebody_else_has_shut_down_is_initialised_again(nvml: NvmlGpu, scene: Scene) -> None:
    pynvml.nvmlShutdown()
    assert read(nvml).name == CARD["name"]


def test_a_driver_that_hangs_does_not_hang_the_caller(scene: Scene) -> None:
    gpu = NvmlGpu(deadline=0.2)
    read(gpu)
    before = set(threading.enumerate())
    scene.show(**{"nvmlDeviceGetUtilizationRates.hold": "yes"})
    begun = time.monotonic()
    first = failed(gpu)
    first_took = time.monotonic() - begun
    more = [failed(gpu) for _ in range(50)]
    all_took = time.monotonic() - begun

    assert {first.absence, *(one.absence for one in more)} == {Absence.HUNG}
    assert 0.2 <= first_took < 2.0
    assert all_took - first_took < 2.0, "no second wait while the first call hangs"
    assert len(set(threading.enumerate()) - before) == 1, "one thread is left behind, not fifty"


def test_readings_go_on_once_a_hung_driver_comes_back(scene: Scene) -> None:
    gpu = NvmlGpu(deadline=0.1)
    read(gpu)
    scene.show(**{"nvmlDeviceGetUtilizationRates.hold": "yes"})
    assert failed(gpu).absence is Absence.HUNG
    scene.show()

    until = time.monotonic() + 10
    while isinstance(gpu.read(), NoReading):
        assert time.monotonic() < until
    assert read(gpu).load == 97


def test_threads_that_wait_behind_a_hung_call_are_let_go_too(scene: Scene) -> None:
    gpu = NvmlGpu(deadline=0.3)
    read(gpu)
    scene.show(**{"nvmlDeviceGetName.hold": "yes"})
    begun = time.monotonic()
    threads = [threading.Thread(target=gpu.read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - begun < 2.3, "eight times the deadline would be 2.4 s"


def test_a_machine_out_of_threads_costs_one_reading_only(
    nvml: NvmlGpu, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert failed(nvml).absence is Absence.HUNG
    assert read(nvml).name == CARD["name"]


def test_a_bug_is_not_taken_for_an_absence(nvml: NvmlGpu, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(pynvml, "nvmlDeviceGetCount", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            nvml.read()
    assert read(nvml).name == CARD["name"]


# In a process of its own, with nothing of ours loaded.

PROGRAM = """
import json, sys
from pathlib import Path
from docstation.station.gpu import NoReading
from docstation.station.nvml import NvmlGpu
heavy = [name for name in ("pynvml", "ctypes", "concurrent", "pydantic", "numpy") if name in sys.modules]
library = {"library": Path(sys.argv[1])} if len(sys.argv) > 1 else {"library": Path("/nowhere")}
answer = NvmlGpu(**library).read()
print(json.dumps([heavy, answer.absence if isinstance(answer, NoReading) else answer.name]))
"""


def alone(environment: dict[str, str], *arguments: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=dict(os.environ) | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return list(json.loads(done.stdout))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder whose NVML is no library, so that a machine with a real one is as good as one without."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "libnvidia-ml.so.1").write_bytes(b"")
    return folder


def test_without_the_library_nothing_breaks_and_nothing_heavy_is_imported(broken: Path) -> None:
    assert alone({"LD_LIBRARY_PATH": str(broken)}) == [[], "no-library"]


def test_the_library_is_found_as_the_system_finds_it(nvml_library: Path, scene: Scene) -> None:
    environment = {"LD_LIBRARY_PATH": str(nvml_library.parent), "NVML_SCENE": str(scene.file)}
    assert alone(environment)[1] == CARD["name"]


def test_the_library_is_found_where_wsl_keeps_it(broken: Path, scene: Scene, tmp_path: Path) -> None:
    named = build(tmp_path / "wsl.so", "-Wl,-soname,libnvidia-ml.so.1")
    environment = {"LD_LIBRARY_PATH": str(broken), "NVML_SCENE": str(scene.file)}
    assert alone(environment, str(named))[1] == CARD["name"]


def test_a_library_that_cannot_be_loaded_is_as_good_as_none(broken: Path) -> None:
    assert alone({"LD_LIBRARY_PATH": str(broken)}, str(broken / "libnvidia-ml.so.1"))[1] == "no-library"
