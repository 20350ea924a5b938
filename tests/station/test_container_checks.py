"""What is known before the start: the engine, the GPU, the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError
from driver_contract import free_port, refused, stub_checkpoint

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers import container_checks
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.container_checks import check_engine, check_gpu, check_name_and_port
from docstation.station.drivers.disk import check_disk
from docstation.testing.container_engine import EngineDouble


@pytest.mark.parametrize("api", ["1.41", "1.45", "1.51", "2.0"])
def test_docker_of_these_years_is_taken(api: str) -> None:
    check_engine({"ApiVersion": api, "Components": [{"Name": "Engine"}, {"Name": "containerd"}]})


@pytest.mark.parametrize("api", ["1.40", "1.9", "", "new"])
def test_an_older_engine_is_refused(api: str) -> None:
    with refused(Cause.ENGINE_UNSUPPORTED):
        check_engine({"ApiVersion": api})


def test_podman_is_refused_with_what_it_cannot_do() -> None:
    with pytest.raises(Fault, match="ignores requests for a GPU") as caught:
        check_engine({"ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]})
    assert caught.value.cause is Cause.ENGINE_UNSUPPORTED


@pytest.mark.parametrize(
    "info",
    [
        {"Runtimes": {"runc": {}, "nvidia": {}}},
        {"Runtimes": {"runc": {}}, "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}]},
    ],
)
def test_an_engine_that_knows_a_gpu_shows_it(info: dict[str, Any]) -> None:
    check_gpu(info)


def test_a_specification_of_devices_shows_it(tmp_path: Path, no_toolkit: None) -> None:
    info = {"Runtimes": {"runc": {}}, "CDISpecDirs": [str(tmp_path / "absent"), str(tmp_path)]}
    with refused(Cause.GPU_NOT_VISIBLE):
        check_gpu(info)
    (tmp_path / "nvidia.yaml").touch()
    check_gpu(info)


def test_a_hook_that_is_not_among_the_runtimes_shows_it(
    tmp_path: Path, no_toolkit: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused(Cause.GPU_NOT_VISIBLE):
        check_gpu({"Runtimes": None})
    hook = tmp_path / "nvidia-container-runtime-hook"
    hook.write_text("")
    hook.chmod(0o755)
    monkeypatch.setattr(container_checks, "_HOOK_FOLDERS", str(tmp_path))
    check_gpu({"Runtimes": None})


@pytest.fixture
def no_toolkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_checks, "_HOOK_FOLDERS", "")


def test_room_is_looked_for_where_the_folder_will_be(tmp_path: Path) -> None:
    check_disk([tmp_path / "not" / "there" / "yet"], 1)
    with pytest.raises(Fault, match=r"not/there: \d+\.\d GB") as caught:
        check_disk([tmp_path / "not" / "there"], sys.maxsize)
    assert caught.value.cause is Cause.DISK_FULL


def test_a_port_on_every_address_is_taken_too() -> None:
    deployment = Deployment("m", "container", "m", 8192, port=18000)
    listed = [{"Names": ["/other"], "Labels": None, "Ports": [{"IP": "0.0.0.0", "PublicPort": 18000}]}]
    with pytest.raises(Fault, match=r"18000 \(other\)"):
        check_name_and_port(listed, deployment, "a-station", [])


@pytest.mark.parametrize(("denied", "cause"), [(False, Cause.ENGINE_DOWN), (True, Cause.ENGINE_DENIED)])
def test_a_driver_made_while_the_engine_is_away_works_once_it_is_there(
    tmp_path: Path, denied: bool, cause: Cause
) -> None:
    engine = EngineDouble()
    driver = ContainerDriver(engine.connect, station="a", logs=tmp_path, caches=tmp_path, gpu=False)
    engine.down, engine.denied = not denied, denied
    with refused(cause):
        driver.instances()
    engine.down = engine.denied = False
    assert driver.instances() == []


def test_an_engine_that_comes_back_in_another_version_is_agreed_with_anew(tmp_path: Path) -> None:
    class OfOldTimes(EngineDouble):
        def inspect_container(self, container: str) -> dict[str, Any]:
            raise APIError("400", explanation="client version 1.41 is too old. Minimum supported API version is 1.44")

    clients = iter([OfOldTimes(), EngineDouble()])
    driver = ContainerDriver(lambda: next(clients), station="a", logs=tmp_path, caches=tmp_path, gpu=False)
    with refused(Cause.ENGINE_DOWN):
        driver.find("docstation-x")
    assert driver.find("docstation-x") is None


def test_by_default_it_is_the_engine_of_the_users_own_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    driver = ContainerDriver(station="a", logs=tmp_path, caches=tmp_path, gpu=False)
    with pytest.raises(Fault, match="FileNotFoundError") as caught:
        driver.find("docstation-x")
    assert caught.value.cause is Cause.ENGINE_DOWN


@pytest.mark.parametrize(
    ("options", "user"),
    [(["name=seccomp,profile=builtin"], f"{os.getuid()}:{os.getgid()}"), (["name=rootless"], "0:0")],
)
def test_the_server_runs_as_the_caller(tmp_path: Path, options: list[str], user: str) -> None:
    engine = EngineDouble()
    engine.add_image("image", "vllm")
    engine.answers = {"SecurityOptions": options}
    driver = ContainerDriver(engine.connect, station="a", logs=tmp_path, caches=tmp_path, gpu=False)
    weights = str(stub_checkpoint(tmp_path / "weights"))
    driver.start(Deployment("m", "container", "m", 8192, port=free_port(), image="image", checkpoint=weights))
    assert engine.inspect_container("docstation-m")["Config"]["User"] == user


def test_the_checks_come_before_anything_is_touched(tmp_path: Path) -> None:
    engine = EngineDouble()
    engine.answers = {"ApiVersion": "1.40"}
    driver = ContainerDriver(engine.connect, station="a", logs=tmp_path, caches=tmp_path, gpu=False)
    with refused(Cause.ENGINE_UNSUPPORTED):
        driver.prepare(Deployment("m", "container", "m", 8192, image="x"))
