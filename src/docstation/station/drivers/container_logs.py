"""Lines of a container's log: its end, its lines as they come, and the copy that outlives it.

The log is whatever the server writes: it is shown without control characters, and kept as it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from docstation.station.causes import Fault
from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_errors import Absent, engine_errors
from docstation.station.drivers.log_lines import readable

_LONGEST_LINE = 1 << 20
_PAUSE_SECONDS = 0.2


def last_lines(client: EngineClient, container: str, count: int) -> list[str]:
    """The last `count` lines of the log of `container`, oldest first; empty where it is gone."""
    try:
        with engine_errors():
            log = client.logs(container, tail=count)
    except Absent:
        return []
    lines = log.removesuffix(b"\n").split(b"\n") if log else []
    return [readable(line) for line in lines][-count:]


def follow_lines(client: EngineClient, container: str, lives: Callable[[], bool]) -> Iterator[str]:
    """Lines of the log of `container` as they come, history first.

    The engine ends a stream in silence: when the container ended, when the log was rotated, and when it goes down
    itself. So the stream is taken up again where it stopped, until `lives` has said no and nothing more comes.
    """
    seen, pending = b"", b""
    while True:
        alive, before = lives(), seen
        for stamp, text in _messages(client, container, after=seen):
            seen = stamp
            *whole, pending = (pending + text).split(b"\n")
            yield from map(readable, whole)
            if len(pending) > _LONGEST_LINE:
                yield readable(pending)
                pending = b""
        if seen == before:
            if not alive:
                break
            time.sleep(_PAUSE_SECONDS)
    if pending:
        yield readable(pending)


def keep_log(client: EngineClient, container: str, path: Path) -> None:
    """Write the log of `container` to `path`; what was there before becomes ``.previous``, and that one is gone.

    A full disk or an unreadable log is no reason to fail: the container must go all the same.
    """
    with suppress(OSError, Fault), engine_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        with path.open("wb") as file:
            file.writelines(client.logs(container, stream=True, follow=False, timestamps=True))


def _messages(client: EngineClient, container: str, *, after: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What was written, each with its moment, from the one that follows `after`; moments compare as text."""
    with suppress(Absent), engine_errors():
        # The engine takes the moment as a rounded number: it is asked for a little more, and that is passed over.
        since = datetime.fromisoformat(after[:26].decode() + "+00:00").timestamp() - 1e-3 if after else None
        for frame in client.logs(container, stream=True, follow=True, timestamps=True, since=since):
            stamp, _, text = frame.partition(b" ")
            if stamp > after:
                yield stamp, text
