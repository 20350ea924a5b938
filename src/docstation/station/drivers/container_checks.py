"""What can be known to fail before a container is started: the engine itself, name, port, room on the disk, the GPU.

Each check raises a fault or says nothing. The engine has the last word at the start: a check that cannot know lets
the deployment pass.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from docstation.messages.marking import N_
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.container_client import Json
from docstation.station.drivers.container_creation import is_ours

OLDEST_API = (1, 41)
"""Of Docker 20.10."""

_PODMAN = N_(
    "This is Podman: it ignores requests for a GPU without a word and does not tell when the kernel killed a server for"
    " memory. Docker Engine 20.10 or newer is needed."
)
_TOO_OLD = N_("This engine is older than Docker Engine 20.10, the oldest that is supported.")
_HOOKS = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-container-cli")
_HOOK_FOLDERS = os.pathsep.join(("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"))


def check_engine(version: Json) -> None:
    """Check that the engine is Docker, and new enough.

    Raises:
        Fault: ``ENGINE_UNSUPPORTED``, the detail says what it cannot do.
    """
    if any("podman" in str(part.get("Name", "")).lower() for part in version.get("Components") or []):
        raise Fault(Cause.ENGINE_UNSUPPORTED, _PODMAN)
    numbers = tuple(int(part) for part in str(version.get("ApiVersion", "")).split(".") if part.isdecimal())
    if numbers < OLDEST_API:
        raise Fault(Cause.ENGINE_UNSUPPORTED, _TOO_OLD)


def check_name_and_port(listed: Iterable[Json], deployment: Deployment, station: str, replacing: Sequence[str]) -> None:
    """Check that the name and the port of `deployment` are free, or will be when `replacing` are gone.

    Args:
        listed: all containers as the engine lists them.
        deployment: what is to be started.
        station: id of the state folder; containers of others are strangers.
        replacing: names of instances that will be gone.

    Raises:
        Fault: ``NAME_TAKEN`` or ``PORT_TAKEN``.
    """
    # Another driver's instance may hold the port, of which nothing is known here: its name is never crossed out.
    unknown, held = set(replacing), False
    for container in listed:
        names = {str(name).removeprefix("/") for name in container.get("Names") or []}
        ours = is_ours(container.get("Labels"), station)
        if deployment.instance in names and not ours:
            raise Fault(Cause.NAME_TAKEN, f"{deployment.instance} ({container.get('Image', '')})")
        leaving = ours and not names.isdisjoint({*replacing, deployment.instance})
        if ours:
            unknown -= names
        if _publishes(container, deployment.port):
            if not leaving:
                raise Fault(Cause.PORT_TAKEN, f"{deployment.port} ({', '.join(sorted(names))})")
            held = True
    if not held and not unknown and _listened_on(deployment.port):
        raise Fault(Cause.PORT_TAKEN, str(deployment.port))


def check_gpu(info: Json) -> None:
    """Check that the engine can give a GPU to a container: its runtimes, its devices, or the toolkit beside it say so.

    Raises:
        Fault: ``GPU_NOT_VISIBLE``.
    """
    runtimes = info.get("Runtimes") or {}
    devices = [str(device.get("ID", "")) for device in info.get("DiscoveredDevices") or []]
    if "nvidia" in runtimes or any(device.startswith("nvidia.com/gpu") for device in devices):
        return
    if any(next(Path(folder).glob("nvidia*"), None) for folder in info.get("CDISpecDirs") or []):
        return
    # The engine finds the toolkit's hook on its own path, without any entry among its runtimes.
    if any(shutil.which(hook, path=_HOOK_FOLDERS) for hook in _HOOKS):
        return
    raise Fault(Cause.GPU_NOT_VISIBLE, ", ".join(sorted(runtimes)))


def _publishes(container: Json, port: int) -> bool:
    return any(each.get("PublicPort") == port for each in container.get("Ports") or [])


def _listened_on(port: int) -> bool:
    with socket.socket() as probe:
        # A port whose last connections are still being closed is free for the engine too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
