"""What shepherds wrote of their servers, read by whoever asks.

A record names a process by its number and by the moment of its start, for numbers are given out again; it is believed
only while the process is the same one.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docstation.station.drivers.processes import Process, descendants, everything, identity, machine
from docstation.station.drivers.shepherd import RECORD


@dataclass(frozen=True, slots=True)
class Known:
    """A process as a record names it.

    Attributes:
        pid: number.
        who: its identity when it was written down.
    """

    pid: int
    who: str

    @property
    def lives(self) -> bool:
        """Whether it still is the same process."""
        return bool(self.who) and identity(self.pid) == self.who

    def ended_within(self, seconds: float) -> bool:
        """Wait until it ends, and say whether it did."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.lives:
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(max(0.0, seconds) * 1000.0))
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Record:
    """One server.

    Attributes:
        home: folder of its record and logs, and its working folder.
        name: of the instance.
        model: name of the catalogue's entry.
        spec: of the deployment.
        port: on 127.0.0.1.
        shepherd: process that tends it.
        server: its main process; None where it was not started.
        started_at: POSIX seconds.
        exit_code: of its main process, None while it runs or where nobody saw the end.
        oom_killed: whether the kernel killed for memory just before its end.
    """

    home: Path
    name: str
    model: str
    spec: str
    port: int
    shepherd: Known
    server: Known | None
    started_at: float
    exit_code: int | None
    oom_killed: bool

    @property
    def running(self) -> bool:
        """Whether it lives, or its shepherd is still ending what it left behind."""
        if self.exit_code is not None:
            return False
        return self.shepherd.lives or (self.server is not None and self.server.lives)

    def family(self) -> Sequence[Process]:
        """Every process of the server; without its shepherd those that stayed in its session and in its folder."""
        if self.shepherd.lives:
            return descendants([self.shepherd.pid])
        if not self.shepherd.who.startswith(machine()):
            return ()
        # The session's number may have been given out again, so the folder has to agree.
        orphans = [each for each in everything() if each.session == self.shepherd.pid and self._is_home(each.pid)]
        pids = [orphan.pid for orphan in orphans]
        return orphans + [each for each in descendants(pids) if each.pid not in pids]

    def _is_home(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.home
        except OSError:
            return False


def read_record(home: Path) -> Record | None:
    """The record in a folder; None where there is none that can be understood."""
    try:
        record = json.loads((home / RECORD).read_bytes())
        deployment = record["deployment"]
        return Record(
            home=home,
            name=str(record["name"]),
            model=str(deployment["model"]),
            spec=str(record["spec"]),
            port=int(deployment["port"]),
            shepherd=_known(record["shepherd"]),
            server=_known(record["server"]) if record["server"] else None,
            started_at=float(record["started_at"]),
            exit_code=None if record["exit_code"] is None else int(record["exit_code"]),
            oom_killed=bool(record["oom_killed"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _known(pair: Sequence[object]) -> Known:
    pid, who = pair
    return Known(int(str(pid)), str(who))
