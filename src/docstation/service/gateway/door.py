"""Who may ask what: routes, keys and their scopes, and the checks that keep web pages of others out.

A page of a stranger reaches a loopback port by a name of its own that points to 127.0.0.1 (DNS rebinding): its Host
is that name, which is not allowed here. An Origin must be the very address that is asked; CORS is off.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import unquote

from docstation.service.gateway.heads import RequestHead
from docstation.service.gateway.refusals import (
    BAD_HOST,
    BAD_ORIGIN,
    BAD_REQUEST,
    KEYS_NEEDED,
    NO_KEY,
    NO_SCOPE,
    NOT_FOUND,
    WRONG_METHOD,
    Refusal,
)
from docstation.service.gateway.words import Orders

MODEL_PATHS = frozenset(
    (
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/embeddings",
        "/tokenize",
        "/detokenize",
    )
)
OPEN_PATHS = frozenset(("/livez", "/readyz", "/health"))
_SEEN = 64
"""Values of Host that are known to be right, so that each request need not be looked at anew."""
LIVE, METRICS, MODELS = "/livez", "/metrics/gateway", "/v1/models"


class Route(Enum):
    """Who answers."""

    MODEL = "model"
    SERVICE = "service"
    LIVE = "live"
    METRICS = "metrics"
    MODELS = "models"


@dataclass(frozen=True, slots=True)
class Door:
    """What is let in.

    Attributes:
        names: host names beside those of the loopback that may be in Host.
        any_address: whether every literal address may; for a gateway that listens beyond the loopback.
    """

    names: Collection[str] = ()
    any_address: bool = False
    _seen: set[bytes] = field(default_factory=set, repr=False, compare=False)

    def look(self, head: RequestHead, orders: Orders) -> Route | Refusal:
        """Who answers this request, or why nobody does."""
        if not head.target.startswith(b"/"):
            return Refusal(BAD_REQUEST, {"detail": "The request's target is no path."})
        return self._stranger(head) or self._unguarded(head, orders) or _unknown(head, orders) or _route(head)

    def _stranger(self, head: RequestHead) -> Refusal | None:
        if head.hosts != 1:
            if not head.hosts and head.version == "1.0":
                return None
            return Refusal(BAD_REQUEST, {"detail": "The request needs one Host header."})
        host = head.values[b"host"]
        if host not in self._seen and not self._known(_name_of(host.decode("latin-1"))):
            return Refusal(BAD_HOST, {"host": _shown(host.decode("latin-1"))})
        if len(self._seen) < _SEEN:
            self._seen.add(host)
        origin = head.first(b"origin")
        if origin and _authority(origin) != host.lower():
            return Refusal(BAD_ORIGIN, {"origin": _shown(origin.decode("latin-1"))})
        return None

    def _unguarded(self, head: RequestHead, orders: Orders) -> Refusal | None:
        if self.any_address and not orders.keys and head.path not in OPEN_PATHS:
            return Refusal(KEYS_NEEDED)
        return None

    def _known(self, name: str) -> bool:
        if name == "localhost" or name in self.names:
            return True
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return False
        return self.any_address or address.is_loopback


def _name_of(host: str) -> str:
    """``Example.org:8000`` → ``example.org``."""
    name = host.lower()
    return name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0].removesuffix(".")


def _authority(origin: bytes) -> bytes:
    return origin.lower().partition(b"://")[2]


def _shown(text: str) -> str:
    """What a stranger wrote, short enough for an answer."""
    return text[:100]


def _unknown(head: RequestHead, orders: Orders) -> Refusal | None:
    """Why the one who asks may not; None where no key is asked for."""
    path = unquote(head.path)
    if not orders.keys or path in OPEN_PATHS:
        return None
    scopes = scopes_of(head.first(b"authorization"), orders)
    if scopes is None:
        return Refusal(NO_KEY)
    needed = _scope(head.method, path)
    return None if needed in scopes else Refusal(NO_SCOPE, {"scope": needed})


def scopes_of(authorization: bytes, orders: Orders) -> tuple[str, ...] | None:
    """Scopes of the key, None for a wrong one. All hashes are compared, so that time tells nothing."""
    kind, _, key = authorization.partition(b" ")
    digest = sha256(key.strip()).hexdigest().encode()
    found = None
    for known, scopes in orders.keys.items():
        if hmac.compare_digest(digest, known.encode()):
            found = tuple(scopes)
    return found if kind.lower() == b"bearer" and key else None


def _scope(method: str, path: str) -> str:
    if method in {"GET", "HEAD"}:
        return "read"
    return "station" if path == "/station" or path.startswith("/station/") else "write"


def _route(head: RequestHead) -> Route | Refusal:
    path = head.path
    if path in MODEL_PATHS:
        return Route.MODEL if head.method == "POST" else Refusal(WRONG_METHOD, {"path": path, "method": "POST"})
    own = {LIVE: Route.LIVE, METRICS: Route.METRICS, MODELS: Route.MODELS}.get(path)
    if own is None and path.startswith(f"{MODELS}/"):
        own = Route.MODELS
    if own is not None:
        return own if head.method in {"GET", "HEAD"} else Refusal(WRONG_METHOD, {"path": path, "method": "GET"})
    if head.method in {"CONNECT", "TRACE"}:
        return Refusal(NOT_FOUND, {"path": _shown(path)})
    return Route.SERVICE
