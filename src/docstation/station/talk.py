"""The smallest HTTP client for JSON: one request on a fresh connection, with bounds on time and size.

A fresh connection each time, because one that was idle may be reset by the server at any moment. Redirects are not
followed, proxies not asked: the server is the one at the address given. Nothing here knows what a model is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    import socket
    from http.client import HTTPConnection

_SLICE_SECONDS = 0.1
_LARGEST = 16_000_000


class TalkError(Exception):
    """No answer was got; says why in one line."""


class Unreachable(TalkError):
    """Nobody answers there, or not in HTTP: refused, reset, no such name, a broken certificate."""


class TimedOut(TalkError):
    """It was reached, and gave no whole answer in time."""


class GaveUp(TalkError):
    """The caller did not want to wait any longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status.

    Attributes:
        status: of HTTP.
        body: at most the limit that was asked for; what goes beyond it is cut off.
    """

    status: int
    body: bytes

    def json(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def words(self) -> str:
        """The server's own words in an error: the message of an OpenAI-like body, else the body, on one line."""
        told: object = self.json()
        for key in ("error", "message"):
            told = told.get(key, told) if isinstance(told, dict) else told
        text = told if isinstance(told, str) else self.body.decode("utf-8", "replace")
        return one_line(text)


def one_line(text: str, length: int = 300) -> str:
    """The beginning of a text from outside, printable and without line breaks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())[:length]


def get(url: str, *, connect: float = 2.0, read: float = 5.0, key: str = "", largest: int = _LARGEST) -> Answer:
    """Ask for `url`.

    Args:
        url: http or https.
        connect: seconds for the connection.
        read: seconds from then to the end of the answer.
        key: bearer token, empty for none; what no header can carry is the caller's mistake.
        largest: bytes of the body that are kept.

    Raises:
        TalkError: no whole answer came.
    """
    return _request("GET", url, None, connect=connect, read=read, key=key, largest=largest)


def post(
    url: str,
    content: Mapping[str, object],
    *,
    connect: float = 2.0,
    read: float = 60.0,
    key: str = "",
    largest: int = _LARGEST,
    cancelled: Callable[[], bool] | None = None,
) -> Answer:
    """Send `content` as JSON; `cancelled` is asked while nothing comes back, the rest is as in `get`.

    Raises:
        TalkError: no whole answer came.
    """
    body = json.dumps(content).encode()
    return _request("POST", url, body, connect=connect, read=read, key=key, largest=largest, cancelled=cancelled)


def _request(
    method: str,
    url: str,
    body: bytes | None,
    *,
    connect: float,
    read: float,
    key: str,
    largest: int,
    cancelled: Callable[[], bool] | None = None,
) -> Answer:
    headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body is not None else {})
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Unreachable(f"{one_line(url)}: {_reason(error)}") from error
    # Neither a password nor a query is told to anybody.
    where = one_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    connection = _connected(parts, where, connect)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        until = time.monotonic() + read
        return _exchange(connection, (method, path, body, headers), where, until, largest, cancelled)
    finally:
        connection.close()


def _connected(parts: SplitResult, where: str, seconds: float) -> HTTPConnection:
    import http.client

    kinds: dict[str, type[HTTPConnection]]
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname or parts.username is not None:
        raise Unreachable(f"{where}: not an address of http or https")
    try:
        connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=seconds)
        connection.connect()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{where}: {_reason(error)}") from error
    return connection


_Request = tuple[str, str, bytes | None, dict[str, str]]


def _exchange(
    connection: HTTPConnection,
    request: _Request,
    where: str,
    until: float,
    largest: int,
    cancelled: Callable[[], bool] | None,
) -> Answer:
    from http.client import HTTPException

    # Kept here, for the connection forgets it when the server says that it will close.
    wire: socket.socket = connection.sock
    try:
        wire.settimeout(_left(until))
        connection.request(*request)
        _wait_for_words(wire, until, cancelled)
        wire.settimeout(_left(until))
        answer = connection.getresponse()
        body = b""
        while len(body) < largest:
            wire.settimeout(_left(until))
            piece = answer.read1(1 << 16)
            if not piece:
                break
            body += piece
    except TimeoutError as error:
        raise TimedOut(f"{where}: no answer in time") from error
    except (OSError, HTTPException, UnicodeError) as error:
        raise Unreachable(f"{where}: {_reason(error)}") from error
    if answer.length and len(body) < largest:
        raise Unreachable(f"{where}: the answer was cut off")
    return Answer(answer.status, body[:largest])


def _wait_for_words(wire: socket.socket, until: float, cancelled: Callable[[], bool] | None) -> None:
    with DefaultSelector() as selector:
        selector.register(wire, EVENT_READ)
        while not selector.select(min(_SLICE_SECONDS, _left(until))):
            if cancelled is not None and cancelled():
                raise GaveUp
            if time.monotonic() >= until:
                raise TimeoutError


def _left(until: float) -> float:
    """Seconds that are left; never nothing, which a socket would take for "do not wait"."""
    return max(0.001, until - time.monotonic())


def _reason(error: Exception) -> str:
    return one_line(str(error)) or type(error).__name__
