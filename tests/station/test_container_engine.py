"""The container driver on a real engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from container_contract import STATION, Build, Outage
from container_refusals import RefusalContract
from driver_contract import GRACE, Deploy, ServingContract, ended, refused
from real_engine import Engine, HostImage
from stub_deployments import stub_deployments

from docstation.station.causes import Cause
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_creation import Mount

pytestmark = pytest.mark.engine


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


class TestContainers(RefusalContract, ServingContract):
    """Both contracts on the real engine, and what only a real one shows."""

    @pytest.fixture
    def client(self, engine_client: EngineClient) -> EngineClient:
        return engine_client

    @pytest.fixture
    def mounts(self, stub_image: HostImage) -> tuple[Mount, ...]:
        return stub_image.mounts

    @pytest.fixture
    def bare(self, bare_image: HostImage) -> str:
        return bare_image.image

    @pytest.fixture
    def build(self, engine: Engine, mounts: tuple[Mount, ...], tmp_path: Path, logs: Path) -> Build:
        usual = {"station": STATION, "logs": logs, "caches": tmp_path / "caches", "gpu": False, "mounts": mounts}

        def make(**options: Any) -> ContainerDriver:
            return ContainerDriver(**{"client_factory": engine.client} | usual | options)

        return make

    @pytest.fixture
    def deploy(self, stub_image: HostImage, tmp_path: Path) -> Deploy:
        return stub_deployments(stub_image.image, tmp_path)

    @pytest.fixture
    def set_gpu(self, engine: Engine) -> Iterator[Callable[[str], None]]:
        def change(to: str) -> None:
            if engine.offers_gpu() is (to == "absent"):
                engine.halt()
                engine.resume("none" if to == "absent" else "fake")
            engine.refuse_gpu("" if to in {"absent", "granted"} else to)

        yield change
        engine.refuse_gpu("")

    @pytest.fixture
    def outage(self, engine: Engine) -> Outage:
        @contextmanager
        def gone() -> Iterator[None]:
            engine.halt()
            try:
                yield
            finally:
                engine.resume()

        return gone

    def test_it_is_seen_on_the_loopback_only(
        self, driver: ContainerDriver, client: EngineClient, deploy: Deploy
    ) -> None:
        deployment = deploy()
        driver.start(deployment)
        ports = client.inspect_container(deployment.instance)["NetworkSettings"]["Ports"]
        assert ports == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(deployment.port)}]}

    def test_its_processes_have_no_capability_and_gain_none(self, driver: ContainerDriver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        self.settle(driver, deployment)
        (instance,) = driver.instances()
        for pid in instance.pids:
            status = dict(
                line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
            )
            assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
            assert status["NoNewPrivs"] == "1"
            assert status["Uid"].split() == [str(os.getuid())] * 4

    def test_a_kill_from_outside_is_a_signal_and_no_want_of_memory(
        self, driver: ContainerDriver, deploy: Deploy
    ) -> None:
        deployment = deploy()
        instance = driver.start(deployment)
        os.kill(instance.pids[0], signal.SIGKILL)
        found = ended(driver, deployment.instance)
        assert (found.exit_code, found.oom_killed) == (-9, False)

    def test_a_paused_server_can_be_stopped(self, driver: ContainerDriver, client: Any, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        client.pause(deployment.instance)
        driver.stop(deployment.instance, grace=1.0)
        assert driver.find(deployment.instance) is None

    def test_what_is_removed_by_hand_is_gone(self, driver: ContainerDriver, client: Any, deploy: Deploy) -> None:
        deployment = deploy(lines=3)
        driver.start(deployment)
        lines = driver.follow(deployment.instance)
        assert next(lines) == "line 1"
        client.remove_container(deployment.instance, force=True)
        assert len(list(lines)) <= 4
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.start(deployment).running

    def test_an_engine_that_hangs_counts_as_down(self, engine: Engine, build: Build, deploy: Deploy) -> None:
        driver = build(client_factory=lambda: engine.client(answer_seconds=1))
        driver.start(deploy())
        os.kill(engine.pid, signal.SIGSTOP)
        try:
            with refused(Cause.ENGINE_DOWN):
                driver.instances()
        finally:
            os.kill(engine.pid, signal.SIGCONT)
        assert len(driver.instances()) == 1
