"""A switch of the station through the service, waited for to its end."""

from __future__ import annotations

from collections.abc import Callable

from docstation.client import Client, StationEvent
from docstation.errors import NoEngine
from docstation.messages.marking import N_

NOT_SERVING = N_("{name} does not serve: {detail}")
CAME_BACK = "what served before came back"


def switch_and_wait(
    client: Client, *models: str, told: Callable[[StationEvent], None] = lambda _event: None
) -> tuple[str, ...]:
    """Have these models serve; the catalogue names of those that do then.

    Args:
        client: of the service.
        models: catalogue names or aliases.
        told: is called with each event of the change.

    Raises:
        NoEngine: they did not come to serve; what served before may have come back.
        DocStationError: the switch is refused.
    """
    before = serving(client)
    change = client.switch(*models)
    for event in client.change_events(change):
        told(event)
    now = client.status()
    after = tuple(one.model for one in now.serving)
    if change.outcome == "already":
        return after
    if now.mode != "ready" or now.cause or after == before:
        detail = now.detail or now.cause or (CAME_BACK if now.mode == "ready" else now.mode)
        raise NoEngine(NOT_SERVING, name=", ".join(models), detail=detail)
    return after


def serving(client: Client) -> tuple[str, ...]:
    """Catalogue names of what serves now."""
    return tuple(one.model for one in client.status().serving)
