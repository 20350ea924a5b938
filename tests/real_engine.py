"""Fixtures on a real container engine; a pytest plugin.

They work inside ``tools/container_engine.sh run``, which says where the engine is. Elsewhere the tests that ask for
them are left out, and under CI they fail. No registry is at hand: the images hold nothing but mount points and a
program of ours, and run the interpreter of this machine.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_creation import Mount

TOOL = Path(__file__).parents[1] / "tools" / "container_engine.sh"
STUB = Path(__file__).parent / "station" / "engine_image" / "stub_vllm.py"
# Without /sbin, where the engine puts its own process 1.
SYSTEM = ("bin", "lib", "lib32", "lib64", "libx32", "usr")
LINKER_CACHE = Path("/etc/ld.so.cache")


@dataclass(frozen=True, slots=True)
class HostImage:
    """An image that runs programs of this machine.

    Attributes:
        image: its name in the engine.
        mounts: what a container of it must see.
    """

    image: str
    mounts: tuple[Mount, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine itself, which tests may halt and start again.

    Attributes:
        folder: that it lives in.
    """

    folder: Path

    def client(self, answer_seconds: int = 30) -> Any:
        """A client of its own; raises what the SDK raises when the engine does not answer."""
        import docker

        return docker.APIClient(f"unix://{self.folder}/docker.sock", timeout=answer_seconds, version="auto")

    @property
    def pid(self) -> int:
        return int((self.folder / "engine.pid").read_text())

    def halt(self) -> None:
        """End it in order: it stops its containers first."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 30
        while (self.folder / "engine.pid").exists():
            assert time.monotonic() < end, "the engine does not end"
            time.sleep(0.05)

    def resume(self, gpu: Literal["none", "fake"] = "fake") -> None:
        """Start it again; one that runs is left as it is."""
        subprocess.run([TOOL, "start"], check=True, env={**os.environ, "GPU": gpu}, stdin=subprocess.DEVNULL)

    def offers_gpu(self) -> bool:
        return (self.folder / "bin").is_dir()

    def refuse_gpu(self, words: str) -> None:
        """Let requests for a GPU fail with these words; none grants them again."""
        (self.folder / "gpu-refusal").write_text(words)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine of ``tools/container_engine.sh run``."""
    folder = os.environ.get("CONTAINER_ENGINE_DIR", "")
    if not folder or not (Path(folder) / "engine.pid").exists():
        missing = "no container engine: run this inside tools/container_engine.sh run"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return Engine(Path(folder))


@pytest.fixture(scope="session")
def engine_client(engine: Engine) -> Iterator[EngineClient]:
    """A client of the engine, for looking at it beside the driver."""
    client = engine.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def stub_image(engine_client: Any) -> HostImage:
    """An image whose ``vllm`` is the stub server."""
    program = f"#!{Path(sys.executable).resolve()}\n{STUB.read_text()}"
    return host_image(engine_client, "docstation-test/stub:1", program=program)


@pytest.fixture(scope="session")
def bare_image(engine_client: Any) -> HostImage:
    """An image without a ``vllm``."""
    return host_image(engine_client, "docstation-test/bare:1")


def host_image(client: Any, name: str, *folders: Path, program: str = "", path: str = "/program") -> HostImage:
    """Make an image that runs this machine's interpreter.

    Args:
        client: of the engine.
        name: of the image, with its tag.
        folders: further ones that its containers see, at their own paths.
        program: text of the program ``vllm``, which lies in /program.
        path: first on the search path of programs.
    """
    base = Path(sys.executable).resolve().parents[1]
    shown = [Path("/", each) for each in SYSTEM if Path("/", each).is_dir() and not Path("/", each).is_symlink()]
    shown += [each for each in (base, *folders) if not each.is_relative_to("/usr")]
    mounts = tuple(Mount(each, str(each)) for each in (*shown, LINKER_CACHE) if each.exists())
    variables = f"ENV PATH={path}:/usr/local/bin:/usr/bin:/bin"
    client.import_image_from_data(
        _archive(program), repository=name.rpartition(":")[0], tag=name.rpartition(":")[2], changes=[variables]
    )
    return HostImage(name, mounts)


def _archive(program: str) -> bytes:
    """The image's only layer: the machine's links among the system's folders, /tmp, and the program."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for each in (Path("/", name) for name in SYSTEM):
            if each.is_symlink():
                link = tarfile.TarInfo(each.name)
                link.type, link.linkname = tarfile.SYMTYPE, str(each.readlink())
                archive.addfile(link)
        scratch = tarfile.TarInfo("tmp")
        scratch.type, scratch.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(scratch)
        if program:
            body = program.encode()
            entry = tarfile.TarInfo("program/vllm")
            entry.size, entry.mode = len(body), 0o755
            archive.addfile(entry, io.BytesIO(body))
    return made.getvalue()
