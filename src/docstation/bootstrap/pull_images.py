"""The container images of models: looked for, pulled through the container engine, and held at their digest."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from docstation.bootstrap.pull_failures import disk_failure, image_failure
from docstation.bootstrap.pull_recording import hold
from docstation.bootstrap.pull_results import ImagePulled, PullOrder, PullTold, State, Told
from docstation.models.pins import Pins
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.container_client import ClientFactory, EngineClient
from docstation.station.drivers.container_errors import engine_errors
from docstation.station.drivers.container_images import PullProgress, image_digest, image_reference, pull_image


class ImagePuller:
    """Pulls images for one station.

    Args:
        folder: of the station's state.
        used: whether models are started by a container engine here.
        connect: gives the engine.
        told: is called with the progress.
    """

    def __init__(self, folder: Path, connect: ClientFactory, told: Told, *, used: bool) -> None:
        self._folder = folder
        self._connect = connect
        self._told = told
        self._used = used
        self._pins = Pins(folder)

    def look(self, image: str, model: str, order: PullOrder) -> ImagePulled:
        """Whether an image is here; nothing is recorded."""
        held = self._pins.get("image", image)
        if not self._used:
            return ImagePulled(image, model, "not-needed", held)
        try:
            present = self._present(image, model, held)
        except Fault as fault:
            return ImagePulled(image, model, "failed", error=image_failure(fault, model=model, image=image))
        return ImagePulled(image, model, "here" if present and not order.upgrade else "planned", present or held)

    def pull(self, image: str, model: str, order: PullOrder) -> ImagePulled:
        """Pull an image that is not here, or is to be the newest, and record it."""
        found = self.look(image, model, order)
        if found.state not in {"here", "planned"}:
            return found
        held = self._pins.get("image", image)
        try:
            present = self._present(image, model, held)
            digest = present
            if found.state == "planned":
                digest = self._pull_image(image, "" if order.upgrade else held)
            hold(self._folder, "image", image, digest)
        except Fault as fault:
            return replace(found, state="failed", error=image_failure(fault, model=model, image=image))
        except OSError as problem:
            return replace(found, state="failed", error=disk_failure(problem, model, self._folder))
        state: State = "here" if digest == present else "fetched"
        return ImagePulled(image, model, state, digest, held if held != digest else "")

    @cached_property
    def _client(self) -> EngineClient:
        with engine_errors(Cause.ENGINE_DOWN):
            return self._connect()

    def _present(self, image: str, model: str, held: str) -> str:
        """The digest of the image that is here; empty where the one that is meant is not."""
        wanted = Deployment(model, "container", model, 0, image=image, digest=held)
        try:
            reference = image_reference(self._client, wanted)
        except Fault as fault:
            if fault.cause is not Cause.IMAGE_MISSING:
                raise
            return ""
        return held or image_digest(self._client, reference)

    def _pull_image(self, image: str, held: str) -> str:
        """Pull an image by the digest that is held, else by its tag; its digest."""
        from docker.utils import parse_repository_tag

        def tell(at: PullProgress) -> None:
            self._told(PullTold("image", image, at.layers_done, at.layers, at.bytes_done, at.bytes))

        name = f"{parse_repository_tag(image)[0]}@{held}" if held else image
        digest = pull_image(self._client, name, tell)
        return held or digest
