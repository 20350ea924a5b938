"""How the container driver takes an engine that refuses or goes away; the same for a real engine and for the double."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from container_contract import MEBIBYTE, Build, ContainerContract, Outage
from driver_contract import GRACE, Deploy, ended, eventually, refused

from docstation.station.causes import Cause, Fault
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_events import EngineEvent
from docstation.station.drivers.container_images import pull_image

HOOK_REFUSALS = [
    ("nvidia-container-cli: initialization error: nvml error: driver not loaded", Cause.GPU_NOT_VISIBLE),
    ("nvidia-container-cli: initialization error: nvml error: driver/library version mismatch", Cause.DRIVER_TOO_OLD),
    ("nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update", Cause.DRIVER_TOO_OLD),
]


class RefusalContract(ContainerContract):
    """Every refusal as its cause, and nothing left behind."""

    def test_a_missing_image_is_refused(self, driver: ContainerDriver, deploy: Deploy) -> None:
        deployment = deploy(image="docstation-test/absent:1")
        with refused(Cause.IMAGE_MISSING):
            driver.prepare(deployment)
        with refused(Cause.IMAGE_MISSING):
            driver.start(deployment)

    def test_a_successor_that_cannot_start_does_not_end_what_runs(
        self, driver: ContainerDriver, deploy: Deploy
    ) -> None:
        old = deploy()
        driver.start(old)
        with refused(Cause.IMAGE_MISSING):
            driver.start(deploy(image="docstation-test/absent:1"))
        found = driver.find(old.instance)
        assert found is not None
        assert (found.spec, found.running) == (old.spec, True)

    def test_an_image_without_the_program_ends_and_says_so(
        self, driver: ContainerDriver, deploy: Deploy, bare: str
    ) -> None:
        deployment = deploy(image=bare)
        driver.start(deployment)
        assert ended(driver, deployment.instance).exit_code == 127
        assert "exec vllm failed: No such file or directory" in driver.log_tail(deployment.instance)[-1]

    def test_what_the_engine_refuses_for_another_reason_leaves_nothing(self, build: Build, deploy: Deploy) -> None:
        driver = build(memory_bytes=MEBIBYTE)
        with pytest.raises(Fault, match="6MB") as caught:
            driver.start(deploy())
        assert caught.value.cause is Cause.START_FAILED
        assert driver.instances() == []

    def test_weights_that_vanished_are_noticed_at_the_start(self, driver: ContainerDriver, deploy: Deploy) -> None:
        with refused(Cause.WEIGHTS_MISSING):
            driver.start(deploy(checkpoint="nobody/has-these-weights"))
        assert driver.instances() == []

    def test_a_full_disk_is_refused(self, build: Build, deploy: Deploy) -> None:
        with refused(Cause.DISK_FULL):
            build(free_bytes=10**18).prepare(deploy())

    def test_a_gpu_is_granted(
        self, build: Build, client: EngineClient, deploy: Deploy, set_gpu: Callable[[str], None]
    ) -> None:
        set_gpu("granted")
        driver, deployment = build(gpu=True), deploy()
        driver.prepare(deployment)
        driver.start(deployment)
        (request,) = client.inspect_container(deployment.instance)["HostConfig"]["DeviceRequests"]
        assert (request["Count"], request["Capabilities"]) == (-1, [["gpu"]])

    def test_without_the_toolkit_no_gpu_is_visible(
        self, build: Build, deploy: Deploy, set_gpu: Callable[[str], None]
    ) -> None:
        set_gpu("absent")
        driver, deployment = build(gpu=True), deploy()
        with refused(Cause.GPU_NOT_VISIBLE):
            driver.prepare(deployment)
        with refused(Cause.GPU_NOT_VISIBLE):
            driver.start(deployment)
        assert driver.instances() == []

    @pytest.mark.parametrize(("words", "cause"), HOOK_REFUSALS)
    def test_a_gpu_that_is_refused_leaves_nothing(
        self, build: Build, deploy: Deploy, set_gpu: Callable[[str], None], words: str, cause: Cause
    ) -> None:
        set_gpu(words)
        driver = build(gpu=True)
        with pytest.raises(Fault) as caught:
            driver.start(deploy())
        assert caught.value.cause is cause
        assert words in caught.value.detail
        assert driver.instances() == []

    def test_an_engine_that_goes_is_a_fault_and_comes_back(
        self, driver: ContainerDriver, deploy: Deploy, outage: Outage
    ) -> None:
        deployment = deploy(lines=3)
        driver.start(deployment)
        eventually(lambda: "line 3" in driver.log_tail(deployment.instance))
        heard: list[EngineEvent] = []
        listener = threading.Thread(target=lambda: heard.extend(driver.events()), daemon=True)
        follower = _Follower(driver, deployment.instance)
        listener.start()
        follower.start()
        eventually(lambda: len(follower.lines) >= 3)
        with outage():
            follower.join(10)
            listener.join(10)
            assert not follower.is_alive()
            assert not listener.is_alive()
            for call in (
                lambda: driver.prepare(deployment),
                lambda: driver.start(deployment),
                lambda: driver.find(deployment.instance),
                driver.instances,
                lambda: driver.log_tail(deployment.instance),
                lambda: driver.stop(deployment.instance, grace=GRACE),
            ):
                with refused(Cause.ENGINE_DOWN):
                    call()
        assert follower.lines[:3] == ["line 1", "line 2", "line 3"]
        assert follower.causes in ([], [Cause.ENGINE_DOWN])
        found = driver.find(deployment.instance)
        assert found is not None
        assert not found.running
        assert driver.start(deployment).running

    def test_a_pull_without_a_registry_in_reach(self, client: EngineClient) -> None:
        with refused(Cause.HUB_UNREACHABLE):
            pull_image(client, "registry.invalid/none:1", lambda _progress: None)


class _Follower(threading.Thread):
    """Follows a log; the end of the engine may end it with a fault."""

    def __init__(self, driver: ContainerDriver, name: str) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self.causes: list[Cause] = []
        self._source = driver.follow(name)

    def run(self) -> None:
        try:
            for line in self._source:
                self.lines.append(line)
        except Fault as fault:
            self.causes.append(fault.cause)
