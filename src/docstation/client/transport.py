"""HTTP to the service: over TCP, or over the Unix socket in its state folder; whole answers and streams.

Each request has a connection of its own, so that threads may share a client. Nothing here knows what is asked.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstation.client.refusals import ServiceAway, error_of_answer
from docstation.errors import UsageError
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

UNIX = "unix:"
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        method: of HTTP.
        path: below the base URL, escaped.
        query: parameters; those that are None are left out.
        body: bytes, or pieces whose `length` is known; None for none.
        length: of the body in pieces.
        headers: beside those of every request.
        seconds: that the service may be silent; None for the client's own.
        accepted: statuses that are answers beside the good ones.
    """

    method: str
    path: str
    query: Mapping[str, str | int | bool | Sequence[str] | None] = field(default_factory=dict)
    body: bytes | Iterable[bytes] | None = None
    length: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    accepted: tuple[int, ...] = ()

    @property
    def target(self) -> str:
        """Path and query."""
        from urllib.parse import quote, urlencode

        given = {name: _written(value) for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given, doseq=True, quote_via=quote)}" if given else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with a good status."""

    status: int
    data: bytes


class Streamed:
    """An answer that is read piece by piece."""

    def __init__(self, response: HTTPResponse, connected: socket.socket, address: str) -> None:
        self.status = response.status
        self.media_type = response.headers.get_content_type()
        self._response = response
        self._connected = connected
        self._address = address

    def patience(self, seconds: float) -> None:
        """How long the service may be silent from now on."""
        with suppress(OSError):
            self._connected.settimeout(seconds)

    def read(self) -> bytes:
        """What has come, waited for where nothing has; empty at the end.

        Raises:
            ServiceAway: the answer was broken off, or the service is silent.
        """
        with _away(self._address):
            return self._response.read1(PIECE)


class Transport:
    """Where the service is, and how it is asked.

    Args:
        base_url: ``http://host:port``, ``https://…``, or ``unix:/path/of/service.sock``.
        key: API key, empty for none.
        seconds: that the service may be silent.

    Raises:
        UsageError: this is no such address or key.
    """

    def __init__(self, base_url: str, key: str, seconds: float) -> None:
        self.address = base_url.rstrip("/")
        self.seconds = seconds
        self.closed = threading.Event()
        self._live: dict[HTTPConnection, socket.socket] = {}
        self._lock = threading.Lock()
        self._connect, self._prefix = _connector(self.address)
        self._headers = {"User-Agent": "docstation"}
        if key:
            if not (key.isascii() and key.isprintable()):
                raise UsageError(N_("The API key in DOCSTATION_KEY is none: it holds characters that no key has."))
            self._headers["Authorization"] = f"Bearer {key}"

    def close(self) -> None:
        """Break off all requests that are under way, in whatever thread, and begin none any more."""
        with self._lock:
            self.closed.set()
            for one in self._live.values():
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def ask(self, request: Request) -> Answer:
        """The whole answer.

        Raises:
            ServiceAway: nothing, or something else than the service, answers.
            DocStationError: the service refuses, with its own words.
        """
        with self.stream(request) as answer:
            return Answer(answer.status, b"".join(iter(answer.read, b"")))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """The answer piece by piece, its status already known to be good; see `ask`."""
        connection = self._connect(request.seconds or self.seconds)
        try:
            with _away(self.address):
                own = self._connected(connection)
                response = self._begin(connection, request)
            answer = Streamed(response, own, self.address)
            if answer.status >= 300 and answer.status not in request.accepted:
                raise error_of_answer(answer.status, b"".join(iter(answer.read, b"")), self.address)
            yield answer
        finally:
            with self._lock:
                self._live.pop(connection, None)
            connection.close()

    def _connected(self, connection: HTTPConnection) -> socket.socket:
        """The connection's socket, from now on known to `close`."""
        if self.closed.is_set():
            raise ServiceAway(address=self.address)
        connection.connect()
        own: socket.socket = connection.sock
        with self._lock:
            if self.closed.is_set():
                raise ServiceAway(address=self.address)
            self._live[connection] = own
        return own

    def _begin(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        from docstation.messages import active

        headers = {**self._headers, "Accept-Language": active(), "Connection": "close", **request.headers}
        if request.body is not None and not isinstance(request.body, bytes):
            headers["Content-Length"] = str(request.length)
        # Who refuses an upload says so and reads no further: the answer is there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(request.method, self._prefix + request.target, request.body, headers)
        return connection.getresponse()


def _written(value: str | int | bool | Sequence[str]) -> str | Sequence[str]:
    if not isinstance(value, str | int):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _connector(address: str) -> tuple[Callable[[float], HTTPConnection], str]:
    """What makes connections to this address, and the path that all targets begin with."""
    from urllib.parse import urlsplit

    if address.startswith(UNIX):
        path = address.removeprefix(UNIX)
        return lambda seconds: _unix(path, seconds), ""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(
            N_("{address} is not the address of a service."),
            address=address,
            remedy=N_("Write it like http://127.0.0.1:8000."),
        )
    secure = parts.scheme == "https"
    return lambda seconds: _tcp(host, port, seconds, secure=secure), parts.path.rstrip("/")


def _tcp(host: str, port: int | None, seconds: float, *, secure: bool) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    return (HTTPSConnection if secure else HTTPConnection)(host, port, timeout=seconds)


def _unix(path: str, seconds: float) -> HTTPConnection:
    from http.client import HTTPConnection

    class UnixConnection(HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(path)

    return UnixConnection("localhost", timeout=seconds)


@contextmanager
def _away(address: str) -> Iterator[None]:
    """What goes wrong on the way, as the service that is away."""
    from http.client import HTTPException

    try:
        yield
    except (OSError, HTTPException) as error:
        raise ServiceAway(address=address) from error
