"""The container driver on the engine in memory: what holds for a real engine holds for its double."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from container_contract import STATION, Build, Outage
from container_refusals import RefusalContract
from driver_contract import Deploy
from stub_deployments import stub_deployments

from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_creation import Mount
from docstation.testing.container_engine import Behaviour, EngineDouble

IMAGE, BARE = "docstation-test/stub:1", "docstation-test/bare:1"


def as_the_stub(body: dict[str, Any]) -> Behaviour:
    """What the stub server would do with the variables of this container."""
    told = dict(each.split("=", 1) for each in body["Env"])
    said = [told["STUB_SAY"]] if "STUB_SAY" in told else []
    hungry = int(told.get("STUB_EAT_MIB", "0")) << 20 > body["HostConfig"].get("Memory", 0)
    return Behaviour(
        lines=(*said, *(f"line {number}" for number in range(1, int(told.get("STUB_LINES", "0")) + 1))),
        exit_code=int(told["STUB_EXIT_CODE"]) if "STUB_EXIT_CODE" in told else None,
        deaf="STUB_IGNORE_TERM" in told,
        killed_for_memory=("child" if "STUB_EAT_BY" in told else "main") if hungry else "",
    )


class TestTheDouble(RefusalContract):
    """The contracts on the double."""

    @pytest.fixture
    def engine(self) -> EngineDouble:
        made = EngineDouble(as_the_stub)
        image = made.add_image(IMAGE, "vllm")
        made.add_image(BARE)
        assert image.startswith("sha256:")
        return made

    @pytest.fixture
    def client(self, engine: EngineDouble) -> EngineClient:
        return engine.connect()

    @pytest.fixture
    def mounts(self) -> tuple[Mount, ...]:
        return ()

    @pytest.fixture
    def bare(self) -> str:
        return BARE

    @pytest.fixture
    def logs(self, tmp_path: Path) -> Path:
        return tmp_path / "logs"

    @pytest.fixture
    def build(self, engine: EngineDouble, tmp_path: Path, logs: Path) -> Build:
        usual = {"station": STATION, "logs": logs, "caches": tmp_path / "caches", "gpu": False}

        def make(**options: Any) -> ContainerDriver:
            return ContainerDriver(**{"client_factory": engine.connect} | usual | options)

        return make

    @pytest.fixture
    def deploy(self, tmp_path: Path) -> Deploy:
        return stub_deployments(IMAGE, tmp_path)

    @pytest.fixture
    def set_gpu(self, engine: EngineDouble) -> Callable[[str], None]:
        def change(to: str) -> None:
            engine.gpu = to

        return change

    @pytest.fixture
    def outage(self, engine: EngineDouble) -> Outage:
        @contextmanager
        def gone() -> Iterator[None]:
            engine.halt()
            try:
                yield
            finally:
                engine.resume()

        return gone
