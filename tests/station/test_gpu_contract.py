"""What holds for every card that the station may be given: read through NVML, or scripted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from conftest_nvml import Scene, nvml, nvml_library, scene

from docstation.station.gpu import REFERENCE_BOARD, REFERENCE_RESERVE, Absence, Attribution, Gpu, GpuReading, NoReading
from docstation.testing.scripted_gpu import ScriptedGpu, Told

__all__ = ["nvml", "nvml_library", "scene"]

GB = 10**9
Staged = tuple[Gpu, ScriptedGpu | Scene]


@pytest.fixture(params=["nvml", "scripted"])
def staged(request: pytest.FixtureRequest) -> Staged:
    """A card, and the hand that moves what it shows."""
    if request.param == "scripted":
        card = ScriptedGpu()
        return card, card
    return request.getfixturevalue("nvml"), request.getfixturevalue("scene")


def reading(gpu: Gpu, *ours: int) -> GpuReading:
    answer = gpu.read(ours)
    assert isinstance(answer, GpuReading)
    return answer


def test_an_empty_card_shows_its_size_and_what_the_driver_keeps(staged: Staged) -> None:
    gpu, _stage = staged

    shown = reading(gpu)

    assert (shown.board_bytes, shown.reserved_bytes) == (REFERENCE_BOARD, REFERENCE_RESERVE)
    assert (shown.used_bytes, shown.free_bytes) == (0, REFERENCE_BOARD - REFERENCE_RESERVE)
    assert shown.cuda_bytes == 15882 * 2**20
    assert not shown.reserved_estimated


def test_all_memory_is_reserved_used_or_free(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(7, 5 * GB)
    stage.others(GB)

    shown = reading(gpu)

    assert shown.reserved_bytes + shown.used_bytes + shown.free_bytes == shown.board_bytes
    assert shown.used_bytes == 6 * GB


def test_memory_is_divided_by_the_figures_of_our_processes(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(7, 5 * GB)
    stage.take(8, 2 * GB)
    stage.take(9, 3 * GB)
    stage.others(GB)

    shown = reading(gpu, 7, 8, 12345)

    assert (shown.ours_bytes, shown.others_bytes, shown.attribution) == (7 * GB, 4 * GB, Attribution.EXACT)
    assert [(one.pid, one.bytes) for one in shown.processes] == [(7, 5 * GB), (8, 2 * GB), (9, 3 * GB)]


def test_with_no_process_of_ours_all_is_others(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(9, 3 * GB)

    shown = reading(gpu)

    assert (shown.ours_bytes, shown.others_bytes, shown.attribution) == (0, 3 * GB, Attribution.EXACT)


@pytest.mark.parametrize(
    ("told", "attribution"),
    [("processes", Attribution.NOT_TOLD), ("nothing", Attribution.NOT_LISTED)],
)
def test_where_the_driver_tells_nothing_of_our_processes_nothing_is_guessed(
    staged: Staged, told: Told, attribution: Attribution
) -> None:
    gpu, stage = staged
    stage.told = told
    stage.take(7, 5 * GB)

    shown = reading(gpu, 7)

    assert (shown.ours_bytes, shown.others_bytes, shown.attribution) == (None, None, attribution)
    assert shown.used_bytes == 5 * GB
    assert attribution.sentence


def test_processes_that_cannot_be_known_are_not_divided(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(7, 5 * GB)

    shown = gpu.read()

    assert isinstance(shown, GpuReading)
    assert (shown.ours_bytes, shown.attribution) == (None, Attribution.NOT_ASKED)


def test_what_ends_gives_its_memory_back(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(7, 5 * GB)
    before = reading(gpu, 7).used_bytes

    stage.release(7)
    stage.release(7)

    assert (before, reading(gpu, 7).used_bytes) == (5 * GB, 0)


def test_more_than_the_card_has_cannot_be_taken(staged: Staged) -> None:
    _gpu, stage = staged
    stage.take(7, 15 * GB)
    with pytest.raises(MemoryError):
        stage.take(8, 2 * GB)


def test_a_series_is_shown_reading_by_reading(staged: Staged) -> None:
    gpu, stage = staged
    stage.take(7, 5 * GB)
    stage.follow(1 * GB, 2 * GB, 12 * GB)
    shown = [reading(gpu).used_bytes for _ in range(4)]
    stage.follow()

    assert shown == [1 * GB, 2 * GB, 12 * GB, 12 * GB]
    assert reading(gpu).used_bytes == 5 * GB


@pytest.mark.parametrize(
    "absence", [Absence.LOST, Absence.FAILED, Absence.NO_DRIVER, Absence.NO_PERMISSION, Absence.MISMATCH]
)
def test_a_failure_is_said_and_passes(staged: Staged, absence: Absence) -> None:
    gpu, stage = staged
    stage.fail(absence, readings=2)

    answers = [gpu.read(), gpu.read(), gpu.read()]

    assert [answer.absence for answer in answers if isinstance(answer, NoReading)] == [absence, absence]
    assert isinstance(answers[2], GpuReading)


def test_a_failure_that_stays_can_be_mended(staged: Staged) -> None:
    gpu, stage = staged
    stage.fail(Absence.LOST)
    answers = [gpu.read() for _ in range(5)]
    stage.fail(Absence.LOST, readings=0)

    assert all(isinstance(answer, NoReading) for answer in answers)
    assert isinstance(gpu.read(), GpuReading)


def test_readings_from_many_threads_are_each_of_one_moment(staged: Staged) -> None:
    gpu, stage = staged
    stage.follow(*range(0, 200 * GB // 20, GB // 20))

    with ThreadPoolExecutor(8) as threads:
        shown = list(threads.map(lambda _number: reading(gpu), range(200)))

    assert {one.reserved_bytes + one.used_bytes + one.free_bytes for one in shown} == {REFERENCE_BOARD}
    assert all(before != after for before, after in pairwise(sorted(one.used_bytes for one in shown)))
