"""The service's port in another program's hands: whoever needs it is told whose they are, and what to do."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_serve import COMMAND, free_port

from docstation.bootstrap.port_holder import holder_of, is_other_than, taken
from docstation.errors import ExitCode


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("command", ["serve --idle", "serve --idle --detach", "models switch dots-ocr"])
def test_the_program_that_is_in_the_way_is_named_at_once(tmp_path: Path, port: int, command: str):
    environment = {
        **os.environ,
        "DOCSTATION_HOME": str(tmp_path),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_SERVICE_PORT": str(port),
        "DOCSTATION_STATION_DRIVER": "process",
    }
    done = subprocess.run(
        [COMMAND, *command.split()], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == ExitCode.USAGE, done.stderr
    assert f"Port {port} is taken by " in done.stderr
    assert f"(pid {os.getpid()})." in done.stderr
    assert "DOCSTATION_SERVICE_PORT" in done.stderr


def test_a_port_of_ours_and_a_free_one_are_nobodys_fault(port: int):
    assert is_other_than(port, "docstation.service.gateway")
    free = free_port()
    assert not is_other_than(free, "docstation.service.gateway")
    assert (taken("127.0.0.1", free), holder_of(free)) == (None, "")
