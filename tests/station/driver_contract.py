"""What every driver does alike: tests that hold for each real driver and for each double.

A test class inherits `DriverContract` and gives two fixtures: ``driver``, and ``deploy``, a function that makes a
deployment whose server is the stub (``engine_image/stub_vllm.py``), its behaviour set by keywords that become the
stub's variables: ``deploy(load_seconds=2)`` sets ``STUB_LOAD_SECONDS=2``. Drivers that start real processes inherit
`ServingContract` too.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, DriverKind
from docstation.station.driver import Driver, Instance

STUB_PROGRAM = Path(__file__).parent / "engine_image" / "stub_vllm.py"
GRACE = 10.0
Seen = TypeVar("Seen")


class Deploy(Protocol):
    """Makes a deployment of the stub; every call takes the same port unless another is given."""

    def __call__(
        self, model: str = "stub", *, checkpoint: str | None = None, port: int | None = None, **script: object
    ) -> Deployment: ...


def stub_checkpoint(folder: Path) -> Path:
    """A folder that looks like a checkpoint; the stub does not read it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return folder


def stub_deployment(
    kind: DriverKind, model: str, *, checkpoint: str, port: int, image: str = "", **script: object
) -> Deployment:
    """A deployment of the stub; each keyword of `script` sets the variable of that name in capitals after STUB_."""
    name = f"stub/{model}"
    return Deployment(
        model=model,
        driver=kind,
        served_name=name,
        context=8192,
        arguments=(checkpoint, "--served-model-name", name, "--max-model-len", "8192"),
        port=port,
        checkpoint=checkpoint,
        image=image,
        environment=tuple(sorted((f"STUB_{key.upper()}", str(value)) for key, value in script.items())),
    )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Seen], *, within: float = 20.0, every: float = 0.02) -> Seen:
    """What `look` returns once it is true, asked `every` so many seconds; fails after `within` seconds."""
    end = time.monotonic() + within
    while not (seen := look()):
        if time.monotonic() > end:
            pytest.fail(f"it did not come true within {within} s")
        time.sleep(every)
    return seen


@contextmanager
def refused(*causes: Cause) -> Iterator[None]:
    """The block raises a fault of one of these causes."""
    with pytest.raises(Fault) as caught:
        yield
    assert caught.value.cause in causes, str(caught.value)


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of a GET request; 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def ended(driver: Driver, name: str) -> Instance:
    """The instance once its process has ended."""

    def look() -> Instance | None:
        found = driver.find(name)
        assert found is not None
        return None if found.running else found

    seen = eventually(look)
    assert seen is not None
    return seen


