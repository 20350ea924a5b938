"""Orders, news and pings as lines of JSON, and back. The service is trusted, but not to be of the same version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from docstation.service.gateway.words import Failed, Limits, News, Orders, Upstream

LONGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Ping:
    """A question whether the gateway answers; its news go out before the answer.

    Attributes:
        mark: comes back with the answer.
        figures: whether what the gateway has counted comes too.
    """

    mark: object
    figures: bool = False


def heard(line: bytes) -> Orders | Ping:
    """What the service said.

    Raises:
        ValueError: nothing that is understood.
    """
    content = json.loads(line)
    if not isinstance(content, dict):
        raise ValueError("no object")
    return Ping(content["ping"], bool(content.get("figures"))) if "ping" in content else orders_of(content)


def orders_of(content: Mapping[str, Any]) -> Orders:
    """Orders from plain values; fields that are not known here are passed over.

    Raises:
        ValueError: a value is missing or impossible.
    """
    try:
        kept = _known(Orders, content)
        kept["upstreams"] = tuple(Upstream(**_known(Upstream, one)) for one in kept.get("upstreams", ()))
        kept["keys"] = {str(key): tuple(scopes) for key, scopes in kept.get("keys", {}).items()}
        kept["failed"] = {str(name): Failed(**_known(Failed, one)) for name, one in kept.get("failed", {}).items()}
        kept["limits"] = Limits(**_known(Limits, kept.get("limits", {})))
        orders = Orders(**kept)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    if orders.way not in {"open", "hold", "closed"} or orders.on_other not in {"refuse", "switch"}:
        raise ValueError(f"way {orders.way}, on_other {orders.on_other}")
    return orders


def _known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def news_line(news: News) -> bytes:
    """News as one line."""
    return json.dumps(asdict(news), separators=(",", ":")).encode() + b"\n"


def pong_line(ping: Ping, figures: str = "") -> bytes:
    """The answer to a ping as one line; `figures` as Prometheus reads them."""
    pong = {"pong": ping.mark, "figures": figures} if figures else {"pong": ping.mark}
    return json.dumps(pong, separators=(",", ":")).encode() + b"\n"
