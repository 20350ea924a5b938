"""Who switches in ``switch.py``, and what: the station, and the shell scripts of ``switch_peer.sh``.

Both switch the scripted model server, which loads in no time or in one second, and which says itself when it began and
when it could answer first. Run by itself this prints nothing.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any, Literal, Protocol

from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts
from docstation.settings.model import Station
from docstation.station.desk import Desk, Order, Wish
from docstation.station.drivers.container_client import connect
from docstation.station.telling import EndTold, StepTold
from docstation.station.words import Step

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PYTHON = Path(sys.executable).resolve()
IMAGE = "docstation-bench/switch:1"
LOADS = {"instant": 0.0, "second": 1.0}
"""Seconds that models of this kind load."""
PAUSES = (1.0, 0.25, 0.01)
"""Seconds that the peers sleep between two questions; nobody writes the last, it shows what stop and start cost."""

Kind = Literal["process", "container"]

VLLM = f"""#!{PYTHON}
import time
print("began", time.monotonic(), flush=True)
import asyncio, runpy, sys
sys.path.insert(0, {str(SOURCE)!r})
listen = asyncio.start_server
async def stamped(*given, **named):
    server = await listen(*given, **named)
    print("ready", time.monotonic(), flush=True)
    return server
asyncio.start_server = stamped
runpy.run_module("docstation.testing.model_server", run_name="__main__")
"""
"""The program ``vllm``; the machine has one steady clock for all its processes, those in containers too."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch, in seconds.

    Attributes:
        total: from the wish to its end.
        own: that the new server took by itself, from its first line of code until it could answer.
        seen: from then until whoever waits knew.
        engine: that the container engine took to stop, remove, create and start; 0 where that was not measured.
        phases: of the whole, in their order.
    """

    total: float
    own: float
    seen: float
    engine: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def overhead(self) -> float:
        """What was not the server's."""
        return self.total - self.own


class Side(Protocol):
    """Who switches."""

    def switch(self, model: str) -> Switch: ...


class EngineClock:
    """Adds up what a container engine takes for the calls that end one container and begin the next.

    Attributes:
        spent: seconds, since it was set to 0 last.
    """

    def __init__(self) -> None:
        from docker import APIClient

        self.spent = 0.0
        for name in ("stop", "remove_container", "create_container_from_config", "start"):
            setattr(APIClient, name, self._timed(getattr(APIClient, name)))

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: object, **named: object) -> Any:
            began = time.monotonic()
            try:
                return call(*given, **named)
            finally:
                self.spent += time.monotonic() - began

        return timed


class Ours:
    """The station, asked at its desk while the manager watches."""

    def __init__(self, parts: Parts, desk: Desk, engine: EngineClock | None) -> None:
        self._parts = parts
        self._desk = desk
        self._engine = engine

    def switch(self, model: str) -> Switch:
        phases: dict[str, float] = {}
        if self._engine is not None:
            self._engine.spent = 0.0
        asked = last = time.monotonic()
        loaded = 0.0
        for told in self._desk.change(Order(Wish.SWITCH, (model,))):
            now = time.monotonic()
            match told:
                case StepTold(moment="began") if phases:
                    continue
                case StepTold(moment="began"):
                    name = "plan"
                case StepTold():
                    name = told.step.value
                    loaded = now if told.step is Step.LOAD else loaded
                case EndTold():
                    name = "commit"
                    if told.outcome != "done":
                        sys.exit(f"{model}: {told}")
            phases[name], last = now - last, now
        driver = self._parts.drivers[self._parts.kind]
        began, ready = stamps(lambda: driver.log_tail(f"docstation-{model}", 400))
        return Switch(last - asked, ready - began, loaded - ready, self._engine.spent if self._engine else 0.0, phases)

    def stop(self) -> None:
        """Have nothing serve."""
        list(self._desk.change(Order(Wish.STOP, wait=True)))


