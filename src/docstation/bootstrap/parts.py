"""The parts of the station on this machine: which driver, which card, which budget, each made when it is needed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.errors import BudgetExceeded, NoEngine, SettingsError
from docstation.messages.marking import N_
from docstation.models.catalogue import Catalogue, load_catalogue, user_files
from docstation.settings.folders import state_folder
from docstation.settings.peeking import setting
from docstation.station.causes import Fault
from docstation.station.deployment import DriverKind, Lineup
from docstation.station.gpu import Gpu, GpuReading
from docstation.station.journal import replay_newest
from docstation.station.nvml import NvmlGpu

if TYPE_CHECKING:
    from docstation.models.devices import Device
    from docstation.settings import Station as StationSettings
    from docstation.station.driver import Driver
    from docstation.station.resolving import Resolver, Surroundings
    from docstation.station.room import GpuRoom
    from docstation.station.steps import Gate, Steps


def station_folder() -> Path:
    """Where the station keeps its journal, lock, records and logs; need not exist."""
    return state_folder() / "station"


def catalogue(config: str = "") -> Catalogue:
    """The shipped catalogue with the user's files over it.

    Raises:
        SettingsError: see `docstation.models.catalogue.load_catalogue`.
    """
    return load_catalogue(catalogue_files(config))


def catalogue_files(config: str = "") -> tuple[Path, ...]:
    """The user's catalogue files; the usual one need not exist.

    Raises:
        SettingsError: the one that the settings name is not there.
    """
    stated = setting("station", "catalog", config, os.environ)
    if not stated:
        return user_files()
    path = Path(str(stated)).expanduser()
    if not path.is_file():
        raise SettingsError(N_("The catalogue {file} is not there."), file=str(path), remedy=CATALOG_REMEDY)
    return (path,)


CATALOG_REMEDY = N_("Correct station.catalog, or make the file.")


class Parts:
    """Everything of the station on this machine, each made when it is first needed.

    Args:
        settings: of the station.
        config: settings file that was named, for what is read anew.

    Attributes:
        proved: POSIX seconds at which a model last passed its canary, or answered a question of ours; 0 for never.
    """

    def __init__(self, settings: StationSettings, config: str = "") -> None:
        self.settings = settings
        self.config = config
        self.folder = station_folder()
        self._note: Callable[..., None] | None = None
        self._reread: Callable[[], StationSettings] | None = None
        self.proved = 0.0

    def reread_by(self, reread: Callable[[], StationSettings]) -> None:
        """Have budget and port read anew for each change, as the catalogue is; for who stays for days."""
        self._reread = reread

    def _current(self) -> StationSettings:
        return self.settings if self._reread is None else self._reread()

    @cached_property
    def gpu(self) -> Gpu:
        """The card."""
        return NvmlGpu(self.settings.gpu)

    @cached_property
    def hub(self) -> Path:
        """Folder of downloaded checkpoints."""
        from docstation.models.checkpoint import hub_folder

        return Path(self.settings.cache).expanduser() / "huggingface" / "hub" if self.settings.cache else hub_folder()

    @cached_property
    def kind(self) -> DriverKind:
        """What starts vLLM here."""
        if self.settings.driver != "auto":
            return self.settings.driver
        from docstation.bootstrap.at_hand import find_engine

        if find_engine().client is not None:
            return "container"
        return "process" if shutil.which("vllm") else "embedded"

    @cached_property
    def drivers(self) -> dict[DriverKind, Driver]:
        """Every driver that can be used here; that of vLLM is chosen, the others are always there."""
        from docstation.station.drivers.embedded import EmbeddedDriver
        from docstation.station.drivers.remote import RemoteDriver

        made: dict[DriverKind, Driver] = {
            "remote": RemoteDriver(self.folder / "remote"),
            "embedded": EmbeddedDriver(self.folder / "embedded"),
        }
        if self.kind == "container":
            made["container"] = self._container()
        elif self.kind == "process":
            made["process"] = self._process()
        return made

    def _container(self) -> Driver:
        from docstation.station.drivers.container import ContainerDriver
        from docstation.station.drivers.container_creation import Mount

        folders = [Path(one).expanduser().resolve() for one in self.settings.mounts]
        return ContainerDriver(
            station=self.mark,
            logs=self.folder / "logs",
            caches=self.caches,
            gpu=self.settings.device != "cpu",
            gpus=(self._card(),),
            hub=self.hub,
            mounts=[Mount(one, str(one), read_only=True) for one in folders],
        )

    def _card(self) -> str:
        reading = self.gpu.read()
        return reading.uuid if isinstance(reading, GpuReading) and self.settings.gpu else "all"

    def _process(self) -> Driver:
        from docstation.station.drivers.process import ProcessDriver

        return ProcessDriver(self.folder / "processes", hub=self.hub)

    @property
    def caches(self) -> Path:
        """Folder for what servers compile."""
        return Path(self.settings.cache).expanduser() if self.settings.cache else self.folder / "cache"

    @property
    def mark(self) -> str:
        """Id of the state folder, for the labels of its containers."""
        import hashlib

        return hashlib.sha256(os.fsencode(self.folder.absolute())).hexdigest()[:12]

    def pids(self, names: Collection[str]) -> set[int]:
        """Processes of the instances of these names."""
        found: set[int] = set()
        for driver in self.drivers.values():
            try:
                found |= {pid for one in driver.instances() if one.name in names for pid in one.pids}
            except Fault:
                continue
        return found

    def device(self, *, planning: bool = False) -> Device:
        """What vLLM computes on; `planning` takes the reference card where none can be read.

        Raises:
            NoEngine: there is no card, and vLLM is not to use the processor.
        """
        from docstation.models.devices import CPU, REFERENCE, device_of
        from docstation.station import host

        if self.settings.device == "cpu":
            return CPU
        present = replay_newest(self.folder).state.present
        reading = self.gpu.read(self.pids([one.instance for one in present]) if present else None)
        if isinstance(reading, GpuReading):
            leaving = sum(one.planned_bytes for one in present)
            return device_of(reading, leaving_bytes=leaving, of_windows=host.look().gpu_of_windows)
        if planning or self.settings.device == "cuda":
            return REFERENCE
        if self.kind in {"process", "embedded"}:
            return CPU
        raise NoEngine(reading.absence.sentence, **{"remedy": reading.absence.remedy, "detail": reading.detail})

    def surroundings(self, *, planning: bool = False) -> Surroundings:
        """What a resolution is made in, read now."""
        from docstation.models.learned import LearnedFile
        from docstation.models.pins import Pins
        from docstation.station.resolving import Surroundings

        own = self._current()
        return Surroundings(
            catalogue(self.config),
            load_catalogue(),
            catalogue_files(self.config),
            own.budget,
            self.device(planning=planning),
            self.kind,
            own.port,
            self.hub,
            Pins(self.folder),
            LearnedFile(self.folder).load(),
        )

    @cached_property
    def resolver(self) -> Resolver:
        """Names to deployments."""
        from docstation.station.resolving import Resolver

        return Resolver(self.surroundings)

    @cached_property
    def steps(self) -> Steps:
        """What performs the steps of a switch."""
        from docstation.bootstrap.learning import LearningWitness
        from docstation.models.learned import LearnedFile
        from docstation.station.probes import HttpProbes
        from docstation.station.steps import Steps, Times

        own = self.settings
        times = Times(own.drain_seconds, own.stop_seconds, own.reclaim_seconds, own.load_seconds, own.canary_seconds)
        file = LearnedFile(self.folder)
        witness = LearningWitness(file, self.resolver, self.gpu, self.pids, self._noted, self._proven)
        return Steps(self.drivers, HttpProbes(), self.gate, self.room, times, witness)

    @cached_property
    def gate(self) -> Gate:
        """Who lets requests through; the service puts its gateway here before anything starts."""
        from docstation.station.gate import DirectGate
        from docstation.station.signs import under_way

        return DirectGate(under_way)

    @cached_property
    def room(self) -> GpuRoom:
        """Room on the card."""
        from docstation.station.room import GpuRoom

        return GpuRoom(self.gpu, self.pids)

    def _proven(self, at: float) -> None:
        self.proved = at

    def note_with(self, note: Callable[..., None]) -> None:
        """Have what is worth knowing written by the owner's `note`."""
        self._note = note

    def _noted(self, name: str, fields: dict[str, int | float | str]) -> None:
        if self._note is not None:
            self._note(name, **fields)

    def smaller(self, serving: Lineup) -> Lineup | None:
        """The same models on a smaller plan, None where there is none.

        They are planned for a budget that is less by what the plan was wrong by, and a tenth at least.
        """
        from docstation.station.resolving import Resolver

        around = self.surroundings()
        less = replace(around, budget_bytes=min(around.budget_bytes, serving.planned_bytes) * 9 // 10)
        try:
            return Resolver(lambda: less).lineup(serving.names)
        except BudgetExceeded:
            return None
