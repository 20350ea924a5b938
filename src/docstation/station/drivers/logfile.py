"""The log of one server in two files of bounded size: written by its shepherd, read by anybody.

Lines are shown as the server wrote them, without colours and control characters. Nothing here knows what they mean.
The shepherd is to be there at once, so what only readers need is imported where they need it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

LOG = "server.log"
PREVIOUS_LOG = "server.log.1"

_POLL_SECONDS = 0.05
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20


class Log:
    """The server's output in a file; at `limit` bytes the file becomes the previous one and a new one begins.

    It turns between lines, and one piece of output goes into one file, so that a file may be a little longer.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self._path = f"{folder}/{LOG}"
        self._previous = f"{folder}/{PREVIOUS_LOG}"
        self._limit = limit
        self._size = 0
        self._file = self._open()

    def write(self, data: bytes) -> None:
        """Add what the server said; a full disk loses words, not the server."""
        try:
            if self._size + len(data) > self._limit:
                line, end, data = data.partition(b"\n")
                self._add(line + end)
                if end or self._size > 2 * self._limit:
                    self._turn()
            self._add(data)
        except OSError:
            return

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        while data:
            data = data[os.write(self._file, data) :]

    def _turn(self) -> None:
        os.replace(self._path, self._previous)  # noqa: PTH105
        full, self._file = self._file, self._open()
        os.close(full)
        self._size = 0

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)


def last_lines(folder: Path, count: int) -> list[str]:
    """The last `count` lines of the log in `folder`, oldest first; empty where there is none."""
    from docstation.station.drivers.log_lines import readable

    found: list[bytes] = []
    for name in (LOG, PREVIOUS_LOG):
        if len(found) < count:
            found = _end_of(folder / name, count - len(found)) + found
    return [readable(line) for line in found]


def _end_of(path: Path, count: int) -> list[bytes]:
    """The last lines of one file, which may be replaced or removed at any moment."""
    data = b""
    try:
        with path.open("rb") as file:
            at = file.seek(0, os.SEEK_END)
            while at > 0 and data.count(b"\n") <= count:
                step = min(_CHUNK, at)
                at = file.seek(at - step)
                data = file.read(step) + data
    except OSError:
        return []
    return data.removesuffix(b"\n").split(b"\n")[-count:] if data else []


def follow_lines(folder: Path, lives: Callable[[], bool]) -> Iterator[str]:
    """Lines of the log in `folder` as they come, history first, until `lives` says no and all was read."""
    from docstation.station.drivers.log_lines import readable

    pending = b""
    for data in _chunks(folder, lives):
        *whole, pending = (pending + data).split(b"\n")
        yield from map(readable, whole)
        if len(pending) > _LONGEST_LINE:
            yield readable(pending)
            pending = b""
    if pending:
        yield readable(pending)


def _chunks(folder: Path, lives: Callable[[], bool]) -> Iterator[bytes]:
    current, previous = folder / LOG, folder / PREVIOUS_LOG
    file = _open(previous) or _open(current)
    while file is not None:
        with file:
            own = os.fstat(file.fileno()).st_ino
            while True:
                # All of this is asked before the read, which then has everything written until then.
                living, turned = lives(), _inode(previous) == own
                removed = not turned and _inode(current) != own
                data = file.read(_CHUNK)
                if data:
                    yield data
                elif turned or removed or not living:
                    break
                else:
                    time.sleep(_POLL_SECONDS)
        file = _open(current) if turned else None


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _inode(path: Path) -> int:
    """The number of a file, which no other has as long as it is open; 0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
