"""One owner of the station: a file lock that names its holder.

The kernel frees the lock when its holder dies, however it dies, so no stale lock is ever in the way; the text in the
file only says who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

FILE = "lock"
PATIENCE = 0.1
"""Seconds for which a lock without a holder's name is tried."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock.

    Attributes:
        pid: of the process.
        host: on which it runs.
        command: as it was started.
        since: POSIX seconds.
    """

    pid: int
    host: str
    command: str
    since: float


class HeldByOther(Exception):
    """Another process holds the lock; `holder` is None where it has not said its name yet."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(holder)
        self.holder = holder


class StationLock:
    """The lock of one state folder, held from construction until `release` or the process's end.

    Raises:
        HeldByOther: at once, when another process holds it.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stream: BinaryIO = (folder / FILE).open("ab+")
        last = time.monotonic() + PATIENCE
        while not _taken(self._stream):
            holder = _read(self._stream)
            # Without a name it is most likely somebody who only looks whether anybody holds it.
            if holder is not None or time.monotonic() > last:
                self._stream.close()
                raise HeldByOther(holder)
            time.sleep(0.01)
        me = Holder(os.getpid(), socket.gethostname(), " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]), time.time())
        self._stream.truncate(0)
        self._stream.write(json.dumps(asdict(me)).encode())
        self._stream.flush()

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        if not self._stream.closed:
            self._stream.truncate(0)
            self._stream.close()


def holder_of(folder: Path) -> Holder | None:
    """Who holds the lock now, None where nobody does; takes nothing and waits for nobody."""
    try:
        stream = (folder / FILE).open("rb")
    except FileNotFoundError:
        return None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(stream) or Holder(0, "", "", 0.0)
        return None


def _taken(stream: BinaryIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(stream: BinaryIO) -> Holder | None:
    stream.seek(0)
    try:
        value = json.loads(stream.read())
        return Holder(int(value["pid"]), str(value["host"]), str(value["command"]), float(value["since"]))
    except (ValueError, KeyError, TypeError):
        return None
