"""Deployments of the stub in containers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from driver_contract import Deploy, free_port, stub_checkpoint, stub_deployment

from docstation.station.deployment import Deployment


def stub_deployments(usual_image: str, scratch: Path) -> Deploy:
    """A function that makes deployments of `usual_image`, with weights in `scratch` and one port for all."""
    weights, usual_port = stub_checkpoint(scratch / "weights"), free_port()

    def make(
        model: str = "stub",
        *,
        checkpoint: str | None = None,
        port: int | None = None,
        image: str = usual_image,
        digest: str = "",
        **script: object,
    ) -> Deployment:
        where = checkpoint or str(weights)
        made = stub_deployment("container", model, checkpoint=where, port=port or usual_port, image=image, **script)
        return replace(made, digest=digest)

    return make
