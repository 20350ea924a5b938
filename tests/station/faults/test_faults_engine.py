"""Faults of a switch between containers of a real engine: what only an engine can do wrong, and the like of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import injections as inject
import pytest
from container_grounds import ContainerGround, ContainerGrounds, scripted_image
from driver_contract import free_port
from matrix import Case, Hook, Row
from proving_ground import Kept
from real_engine import Engine
from seeing import Seen
from trials import check_what_serves, tried

from docstation.station import machine, watch
from docstation.station.causes import Cause
from docstation.station.drivers.container_creation import Surroundings, creation
from docstation.station.words import Mode, Outcome, Step

pytestmark = pytest.mark.engine

REFUSED, ROLLED_BACK, DONE = Outcome.REFUSED, Outcome.ROLLED_BACK, Outcome.DONE
EVERY = 0.1
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def grounds(engine: Engine, engine_client: Any) -> ContainerGrounds:
    if not engine.offers_gpu():
        engine.halt()
        engine.resume("fake")
    return ContainerGrounds(engine, engine_client, scripted_image(engine_client), "faults")


@pytest.fixture(scope="module")
def kept(grounds: ContainerGrounds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept[ContainerGround]]:
    """Grounds of containers."""
    made = Kept(lambda: grounds.new(tmp_path_factory.mktemp("ground")))
    yield made
    made.drop()


# Injections that need an engine.


def with_driver(**options: object) -> Hook:
    """A driver with other options does the work."""
    return lambda ground: ground.on_another_driver(**options)


def stranger(name: str, *, on_its_port: bool = False) -> Hook:
    """A container of that name runs that is not ours, on the port that qwen wants or on another."""

    def make(ground: ContainerGround) -> None:
        port, client = free_port(), ground.makes.client
        ground.want("qwen", port=port)
        around = Surroundings("", "", ground.folder, ground.folder, ground.makes.image.mounts)
        body = creation(ground.names.known["qwen"], ground.makes.image.image, around)
        body["Labels"] = {}
        body["HostConfig"]["Mounts"] = body["HostConfig"]["Mounts"][2:]
        body["HostConfig"]["PortBindings"]["8000/tcp"][0]["HostPort"] = str(port if on_its_port else free_port())
        container = client.create_container_from_config(body, name)["Id"]
        ground.later(lambda: client.remove_container(container, v=True, force=True))
        client.start(container)

    return make


def gpu_refused(words: str) -> Hook:
    """A GPU is asked for, and the NVIDIA hook refuses with these words."""

    def refuse(ground: ContainerGround) -> None:
        ground.on_another_driver(gpu=True)
        ground.makes.engine.refuse_gpu(words)
        ground.later(lambda: grant_gpu(ground))

    return refuse


def grant_gpu(ground: ContainerGround) -> None:
    ground.makes.engine.refuse_gpu("")


NOT_LOADED = "nvidia-container-cli: initialization error: nvml error: driver not loaded"
TOO_OLD = "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update"
GRANT = {(Step.START, "failed"): grant_gpu}
BARE, STUB = "docstation-test/bare:1", "docstation-test/stub:1"

CASES = (
    Case("image missing", "no such image", "real", (Cause.IMAGE_MISSING,), REFUSED, inject.wanting(image="absent:1")),
    Case(
        "image differs",
        "the tag names another image than the recorded digest",
        "real",
        (Cause.IMAGE_MISSING,),
        REFUSED,
        inject.wanting(digest=f"sha256:{0:064x}"),
    ),
    Case(
        "name taken",
        "by a container that is not ours",
        "real",
        (Cause.NAME_TAKEN,),
        REFUSED,
        stranger("docstation-qwen"),
    ),
    Case(
        "port taken",
        "by a container that is not ours",
        "real",
        (Cause.PORT_TAKEN,),
        REFUSED,
        stranger("a-stranger", on_its_port=True),
    ),
    Case("weights missing", "no such folder", "real", (Cause.WEIGHTS_MISSING,), REFUSED, inject.without_weights),
    Case(
        "disk full",
        "more is asked for than any disk has",
        "double",
        (Cause.DISK_FULL,),
        REFUSED,
        with_driver(free_bytes=inject.MORE_THAN_ANY_DISK),
    ),
    Case(
        "GPU refused",
        f"the engine's hook: {NOT_LOADED}",
        "double",
        (Cause.GPU_NOT_VISIBLE,),
        ROLLED_BACK,
        gpu_refused(NOT_LOADED),
        GRANT,
    ),
    Case(
        "driver too old",
        f"the engine's hook: {TOO_OLD}",
        "double",
        (Cause.DRIVER_TOO_OLD,),
        ROLLED_BACK,
        gpu_refused(TOO_OLD),
        GRANT,
    ),
    Case(
        "bad image",
        "no vllm in it",
        "real",
        (Cause.PROGRAM_MISSING,),
        ROLLED_BACK,
        inject.wanting(image=BARE),
    ),
    Case(
        "out of host memory",
        "the kernel kills it at 128 MiB, exit 137",
        "real",
        (Cause.HOST_OOM,),
        ROLLED_BACK,
        inject.all_of(
            inject.wanting(image=STUB, variables={"STUB_EAT_MIB": "400"}), with_driver(memory_bytes=128 * MEBIBYTE)
        ),
    ),
    Case(
        "unknown flag",
        "exit 2 with vLLM's words",
        "double",
        (Cause.BAD_FLAG,),
        ROLLED_BACK,
        inject.wanting(fail="bad-flag"),
    ),
    Case(
        "ends well while loading",
        "exit code 0",
        "double",
        (Cause.EXITED,),
        ROLLED_BACK,
        inject.wanting(exit_at="weights", exit_code=0),
    ),
    Case(
        "killed while loading",
        "kill -9 from outside",
        "real",
        (Cause.EXITED,),
        ROLLED_BACK,
        inject.wanting(load_seconds=20),
        {(Step.LOAD, "began"): inject.kill("qwen")},
    ),
    Case(
        "ready, then hung",
        "the canary is never answered, /health is well",
        "double",
        (Cause.ENGINE_HUNG,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(trouble="hang"), inject.haste(canary=0.8)),
    ),
    Case("200, but garbage", "!!!!", "double", (Cause.GARBAGE,), ROLLED_BACK, inject.wanting(trouble="garbage")),
    Case(
        "slow to end",
        "SIGTERM takes the old model 60 s, it is given 1",
        "double",
        (),
        DONE,
        inject.all_of(inject.control("dots", stop_seconds=60), inject.patience(stop=1.0)),
        serves="qwen",
    ),
    Case(
        "cancelled at load",
        "whoever asked gives up",
        "real",
        (Cause.CANCELLED,),
        ROLLED_BACK,
        inject.wanting(load_seconds=60),
        {(Step.LOAD, "began"): inject.cancel},
    ),
)


@pytest.mark.usefixtures("bare_image", "stub_image")
@pytest.mark.parametrize(("number", "case"), [pytest.param(n, case, id=case.name) for n, case in enumerate(CASES)])
def test_a_fault_ends_with_a_model_that_serves(ground: ContainerGround, number: int, case: Case):
    tried(ground, case, every=EVERY).row("containers", number, case).save()


# The engine itself goes.


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """New tries come soon, and the watch looks often."""
    monkeypatch.setattr(machine, "FIRST_DELAY", 0.2)
    monkeypatch.setattr(watch, "EVERY", 0.1)


def save(number: int, fault: str, how: str, seen: Seen, *, before: bool, then: str, ground: ContainerGround) -> None:
    """The row of an outage: the change ended in its way, and then dots came back by itself."""
    assert seen.most <= 1, "never two at once"
    Row(
        number=101 + number,
        ground="containers",
        fault=fault,
        injected=how,
        reality="real",
        cause=str(seen.end.cause or ""),
        old="untouched" if before else "stopped",
        ended=f"{seen.end.outcome}{then}",
        serves=check_what_serves(ground, "dots"),
        most=seen.most,
        seconds=round(seen.seconds, 2),
    ).save()


@pytest.mark.usefixtures("soon")
def test_an_engine_that_is_gone_before_the_switch_is_seen_and_its_servers_come_back_with_it(ground: ContainerGround):
    engine = ground.makes.engine
    with ground.watched(every=EVERY) as seen:
        engine.halt()
        try:
            seen.told = ground.change("qwen")
        finally:
            engine.resume()
        assert (seen.end.outcome, seen.end.cause) == (Outcome.REFUSED, Cause.ENGINE_DOWN)
        assert seen.steps == [Step.PREPARE]
        with ground.looked_after():
            ground.wait_until(lambda state: state.mode is Mode.WAITING or state.transaction is not None)
            ground.wait_until(lambda state: state.mode is Mode.READY, within=60)
    how = "dockerd ended in order, asked, started again"
    save(0, "engine gone before the switch", how, seen, before=True, then=", came back", ground=ground)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("number", "step", "causes"),
    [
        (1, Step.STOP, {Cause.ENGINE_DOWN}),
        (2, Step.LOAD, {Cause.EXITED, Cause.ENGINE_DOWN}),
        (3, Step.CANARY, {Cause.EXITED, Cause.ENGINE_DEAD}),
    ],
)
def test_when_the_engine_ends_in_the_midst_of_a_switch_the_old_model_comes_back_with_it(
    ground: ContainerGround, number: int, step: Step, causes: set[Cause]
):
    engine = ground.makes.engine
    ground.want("qwen", load_seconds=2, first_seconds=20)
    ground.control("dots", stop_seconds=2)
    with ground.watched(every=EVERY) as seen:
        try:
            seen.told = ground.change("qwen", hooks={(step, "began"): lambda: (engine.halt(), engine.resume())})
        finally:
            engine.resume()
        ground.wait_until(lambda state: state.mode is Mode.READY, within=60)
    # The way back may find the engine gone, or back already.
    assert seen.end.outcome in {Outcome.FELL_BACK, Outcome.ROLLED_BACK}
    assert seen.end.cause in causes
    how = f"dockerd ended in order at {step}, and started again"
    then = "" if seen.end.outcome is Outcome.ROLLED_BACK else ", came back"
    save(number, f"engine gone at {step}", how, seen, before=False, then=then, ground=ground)


def test_an_engine_without_the_toolkit_is_seen_before(grounds: ContainerGrounds, kept: Kept[ContainerGround]):
    how = "a GPU is asked for, the engine knows of none"
    case = Case("GPU not visible", how, "real", (Cause.GPU_NOT_VISIBLE,), REFUSED, with_driver(gpu=True))
    kept.drop()
    grounds.engine.halt()
    grounds.engine.resume("none")
    try:
        tried(kept.get(), case, every=EVERY).row("containers", 100, case).save()
    finally:
        kept.drop()
        grounds.engine.halt()
        grounds.engine.resume("fake")
