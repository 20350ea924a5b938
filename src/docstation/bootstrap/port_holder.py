"""Who listens on a port of this machine, so that a refusal can name the program that is in the way."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from docstation.errors import UsageError
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from psutil import Process

TAKEN = N_("Port {port} is taken by {holder}.")
TAKEN_BY_STRANGER = N_("Port {port} is taken by a program of another user.")
REMEDY = N_("End it, or choose another port with --port, service.port or DOCSTATION_SERVICE_PORT.")
_SECONDS = 0.5


def taken(host: str, port: int) -> UsageError | None:
    """The refusal where somebody listens there; None where nobody does."""
    if not listens(host, port):
        return None
    holder = holder_of(port)
    if not holder:
        return UsageError(TAKEN_BY_STRANGER, port=port, remedy=REMEDY)
    return UsageError(TAKEN, port=port, holder=holder, remedy=REMEDY)


def listens(host: str, port: int) -> bool:
    """Whether a connection is taken there."""
    try:
        socket.create_connection((host, port), _SECONDS).close()
    except OSError:
        return False
    return True


def holder_of(port: int) -> str:
    """Name and process id of who listens on the port; empty where the system does not tell."""
    import psutil

    with contextlib.suppress(psutil.Error):
        if (found := _listener(port)) is not None:
            return f"{found.name()} (pid {found.pid})"
    return ""


def is_other_than(port: int, module: str) -> bool:
    """Whether it is known that who listens on the port does not run that module of ours."""
    import psutil

    with contextlib.suppress(psutil.Error):
        return (found := _listener(port)) is not None and module not in found.cmdline()
    return False


def _listener(port: int) -> Process | None:
    import psutil

    found = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    pid = next((one.pid for one in found if one.laddr and one.laddr[1] == port and one.pid), None)
    return psutil.Process(pid) if pid else None
