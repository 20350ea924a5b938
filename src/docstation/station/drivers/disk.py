"""Whether there is room on the disk for what a server will write: logs, compiled kernels, downloaded weights."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from docstation.station.causes import Cause, Fault


def check_disk(folders: Iterable[Path], free_bytes: int) -> None:
    """Check that the disks of `folders`, which need not exist, have `free_bytes` left each.

    Raises:
        Fault: ``DISK_FULL``.
    """
    for folder in folders:
        free = _free(folder)
        if free < free_bytes:
            raise Fault(Cause.DISK_FULL, f"{folder}: {free / 1e9:.1f} GB")


def _free(folder: Path) -> int:
    for each in (folder, *folder.parents):
        with suppress(OSError):
            return shutil.disk_usage(each).free
    return sys.maxsize
