"""What was fetched whole is recorded here; several pulls and a station that serves may go on at the same time."""

from __future__ import annotations

import fcntl
from pathlib import Path

from docstation.models.pins import Kind, Pins

LOCK = "pins.lock"


def hold(folder: Path, kind: Kind, name: str, pin: str) -> None:
    """Hold `name` at `pin` from now on; another pull that is recording is waited for, which is an instant.

    Args:
        folder: of the station's state.
        kind: see `docstation.models.pins.Pins.record`, which also says what is raised.
        name: of the repository or image.
        pin: commit or digest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as stream:
        # Ends with the file's closing, however that comes about.
        fcntl.flock(stream, fcntl.LOCK_EX)
        Pins(folder).record(kind, name, pin)
