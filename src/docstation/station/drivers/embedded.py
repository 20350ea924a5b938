"""The embedded engine as something that is switched to: it is always there, and starting it is only a note."""

from __future__ import annotations

from collections.abc import Sequence

from docstation.station.deployment import Deployment, DriverKind
from docstation.station.drivers.notes import NotedDriver


class EmbeddedDriver(NotedDriver):
    """The embedded engine. See `docstation.station.driver.Driver`."""

    kind: DriverKind = "embedded"

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        """Nothing can fail."""
