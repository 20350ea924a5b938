"""What is here to start models with: the container engine, and weights and images; looked at, never changed.

For ``docstation doctor`` and the report of promises. What fails to be looked at becomes a `Trouble`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.errors import DocStationError
from docstation.messages.marking import N_
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, DriverKind
from docstation.station.promises.seen import BundleSeen, EngineSeen, Said, Trouble
from docstation.station.promises.state import words_of

if TYPE_CHECKING:
    from docstation.models.entry import ModelEntry
    from docstation.models.pins import Pins
    from docstation.station.drivers.container_client import EngineClient, Json

ENGINE_SECONDS = 1
"""In which a container engine that works answers."""
DEFAULT_SOCKET = "unix:///var/run/docker.sock"


def trouble_of(error: DocStationError | OSError | ImportError | Fault) -> Trouble:
    """Why something could not be looked at, in words for a person."""
    if isinstance(error, DocStationError):
        fields = tuple((name, str(value)) for name, value in error.fields.items())
        return Trouble(Said(error.message_id, fields), Said(error.remedy_id, fields))
    if isinstance(error, Fault):
        return words_of(error.cause, error.detail)
    return Trouble(Said.of("{error}", error=error), words=f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """The container engine, and the client that it can be asked with; None where it cannot."""

    seen: EngineSeen
    client: EngineClient | None = None


def find_engine(environ: Mapping[str, str] | None = None) -> FoundEngine:
    """The container engine that a driver would use; looked for cheaply before its library is loaded."""
    environ = os.environ if environ is None else environ
    address = _engine_address(environ)
    path = address.removeprefix("unix://")
    if path != address and not Path(path).exists():
        if shutil.which("docker", path=environ.get("PATH")) is not None:
            return FoundEngine(EngineSeen("down", address, trouble=words_of(Cause.ENGINE_DOWN)))
        return FoundEngine(EngineSeen("absent", address, trouble=Trouble(Said(NO_ENGINE), Said(NO_ENGINE_REMEDY))))
    from docstation.station.drivers.container_client import connect
    from docstation.station.drivers.container_errors import engine_errors

    try:
        with engine_errors(Cause.ENGINE_DOWN):
            client = connect(ENGINE_SECONDS)
            return FoundEngine(_engine(address, client.version(), client.info()), client)
    except Fault as fault:
        denied = fault.cause is Cause.ENGINE_DENIED
        return FoundEngine(EngineSeen("denied" if denied else "down", address, trouble=trouble_of(fault)))


NO_ENGINE = N_("No container engine is installed here, or none that can be seen from here.")
NO_ENGINE_REMEDY = N_("Install Docker Engine 20.10 or newer, and the NVIDIA container toolkit for the GPU.")


def _engine_address(environ: Mapping[str, str]) -> str:
    """Where the engine is looked for: DOCKER_HOST, else the chosen context by its name, else the usual socket."""
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    chosen = environ.get("DOCKER_CONTEXT", "")
    with suppress(OSError, ValueError, KeyError, TypeError):
        chosen = chosen or str(json.loads((folder / "config.json").read_bytes())["currentContext"])
    return DEFAULT_SOCKET if chosen in {"", "default"} else f"context {chosen}"


def _engine(address: str, version: Json, info: Json) -> EngineSeen:
    from docstation.station.drivers.container_checks import check_engine, check_gpu
    from docstation.station.drivers.container_errors import one_line

    parts = " ".join(str(part.get("Name", "")) for part in version.get("Components") or [])
    name = "Podman" if "podman" in parts.lower() else "Docker"
    words = one_line(f"{name} {version.get('Version', '?')} (API {version.get('ApiVersion', '?')})")
    try:
        check_engine(version)
    except Fault as fault:
        # Its detail is a sentence of ours that says more than the cause does.
        trouble = Trouble(Said(fault.detail), words_of(fault.cause).remedy)
        return EngineSeen("unsupported", address, words, trouble)
    try:
        check_gpu(info)
    except Fault as fault:
        return EngineSeen("answers", address, words, gpu_trouble=trouble_of(fault))
    return EngineSeen("answers", address, words)


def default_bundle(
    candidates: Sequence[ModelEntry], kind: DriverKind, pins: Pins, hub: Path, engine: FoundEngine
) -> BundleSeen:
    """What the first candidate needs whose weights are here, else the first of all.

    Raises:
        SettingsError: the record of pins is damaged.
    """
    from docstation.station.resolving import is_at_hand

    entry = next((one for one in candidates if is_at_hand(one, hub, pins)), candidates[0])
    deployment = Deployment(
        entry.name,
        kind if entry.engine == "vllm" else entry.engine,
        entry.model_id,
        entry.context,
        checkpoint=entry.checkpoint,
        revision=pins.get("weights", entry.checkpoint),
        image=entry.image if kind == "container" else "",
        digest=pins.get("image", entry.image) if kind == "container" else "",
    )
    return bundle(deployment, "default", hub, engine)


def bundle(deployment: Deployment, role: str, hub: Path, engine: FoundEngine) -> BundleSeen:
    """What of a deployment's weights and image is on this machine."""
    from docstation.models.checkpoint import checkpoint_folder
    from docstation.station.drivers.container_images import image_reference
    from docstation.station.drivers.weights import check_weights

    if deployment.driver not in {"container", "process"}:
        return BundleSeen(deployment, role)
    known = {"model": deployment.model, "image": deployment.image}
    own = Path(deployment.checkpoint).expanduser().is_dir()
    seen = BundleSeen(deployment, role, own_folder=own)
    try:
        check_weights(deployment, hub)
        folder = checkpoint_folder(deployment.checkpoint, hub, deployment.revision)
        seen = replace(seen, weights=str(folder or deployment.checkpoint))
    except Fault as fault:
        seen = replace(seen, weights_trouble=words_of(fault.cause, fault.detail, model=deployment.model))
    if deployment.driver != "container" or engine.client is None:
        return seen
    try:
        return replace(seen, image=image_reference(engine.client, deployment))
    except Fault as fault:
        return replace(seen, image_trouble=words_of(fault.cause, fault.detail, **known))
