"""The service's log: one line for each thing that happened, as text or JSON, with the id of the request it belongs to.

Names, contents, passwords, queries, headers and messages of foreign errors are in no line: of an error its kind and
the places in the code are. Lines are written by a thread of their own, so that nobody waits for a disk or a terminal.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from docstation.errors import DocStationError
from docstation.service.gateway.requests_log import Form, LogFile

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""Id of the request that is being answered; threads that work for it inherit it."""
MOST_WAITING = 10_000
"""Lines that may wait to be written; more are lost, and that is said."""
END_SECONDS = 2.0
_STDERR = 2

log = logging.getLogger("docstation.service")


def tell(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log that something happened; fields that are None or empty are left out."""
    log.log(level, event, extra={"fields": {name: one for name, one in fields.items() if one not in (None, "")}})


@contextmanager
def logging_to(path: Path, form: Form) -> Iterator[str]:
    """Log what happens in this process until the block ends; where, for people.

    Args:
        path: file that is ours, and is begun anew when it has grown large. It is only used where the standard error
            goes there already; otherwise lines go to the standard error, wherever that leads.
        form: of the lines.
    """
    own = _is_file(_STDERR, path)
    file = LogFile(path, follow=tuple(one for one in (1, _STDERR) if _is_file(one, path))) if own else None
    writer = _Writer(file.write if file is not None else _to_stderr)
    handler = _Handler(writer.put)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root, threads = logging.getLogger(), threading.excepthook
    root.addHandler(handler)
    log.setLevel(logging.INFO)
    threading.excepthook = _thread_died
    try:
        yield str(path) if own else "stderr"
    finally:
        threading.excepthook = threads
        root.removeHandler(handler)
        writer.close()


def _is_file(descriptor: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _to_stderr(data: bytes) -> None:
    with suppress(OSError):
        os.write(_STDERR, data)


def _thread_died(died: threading.ExceptHookArgs) -> None:
    if died.exc_value is None or died.exc_type is SystemExit:
        return
    name = died.thread.name if died.thread is not None else ""
    error = (died.exc_type, died.exc_value, died.exc_traceback)
    log.error("thread-died", exc_info=error, extra={"fields": {"thread": name}})


class _Handler(logging.Handler):
    def __init__(self, put: Callable[[bytes], None]) -> None:
        super().__init__()
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        try:
            self._put(self.format(record).encode("utf-8", "replace") + b"\n")
        except Exception:  # what cannot be logged must not end whoever logs
            self.handleError(record)


class _Writer:
    """Writes lines in a thread of its own."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._lines: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Have a line written; never waits."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what there is, for a moment."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._lost and self._lines.empty():
                line += f"{self._lost} lines were lost before this one\n".encode()
                self._lost = 0
            self._write(line)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return json.dumps(_content(record), ensure_ascii=False, default=str)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        content = _content(record)
        trace = content.pop("traceback", "")
        first = [str(content.pop(name)) for name in ("at", "level", "event")]
        line = " ".join([*first, *(f"{name}={_plain(one)}" for name, one in content.items())])
        return f"{line}\n{trace}" if trace else line


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and text else json.dumps(text)


def _content(record: logging.LogRecord) -> dict[str, object]:
    """What a line holds, in its order."""
    ours = record.name == log.name
    content: dict[str, object] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": record.msg if ours else "message",
    }
    if not ours:
        content |= {"by": record.name, "text": record.getMessage().strip()}
    if request := REQUEST.get():
        content["request"] = request
    content |= getattr(record, "fields", {})
    if record.exc_info and record.exc_info[1] is not None:
        content |= _error(record.exc_info[1])
    return content


def _error(error: BaseException) -> dict[str, object]:
    """Kind and places. The message of a foreign error may quote a document, an address or a password: it stays out."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < _MOST_CAUSES:
        kind = f"{type(seen).__module__}.{type(seen).__qualname__}"
        lines.insert(0, "".join(traceback.format_tb(seen.__traceback__)) + kind)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    found: dict[str, object] = {"error": type(error).__qualname__}
    if isinstance(error, DocStationError):
        found["code"] = error.code
    return found | {"traceback": "\n".join(lines)}


_MOST_CAUSES = 8


def timer() -> Callable[[], float]:
    """Milliseconds since the call, with three digits behind the point."""
    began = time.perf_counter()
    return lambda: round((time.perf_counter() - began) * 1000, 3)
