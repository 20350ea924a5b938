"""Servers that somebody else runs: nothing is started or stopped, only noted; what can be checked is checked first."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from docstation.station.deployment import Deployment, DriverKind
from docstation.station.drivers.notes import NotedDriver
from docstation.station.probes import check_identity, key_of


class RemoteDriver(NotedDriver):
    """Deployments whose endpoint is somebody else's, over http or https. See `docstation.station.driver.Driver`.

    Args:
        folder: of the notes, this driver's alone.
        environ: where keys are looked up; None means this process's environment, as it is at each call.
        clock: POSIX seconds.
    """

    kind: DriverKind = "remote"

    def __init__(
        self, folder: Path, *, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(folder, clock=clock)
        self._environ = os.environ if environ is None else environ

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        """Check that the key is there, that the server answers and lets us in, and that it has model and context.

        Raises:
            Fault: ``ENDPOINT_UNREACHABLE``, ``ENDPOINT_REFUSED``, ``WRONG_MODEL`` or ``WRONG_CONTEXT``.
        """
        check_identity(deployment, key=key_of(deployment, self._environ))
