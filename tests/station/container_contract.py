"""What the container driver does with every engine: the same tests hold for a real one and for the double."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest
from driver_contract import GRACE, Deploy, DriverContract, ended, eventually, free_port, refused

from docstation.station.causes import Cause
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_client import EngineClient
from docstation.station.drivers.container_creation import Mount, Surroundings, creation
from docstation.station.drivers.container_events import EngineEvent

STATION = "a-station"
MEBIBYTE = 1 << 20

Stranger = Callable[[str, int], str]
Outage = Callable[[], AbstractContextManager[None]]


class Build(Protocol):
    """Makes a driver of `STATION` on the engine, with other options than the usual ones."""

    def __call__(self, **options: Any) -> ContainerDriver: ...


class _Beside:
    """A client that stands before another one."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _RemovedMeanwhile(_Beside):
    """Somebody removes the container just before it is stopped."""

    def stop(self, container: str, timeout: int) -> None:
        self._client.remove_container(container, v=True, force=True)
        self._client.stop(container, timeout=timeout)


class _BreakingLogs(_Beside):
    """Its first log stream ends in silence after two messages, as it does when a log is rotated."""

    _breaks = True

    def logs(self, container: str, **options: Any) -> Any:
        given = self._client.logs(container, **options)
        if not (self._breaks and options.get("follow")):
            return given
        self._breaks = False
        return itertools.islice(given, 2)


