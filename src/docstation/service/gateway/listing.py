"""``/v1/models``: the active model first, then those that could be switched to, marked as not active."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import unquote

from docstation.service.gateway.words import Orders, Upstream

EMBEDDED = "embedded"
_OWNER = "docstation"


def cards(orders: Orders, since: int) -> list[dict[str, object]]:
    """A card for each model, in the order in which they are shown.

    Args:
        orders: that hold.
        since: POSIX seconds, shown as the time at which each was made.
    """
    common = {"object": "model", "created": since, "owned_by": _OWNER, "parent": None}
    active = [{"id": one.id, **common, **_serving(one)} for one in orders.upstreams]
    if not active:
        active = [{"id": EMBEDDED, **common, "root": EMBEDDED, "active": True, "entry": EMBEDDED, "chat": False}]
    serving = names_serving(orders, orders.upstreams)
    others: dict[str, list[str]] = {}
    for name, entry in orders.known.items():
        if name not in serving and entry not in serving and entry != active[0]["entry"]:
            others.setdefault(entry, []).append(name)
    return [*active, *({"id": entry, **common, **_other(entry, names)} for entry, names in others.items())]


def _serving(one: Upstream) -> dict[str, object]:
    shown = {"root": one.id, "max_model_len": one.context, "active": True, "entry": one.model}
    return shown | ({"max_num_seqs": one.sequences} if one.sequences else {})


def _other(entry: str, names: Sequence[str]) -> dict[str, object]:
    return {
        "root": next((name for name in names if name != entry), entry),
        "active": False,
        "entry": entry,
        "aliases": [name for name in names if name != entry],
        "switch": f"docstation models switch {entry}",
    }


def names_serving(orders: Orders, upstreams: Sequence[Upstream]) -> frozenset[str]:
    """Every name by which these models may be asked for."""
    entries = {one.model for one in upstreams}
    aliases = (name for name, entry in orders.known.items() if entry in entries)
    return frozenset((*entries, *(one.id for one in upstreams), *aliases))


def listed(orders: Orders, since: int) -> bytes:
    """The whole list."""
    return _json({"object": "list", "data": cards(orders, since)})


def card(orders: Orders, since: int, escaped: str) -> bytes | None:
    """The card of one model, by its id or another of its names; None for an unknown one."""
    name = unquote(escaped)
    for one in cards(orders, since):
        if name in (one["id"], one["entry"]) or orders.known.get(name) == one["entry"]:
            return _json(one)
    return None


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
