"""A real service and a real ``streamlit run app.py`` in front of it, each a process of the tests' own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docstation.client import Client, JobOptions

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SHOTS = ROOT / "build" / "screenshots"
PATIENCE = 60.0


@dataclass(frozen=True)
class WebService:
    """A running service.

    Attributes:
        home: its state folder.
        port: of its gateway.
        environment: for processes that are to find it.
    """

    home: Path
    port: int
    environment: dict[str, str]

    @property
    def client(self) -> Client:
        """A client of it."""
        return Client(f"unix:{self.home / 'service.sock'}", key="")

    def read(self, file: Path, options: JobOptions | None = None) -> str:
        """The id of the file's document, read by the embedded engine; read once for the same options."""
        client = self.client
        key = f"{file.name}-{options}".encode().hex()[-120:]
        made = client.submit(file, options, idempotency_key=key)
        eventually(lambda: client.job(made.id).over)
        assert client.job(made.id).state == "done"
        return made.id


def eventually(look: Callable[[], object], seconds: float = PATIENCE) -> object:
    """What `look` gives as soon as it gives anything."""
    last = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < last, "it did not come to that"
        time.sleep(0.02)
    return seen


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_service(folder: Path, **variables: str) -> Iterator[WebService]:
    """``docstation serve --idle`` with its state in `folder`; `variables` are more of its environment."""
    home = folder / "home"
    home.mkdir(parents=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOCSTATION_UI")},
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_SERVICE_PORT": str(free_port()),
        "DOCSTATION_STATION_PORT": str(free_port()),
        **variables,
    }
    made = WebService(home, int(environment["DOCSTATION_SERVICE_PORT"]), environment)
    command = [str(Path(sys.executable).with_name("docstation")), "serve", "--idle"]
    log = folder / "serve.log"
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=environment, cwd=home, stderr=told)
        try:
            eventually(lambda: process.poll() is not None or made.client.connected())
            assert process.poll() is None, log.read_text(errors="replace")[-4000:]
            yield made
        finally:
            _end(process)


@contextmanager
def web_server(environment: dict[str, str], log: Path) -> Iterator[str]:
    """``streamlit run app.py``; the address at which it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=told, stderr=told)
        address = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: process.poll() is not None or _answers(f"{address}/_stcore/health"))
            assert process.poll() is None, log.read_text(errors="replace")[-4000:]
            yield address
        finally:
            _end(process)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
