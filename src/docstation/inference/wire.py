"""One connection to a model server: a request out, an answer in, with bounds on every wait, and an end at any moment.

HTTP is parsed by httptools; what is ours is the waiting: every wait looks at its deadline and at whether the asker
still wants the answer, and `Wire.close` from another thread ends it at once, which the engine behind it feels. Nothing
here knows what is said.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from urllib.parse import quote, urlsplit

from httptools import HttpParserError, HttpResponseParser

from docstation.errors import Interrupted, UsageError
from docstation.inference.failures import EngineFailed, Overdue, Phase, one_line
from docstation.messages.marking import N_, Word

_SLICE_SECONDS = 0.05
_PIECE_BYTES = 1 << 16


class Stale(Exception):
    """A kept connection was closed by the server before it answered: it never saw the request."""


class Limit:
    """Until when something is waited for.

    Attributes:
        seconds: how long that is.
        phase: of the exchange.
    """

    def __init__(self, seconds: float, phase: Phase) -> None:
        self.seconds = seconds
        self.phase: Phase = phase
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, 0 where none are."""
        return max(0.0, self._until - time.monotonic())

    def sooner(self, other: Limit) -> Limit:
        """Whichever ends first."""
        return self if self.left <= other.left else other

    def overdue(self) -> Overdue:
        """The error of its end."""
        return Overdue(seconds=self.seconds, phase=self.phase)


class Wire:
    """A connection, opened when it is made.

    Args:
        base_url: ``http://host:port``; a path after it is put before every request's.
        limit: for the connection.
        cancelled: whether the asker gave up; looked at in every wait.

    Raises:
        UsageError: that is no address of http or https.
        EngineFailed: nobody answers there.
        Overdue: it cannot be reached in time.
    """

    def __init__(self, base_url: str, limit: Limit, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._closed = False
        self.used = False
        self._host, self._prefix, self._socket = _connected(base_url, limit)
        self._socket.setblocking(False)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str], limit: Limit) -> None:
        """Send one request; `path` is below the address's own.

        Raises:
            Stale: the connection was used before and is closed.
            EngineFailed: it broke. Overdue: it does not take the request in time. Interrupted: the asker gave up.
        """
        all_headers = {"Host": self._host, "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
        left = memoryview(f"{method} {self._prefix}{path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._wait(EVENT_WRITE | EVENT_READ if isinstance(self._socket, ssl.SSLSocket) else EVENT_WRITE, limit)
            except OSError as error:
                raise self._broken(error) from error

    def receive(self, limit: Limit) -> bytes:
        """The next bytes, empty at the end of the connection; errors as in `send`."""
        while True:
            try:
                return self._socket.recv(_PIECE_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(EVENT_READ, limit)
            except OSError as error:
                raise self._broken(error) from error

    def close(self) -> None:
        """End the connection, from whatever thread; a wait in another one ends as interrupted."""
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def check(self) -> None:
        """Raise Interrupted where the asker gave up."""
        if self._closed or self._cancelled():
            raise Interrupted

    def _wait(self, events: int, limit: Limit) -> None:
        with DefaultSelector() as selector:
            try:
                selector.register(self._socket, events)
            except (ValueError, KeyError) as error:
                raise Interrupted from error
            while not selector.select(min(_SLICE_SECONDS, limit.left)):
                self.check()
                if not limit.left:
                    raise limit.overdue()

    def _broken(self, error: OSError) -> Exception:
        if self._closed:
            return Interrupted()
        return Stale() if self.used else EngineFailed(problem=one_line(str(error)) or type(error).__name__)


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key, none for an empty one; UsageError for what no header can carry."""
    if not (key.isascii() and key.isprintable()):
        raise UsageError(NO_KEY)
    return {"Authorization": f"Bearer {key}"} if key else {}


def _connected(base_url: str, limit: Limit) -> tuple[str, str, socket.socket]:
    """The name for the Host header, the address's own path, and the connection."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise UsageError(NO_ADDRESS, address=one_line(base_url.rpartition("@")[2])) from error
    if not host or parts.username is not None:
        raise UsageError(NO_ADDRESS, address=one_line(base_url.rpartition("@")[2]))
    try:
        opened = socket.create_connection((host, port), timeout=max(limit.left, 0.001))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
    except TimeoutError as error:
        raise limit.overdue() from error
    except OSError as error:
        raise EngineFailed(problem=one_line(str(error)) or type(error).__name__) from error
    return parts.netloc, quote(parts.path.rstrip("/"), safe="/%"), opened


NO_ADDRESS = N_("{address} is no address of http or https.")
NO_KEY = N_("The API key holds signs that no key has.")


class Incoming:
    """An answer as it comes in.

    Attributes:
        status: of HTTP, 0 until the head is there.
        headers: names in small letters; the last of equal ones counts.
        whole: whether it came to its proper end.
        kept: whether the connection can be used again after that.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pieces: deque[bytes] = deque()
        self._head = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.whole = False
        self.kept = False
        self._parser = HttpResponseParser(self)

    def read_head(self, limit: Limit) -> None:
        """Return once status and headers are known; errors as in `Wire.send`, Stale where nothing came at all."""
        while not self._head:
            self._more(limit)

    def pieces(self, limit: Callable[[], Limit]) -> Iterator[bytes]:
        """The body, piece by piece; `limit` gives the bound on each wait. EngineFailed where it is cut off."""
        while True:
            while self._pieces:
                self._wire.check()
                yield self._pieces.popleft()
            if self.whole:
                return
            self._more(limit())

    def _more(self, limit: Limit) -> None:
        data = self._wire.receive(limit)
        if not data:
            self._ended()
            return
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            raise EngineFailed(problem=one_line(str(error)) or type(error).__name__) from error

    def _ended(self) -> None:
        self._wire.check()
        if self._head and "content-length" not in self.headers and "transfer-encoding" not in self.headers:
            self.whole = True
        elif self._wire.used and not self._head:
            raise Stale
        else:
            raise EngineFailed(problem=Word(N_("the connection was cut off")))

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; trailers come here too, and are left out."""
        if not self._head:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """See httptools; an interim answer is passed over."""
        self.status = self._parser.get_status_code()
        self._head = self.status >= 200

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self.whole = self._head
        self.kept = self._head and bool(self._parser.should_keep_alive())
