"""What ``status`` shows, as facts: the look at the station with what can be worked out from it.

Pure; the words are in `status_lines`, the document for programs in `status_json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from docstation.station.gpu import GpuReading
from docstation.station.status import Status

SharedBy = Literal["driver", "measurement", "plan"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is shown.

    Attributes:
        status: the look at the station.
        now: POSIX seconds of the look.
        reserve: names of the catalogue's other entries.
        aliases: candidates of its aliases by name.
        catalogue_trouble: why the catalogue could not be read, in the active language; empty where it could.
    """

    status: Status
    now: float
    reserve: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    catalogue_trouble: str = ""

    @property
    def planned_bytes(self) -> int:
        """GPU memory of what serves, by the plan."""
        return self.status.state.serving.planned_bytes

    @property
    def measured_bytes(self) -> int:
        """GPU memory of what serves, as measured after its starts; 0 unless every member was measured."""
        figures = [one.measured_bytes for one in self.status.serving if one.deployment.planned_bytes]
        return sum(figures) if all(figures) else 0

    @property
    def step_since(self) -> float:
        """POSIX seconds at which the step under way began; 0 where none is."""
        now = self.status.state.transaction
        if now is None:
            return 0.0
        entered = [one.at for one in self.status.events if one.transaction == now.id and one.before != one.after]
        return entered[-1] if entered else now.began


@dataclass(frozen=True, slots=True)
class Share:
    """The card's memory in use, divided.

    Attributes:
        ours_bytes: held by what serves.
        others_bytes: held by others.
        by: who says so: the driver exactly, else our last measurement, else the plan.
    """

    ours_bytes: int
    others_bytes: int
    by: SharedBy


def share(facts: Facts, reading: GpuReading) -> Share:
    """How the memory in use is divided between us and others."""
    if reading.ours_bytes is not None and reading.others_bytes is not None:
        return Share(reading.ours_bytes, reading.others_bytes, "driver")
    known = facts.measured_bytes or facts.planned_bytes
    ours = min(known, reading.used_bytes)
    return Share(ours, reading.used_bytes - ours, "measurement" if facts.measured_bytes or not known else "plan")
