"""Images of a container engine: which one a deployment means, what its digest is, and pulling it with progress.

A digest that is recorded once is held from then on, whatever its tag names later. An image that came without a
registry has no digest of its own; its id serves as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.container_client import EngineClient, Json
from docstation.station.drivers.container_errors import engine_errors, refusal

_UNREACHABLE = (
    "no such host",
    "dial tcp",
    "server misbehaving",
    "i/o timeout",
    "tls handshake timeout",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "client.timeout exceeded",
    "proxyconnect",
    "unexpected eof",
)
_DOWNLOADED = frozenset({"Download complete", "Pull complete", "Already exists"})


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is.

    Attributes:
        layers_done: layers that are downloaded and unpacked.
        layers: layers seen so far.
        bytes_done: downloaded, of the layers that had to be.
        bytes: size of those layers as far as it is known; it grows while layers begin.
    """

    layers_done: int
    layers: int
    bytes_done: int
    bytes: int


def image_reference(client: EngineClient, deployment: Deployment) -> str:
    """What to create the container of `deployment` from: the recorded digest where there is one, else the tag.

    Raises:
        Fault: ``IMAGE_MISSING``, also where the tag is there and now names another image than the recorded one.
    """
    wanted = [deployment.image]
    if deployment.digest:
        wanted = [f"{_repository(deployment.image)}@{deployment.digest}", deployment.digest]
    for reference in wanted:
        if reference and _inspect(client, reference) is not None:
            return reference
    raise Fault(Cause.IMAGE_MISSING, " ".join(wanted[:1]))


def image_digest(client: EngineClient, image: str) -> str:
    """The digest by which `image` is held, ``sha256:`` and 64 hexadecimal digits.

    Raises:
        Fault: ``IMAGE_MISSING``.
    """
    found = _inspect(client, image)
    if found is None:
        raise Fault(Cause.IMAGE_MISSING, image)
    for name in found.get("RepoDigests") or []:
        repository, _, digest = str(name).partition("@")
        if _familiar(repository) == _familiar(_repository(image)):
            return digest
    return str(found["Id"])


def pull_image(client: EngineClient, image: str, on_progress: Callable[[PullProgress], None]) -> str:
    """Download `image` from its registry; the digest to record for it. Layers that are there are not loaded again.

    Raises:
        Fault: ``HUB_UNREACHABLE``, ``DISK_FULL``, or ``IMAGE_PULL`` where the registry refuses it.
    """
    layers = _Layers()
    try:
        with engine_errors(Cause.IMAGE_PULL):
            for event in client.pull(image, stream=True, decode=True):
                if "error" in event:
                    raise refusal(str(event["error"]), Cause.IMAGE_PULL)
                if layers.note(event):
                    on_progress(layers.progress)
    except Fault as fault:
        raise _pull_fault(fault) from fault
    return image_digest(client, image)


@dataclass(slots=True)
class _Layers:
    """What the engine has told of each layer."""

    sizes: dict[str, int] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    done: dict[str, bool] = field(default_factory=dict)

    def note(self, event: Json) -> bool:
        """Take in an event; whether it tells of a layer."""
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        if not layer or status.startswith("Pulling from"):
            return False
        self.done.setdefault(layer, False)
        if status == "Downloading":
            detail = event.get("progressDetail") or {}
            self.loaded[layer] = int(detail.get("current", 0))
            self.sizes[layer] = max(int(detail.get("total", 0)), self.loaded[layer])
        elif status in _DOWNLOADED:
            self.loaded[layer] = self.sizes.get(layer, 0)
            self.done[layer] = status != "Download complete"
        return True

    @property
    def progress(self) -> PullProgress:
        return PullProgress(
            layers_done=sum(self.done.values()),
            layers=len(self.done),
            bytes_done=sum(self.loaded.values()),
            bytes=sum(self.sizes.values()),
        )


def _pull_fault(fault: Fault) -> Fault:
    """A refusal to pull names its cause in words about the network more often than in the registry's."""
    if fault.cause is Cause.IMAGE_MISSING:
        return Fault(Cause.IMAGE_PULL, fault.detail)
    if fault.cause is Cause.IMAGE_PULL and any(words in fault.detail.lower() for words in _UNREACHABLE):
        return Fault(Cause.HUB_UNREACHABLE, fault.detail)
    return fault


def _inspect(client: EngineClient, reference: str) -> Json | None:
    try:
        with engine_errors():
            return client.inspect_image(reference)
    except Fault as fault:
        if fault.cause is Cause.IMAGE_MISSING:
            return None
        raise


def _repository(image: str) -> str:
    """`image` without its tag or digest; a colon before a slash is a registry's port."""
    name = image.partition("@")[0]
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name


def _familiar(repository: str) -> str:
    from docker.auth import INDEX_NAME

    # What stands in front of the name of an image from the engine's usual registry.
    return repository.removeprefix(f"{INDEX_NAME}/").removeprefix("library/")
