"""The real ``docstation serve`` as a process, with workers on a stage and a double in place of vLLM.

A service is started by the one test module that uses it and shared by its tests; each leaves it as it found it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from staged_workers import TARGET, VARIABLE, Stage

from docstation.client import Client
from docstation.station.drivers.process import ProcessDriver

SERVE = f"""
import sys
from docstation.bootstrap import reader
reader.WORKER = {TARGET!r}
from docstation.cli.main import main
sys.exit(main(["serve", *sys.argv[1:]]))
"""
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "rednote-hilab/dots.ocr"

[models.qwen3-vl-2b]
checkpoint = "{weights}"
served_name = "Qwen/Qwen3-VL-2B-Instruct"

[aliases.qwen3-vl]
candidates = ["qwen3-vl-2b"]
"""
PATIENCE = 60.0


@dataclass
class ServiceProcess:
    """A running service."""

    home: Path
    port: int
    stage: Stage
    environment: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def client(self) -> Client:
        """A client of it, over the gateway."""
        return Client(f"http://127.0.0.1:{self.port}", key="")

    def start(self, *words: str) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-c", SERVE, *words]
        self.process = subprocess.Popen(command, env=self.environment, cwd=self.home, stderr=subprocess.DEVNULL)
        until(lambda: self.process.poll() is None and self.client.connected())

    def kill(self) -> None:
        """End it at once, as a crash of the machine would."""
        self.process.kill()
        self.process.wait()

    def clean(self) -> None:
        """Take away all documents and all that is said of workers."""
        self.stage.forget()
        while jobs := self.client.jobs().jobs:
            for one in jobs:
                self.client.delete(one.id)


def until(look: Callable[[], object], seconds: float = PATIENCE) -> object:
    """What `look` gives as soon as it gives anything."""
    last = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < last, "it did not come to that"
        time.sleep(0.01)
    return seen


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service_process(folder: Path, *words: str) -> Iterator[ServiceProcess]:
    """A service with its state in `folder`; `words` are those of its command line."""
    home, weights, stage = folder / "home", folder / "weights", folder / "stage"
    for one in (home, weights, stage):
        one.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(CATALOGUE.format(weights=weights))
    program = folder / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent),
        VARIABLE: str(stage),
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_SERVICE_PORT": str(free_port()),
    }
    made = ServiceProcess(home, int(environment["DOCSTATION_SERVICE_PORT"]), Stage(stage), environment)
    try:
        made.start(*words)
        yield made
    finally:
        made.stage.forget()
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(30)
        made.stage.close()
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=5)
