"""The gateway's log: one line a request, when it is over; written in batches, so that no request waits for the disk.

No query, no header and no body is in it: of a path that is the service's only the first part, the service logs the
rest under the same request id.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Literal

from docstation.service.gateway.door import LIVE, METRICS, MODEL_PATHS, MODELS, OPEN_PATHS

Form = Literal["json", "text"]
LARGEST = 8_000_000
"""Bytes after which a file is begun anew; one older file is kept beside it."""
FLUSH_SECONDS = 0.25
_SHOWN = MODEL_PATHS | OPEN_PATHS | {LIVE, METRICS, MODELS, "/metrics", "/version", "/documents", "/station", "/v1/ocr"}
_FIRST = re.compile(r"/[A-Za-z0-9_.-]{1,32}(?=/|$)")


class LogFile:
    """Bytes appended to a file that is begun anew when it has grown large.

    Args:
        path: of the file.
        follow: descriptors of this process that go along to a new file: those that point to the old one.
        most: bytes of one file.
    """

    def __init__(self, path: Path, *, follow: tuple[int, ...] = (), most: int = LARGEST) -> None:
        self._path = path
        self._follow = follow
        self._most = most
        self._descriptor = _opened(path)

    def write(self, data: bytes) -> None:
        """Append; what the disk does not take is lost, whoever logs goes on."""
        with contextlib.suppress(OSError):
            if os.fstat(self._descriptor).st_size + len(data) > self._most:
                self._begin_anew()
            os.write(self._descriptor, data)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)

    def _begin_anew(self) -> None:
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        new = _opened(self._path)
        for one in self._follow:
            os.dup2(new, one)
        os.close(self._descriptor)
        self._descriptor = new


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


class RequestsLog:
    """Lines of requests on their way to a file.

    Args:
        loop: of the gateway.
        file: that they go to.
        form: of a line.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, file: LogFile, form: Form) -> None:
        self._loop = loop
        self._file = file
        self._json = form == "json"
        self._lines: list[str] = []
        self._second = 0
        self._stamp = ""

    def tell(self, id: bytes, method: str, path: str, who: str, status: int, seconds: float, code: str = "") -> None:
        """A request is over.

        Args:
            id: of the request.
            method: in capitals.
            path: without its query.
            who: answered: an entry's name, ``service`` or ``gateway``.
            status: of the answer; 499 where the client left, 0 where nothing came.
            seconds: from its head to the end of its answer.
            code: why it was refused or broken off; empty where it was not.
        """
        if not self._lines:
            self._loop.call_later(FLUSH_SECONDS, self.flush)
        at, name, shown = self._now(), id.decode("ascii", "replace"), shown_path(path)
        if self._json:
            problem = f',"code":"{code}"' if code else ""
            self._lines.append(
                f'{{"at":"{at}","level":"info","event":"request","by":"gateway","request":{quoted(name)},'
                f'"method":"{method}","path":"{shown}","to":{quoted(who)},"status":{status},'
                f'"ms":{seconds * 1000:.3f}{problem}}}\n'
            )
        else:
            self._lines.append(
                f"{at} info request {name} {method} {shown} {who} {status} {seconds * 1000:.3f} ms {code}".rstrip()
                + "\n"
            )

    def flush(self) -> None:
        """Write what there is."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._file.write("".join(lines).encode())

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int(now * 1000) % 1000:03}Z"


def shown_path(path: str) -> str:
    """The path as far as it is no secret of anybody's: what follows the first part may be an id, or a slip."""
    if path in _SHOWN:
        return path
    first = _FIRST.match(path)
    return "/…" if first is None else first[0] if first[0] == path else f"{first[0]}/…"
