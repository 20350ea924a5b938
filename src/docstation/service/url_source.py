"""A document fetched from an address that a client names: only from hosts that everybody can reach.

The service stands inside a network that the client may not see, so no address of such a network is ever connected to:
a host is resolved once, every address that it has is judged, and the connection goes to one of those, whatever the
name means a moment later. Redirects are judged anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from docstation import __version__
from docstation.errors import AddressRefused, FetchFailed, TooLarge
from docstation.jobs.store import writing
from docstation.messages.marking import N_, Word
from docstation.service.documents_shapes import shown_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PIECE = 1 << 16
LATE = Word(N_("it took too long"))
NOT_UNDERSTOOD = N_("The address is not understood.")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_PLAIN = "%/:?@!$&'()*+,;=~-._[]"
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
"""IPv6 networks whose addresses carry an IPv4 address to which they lead: NAT64, 6to4, Teredo, the compatible ones."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched.

    Attributes:
        name: the last part of its address, fit to be shown.
        sha256: of its bytes.
        bytes: how many.
    """

    name: str
    sha256: str
    bytes: int


def is_public(address: Address) -> bool:
    """Whether everybody can reach it: no private, loopback, link-local, shared, multicast or reserved address."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None
        or address.scope_id is not None
        or address.is_site_local
        or any(address in network for network in _CARRIERS)
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the system's resolver gives them; raises OSError where there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def connected(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address; no name is looked up."""
    return socket.create_connection((address, port), seconds)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches documents.

    Attributes:
        most: bytes of a file.
        seconds: for all of it, redirects included.
        redirects: that are followed.
        public: judges an address.
        resolve: looks up the addresses of a host.
        connect: opens a connection to an address.
        trust: for TLS; None for the system's authorities.
    """

    most: int
    seconds: float = 60.0
    redirects: int = 5
    public: Callable[[Address], bool] = is_public
    resolve: Callable[[str, int], Sequence[str]] = resolved
    connect: Callable[[str, int, float], socket.socket] = connected
    trust: ssl.SSLContext | None = None

    def fetch(self, url: str, path: Path) -> Fetched:
        """Fetch what `url` names to `path`, which is taken away again when anything fails. Blocks.

        Raises:
            AddressRefused: it, or one that it leads to, is not public, or neither http nor https.
            TooLarge: more than `most` bytes.
            FetchFailed: no such host, no answer in time, an error as the answer.
            NoRoom: the disk is full.
        """
        last = time.monotonic() + self.seconds
        try:
            return self._follow(url, path, last)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _follow(self, url: str, path: Path, last: float) -> Fetched:
        for _hop in range(self.redirects + 1):
            parts = _checked(url)
            try:
                with self._answer(parts, last) as answer:
                    if answer.status not in _REDIRECTS:
                        return self._save(answer, parts, path, last)
                    url = _next(parts, answer)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = LATE if time.monotonic() >= last else _words(error)
                raise FetchFailed(host=_host(parts), problem=problem) from error
        raise FetchFailed(host=_host(parts), problem=Word(N_("too many redirects")))

    @contextmanager
    def _answer(self, parts: SplitResult, last: float) -> Iterator[http.client.HTTPResponse]:
        """The answer to a GET; whatever the server does, it is over at `last`."""
        host, port = _host(parts), parts.port or _PORTS[parts.scheme]
        plain = self._open(host, port, last)
        with contextlib.ExitStack() as stack:
            stack.callback(plain.close)
            # A timeout bounds each read only; a server that sends a byte now and then would never meet it.
            handle = stack.enter_context(plain.dup())  # TLS takes the socket itself over
            timer = threading.Timer(max(last - time.monotonic(), 0.0), _end, (handle,))
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = plain
            if parts.scheme == "https":
                context = self.trust or ssl.create_default_context()
                connection.sock = context.wrap_socket(plain, server_hostname=host)
                connection.default_port = _PORTS["https"]
            stack.callback(connection.close)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            names = {"User-Agent": f"docstation/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
            connection.request("GET", target, headers=names | {"Connection": "close"})
            yield stack.enter_context(connection.getresponse())

    def _open(self, host: str, port: int, last: float) -> socket.socket:
        """A connection to one of the host's addresses, all of which are public."""
        found = [ipaddress.ip_address(one) for one in self.resolve(host, port)]
        if not found or not all(self.public(one) for one in found):
            raise AddressRefused(host=host)
        problem: OSError = OSError("no address")
        for one in found:
            try:
                return self.connect(str(one), port, max(last - time.monotonic(), 0.01))
            except OSError as error:
                problem = error
        raise problem

    def _save(self, answer: http.client.HTTPResponse, parts: SplitResult, path: Path, last: float) -> Fetched:
        host = _host(parts)
        if answer.status != 200:
            raise FetchFailed(N_("{host} gave no document: it answers {status}."), host=host, status=answer.status)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchFailed(host=host, problem=Word(N_("its answer is compressed")))
        name = shown_name(unquote(parts.path))
        if (answer.length or 0) > self.most:
            raise TooLarge(name=name)
        expected, digest, size = answer.length, hashlib.sha256(), 0
        with writing(path.parent):
            file = path.open("xb")
        with file:
            while piece := answer.read1(PIECE):
                size += len(piece)
                if size > self.most:
                    raise TooLarge(name=name)
                digest.update(piece)
                with writing(path.parent):
                    file.write(piece)
        if time.monotonic() >= last:
            raise FetchFailed(host=host, problem=LATE)
        if expected is not None and size < expected:
            raise FetchFailed(host=host, problem=Word(N_("its answer broke off")))
        return Fetched(name, digest.hexdigest(), size)


def _checked(url: str) -> SplitResult:
    """The parts of an address that may be tried, in ASCII."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, _host(parts).encode("idna").decode()
    except ValueError:
        raise AddressRefused(NOT_UNDERSTOOD) from None
    wrong = not url.isprintable() or " " in url or "@" in parts.netloc or port == 0
    if wrong or parts.scheme not in _PORTS or not _HOST.fullmatch(host):
        raise AddressRefused(NOT_UNDERSTOOD)
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return SplitResult(parts.scheme, netloc, quote(parts.path, safe=_PLAIN), quote(parts.query, safe=_PLAIN), "")


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "")[:253]


def _next(parts: SplitResult, answer: http.client.HTTPResponse) -> str:
    """Where a redirect leads."""
    there = urljoin(parts.geturl(), answer.headers.get("Location", ""))
    if parts.scheme == "https" and not there.startswith("https:"):
        raise AddressRefused(N_("{host} leads from https to http."), host=_host(parts))
    return there


def _words(error: Exception) -> str:
    """A few words; an operating system's own, never the data that came."""
    if isinstance(error, ssl.SSLError):
        doubted = isinstance(error, ssl.SSLCertVerificationError)
        return Word(N_("its certificate is not accepted")) if doubted else Word(N_("TLS failed"))
    if isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, OSError):
        return error.strerror or Word(N_("no connection"))
    return Word(N_("its answer is not understood"))


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
