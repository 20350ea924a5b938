"""Heads of requests and answers: read by the parser, bounded, and written anew for the other side.

Only heads are built up as Python objects here; bodies never are. What concerns one connection alone (RFC 9110, 7.6.1)
is not passed on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, HttpResponseParser

HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"upgrade")
)
_NOT_PASSED = HOP | {b"expect", b"x-request-id"}
_ALWAYS_PASSED = frozenset((b"content-length", b"transfer-encoding", b"host", b"authorization", b"content-type"))
MOST_HEADERS = 128
CHUNKED = -1
UNTIL_CLOSED = -2
"""Lengths of bodies that are not told in bytes."""

Headers = list[tuple[bytes, bytes]]


class BadHead(Exception):
    """A head that cannot be understood or must not be passed.

    Args:
        status: to answer with.
        reason: English sentence.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(slots=True)
class RequestHead:
    """What a client asks.

    Attributes:
        method: in capitals.
        target: as it came, query included.
        version: ``1.1`` or ``1.0``.
        headers: names as they came.
        values: first value of each header, by its name in small letters.
        hosts: how often Host is there.
        length: bytes of the body, or `CHUNKED`.
        keep: whether the connection may go on afterwards.
        expects: whether the client waits for ``100 Continue``.
        id: of the request, the client's own or made here.
        own_id: whether it was made here.
    """

    method: str
    target: bytes
    version: str
    headers: Headers
    values: dict[bytes, bytes] = field(default_factory=dict)
    hosts: int = 0
    length: int = 0
    keep: bool = True
    expects: bool = False
    id: bytes = b""
    own_id: bool = True

    @property
    def path(self) -> str:
        """Target without the query, escapes left as they are."""
        return self.target.partition(b"?")[0].decode("latin-1")

    def first(self, name: bytes) -> bytes:
        """First value of a header, its name in small letters; empty where there is none."""
        return self.values.get(name, b"")