class DriverContract:
    """Life and death of instances, as `docstation.station.driver` promises them."""

    @pytest.fixture
    def driver(self) -> Driver:
        raise NotImplementedError

    @pytest.fixture
    def deploy(self) -> Deploy:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def nothing_left(self, driver: Driver) -> Iterator[None]:
        """Every test ends with no instance left."""
        yield
        for instance in driver.instances():
            driver.stop(instance.name, grace=0.0)
        assert driver.instances() == []

    def test_a_started_instance_is_found(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.prepare(deployment)
        instance = driver.start(deployment)
        assert (instance.name, instance.model) == (deployment.instance, deployment.model)
        assert instance.spec == deployment.spec
        assert instance.running
        assert instance.exit_code is None
        assert not instance.oom_killed
        found = driver.find(deployment.instance)
        assert found is not None
        assert (found.name, found.spec, found.running) == (instance.name, instance.spec, True)
        assert [each.name for each in driver.instances()] == [deployment.instance]

    def test_the_time_of_the_start_is_known(self, driver: Driver, deploy: Deploy) -> None:
        before = time.time()
        instance = driver.start(deploy())
        assert before - 2.0 <= instance.started_at <= time.time() + 2.0

    def test_starting_the_same_spec_again_finds_it_running(self, driver: Driver, deploy: Deploy) -> None:
        first = driver.start(deploy())
        second = driver.start(deploy())
        assert second.started_at == first.started_at
        assert len(driver.instances()) == 1

    def test_another_spec_replaces_the_instance(self, driver: Driver, deploy: Deploy) -> None:
        old, new = deploy(), deploy(answer="something else")
        driver.start(old)
        driver.prepare(new)
        assert driver.start(new).spec == new.spec != old.spec
        assert [each.spec for each in driver.instances()] == [new.spec]

    def test_an_ended_instance_shows_its_exit_code(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(exit_code=3)
        driver.start(deployment)
        found = ended(driver, deployment.instance)
        assert found.exit_code == 3
        assert not found.oom_killed
        assert [each.running for each in driver.instances()] == [False]

    def test_an_ended_instance_is_replaced(self, driver: Driver, deploy: Deploy) -> None:
        failing = deploy(exit_code=3)
        driver.start(failing)
        ended(driver, failing.instance)
        assert driver.start(deploy()).running
        assert len(driver.instances()) == 1

    def test_an_ended_instance_of_the_same_spec_is_started_anew(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(exit_code=3)
        first = driver.start(deployment)
        ended(driver, deployment.instance)
        again = driver.start(deployment)
        assert again.started_at > first.started_at
        assert len(driver.instances()) == 1

    def test_two_models_live_side_by_side(self, driver: Driver, deploy: Deploy) -> None:
        one, two = deploy("one"), deploy("two", port=free_port())
        driver.start(one)
        driver.start(two)
        assert {each.model for each in driver.instances()} == {"one", "two"}
        driver.stop(one.instance, grace=GRACE)
        assert [each.model for each in driver.instances()] == ["two"]

    def test_stopping_removes(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.find(deployment.instance) is None
        assert driver.instances() == []
        driver.prepare(deployment)

    def test_stopping_an_ended_instance_removes_it(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(exit_code=0)
        driver.start(deployment)
        ended(driver, deployment.instance)
        driver.stop(deployment.instance, grace=GRACE)
        assert driver.find(deployment.instance) is None

    def test_stopping_what_is_absent_is_fine(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.stop(deployment.instance, grace=GRACE)
        driver.start(deployment)
        driver.stop(deployment.instance, grace=GRACE)
        driver.stop(deployment.instance, grace=GRACE)

    def test_a_deaf_server_is_killed_after_its_grace(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(ignore_term=1, say="deaf")
        driver.start(deployment)
        eventually(lambda: driver.log_tail(deployment.instance))
        began = time.monotonic()
        driver.stop(deployment.instance, grace=1.0)
        assert time.monotonic() - began < 8.0
        assert driver.find(deployment.instance) is None

    def test_what_is_absent_is_not_found(self, driver: Driver) -> None:
        assert driver.find("docstation-nothing") is None
        assert driver.log_tail("docstation-nothing") == []
        assert list(driver.follow("docstation-nothing")) == []

    def test_the_log_is_read_from_its_end(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(lines=30, exit_code=1)
        driver.start(deployment)
        ended(driver, deployment.instance)
        lines = driver.log_tail(deployment.instance, 200)
        assert [line for line in lines if line.startswith("line ")] == [f"line {n}" for n in range(1, 31)]
        assert driver.log_tail(deployment.instance, 3) == ["line 28", "line 29", "line 30"]

    def test_the_log_is_read_while_it_runs(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(say="Проверка связи")
        driver.start(deployment)
        assert eventually(lambda: "Проверка связи" in driver.log_tail(deployment.instance))

    def test_following_gives_history_and_ends_with_the_instance(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(lines=5, exit_code=1)
        driver.start(deployment)
        ended(driver, deployment.instance)
        lines = list(driver.follow(deployment.instance))
        assert [line for line in lines if line.startswith("line ")] == [f"line {n}" for n in range(1, 6)]

    def test_following_ends_when_the_instance_is_stopped(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(lines=5)
        driver.start(deployment)
        heard: list[str] = []
        follower = threading.Thread(target=lambda: heard.extend(driver.follow(deployment.instance)), daemon=True)
        follower.start()
        eventually(lambda: "line 5" in driver.log_tail(deployment.instance))
        driver.stop(deployment.instance, grace=GRACE)
        follower.join(10)
        assert not follower.is_alive()
        assert "line 5" in heard

    def test_a_port_in_use_is_refused_before_the_start(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        with socket.socket() as other:
            other.bind(("127.0.0.1", deployment.port))
            other.listen()
            with refused(Cause.PORT_TAKEN):
                driver.prepare(deployment)
        driver.prepare(deployment)

    def test_the_port_of_what_is_replaced_counts_as_free(self, driver: Driver, deploy: Deploy) -> None:
        old, new = deploy("old"), deploy("new")
        driver.start(old)
        self.settle(driver, old)
        with refused(Cause.PORT_TAKEN):
            driver.prepare(new)
        driver.prepare(new, replacing=[old.instance])

    def test_its_own_port_is_no_obstacle(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        self.settle(driver, deployment)
        driver.prepare(deployment, replacing=[deployment.instance])

    def test_missing_weights_are_refused_before_the_start(self, driver: Driver, deploy: Deploy, tmp_path: Path) -> None:
        with refused(Cause.WEIGHTS_MISSING):
            driver.prepare(deploy(checkpoint="nobody/has-these-weights"))
        empty = tmp_path / "empty"
        empty.mkdir()
        with refused(Cause.WEIGHTS_MISSING):
            driver.prepare(deploy(checkpoint=str(empty)))

    def settle(self, driver: Driver, deployment: Deployment) -> None:
        """Wait until the server listens, where there is a real one."""


class ServingContract(DriverContract):
    """What shows only where a real server runs."""

    def settle(self, driver: Driver, deployment: Deployment) -> None:
        eventually(lambda: get(deployment.port, "/health")[0] == 200)

    def test_it_answers_on_its_port(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(load_seconds=0.2)
        driver.start(deployment)
        self.settle(driver, deployment)
        status, body = get(deployment.port, "/v1/models")
        shown: dict[str, Any] = json.loads(body)["data"][0]
        assert (status, shown["id"], shown["max_model_len"]) == (200, deployment.served_name, deployment.context)

    def test_a_replaced_server_no_longer_answers(self, driver: Driver, deploy: Deploy) -> None:
        old, new = deploy(), deploy(served_name="new")
        driver.start(old)
        self.settle(driver, old)
        driver.start(new)
        self.settle(driver, new)
        assert json.loads(get(new.port, "/v1/models")[1])["data"][0]["id"] == "new"

    def test_the_port_is_free_after_the_stop(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        self.settle(driver, deployment)
        driver.stop(deployment.instance, grace=GRACE)
        assert get(deployment.port, "/health")[0] == 0
        driver.prepare(deployment)

    def test_processes_are_named_and_gone_after_the_stop(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy()
        driver.start(deployment)
        self.settle(driver, deployment)
        (instance,) = driver.instances()
        assert instance.pids
        assert all(Path(f"/proc/{pid}").exists() for pid in instance.pids)
        assert os.getpid() not in instance.pids
        driver.stop(deployment.instance, grace=GRACE)
        assert not any(Path(f"/proc/{pid}").exists() for pid in instance.pids)

    def test_a_slow_stop_is_waited_for(self, driver: Driver, deploy: Deploy) -> None:
        deployment = deploy(stop_seconds=0.5)
        driver.start(deployment)
        self.settle(driver, deployment)
        began = time.monotonic()
        driver.stop(deployment.instance, grace=GRACE)
        assert 0.5 <= time.monotonic() - began < GRACE
