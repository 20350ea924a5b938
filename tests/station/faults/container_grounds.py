"""A ground whose servers are containers of a real engine, each with the scripted server in it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driver_contract import free_port, stub_checkpoint
from proving_ground import Ground
from real_engine import Engine, HostImage, host_image

import docstation
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_creation import APP
from docstation.station.drivers.container_errors import engine_errors

IMAGE = "docstation-test/scripted:1"
SOURCES = Path(docstation.__file__).parents[1]
PROGRAM = """#!{python}
import runpy, sys
sys.path.insert(0, {sources!r})
runpy.run_module("docstation.testing.model_server", run_name="__main__", alter_sys=True)
"""


def scripted_image(client: Any) -> HostImage:
    """An image whose ``vllm`` is the scripted server."""
    program = PROGRAM.format(python=Path(sys.executable).resolve(), sources=str(SOURCES))
    return host_image(client, IMAGE, SOURCES, program=program)


class ContainerGround(Ground):
    """A ground that knows its engine.

    Attributes:
        makes: what made it.
    """

    makes: ContainerGrounds

    def on_another_driver(self, **options: object) -> None:
        """Let a driver with other options do the work until the fault is over."""
        self.replace_driver("container", self.makes.driver(self.folder, **options))


@dataclass(frozen=True)
class ContainerGrounds:
    """Makes grounds on one engine.

    Attributes:
        engine: where the containers run.
        client: of the engine, for looking at it beside the driver.
        image: of the servers.
        station: id of the state folder.
    """

    engine: Engine
    client: Any
    image: HostImage
    station: str

    def driver(self, folder: Path, **options: Any) -> ContainerDriver:
        """A driver of this station."""
        usual = {"station": self.station, "logs": folder / "logs", "caches": folder / "caches", "gpu": False}
        usual |= {"mounts": self.image.mounts, "free_bytes": 0}
        return ContainerDriver(**{"client_factory": self.engine.client} | usual | options)

    def new(self, folder: Path) -> ContainerGround:
        """A ground at rest in that folder."""
        stub_checkpoint(folder / "weights")
        driver, looker = self.driver(folder), self.driver(folder)
        usual = {"driver": "container", "image": self.image.image}
        ground = ContainerGround(folder, {"container": driver}, looker, free_port(), self.containers, **usual)
        ground.makes = self
        ground.come_to_rest()
        return ground

    def containers(self, port: int) -> list[str]:
        """Containers of any station of ours that run and publish this port, as the engine lists them."""
        with engine_errors():
            listed = self.client.containers(all=False, filters={"label": APP})
        return [one["Id"] for one in listed if any(each.get("PublicPort") == port for each in one.get("Ports") or [])]