class RequestReader:
    """Reads one request's head, then its body where that comes in chunks."""

    __slots__ = ("_begun", "_headers", "_parser", "_target", "body", "done", "extra", "idle")

    def __init__(self) -> None:
        self._parser = HttpRequestParser(self)
        self._headers: Headers = []
        self._target = b""
        self._begun = False
        self.body: list[bytes] = []
        self.done = False
        self.extra = False
        self.idle = 0

    def head(self, data: bytes) -> RequestHead:
        """The head in `data`, which ends with its empty line.

        Raises:
            BadHead: it is none, or has a body whose end cannot be told.
        """
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            pass
        except HttpParserError as error:
            raise BadHead(400, f"The request cannot be read: {error}.") from error
        if len(self._headers) > MOST_HEADERS:
            raise BadHead(431, f"The request has more than {MOST_HEADERS} headers.")
        version = self._parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise BadHead(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        head = RequestHead(self._parser.get_method().decode(), self._target, version, self._headers)
        for name, value in self._headers:
            key = name.lower()
            head.values.setdefault(key, value)
            if key in _NOTED:
                _note(head, key, value)
        self.done = head.length == 0
        return head

    def chunks(self, data: bytes) -> list[bytes]:
        """The pieces of the body in `data`; afterwards `done` tells whether it has ended.

        Raises:
            BadHead: it is badly written.
        """
        self.body = []
        self.idle += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.done:
                raise BadHead(400, f"The body cannot be read: {error}.") from error
            self.extra = True
        return self.body

    def on_url(self, part: bytes) -> None:
        """See httptools."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; trailers come here too, and are left out."""
        if not self._begun:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._begun = True

    def on_body(self, part: bytes) -> None:
        """See httptools; what a second message brings is not this one's."""
        if not self.done:
            self.idle = 0
            self.body.append(part)

    def on_message_complete(self) -> None:
        """See httptools."""
        self.done = True

    def on_message_begin(self) -> None:
        """See httptools; where a message behind a chunked body begins is not told, so it cannot be answered."""
        self.extra = self._begun


_NOTED = frozenset((b"content-length", b"transfer-encoding", b"connection", b"expect", b"host", b"x-request-id"))


def _note(head: RequestHead, name: bytes, value: bytes) -> None:
    if name == b"content-length":
        head.length = int(value)
    elif name == b"transfer-encoding":
        if value.strip().lower() != b"chunked" or head.version == "1.0" or head.length == CHUNKED:
            raise BadHead(400, "Only the transfer coding `chunked` is understood.")
        head.length = CHUNKED
    elif name == b"connection":
        words = {word.strip() for word in value.lower().split(b",")}
        head.keep = b"close" not in words and (head.version == "1.1" or b"keep-alive" in words)
    elif name == b"expect":
        head.expects = value.strip().lower() == b"100-continue"
    elif name == b"host":
        head.hosts += 1
    elif name == b"x-request-id" and _is_id(value):
        head.id, head.own_id = value, False


def _is_id(value: bytes) -> bool:
    return 0 < len(value) <= 200 and value.isascii() and all(0x20 < sign < 0x7F for sign in value)


def request_bytes(head: RequestHead, leave_out: frozenset[bytes] = frozenset()) -> bytes:
    """The head for the server behind, whose connection is its own affair."""
    left_out = _NOT_PASSED | leave_out | _named_by_connection(head)
    parts = [head.method.encode(), b" ", head.target, b" HTTP/1.1\r\n"]
    for name, value in head.headers:
        if name.lower() not in left_out:
            parts += (name, b": ", value, b"\r\n")
    if not head.hosts:
        parts.append(b"host: localhost\r\n")
    parts += (b"x-request-id: ", head.id, b"\r\n\r\n")
    return b"".join(parts)


def _named_by_connection(head: RequestHead) -> frozenset[bytes]:
    """Headers that the client's connection header names; those that frame the body stay."""
    if b"connection" not in head.values:
        return frozenset()
    values = [value for name, value in head.headers if name.lower() == b"connection"]
    return frozenset(word.strip().lower() for value in values for word in value.split(b",")) - _ALWAYS_PASSED


@dataclass(slots=True)
class AnswerHead:
    """What a server answers.

    Attributes:
        status: of the answer.
        headers: names as they came.
        length: bytes of the body, `CHUNKED` or `UNTIL_CLOSED`.
        keep: whether the server's connection may go on.
        events: whether the body is a stream of events.
        has_id: whether it names the request.
        own_affairs: whether some headers concern the server's connection alone.
    """

    status: int
    headers: Headers = field(default_factory=list)
    length: int = UNTIL_CLOSED
    keep: bool = True
    events: bool = False
    has_id: bool = False
    own_affairs: bool = False


class AnswerReader:
    """Reads one answer's head, then finds the end of a body that comes in chunks. Bytes of the body are not kept."""

    __slots__ = ("_begun", "_extra", "_headers", "_parser", "done")

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers: Headers = []
        self._begun = self._extra = False
        self.done = False

    def head(self, data: bytes, method: str) -> AnswerHead:
        """The head in `data`, which ends with its empty line, to a request of that method.

        Raises:
            BadHead: it is none.
        """
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            raise BadHead(502, f"The answer cannot be read: {error}.") from error
        head = AnswerHead(self._parser.get_status_code(), self._headers)
        head.keep = self._parser.get_http_version() == "1.1"
        for name, value in self._headers:
            _note_answer(head, name.lower(), value)
        if method == "HEAD" or head.status in {204, 304} or head.status < 200:
            head.length = 0
        self.done = head.length == 0
        return head

    def chunks(self, data: bytes) -> None:
        """Look for the end of the body.

        Raises:
            BadHead: it is badly written, or something follows it.
        """
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            raise BadHead(502, f"The answer cannot be read: {error}.") from error
        if self._extra:
            raise BadHead(502, "Something follows the answer that nobody asked for.")

    def on_message_begin(self) -> None:
        """See httptools."""
        self._extra = self._begun

    def plain(self) -> bytes:
        """The body of the last chunks without their frames; only `PlainAnswerReader` has it."""
        return b""

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; trailers come here too."""
        if not self._begun:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._begun = True

    def on_message_complete(self) -> None:
        """See httptools."""
        self.done = True


class PlainAnswerReader(AnswerReader):
    """Takes chunks apart, for clients of HTTP/1.0, who do not know them."""

    __slots__ = ("_body",)

    def __init__(self) -> None:
        super().__init__()
        self._body: list[bytes] = []

    def on_body(self, part: bytes) -> None:
        """See httptools."""
        self._body.append(part)

    def plain(self) -> bytes:
        """See `AnswerReader`."""
        parts, self._body = self._body, []
        return b"".join(parts)


def _note_answer(head: AnswerHead, name: bytes, value: bytes) -> None:
    if name in HOP:
        head.own_affairs = True
    if name == b"content-length":
        head.length = int(value)
    elif name == b"transfer-encoding":
        head.length = CHUNKED
    elif name == b"connection":
        head.keep = head.keep and b"close" not in value.lower()
    elif name == b"x-request-id":
        head.has_id = True
    elif name == b"content-type":
        head.events = value.lower().startswith(b"text/event-stream")


def answer_bytes(raw: bytes, head: AnswerHead, extra: Headers, *, plain: bool = False) -> bytes:
    """An answer's head as it came, but for what concerns the server's connection, with `extra` at its end.

    `plain` leaves out that the body comes in chunks.
    """
    dropped = HOP | {b"transfer-encoding"} if plain else HOP
    if head.own_affairs or plain:
        first = raw[: raw.index(b"\r\n") + 2]
        lines = [name + b": " + value + b"\r\n" for name, value in head.headers if name.lower() not in dropped]
        raw = first + b"".join(lines) + b"\r\n"
    if not extra:
        return raw
    return raw[:-2] + b"".join(name + b": " + value + b"\r\n" for name, value in extra) + b"\r\n"
