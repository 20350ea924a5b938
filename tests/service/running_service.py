"""``docstation serve`` as a process of a test's own, with scripted servers in place of vLLM."""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docstation.station.drivers.process import ProcessDriver

COMMAND = str(Path(sys.executable).with_name("docstation"))
PATIENCE = 60.0
CHAT = "/v1/chat/completions"


def eventually(look: Callable[[], object], what: str = "it did not come true", within: float = PATIENCE) -> object:
    """Wait until `look` gives something true, and return that."""
    end = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return seen


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def code(self) -> object:
        """Of an error."""
        error = self.json["error"]
        assert isinstance(error, dict)
        return error["code"]


@dataclass
class Service:
    """A running service, asked through its gateway."""

    home: Path
    port: int
    server_port: int
    environment: dict[str, str]
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, within: float = PATIENCE) -> None:
        """Start it, and return once its model serves."""
        line = [COMMAND, "serve", *self.words]
        self.process = subprocess.Popen(line, env=self.environment, cwd=self.home, stderr=subprocess.PIPE)
        eventually(self._ready, "it does not serve", within)

    def end(self) -> None:
        """End the service and its gateway; what serves goes on."""
        assert self.process is not None
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def chat(self, model: str | None, **more: object) -> Answer:
        asked = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 4, **more}
        return self.ask("POST", CHAT, asked if model is None else {**asked, "model": model})

    def tell_server(self, **script: object) -> None:
        """Have the scripted server behave otherwise from now on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=PATIENCE)
        connection.request("POST", "/control", json.dumps(script))
        assert connection.getresponse().status == 200
        connection.close()

    def serving(self) -> list[object]:
        """Names of the entries that serve."""
        shown = self.ask("GET", "/station").json["serving"]
        assert isinstance(shown, list)
        return [one["model"] for one in shown]

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
        try:
            answer = self.ask("GET", "/station")
        except OSError:
            return False
        return answer.status == 200 and answer.json["mode"] == "ready"


@contextmanager
def service(folder: Path, catalogue: str, *words: str, **settings: object) -> Iterator[Service]:
    """A service that serves its first model, until the block ends.

    Args:
        folder: of its own.
        catalogue: text of models.toml, where ``{weights}`` stands for a folder of weights.
        words: of its command line.
        settings: variables without their ``DOCSTATION_``.
    """
    home = folder / "home"
    weights = home / "weights"
    weights.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(catalogue.replace("{weights}", str(weights)))
    program = folder / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_SERVICE_PORT": str(ports[0]),
        "DOCSTATION_STATION_PORT": str(ports[1]),
        **{f"DOCSTATION_{name}": str(value) for name, value in settings.items()},
    }
    made = Service(home, *ports, environment, words)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.end()
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=5)
