"""Who may ask what: routes, keys and their scopes, and the checks that keep web pages of others out.

A page of a stranger reaches a loopback port by a name of its own that points to 127.0.0.1 (DNS rebinding): its Host
is that name, which is not allowed here. An Origin must be the very address that is asked; CORS is off.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import unquote

from docstation.service.gateway.heads import RequestHead
from docstation.service.gateway.refusals import (
    ADMIN_NEEDED,
    BAD_HOST,
    BAD_ORIGIN,
    BAD_REQUEST,
    KEYS_NEEDED,
    NO_KEY,
    NO_SCOPE,
    NOT_FOUND,
    SERVICE_AWAY,
    WRONG_METHOD,
    Refusal,
)
from docstation.service.gateway.words import UNTOLD, Orders

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
KEY_HEADERS = frozenset((b"authorization", b"x-api-key", b"api-key"))
"""Where a key may be; where there are several, the first of them is looked at."""
_MINUTE = 60
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
        used: POSIX seconds, in whole minutes, at which each key was last used, by its hash.
    """

    names: Collection[str] = ()
    any_address: bool = False
    used: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _seen: set[bytes] = field(default_factory=set, repr=False, compare=False)

    def look(self, head: RequestHead, orders: Orders) -> Route | Refusal:
        """Who answers this request, or why nobody does."""
        if not head.target.startswith(b"/") or b"#" in head.target:
            return Refusal(BAD_REQUEST, {"detail": "The request's target is no path."})
        return self._stranger(head) or self._unguarded(head, orders) or self._unknown(head, orders) or _route(head)

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
        if orders is UNTOLD and head.path not in OPEN_PATHS:
            return Refusal(SERVICE_AWAY)
        if self.any_address and not orders.keys and head.path not in OPEN_PATHS:
            return Refusal(KEYS_NEEDED)
        # Others of this machine may ask while there are no keys; they are not to shut its owner out by making one.
        if not orders.keys and _is_of_keys(unquote(head.path)):
            return Refusal(ADMIN_NEEDED)
        return None

    def _unknown(self, head: RequestHead, orders: Orders) -> Refusal | None:
        """Why the one who asks may not; None where no key is asked for."""
        path = unquote(head.path)
        if not orders.keys or path in OPEN_PATHS:
            return None
        found = key_of(head, orders)
        if found is None:
            return Refusal(NO_KEY)
        self.used[found] = int(time.time()) // _MINUTE * _MINUTE
        needed = _scope(head.method, path)
        return None if needed in orders.keys[found] else Refusal(NO_SCOPE, {"scope": needed})

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


def key_of(head: RequestHead, orders: Orders) -> str | None:
    """Hash of the key that a request brings, None for a wrong one. All are compared, so that time tells nothing."""
    given = _given(head)
    digest = sha256(given).hexdigest().encode()
    found = None
    for known in orders.keys:
        if hmac.compare_digest(digest, known.encode()):
            found = known
    return found if given else None


def _given(head: RequestHead) -> bytes:
    """The key in the headers, empty where there is none."""
    authorization = head.first(b"authorization")
    if not authorization:
        return (head.first(b"x-api-key") or head.first(b"api-key")).strip()
    kind, _, key = authorization.partition(b" ")
    return key.strip() if kind.lower() == b"bearer" else b""


def _scope(method: str, path: str) -> str:
    if _is_of_keys(path):
        return "admin"
    if method in {"GET", "HEAD"}:
        return "read"
    return "station" if path == "/station" or path.startswith("/station/") else "write"


def _is_of_keys(path: str) -> bool:
    return path == "/keys" or path.startswith("/keys/")


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