class ContainerContract(DriverContract):
    """Containers as the engine sees them, and every refusal as its cause."""

    @pytest.fixture
    def client(self) -> EngineClient:
        """A client of the engine beside the driver's."""
        raise NotImplementedError

    @pytest.fixture
    def build(self) -> Build:
        raise NotImplementedError

    @pytest.fixture
    def mounts(self) -> tuple[Mount, ...]:
        """What every container must see to run the stub."""
        raise NotImplementedError

    @pytest.fixture
    def set_gpu(self) -> Callable[[str], None]:
        """Makes the engine grant GPUs ("granted"), have none ("absent"), or refuse them with the words given."""
        raise NotImplementedError

    @pytest.fixture
    def outage(self) -> Outage:
        """The engine is gone within the block, and back after it."""
        raise NotImplementedError

    @pytest.fixture
    def bare(self) -> str:
        """An image without the server's program."""
        raise NotImplementedError

    @pytest.fixture
    def driver(self, build: Build) -> ContainerDriver:
        return build()

    @pytest.fixture
    def stranger(self, client: EngineClient, deploy: Deploy, mounts: tuple[Mount, ...]) -> Iterator[Stranger]:
        """Makes containers that are not ours, and removes them after the test."""
        made: list[str] = []

        def make(name: str, port: int) -> str:
            body = creation(deploy(port=port), deploy().image, Surroundings("", "", Path(), Path(), mounts))
            body["Labels"] = {}
            body["HostConfig"]["Mounts"] = body["HostConfig"]["Mounts"][2:]
            made.append(client.create_container_from_config(body, name)["Id"])
            client.start(made[-1])
            return made[-1]

        yield make
        for each in made:
            client.remove_container(each, v=True, force=True)

    def test_labels_tell_what_it_is(self, driver: ContainerDriver, client: EngineClient, deploy: Deploy) -> None:
        deployment = deploy(say="it's «so»")
        driver.start(deployment)
        labels = client.inspect_container(deployment.instance)["Config"]["Labels"]
        assert labels["docstation.app"] == "station"
        assert labels["docstation.station"] == STATION
        assert labels["docstation.model"] == deployment.model
        assert labels["docstation.spec"] == deployment.spec
        assert driver.deployment(deployment.instance) == deployment

    def test_another_driver_of_the_same_station_adopts_it(self, build: Build, deploy: Deploy) -> None:
        deployment = deploy()
        first = build().start(deployment)
        after_a_crash = build()
        assert after_a_crash.deployment(deployment.instance) == deployment
        assert after_a_crash.start(deployment).started_at == first.started_at

    def test_one_that_was_made_and_not_started_is_started(
        self, driver: ContainerDriver, client: EngineClient, deploy: Deploy, mounts: tuple[Mount, ...], tmp_path: Path
    ) -> None:
        deployment = deploy()
        around = Surroundings(STATION, "", tmp_path, tmp_path, mounts)
        client.create_container_from_config(creation(deployment, deployment.image, around), deployment.instance)
        found = driver.find(deployment.instance)
        assert found is not None
        assert (found.running, found.exit_code, found.started_at) == (False, None, 0.0)
        assert driver.log_tail(deployment.instance) == []
        assert driver.start(deployment).running
        driver.stop(deployment.instance, grace=GRACE)
        client.create_container_from_config(creation(deployment, deployment.image, around), deployment.instance)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.instances() == []

    def test_it_may_do_nothing_but_serve(self, driver: ContainerDriver, client: EngineClient, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        host = client.inspect_container(deployment.instance)["HostConfig"]
        assert host["CapDrop"] == ["ALL"]
        assert not host.get("CapAdd")
        assert not host.get("Privileged")
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert 0 < host["PidsLimit"] <= 4096
        assert host["Init"] is True
        assert host["IpcMode"] == "private"
        assert host["ShmSize"] == 2 << 30
        assert host["RestartPolicy"]["Name"] == "no"
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
        assert not host["DeviceRequests"]
        bindings = host["PortBindings"].values()
        assert [each for binding in bindings for each in binding] == [
            {"HostIp": "127.0.0.1", "HostPort": str(deployment.port)}
        ]

    def test_weights_can_only_be_read(self, driver: ContainerDriver, client: EngineClient, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        mounts = client.inspect_container(deployment.instance)["HostConfig"]["Mounts"]
        shown = {each["Target"]: (each["Source"], bool(each.get("ReadOnly"))) for each in mounts}
        assert shown[deployment.checkpoint] == (deployment.checkpoint, True)
        assert [target for target, (_, read_only) in shown.items() if not read_only] == ["/docstation"]

    def test_a_stranger_of_that_name_is_left_alone(
        self, driver: ContainerDriver, client: EngineClient, deploy: Deploy, stranger: Stranger
    ) -> None:
        deployment = deploy()
        container = stranger(deployment.instance, free_port())
        with refused(Cause.NAME_TAKEN):
            driver.prepare(deployment, replacing=[deployment.instance])
        with refused(Cause.NAME_TAKEN):
            driver.start(deployment)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.find(deployment.instance) is None
        assert driver.instances() == []
        assert driver.log_tail(deployment.instance) == []
        assert driver.deployment(deployment.instance) is None
        assert client.inspect_container(container)["State"]["Running"]

    def test_a_container_of_another_station_is_a_stranger(
        self, build: Build, client: EngineClient, deploy: Deploy
    ) -> None:
        ours, theirs, deployment = build(), build(station="another"), deploy()
        theirs.start(deployment)
        try:
            with refused(Cause.NAME_TAKEN):
                ours.start(deployment)
            ours.stop(deployment.instance, grace=GRACE)
            assert ours.instances() == []
            assert client.inspect_container(deployment.instance)["State"]["Running"]
        finally:
            theirs.stop(deployment.instance, grace=GRACE)

    def test_the_port_of_a_stranger_is_taken(self, driver: ContainerDriver, deploy: Deploy, stranger: Stranger) -> None:
        deployment = deploy()
        stranger("a-stranger", deployment.port)
        with refused(Cause.PORT_TAKEN):
            driver.prepare(deployment)
        with refused(Cause.PORT_TAKEN):
            driver.start(deployment)
        assert driver.find(deployment.instance) is None

    def test_a_port_that_is_taken_at_the_start_leaves_nothing(self, driver: ContainerDriver, deploy: Deploy) -> None:
        deployment = deploy()
        with socket.socket() as other:
            other.bind(("127.0.0.1", deployment.port))
            other.listen()
            with refused(Cause.PORT_TAKEN):
                driver.start(deployment)
            assert driver.instances() == []
        assert driver.start(deployment).running

    def test_the_ports_of_another_driver_cannot_be_judged(self, driver: ContainerDriver, deploy: Deploy) -> None:
        deployment = deploy()
        with socket.socket() as other:
            other.bind(("127.0.0.1", deployment.port))
            other.listen()
            driver.prepare(deployment, replacing=["docstation-a-process"])

    def test_a_server_killed_for_memory_says_so(self, build: Build, deploy: Deploy) -> None:
        driver, deployment = build(memory_bytes=64 * MEBIBYTE), deploy(eat_mib=200)
        driver.start(deployment)
        found = ended(driver, deployment.instance)
        assert (found.exit_code, found.oom_killed) == (-9, True)

    def test_a_child_killed_for_memory_shows_while_it_runs(self, build: Build, deploy: Deploy) -> None:
        driver, deployment = build(memory_bytes=64 * MEBIBYTE), deploy(eat_mib=200, eat_by="child")
        driver.start(deployment)

        def killed() -> bool:
            found = driver.find(deployment.instance)
            assert found is not None
            assert found.running
            return found.oom_killed

        assert eventually(killed)

    def test_its_log_outlives_it(self, driver: ContainerDriver, deploy: Deploy, logs: Path) -> None:
        for word in ("first", "second", "third"):
            deployment = deploy(say=word)
            driver.start(deployment)
            eventually(lambda: driver.log_tail("docstation-stub"))
            driver.stop(deployment.instance, grace=GRACE)
        assert "third" in (logs / "docstation-stub.log").read_text()
        assert "second" in (logs / "docstation-stub.previous.log").read_text()
        assert len(list(logs.iterdir())) == 2

    def test_a_log_stream_that_breaks_is_taken_up_again(
        self, build: Build, client: EngineClient, deploy: Deploy
    ) -> None:
        driver, deployment = build(client_factory=lambda: _BreakingLogs(client)), deploy(lines=7, exit_code=1)
        driver.start(deployment)
        ended(driver, deployment.instance)
        assert list(driver.follow(deployment.instance)) == [f"line {number}" for number in range(1, 8)]

    def test_one_that_is_removed_by_hand_while_it_is_stopped_is_gone(
        self, build: Build, client: EngineClient, deploy: Deploy
    ) -> None:
        driver, deployment = build(client_factory=lambda: _RemovedMeanwhile(client)), deploy()
        driver.start(deployment)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.find(deployment.instance) is None

    def test_a_log_that_cannot_be_kept_does_not_keep_the_container(self, build: Build, deploy: Deploy) -> None:
        driver, deployment = build(logs=Path("/proc/nothing/here")), deploy()
        driver.start(deployment)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.find(deployment.instance) is None

    def test_deaths_are_told_as_they_happen(self, driver: ContainerDriver, deploy: Deploy) -> None:
        heard: list[EngineEvent] = []
        with_end, events = threading.Event(), driver.events()

        def listen() -> None:
            heard.extend(events)
            with_end.set()

        threading.Thread(target=listen, daemon=True).start()
        deployment = deploy(exit_code=3)
        started = driver.start(deployment)
        event = eventually(lambda: list(heard))[0]
        assert (event.kind, event.name, event.model) == ("die", deployment.instance, deployment.model)
        assert (event.spec, event.exit_code) == (deployment.spec, 3)
        assert started.started_at - 1 <= event.at <= started.started_at + 60
        events.close()
        assert with_end.wait(10)

    def test_kills_for_memory_are_told(self, build: Build, deploy: Deploy) -> None:
        driver = build(memory_bytes=64 * MEBIBYTE)
        events = driver.events()
        heard: list[EngineEvent] = []
        threading.Thread(target=lambda: heard.extend(events), daemon=True).start()
        driver.start(deploy(eat_mib=200))
        assert eventually(lambda: [each for each in heard if each.kind == "oom"])
        eventually(lambda: [each for each in heard if each.kind == "die"])
        events.close()

    def test_a_recorded_digest_is_what_runs(
        self, driver: ContainerDriver, client: EngineClient, deploy: Deploy
    ) -> None:
        digest = str(client.inspect_image(deploy().image)["Id"])
        deployment = deploy(digest=digest)
        driver.prepare(deployment)
        driver.start(deployment)
        assert client.inspect_container(deployment.instance)["Config"]["Image"] == digest
        other = deploy(digest=f"sha256:{0:064x}")
        with refused(Cause.IMAGE_MISSING):
            driver.prepare(other, replacing=[deployment.instance])
