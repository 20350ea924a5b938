"""The real NVML binding on a library of our own: fixtures for tests that import them by name.

`nvml_library` builds nvml/nvml.c, `scene` is the card that it shows to this process.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pynvml
import pytest

from docstation.station.gpu import REFERENCE_BOARD, REFERENCE_RESERVE, Absence
from docstation.station.nvml import NvmlGpu
from docstation.testing.scripted_gpu import Told

SOURCE = Path(__file__).parent / "nvml" / "nvml.c"
NUMBERS = itertools.count(1)
CARD = {
    "name": "NVIDIA GeForce RTX 5070 Ti",
    "uuid": "GPU-5070a1b2-0000-4000-8000-000000000001",
    "capability": "12 0",
    "memory": f"{REFERENCE_BOARD} {REFERENCE_RESERVE}",
    "used": "0",
    "compute": "",
    "graphics": "",
    "load": "97",
    "temperature": "61",
    "power": "250000",
}
FAILURES = {
    Absence.NO_DRIVER: ("nvmlDeviceGetCount_v2", 9),
    Absence.NO_PERMISSION: ("nvmlDeviceGetHandleByIndex_v2", 4),
    Absence.MISMATCH: ("nvmlDeviceGetCount_v2", 18),
    Absence.LOST: ("nvmlDeviceGetMemoryInfo_v2", 15),
    Absence.FAILED: ("nvmlDeviceGetName", 21),
}


def build(target: Path, *options: str) -> Path:
    """Compile the library to `target`."""
    command = ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *options, "-o", target, SOURCE]
    subprocess.run([*command, "-lpthread"], check=True)
    return target


class Scene:
    """What the library answers, with the words of `ScriptedGpu`; `lines` and `card` may be changed, then `show()`n."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = {"driver": "580.95.05", "cuda": "13000", "cards": "1"}
        self.card = dict(CARD)
        self.told: Told = "figures"
        self.series: tuple[int, ...] = ()
        self.held: dict[int, int] = {}
        self.unlisted = 0
        self.show()

    def show(self, **lines: str) -> None:
        """Write the scene, with further lines of the form ``nvmlFunction.answer``; counting starts anew."""
        used = self.series or (sum(self.held.values()) + self.unlisted,)
        figures = {pid: held if self.told == "figures" else "?" for pid, held in self.held.items()}
        compute = "" if self.told == "nothing" else " ".join(f"{pid}:{held}" for pid, held in figures.items())
        self.card |= {"used": " ".join(map(str, used))}
        if "compute" in self.card:
            self.card["compute"] = compute
        lines = {"scene": str(next(NUMBERS))} | self.lines | lines
        cards = {f"0.{key}": value for key, value in self.card.items()}
        draft = self.file.with_suffix(".new")
        draft.write_text("".join(f"{key} {value}\n" for key, value in (lines | cards).items()))
        draft.replace(self.file)

    def take(self, pid: int, amount: int) -> None:
        if sum(self.held.values()) + self.unlisted + amount > REFERENCE_BOARD - REFERENCE_RESERVE:
            raise MemoryError(amount)
        self.held[pid] = self.held.get(pid, 0) + amount
        self.show()

    def release(self, pid: int) -> None:
        self.held.pop(pid, None)
        self.show()

    def others(self, amount: int) -> None:
        self.unlisted = amount
        self.show()

    def follow(self, *used_bytes: int) -> None:
        self.series = used_bytes
        self.show()

    def fail(self, absence: Absence, *, readings: int = -1) -> None:
        function, code = FAILURES[absence]
        # The reader asks a lost card twice before it gives up.
        times = readings * 2 if absence is Absence.LOST and readings > 0 else readings
        self.show(**({f"{function}.answer": f"{code} 0 {times}"} if readings else {}))


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, with no name of its own inside, so that it never stands in for a real one elsewhere."""
    return build(tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1")


@pytest.fixture
def scene(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """One reference card that this process' NVML shows; the binding is as it was before after the test."""
    file = tmp_path / "scene.txt"
    monkeypatch.setitem(os.environ, "NVML_SCENE", str(file))
    monkeypatch.setattr(pynvml, "nvmlLib", pynvml.CDLL(str(nvml_library)))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    made = Scene(file)
    yield made
    made.show()  # a call that a test has left hanging comes back


@pytest.fixture
def nvml(scene: Scene) -> NvmlGpu:
    """The reader of that card, already at work."""
    gpu = NvmlGpu()
    gpu.read()
    return gpu
