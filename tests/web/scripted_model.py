"""A service whose models are the scripted model server: a ``vllm`` on its path, and a small catalogue."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web_process import WebService, eventually, free_port, web_service

from docstation.station.drivers.process import ProcessDriver

PROGRAM = """#!/bin/sh
exec '{python}' -m docstation.testing.model_server "$@"
"""
MODELS = """
[models.dots-ocr]
checkpoint = "{checkpoint}"
[models.qwen3-vl-2b]
checkpoint = "{checkpoint}"
"""
MODEL = "qwen3-vl-2b"


@dataclass(frozen=True)
class Scripted:
    """A service with a scripted model.

    Attributes:
        service: that runs.
        port: of the model server.
    """

    service: WebService
    port: int

    def script(self, **knobs: object) -> None:
        """Have the model server behave so from now on, see `docstation.testing.model_server_script.Script`."""
        body = json.dumps(knobs).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


@contextmanager
def scripted_service(folder: Path, *, serving: bool = True, **variables: str) -> Iterator[Scripted]:
    """A service of the test's own; `serving` whether the model serves already."""
    programs, home = folder / "programs", folder / "service" / "home"
    programs.mkdir(parents=True)
    (programs / "vllm").write_text(PROGRAM.format(python=sys.executable))
    (programs / "vllm").chmod(0o755)
    port = free_port()
    more = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_STATION_PORT": str(port),
        "DOCSTATION_STATION_STABLE_SECONDS": "0",
        "DOCSTATION_STATION_CATALOG": str(folder / "models.toml"),
    }
    (folder / "models.toml").write_text(MODELS.format(checkpoint=_checkpoint(folder / "checkpoint")))
    try:
        with web_service(folder / "service", **more, **variables) as service:
            made = Scripted(service, port)
            if serving:
                service.client.switch(MODEL)
                eventually(lambda: (now := service.client.status().serving) and now[0].answers)
            yield made
    finally:
        driver = ProcessDriver(home / "station" / "processes")
        for instance in driver.instances():
            driver.stop(instance.name, grace=0.0)


def _checkpoint(folder: Path) -> Path:
    """A folder that looks like weights; the scripted server does not read it."""
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return folder
