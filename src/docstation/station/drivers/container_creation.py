"""A deployment as a container: the body of the engine's request to create one, and the labels by which it is known.

Pure data. The container may do nothing but serve: no capabilities, no new privileges, a bound on its processes, the
caller's own user, weights that it can only read, and a port that only this machine sees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from docstation.station.deployment import Deployment
from docstation.station.drivers.weights import checkpoint_folder

APP = "docstation.app"
STATION = "docstation.station"
MODEL = "docstation.model"
SPEC = "docstation.spec"
DEPLOYMENT = "docstation.deployment"

SERVED_PORT = 8000
"""The port inside the container; outside it is the deployment's."""

HOME = "/docstation"
WEIGHTS = "/weights"
SHARED_MEMORY_BYTES = 2 << 30
"""Of /dev/shm: vLLM hands pictures from one of its processes to the other through it, and 64 MiB are too few."""

PROCESSES = 4096
_LISTENING = ("--host", "--port")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine, seen inside the container.

    Attributes:
        source: on this machine, absolute; it must exist.
        target: inside the container.
        read_only: whether the container can only read it.
    """

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every container of a station.

    Attributes:
        station: id of the state folder.
        user: ``uid:gid`` that the server runs as; empty for the image's own.
        hub: folder of the downloaded checkpoints, as ``HF_HUB_CACHE`` names it.
        home: folder for what the server compiles and caches; a start that finds it warm is quicker.
        mounts: further ones.
        program: what is run; the deployment's arguments follow it.
        gpus: ``all``, or ids of GPUs as the engine knows them, or nothing.
        memory_bytes: bound on the host memory of all its processes, 0 for none.
    """

    station: str
    user: str
    hub: Path
    home: Path
    mounts: tuple[Mount, ...] = ()
    program: tuple[str, ...] = ("vllm", "serve")
    gpus: tuple[str, ...] = ()
    memory_bytes: int = 0


def creation(deployment: Deployment, image: str, around: Surroundings) -> dict[str, Any]:
    """Body of the request that creates the container of `deployment` from `image`."""
    port = f"{SERVED_PORT}/tcp"
    return {
        "Image": image,
        "Entrypoint": list(around.program),
        "Cmd": listening(deployment.arguments),
        "User": around.user,
        "Env": [f"{name}={value}" for name, value in environment(deployment).items()],
        "Labels": labels(deployment, around.station),
        "ExposedPorts": {port: {}},
        # An image's own health checks would only fill the engine's record of events.
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": str(deployment.port)}]},
            "Mounts": [_mount(each) for each in mounts(deployment, around)],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "PidsLimit": PROCESSES,
            "Memory": around.memory_bytes,
            "MemorySwap": around.memory_bytes,
            "ShmSize": SHARED_MEMORY_BYTES,
            "IpcMode": "private",
            # Process 1 passes signals on and reaps what the server's children leave behind.
            "Init": True,
            # The station restarts what it watches; an engine that does so too would bring back what was given up.
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "DeviceRequests": _device_requests(around.gpus),
        },
    }


def listening(arguments: Sequence[str]) -> list[str]:
    """`arguments` with the address on which the server listens inside its container, in place of any other."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _LISTENING:
            next(words, None)
        elif not word.startswith(tuple(f"{option}=" for option in _LISTENING)):
            kept.append(word)
    return [*kept, "--host", "0.0.0.0", "--port", str(SERVED_PORT)]


def environment(deployment: Deployment) -> dict[str, str]:
    """Variables of the server; the deployment's own come last.

    A user without an entry in the image's passwd needs a home and a name: libraries that ask for either fail without.
    """
    ours = {
        "HOME": HOME,
        "USER": "docstation",
        "LOGNAME": "docstation",
        "HF_HOME": f"{HOME}/huggingface",
        "HF_HUB_CACHE": WEIGHTS,
        "HF_HUB_OFFLINE": "1",
        "VLLM_CACHE_ROOT": f"{HOME}/vllm",
        "TRITON_CACHE_DIR": f"{HOME}/triton",
        "TORCHINDUCTOR_CACHE_DIR": f"{HOME}/inductor",
    }
    return ours | dict(deployment.environment)


def mounts(deployment: Deployment, around: Surroundings) -> tuple[Mount, ...]:
    """What the container sees of this machine: caches, weights, and what the surroundings add."""
    folder = checkpoint_folder(deployment)
    weights = Mount(folder, str(folder)) if folder else Mount(around.hub, WEIGHTS)
    return (Mount(around.home, HOME, read_only=False), weights, *around.mounts)


def labels(deployment: Deployment, station: str) -> dict[str, str]:
    """Labels of its container; they carry no secret, for a deployment holds none."""
    return {
        APP: "station",
        STATION: station,
        MODEL: deployment.model,
        SPEC: deployment.spec,
        DEPLOYMENT: json.dumps(asdict(deployment), sort_keys=True),
    }


def is_ours(found: Mapping[str, str] | None, station: str) -> bool:
    """Whether a container with these labels belongs to this station."""
    return found is not None and found.get(APP) == "station" and found.get(STATION) == station


def label_filters(station: str) -> list[str]:
    """The same as `is_ours`, as the engine filters lists and events."""
    return [f"{APP}=station", f"{STATION}={station}"]


def deployment_of(found: Mapping[str, str]) -> Deployment | None:
    """The deployment that the labels hold; None for what no version of ours wrote."""
    try:
        values = json.loads(found.get(DEPLOYMENT, ""))
        known = {each.name: values[each.name] for each in fields(Deployment) if each.name in values}
        pairs = tuple((str(name), str(value)) for name, value in known.get("environment", ()))
        arguments = tuple(str(word) for word in known.get("arguments", ()))
        return Deployment(**known | {"arguments": arguments, "environment": pairs})
    except (ValueError, TypeError):
        return None


def _mount(mount: Mount) -> dict[str, object]:
    # A bind of this kind is refused where its source is missing; the older kind would make it, as root's folder.
    return {"Type": "bind", "Source": str(mount.source), "Target": mount.target, "ReadOnly": mount.read_only}


def _device_requests(gpus: Sequence[str]) -> list[dict[str, object]]:
    if not gpus:
        return []
    which: dict[str, object] = {"Count": -1} if tuple(gpus) == ("all",) else {"DeviceIDs": list(gpus)}
    return [{"Driver": "", "Capabilities": [["gpu"]], **which}]
