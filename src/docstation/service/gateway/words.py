"""What the service and its gateway say to each other over a local socket: JSON lines, one message each. Data only.

The service tells what serves and whether requests may pass (`Orders`); the gateway tells what is under way (`News`).
A gateway that loses the service goes on with its last orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Way = Literal["open", "hold", "closed"]
"""``open``: requests pass. ``hold``: they wait for the end of a switch. ``closed``: nothing serves them."""


CONCURRENCY = 16
"""Requests that are passed at once to a server that answers fewer together: it has the next at hand."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model server that requests may be passed to.

    Attributes:
        model: name of the catalogue's entry.
        id: model id that it shows, what clients name.
        context: ``max_model_len`` in tokens.
        host: of the server; ASCII, as `path` is.
        port: of the server.
        concurrency: requests that are passed to it at once; more wait here.
        tls: whether it is spoken to over TLS.
        path: before ``/v1`` in its addresses.
        remote: whether somebody else runs it, who is not to see what clients send to us alone.
        key_variable: variable of the gateway's environment that holds its key, empty for none.
        sequences: requests that it answers together, of those that are passed to it; 0 where that is not known.
    """

    model: str
    id: str
    context: int
    host: str
    port: int
    concurrency: int = CONCURRENCY
    tls: bool = False
    path: str = ""
    remote: bool = False
    key_variable: str = ""
    sequences: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of admission.

    Attributes:
        waiting: requests that may wait.
        waiting_bytes: bytes of bodies that may be held while they wait.
        waiting_seconds: how long one may wait.
        body_bytes: size of one body for a model.
        upload_bytes: size of one body for the service: documents.
        head_bytes: size of one request's head.
        idle_seconds: how long a connection may be silent between requests.
        head_seconds: how long a head may take to arrive.
    """

    waiting: int = 64
    waiting_bytes: int = 256_000_000
    waiting_seconds: float = 300.0
    body_bytes: int = 64_000_000
    upload_bytes: int = 1_100_000_000
    head_bytes: int = 65_536
    idle_seconds: float = 75.0
    head_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Failed:
    """A wish that did not come true: who waited for it is told at once, and it is not wished for again for a while.

    Attributes:
        reason: English sentence.
        at: POSIX seconds at which that was known; tells it from an earlier one.
        seconds: for which it is not tried again.
        begun: whether what served was touched before it failed.
    """

    reason: str
    at: float
    seconds: float
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What the gateway is to do from now on.

    Attributes:
        way: whether requests pass.
        upstreams: what serves; the first is the active model. Empty while nothing does.
        known: every name by which a model may be asked for, each with the name of the entry that it stands for; of an
            alias that is the candidate that serves, else the one that a switch would choose.
        on_other: what becomes of a request that names another known model: ``refuse`` or ``switch``.
        reason: English sentence for those who are refused or wait.
        retry_after: seconds for the Retry-After header.
        keys: hashes of API keys with their scopes; empty means that no key is asked for.
        limits: of admission.
        failed: wishes that did not come true, by entry name.
    """

    way: Way = "closed"
    upstreams: tuple[Upstream, ...] = ()
    known: dict[str, str] = field(default_factory=dict)
    on_other: Literal["refuse", "switch"] = "refuse"
    reason: str = ""
    retry_after: int = 5
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Limits = Limits()
    failed: dict[str, Failed] = field(default_factory=dict)


UNTOLD = Orders()
"""What a gateway has before its first orders. It does not know yet whether keys are asked for, so it lets nobody in."""


@dataclass(frozen=True, slots=True)
class News:
    """What the gateway tells, whenever it changes and on being asked.

    Attributes:
        under_way: requests at upstreams, by entry name.
        waiting: requests that wait.
        passed: pieces of answers passed back since the start; moves while an engine works.
        last_success: POSIX seconds at which a model last answered a request whole; 0 for never.
        wish: entry name of another model that waiting requests ask for, for as long as they do; empty for none.
        used: POSIX seconds, in whole minutes, at which each key was last used, by its hash.
    """

    under_way: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    passed: int = 0
    last_success: float = 0.0
    wish: str = ""
    used: dict[str, int] = field(default_factory=dict)
