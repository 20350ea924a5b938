"""A ground whose servers are processes of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from driver_contract import free_port, stub_checkpoint
from proving_ground import Ground
from scripted_models import servers_on

from docstation.station.drivers.process import ProcessDriver

VLLM = """#!/bin/sh
[ ! -f "{folder}/knobs" ] || . "{folder}/knobs"
case "$SERVER_IS" in
dying) exec {python} {here}/dying_model_server.py "$@" ;;
*) exec {python} -m docstation.testing.model_server "$@" ;;
esac
"""


def process_ground(folder: Path) -> Ground:
    """A ground at rest in that folder; ``vllm`` is a program of its own, first on the path from now on."""
    stub_checkpoint(folder / "weights")
    program = folder / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(VLLM.format(folder=folder, python=sys.executable, here=Path(__file__).parent))
    program.chmod(0o755)
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    driver, looker = (ProcessDriver(folder / "processes", free_bytes=0) for _ in range(2))
    ground = Ground(folder, {"process": driver}, looker, free_port(), servers_on)
    ground.come_to_rest()
    return ground
