"""Keys at a real service: asked for as soon as there is one, refused soon after they are taken back, and in no log."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from docstation.client import Client
from docstation.errors import ExitCode, NotFound, UsageError
from docstation.station.drivers.process import ProcessDriver

COMMAND = str(Path(sys.executable).with_name("docstation"))
MODEL = "rednote-hilab/dots.ocr"
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{weights}"
served_name = "{model}"
"""
CHAT = "/v1/chat/completions"
SOON = 5.0
"""Seconds within which a key that was taken back must be refused."""


def until(true: Callable[[], object], within: float = 30.0) -> float:
    """Wait until something is so; the seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < within, "it did not come true"
        time.sleep(0.01)
    return time.monotonic() - begun


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Machine:
    """A state folder, a catalogue and a program called vllm; services are started on it."""

    home: Path
    port: int
    variables: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A service; it answers when this returns."""
        with (self.home / "stderr.txt").open("ab") as said:
            process = subprocess.Popen([COMMAND, "serve", *words], env=self.variables, cwd=self.home, stderr=said)
        self.started.append(process)
        until(lambda: process.poll() is not None or self.status("GET", "/station") not in {0, 503})
        assert process.poll() is None, (self.home / "stderr.txt").read_text()
        return process

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, content, {"Content-Type": "application/json", **names})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self, method: str, path: str, secret: str = "") -> int:
        """What becomes of a request, 0 where nobody listens."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask(method, path, **({"Authorization": f"Bearer {secret}"} if secret else {}))[0]
        return 0

    def command(self, *words: str) -> tuple[int, str, str]:
        line = [COMMAND, *words]
        done = subprocess.run(line, env=self.variables, cwd=self.home, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def key(self, name: str, *scopes: str) -> str:
        code, out, _ = self.command("keys", "add", name, *(word for one in scopes for word in ("--scope", one)))
        assert code == 0
        return out.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    home = tmp_path / "home"
    weights = home / "weights"
    weights.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(CATALOGUE.format(weights=weights, model=MODEL))
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    port = free_port()
    variables = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_PORT": str(free_port()),
        "DOCSTATION_SERVICE_PORT": str(port),
    }
    made = Machine(home, port, variables)
    try:
        yield made
    finally:
        for process in made.started:
            process.terminate()
            process.wait(20)
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=5)


def test_nobody_is_asked_until_there_is_a_key_and_then_everybody_is(machine: Machine) -> None:
    machine.start("--idle")
    assert machine.status("GET", "/station") == 200
    laptop, admin = machine.key("laptop"), machine.key("admin", "station")
    until(lambda: machine.status("GET", "/station", admin) == 200 and machine.status("GET", "/station") == 401, SOON)
    for path in ("/livez", "/readyz", "/health"):
        assert machine.status("GET", path) in {200, 503}
    for path in ("/metrics/gateway", "/v1/models", "/version", "/openapi.json", "/documents"):
        assert (machine.status("GET", path), machine.status("GET", path, laptop)) == (401, 200)
    for name in ("x_api_key", "api_key"):
        assert machine.ask("GET", "/station", **{name: laptop})[0] == 200
        assert machine.ask("GET", "/station", **{name: laptop[:-1]})[0] == 401
    assert machine.status("POST", "/station/stop", laptop) == 403
    assert machine.status("POST", "/station/stop", admin) in {200, 202}
    assert machine.status("POST", "/documents", admin) == 403

    assert machine.command("keys", "revoke", "admin")[0] == 0
    assert until(lambda: machine.status("GET", "/station", admin) == 401) < SOON
    assert machine.status("GET", "/station", laptop) == 200
    code, _, said = machine.command("keys", "revoke", "laptop")
    assert (code, "It was the last key" in said) == (0, True)
    until(lambda: machine.status("GET", "/station") == 200, SOON)


def test_keys_are_managed_with_a_key_for_that_and_by_whoever_owns_the_state_folder(machine: Machine) -> None:
    machine.start("--idle")
    assert machine.status("GET", "/keys") == 403, "nobody has a key yet: whoever comes first does not make one"
    owner = Client(f"unix:{machine.home / 'service.sock'}", key="")
    admin = owner.add_key("admin", ["admin"])
    assert admin.key.scopes == ("read", "admin")
    assert admin.secret not in repr(admin)
    until(lambda: machine.status("GET", "/keys", admin.secret) == 200, SOON)
    distant = Client(f"http://127.0.0.1:{machine.port}", admin.secret)
    laptop = distant.add_key("laptop")
    for client in (distant, owner):
        assert [one.id for one in client.api_keys()] == [admin.key.id, laptop.key.id]
    until(lambda: machine.status("GET", "/station", laptop.secret) == 200, SOON)
    assert machine.status("GET", "/keys", laptop.secret) == 403
    with pytest.raises(UsageError, match="already"):
        distant.add_key("laptop")
    assert distant.revoke_key(laptop.key.id).name == "laptop"
    until(lambda: machine.status("GET", "/station", laptop.secret) == 401, SOON)
    with pytest.raises(NotFound):
        distant.revoke_key("laptop")
    owner.revoke_key("admin")
    until(lambda: machine.status("GET", "/station") == 200, SOON)
    assert owner.api_keys() == ()
    for path in (one for one in machine.home.rglob("*") if one.is_file()):
        content = path.read_bytes()
        assert not any(one.secret.encode() in content for one in (admin, laptop)), path


def test_keys_are_in_no_file_and_in_no_environment_of_a_model_server(machine: Machine) -> None:
    secret = machine.key("laptop")
    machine.variables["DOCSTATION_KEY"] = secret
    service = machine.start("--model", "dots-ocr")
    wrong = "ds_" + "w" * 43

    def chat(key: str) -> int:
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], "max_tokens": 5}
        return machine.ask("POST", CHAT, asked, Authorization=f"Bearer {key}")[0]

    until(lambda: chat(secret) == 200)
    sample = (Path(__file__).parents[2] / "samples" / "dogovor-scan.jpg").read_bytes()
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + sample + b"\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    headers = {"Content-Type": kind, "Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
    assert machine.ask("POST", "/documents", form, **headers)[0] == 202
    for key, path in ((wrong, CHAT), (secret, "/nowhere"), (secret, "/documents/unknown"), (wrong, "/station")):
        assert machine.status("GET", path, key) in {401, 404, 405}
        assert machine.ask("POST", path, b"{", x_api_key=key)[0] in {400, 401, 403, 404, 405}
    until(lambda: _own_keys(service.pid) - {secret})
    own = _own_keys(service.pid) - {secret}
    assert len(own) == 1, "readers have the service's own key, not that of whoever started it"
    assert machine.status("GET", "/station", *own) == 200
    assert machine.status("POST", "/station/stop", *own) == 403
    kept = [path for path in machine.home.rglob("*") if path.is_file()]
    assert {"docstation.db", "gateway.log", "stderr.txt", "models.toml"} <= {path.name for path in kept}
    for path in kept:
        content = path.read_bytes()
        for hidden in (secret, wrong, *own):
            assert hidden.encode() not in content, path
    servers = [one for one in psutil.process_iter() if _is_server(one, machine.home)]
    assert servers
    for server in servers:
        assert "DOCSTATION_KEY" not in server.environ()


def _own_keys(service: int) -> set[str]:
    """Keys in the environments of the processes that the service started."""
    found = set()
    for one in psutil.Process(service).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found |= {one.environ().get("DOCSTATION_KEY", "")} - {""}
    return found


def _is_server(one: psutil.Process, home: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return "docstation.testing.model_server" in one.cmdline() and one.environ().get("DOCSTATION_HOME") == str(home)
    return False


def test_an_address_that_others_can_reach_needs_a_key(machine: Machine) -> None:
    code, _, said = machine.command("serve", "--host", "0.0.0.0", "--idle")
    assert code == ExitCode.USAGE
    assert "no key is asked for" in said
    assert "docstation keys add" in said
    secret = machine.key("laptop")
    code, said, _ = machine.command("serve", "--host", "0.0.0.0", "--idle", "--detach", "--json")
    assert code == 0
    service = psutil.Process(json.loads(said)["pid"])
    try:
        assert [machine.status("GET", path) for path in ("/station", "/livez")] == [401, 200]
        assert machine.status("GET", "/station", secret) == 200
        machine.command("keys", "revoke", "laptop")
        until(lambda: machine.status("GET", "/station") == 403, SOON)
        assert machine.status("GET", "/station", secret) == 403, "the last key is gone: nobody is let in"
    finally:
        service.terminate()
        service.wait(20)


def test_a_service_that_comes_back_leaves_no_moment_without_keys(machine: Machine) -> None:
    secret = machine.key("laptop")
    first = machine.start("--idle")
    first.kill()
    first.wait()
    assert machine.status("GET", "/v1/models") == 401, "the gateway goes on, and asks for keys"
    seen = set()
    with (machine.home / "stderr.txt").open("ab") as said:
        line = [COMMAND, "serve", "--idle"]
        machine.started.append(subprocess.Popen(line, env=machine.variables, cwd=machine.home, stderr=said))
    while machine.status("GET", "/station", secret) != 200:
        seen |= {machine.status("GET", "/v1/models"), machine.status("GET", "/station")}
    assert seen <= {401}


def test_only_its_user_reaches_the_service_behind_the_gateway(machine: Machine) -> None:
    machine.start("--idle")
    for name in ("service.sock", "gateway.sock", "docstation.db"):
        assert (machine.home / name).stat().st_mode & 0o777 == 0o600
