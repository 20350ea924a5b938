"""A service whose station switches between scripted models: good, slow to load, endless, and broken."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web_process import PATIENCE, WebService, eventually, free_port, web_service

from docstation.station.drivers.process import ProcessDriver

PROGRAM = """#!/bin/sh
exec '{python}' -m docstation.testing.model_server "$@"
"""
MODELS = """
[models.dots-ocr]
checkpoint = "{checkpoint}"
[models.slow]
extends = "dots-ocr"
served_name = "slow"
environment = {{ MODEL_SERVER_LOAD_SECONDS = "4" }}
[models.endless]
extends = "dots-ocr"
served_name = "endless"
environment = {{ MODEL_SERVER_LOAD_SECONDS = "600" }}
[models.broken]
extends = "dots-ocr"
served_name = "broken"
environment = {{ MODEL_SERVER_FAIL = "oom" }}
"""


@dataclass(frozen=True)
class StationService:
    """A running service with models to switch between.

    Attributes:
        service: that runs.
        patience: seconds that a model may take to serve.
    """

    service: WebService
    patience: float = PATIENCE

    def serving(self) -> str:
        """Name of what serves and answers; empty for nothing, or while a change is under way."""
        now = self.service.client.status()
        good = now.transaction is None and now.serving and now.serving[0].answers
        return now.serving[0].model if good else ""

    def serve(self, model: str) -> None:
        """Have it serve."""
        self.settled()
        if self.serving() != model:
            self.service.client.switch(model)
        eventually(lambda: self.serving() == model, self.patience)

    def stopped(self) -> None:
        """Have nothing serve."""
        self.settled()
        self.service.client.stop()
        eventually(lambda: not self.service.client.status().serving)

    def settled(self) -> None:
        """Wait for the end of a change that is under way."""
        eventually(lambda: self.service.client.status().transaction is None, self.patience)


@contextmanager
def station_service(folder: Path) -> Iterator[StationService]:
    """A service of the test's own, at which nothing serves yet."""
    programs, home = folder / "programs", folder / "service" / "home"
    programs.mkdir(parents=True)
    (programs / "vllm").write_text(PROGRAM.format(python=sys.executable))
    (programs / "vllm").chmod(0o755)
    (folder / "models.toml").write_text(MODELS.format(checkpoint=_checkpoint(folder / "checkpoint")))
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_STATION_STABLE_SECONDS": "0",
        "DOCSTATION_STATION_CATALOG": str(folder / "models.toml"),
    }
    try:
        with web_service(folder / "service", **variables) as service:
            yield StationService(service)
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
