"""Drivers of what has no process of ours: what is in use is noted on the disk, so that a restart finds it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from docstation.station.deployment import Deployment
from docstation.station.driver import Instance
from docstation.station.drivers.shepherd import write_whole

_ENDING = ".json"


@dataclass(frozen=True, slots=True)
class Notes:
    """One file for each instance.

    Attributes:
        folder: need not exist before the first is written.
    """

    folder: Path

    def write(self, deployment: Deployment, *, at: float) -> Instance:
        """Note that `deployment` is in use since `at`, POSIX seconds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        note = {"model": deployment.model, "spec": deployment.spec, "started_at": at}
        write_whole(str(self._path(deployment.instance)), note)
        return Instance(deployment.instance, deployment.model, deployment.spec, running=True, started_at=at)

    def read(self, name: str) -> Instance | None:
        """The instance of that name; None where none is noted."""
        try:
            note = json.loads(self._path(name).read_bytes())
            model, spec, at = str(note["model"]), str(note["spec"]), float(note["started_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Instance(name, model, spec, running=True, started_at=at)

    def all(self) -> list[Instance]:
        """Every instance that is noted."""
        names = [unquote(path.name.removesuffix(_ENDING)) for path in sorted(self.folder.glob(f"*{_ENDING}"))]
        found = [self.read(name) for name in names]
        return [instance for instance in found if instance is not None]

    def drop(self, name: str) -> None:
        """Forget it; absent is fine."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{quote(name, safe='')}{_ENDING}"


class NotedDriver:
    """Starting is noting, stopping is forgetting.

    Args:
        folder: of the notes, this driver's alone.
        clock: POSIX seconds.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._notes = Notes(folder)
        self._clock = clock

    def start(self, deployment: Deployment) -> Instance:
        """Note that it is in use; a note of the same spec stays as it is."""
        found = self._notes.read(deployment.instance)
        if found is not None and found.spec == deployment.spec:
            return found
        return self._notes.write(deployment, at=self._clock())

    def stop(self, name: str, *, grace: float) -> None:
        """Forget it."""
        self._notes.drop(name)

    def find(self, name: str) -> Instance | None:
        """The instance that is noted under that name; always running."""
        return self._notes.read(name)

    def instances(self) -> list[Instance]:
        """Every instance that is noted."""
        return self._notes.all()

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        """Nothing: there is no log here."""
        return []

    def follow(self, name: str) -> Iterator[str]:
        """Nothing, and at once."""
        return iter(())
