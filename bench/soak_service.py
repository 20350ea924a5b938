"""The service of ``soak.py``: started in a folder of its own with scripted model servers, and looked at from outside.

Run by itself this prints nothing.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MODELS = {"dots-ocr": "rednote-hilab/dots.ocr", "qwen3-vl-2b": "Qwen/Qwen3-VL-2B-Instruct"}
ALIASES = {"qwen3-vl": "qwen3-vl-2b"}
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
SCRIPT = {"LOAD_SECONDS": "0.3", "FIRST_SECONDS": "0.02", "PIECE_SECONDS": "0.003"}
PATIENCE = 60.0
SAMPLES = 9
"""Looks at a quiet process, of which the middle one counts."""

Answer = tuple[int, dict[str, str], bytes]
_MARKS = itertools.count()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process holds.

    Attributes:
        megabytes: resident.
        descriptors: open files and sockets.
        threads: of it.
    """

    megabytes: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Census:
    """The service at rest.

    Attributes:
        service: its main process.
        gateway: its gateway.
        processes: command lines of all its processes, the model server included.
        temporary: files in the folder for temporary files.
        documents: files of documents.
        kept: files of the state folder that are no documents.
        kept_bytes: of those.
    """

    service: Seen
    gateway: Seen
    processes: tuple[str, ...]
    temporary: int
    documents: int
    kept: int
    kept_bytes: int


class Soaked:
    """A running service.

    Attributes:
        home: its state folder.
        port: of its gateway.
        model_port: of the model server.
        process: its main process.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.model_port = port + 1
        self._environment = _prepared(home, port)
        log = (home / "service.log").open("ab")
        words = [sys.executable, "-m", "docstation", "serve"]
        self.process = subprocess.Popen(words, env=self._environment, cwd=home, stdout=log, stderr=log)
        log.close()

    def ask(self, method: str, path: str, body: object = None, *, port: int = 0, seconds: float = PATIENCE) -> Answer:
        """One request on a connection of its own. OSError and HTTPException where no whole answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=seconds)
        try:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            return answer_of(connection, method, path, content, "application/json")
        finally:
            connection.close()

    def mode(self) -> str:
        """The station's, or ``away``; ``switching`` while a change is under way."""
        try:
            status, _, body = self.ask("GET", "/station", seconds=10)
            seen = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError):
            return "away"
        if status != 200:
            return "away"
        return "switching" if seen["transaction"] else str(seen["mode"])

    def children(self) -> dict[int, str]:
        """All processes of this service, by the environment that they share, with their command lines."""
        mark = f"DOCSTATION_HOME={self.home}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):
                    if mark in (folder / "environ").read_bytes().split(b"\0"):
                        words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                        found[int(folder.name)] = " ".join(words).strip()
        return found

    def gateway(self) -> int:
        """Process id of the gateway, 0 while there is none."""
        return next((pid for pid, words in self.children().items() if "docstation.service.gateway" in words), 0)

    def census(self) -> Census:
        """What it holds now; it should be at rest."""
        looks = [(seen(self.process.pid), seen(self.gateway())) for _ in range(SAMPLES) if not time.sleep(0.2)]
        service, gateway = (middle([look[side] for look in looks]) for side in (0, 1))
        kept = [path for path in self.home.rglob("*") if path.is_file() and path.parts[len(self.home.parts)] != "tmp"]
        documents = [path for path in kept if path.parts[len(self.home.parts)] == "documents"]
        names = tuple(sorted(_named(words) for words in self.children().values()))
        temporary = sum(path.is_file() for path in (self.home / "tmp").rglob("*"))
        others = [path for path in kept if path not in documents]
        size = sum(path.stat().st_size for path in others)
        return Census(service, gateway, names, temporary, len(documents), len(others), size)

    def end(self) -> list[str]:
        """End model and service in order; the command lines of what stayed."""
        with suppress(OSError, http.client.HTTPException):
            self.ask("POST", "/station/stop")
            until(lambda: self.mode() == "idle", "the model stops")
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        with suppress(TimeoutError):
            until(lambda: not self.children(), "all end", 20.0)
        left = self.children()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [_named(words) for words in left.values()]


def answer_of(
    connection: http.client.HTTPConnection, method: str, path: str, content: bytes | None, kind: str
) -> Answer:
    """The answer to this very request.

    Raises:
        Mixed: it is the answer to another one.
    """
    mark = f"soak-{next(_MARKS)}"
    headers = {"Content-Type": kind} if content is not None else {}
    connection.request(method, path, content, {**headers, "X-Request-Id": mark})
    answer = connection.getresponse()
    names = {name.lower(): value for name, value in answer.getheaders()}
    if names.get("x-request-id", mark) != mark:
        raise Mixed(f"{method} {path} got the answer to {names['x-request-id']}")
    return answer.status, names, answer.read()


class Mixed(http.client.HTTPException):
    """Somebody got what was meant for another."""


def seen(pid: int) -> Seen:
    """What a process holds; zeros where it has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text()
        descriptors = len(list((folder / "fd").iterdir()))
    except OSError:
        return Seen(0.0, 0, 0)
    resident, threads = (int(status.partition(f"{name}:")[2].split()[0]) for name in ("VmRSS", "Threads"))
    return Seen(resident / 1000, descriptors, threads)


def middle(looks: list[Seen]) -> Seen:
    """Of several looks."""
    memory, descriptors, threads = (
        median(values) for values in zip(*((one.megabytes, one.descriptors, one.threads) for one in looks), strict=True)
    )
    return Seen(memory, round(descriptors), round(threads))


def _named(words: str) -> str:
    """A command line, short enough for a table, without what differs from run to run."""
    for mark, name in (
        ("docstation.service.gateway", "gateway"),
        ("testing.model_server", "model server"),
        ("resource_tracker", "resource tracker"),
        ("forkserver", "fork server"),
        ("docstation.intake.worker", "worker"),
        ("docstation serve", "service"),
    ):
        if mark in words:
            return name
    return words[:60]


def until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not come about.
    """
    last = time.monotonic() + seconds
    while not true():
        if time.monotonic() > last:
            raise TimeoutError(what)
        time.sleep(0.1)


def _prepared(home: Path, port: int) -> dict[str, str]:
    """The folder with catalogue, weights and a ``vllm``; the environment that leads there."""
    for name in ("weights", "tmp", "bin"):
        (home / name).mkdir(parents=True)
    (home / "weights" / "config.json").write_text("{}")
    (home / "weights" / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    (home / "models.toml").write_text(CATALOGUE.format(weights=home / "weights"))
    program = home / "bin" / "vllm"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docstation.testing.model_server "$@"\n')
    program.chmod(0o755)
    own = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(home / "tmp"),
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_PORT": str(port + 1),
        "DOCSTATION_SERVICE_PORT": str(port),
    }
    return {**os.environ, **own, **{f"MODEL_SERVER_{name}": value for name, value in SCRIPT.items()}}


@contextmanager
def soaked(folder: Path, port: int) -> Iterator[Soaked]:
    """A service that serves a model, for as long as the block runs."""
    home = folder / "home"
    home.mkdir(parents=True)
    made = Soaked(home, port)
    try:
        until(lambda: made.mode() == "ready", f"the service comes up, see {home / 'service.log'}")
        yield made
    finally:
        if made.process.poll() is None:
            made.end()


def free(port: int) -> bool:
    """Whether a port and the next one can be listened on."""
    for one in (port, port + 1):
        with suppress(OSError), socket.create_server(("127.0.0.1", one)):
            continue
        return False
    return True
