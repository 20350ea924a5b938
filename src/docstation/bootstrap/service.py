"""The service as doors see it: whether it runs, and how it is started where it does not.

The service of one's own state folder is known by its socket there, whatever port it has and whoever else has port
8000; the key that others need is not asked for on it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from docstation.client import Client, ServiceAway
from docstation.errors import Locked
from docstation.settings.folders import state_folder

if TYPE_CHECKING:
    from docstation.settings import Settings

SOCKET = "service.sock"
START_SECONDS = 30.0
"""Seconds that a service may take from its start until it answers."""
LOOK_SECONDS = 0.02


def own_service() -> Client | None:
    """The running service of this state folder; None where there is none. Takes a few milliseconds."""
    socket = state_folder() / SOCKET
    if not socket.exists():
        return None
    client = Client(f"unix:{socket}", key="")
    return client if client.connected() else None


def service_at(settings: Settings) -> Client | None:
    """The running service of this state folder, else the one at the address of the settings; None for neither."""
    own = own_service()
    if own is not None:
        return own
    client = Client(address_of(settings))
    return client if client.connected() else None


def wanted_service(settings: Settings) -> Client:
    """`service_at`, where it must be there.

    Raises:
        ServiceAway: it is not, or something else answers at its address.
    """
    found = service_at(settings)
    if found is None:
        client = Client(address_of(settings))
        client.version()
        return client
    return found


def ensure_service(settings: Settings, config: str = "") -> Client:
    """A running service; where there is none, that of this state folder is started, which starts no model by itself.

    Args:
        settings: of the caller.
        config: the only settings file that the service is to read, empty for the usual ones.

    Raises:
        NoEngine: it did not come up; its log is named.
        ServiceAway: it came up and does not answer.
    """
    found = service_at(settings)
    if found is not None:
        return found
    from docstation.bootstrap.parts import Parts
    from docstation.bootstrap.station import start_manager

    try:
        start_manager(Parts(settings.station, config))
    except Locked:
        # Somebody else is starting it, or owns the station without serving: which of both, time will tell.
        return _awaited(settings)
    return _awaited(settings)


def address_of(settings: Settings) -> str:
    """Where the service of these settings is reached from this machine."""
    host = settings.service.host
    # Whoever listens at all addresses is reached on this machine at that of the loopback.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{settings.service.port}" if ":" in host else f"http://{host}:{settings.service.port}"


def _awaited(settings: Settings) -> Client:
    last = time.monotonic() + START_SECONDS
    while (found := service_at(settings)) is None:
        if time.monotonic() > last:
            raise ServiceAway(address=address_of(settings))
        time.sleep(LOOK_SECONDS)
    return found
