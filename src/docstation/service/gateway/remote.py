"""Model servers that somebody else runs: how they are dialled, and what of a client's request they get to see.

A client's keys and cookies are meant for us. The server's own key is named by the orders and taken from the environment
here, so that it goes over no socket of ours; nothing writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from docstation.service.gateway.heads import RequestHead
from docstation.service.gateway.words import Upstream

if TYPE_CHECKING:
    from ssl import SSLContext

_OURS = frozenset(
    (
        *(b"host", b"authorization", b"api-key", b"x-api-key", b"cookie", b"origin", b"referer"),
        *(b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"),
    )
)
"""Headers that are between the client and us."""


@cache
def trusted() -> SSLContext:
    """Certificates are checked against those that this machine trusts; the module is loaded by who needs it."""
    import ssl

    return ssl.create_default_context()


def abroad(head: RequestHead, upstream: Upstream, environ: Mapping[str, str]) -> RequestHead:
    """The request as a remote server is to see it: at its own address, with its own key."""
    headers = [(name, value) for name, value in head.headers if name.lower() not in _OURS]
    headers.insert(0, (b"host", _authority(upstream)))
    key = environ.get(upstream.key_variable, "").strip() if upstream.key_variable else ""
    if key.isascii() and key.isprintable() and key:
        headers.append((b"authorization", b"Bearer " + key.encode()))
    return replace(head, target=upstream.path.encode() + head.target, headers=headers, hosts=1)


def _authority(upstream: Upstream) -> bytes:
    host = f"[{upstream.host}]" if ":" in upstream.host else upstream.host
    usual = 443 if upstream.tls else 80
    return (host if upstream.port == usual else f"{host}:{upstream.port}").encode()
