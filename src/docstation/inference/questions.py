"""Short questions to a server whose answer is one JSON document."""

from __future__ import annotations

import json

from docstation.inference.events import error_words
from docstation.inference.failures import EngineFailed, Refused, one_line
from docstation.inference.wire import Incoming, Limit, Wire, bearer
from docstation.messages.marking import N_, Word

_LARGEST = 4_000_000


def get_json(base_url: str, path: str, *, key: str = "", timeout: float = 5.0) -> object:
    """The JSON at `path`, asked on a connection of its own.

    Args:
        base_url: of the server; its own path is put before `path`.
        path: from the root.
        key: bearer token, empty for none.
        timeout: seconds for all of it.

    Raises:
        Refused: an answer of 4xx. EngineFailed: nobody answers, 5xx, or no JSON. Overdue: not in time.
    """
    limit = Limit(timeout, "total")
    wire = Wire(base_url, limit, lambda: False)
    try:
        wire.send("GET", path, b"", {"Accept": "application/json"} | bearer(key), limit)
        incoming = Incoming(wire)
        incoming.read_head(limit)
        body = b""
        for piece in incoming.pieces(lambda: limit):
            body += piece
            if len(body) > _LARGEST:
                raise EngineFailed(problem=Word(N_("an answer without end")))
    finally:
        wire.close()
    return _content(incoming.status, body)


def _content(status: int, body: bytes) -> object:
    try:
        content: object = json.loads(body)
    except ValueError:
        content = None
    if status >= 400:
        words = error_words(content) or one_line(body.decode("utf-8", "replace")) or str(status)
        raise EngineFailed(problem=words) if status >= 500 else Refused(status=status, problem=words)
    if content is None:
        raise EngineFailed(problem=Word(N_("the answer is no JSON")))
    return content