class Shell:
    """``switch_peer.sh``."""

    def __init__(self, kind: Kind, pause: float, folder: Path, command: Callable[[str, int], list[str]]) -> None:
        self._port, self._folder, self._command = free_port(), folder, command
        words = ["bash", str(Path(__file__).with_name("switch_peer.sh")), kind, str(self._port), str(pause)]
        self._script = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def switch(self, model: str) -> Switch:
        log = self._folder / f"peer-{self._port}-{time.monotonic_ns()}.log"
        assert self._script.stdin is not None
        assert self._script.stdout is not None
        asked = time.monotonic()
        self._script.stdin.write(f"{log} {shlex.join(self._command(model, self._port))}\n")
        self._script.stdin.flush()
        if self._script.stdout.readline() != "ready\n":
            sys.exit(f"the peer ended: {log}")
        done = time.monotonic()
        began, ready = stamps(lambda: log.read_text().splitlines() if log.exists() else [])
        return Switch(done - asked, ready - began, done - ready)

    def close(self) -> None:
        """Stop the last server too."""
        self._script.communicate()


class World:
    """Models, the program that serves them, and a state folder; for one driver.

    Args:
        kind: of the driver.
        folder: for all of it.
    """

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind, self.folder, self.home = kind, folder, folder / "home"
        self.volumes: tuple[str, ...] = ()
        self.home.mkdir(parents=True)
        os.environ["DOCSTATION_HOME"] = str(self.home)
        (self.home / "models.toml").write_text("\n".join(self._entry(load, one) for load in LOADS for one in "ab"))
        if kind == "container":
            self.volumes = self._imported()
        else:
            (folder / "vllm").write_text(VLLM)
            (folder / "vllm").chmod(0o755)
            os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"

    def _entry(self, load: str, one: str) -> str:
        weights = self.folder / f"{load}-{one}"
        weights.mkdir()
        (weights / "config.json").write_text("{}")
        (weights / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        return (
            f'[models.{load}-{one}]\ncheckpoint = "{weights}"\nserved_name = "bench/{load}-{one}"\n'
            f'figures = "dots-ocr"\nimage = "{IMAGE}"\n'
            f'environment = {{ MODEL_SERVER_LOAD_SECONDS = "{LOADS[load]}" }}\n'
        )

    def _imported(self) -> tuple[str, ...]:
        """Make the image; what its containers must see of this machine."""
        sys.path.insert(0, str(ROOT / "tests"))
        from real_engine import host_image

        return tuple(str(one.source) for one in host_image(connect(), IMAGE, SOURCE, program=VLLM).mounts)

    def peer_command(self, model: str, port: int) -> list[str]:
        """How the peers start the server that the station starts."""
        weights, load = str(self.folder / model), f"MODEL_SERVER_LOAD_SECONDS={LOADS[model.partition('-')[0]]}"
        serve = ["vllm", "serve", weights, "--served-model-name", f"bench/{model}", "--max-model-len", "8192"]
        if self.kind == "process":
            return ["env", load, *serve, "--host", "127.0.0.1", "--port", str(port)]
        seen = [f"--volume={each}:{each}:ro" for each in (*self.volumes, weights)]
        words = ["docker", "run", "--detach", "--env", load, f"--publish=127.0.0.1:{port}:8000", *seen, IMAGE]
        return [*words, *serve, "--host", "0.0.0.0", "--port", "8000"]

    @contextmanager
    def ours(self) -> Iterator[Ours]:
        """The station with its manager; what serves at the end is stopped."""
        parts = Parts(Station(driver=self.kind, device="cuda", port=free_port(), mounts=self.volumes))
        engine = EngineClock() if self.kind == "container" else None
        with station.managing(parts) as desk:
            ours = Ours(parts, desk, engine)
            try:
                yield ours
            finally:
                ours.stop()

    @contextmanager
    def peers(self) -> Iterator[dict[str, Shell]]:
        """The shell scripts, each with a server of its own at its own port."""
        made = {
            f"shell, `sleep {pause:g}`": Shell(self.kind, pause, self.folder, self.peer_command) for pause in PAUSES
        }
        try:
            yield made
        finally:
            for one in made.values():
                one.close()


def stamps(log: Callable[[], Sequence[str]]) -> tuple[float, float]:
    """When the server began and when it could answer, as its log tells, which may be a moment late."""
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        said = dict(line.split(" ", 1) for line in log() if line.startswith(("began ", "ready ")))
        if len(said) == 2:
            return float(said["began"]), float(said["ready"])
        time.sleep(0.01)
    sys.exit("a server did not say when it was ready")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
