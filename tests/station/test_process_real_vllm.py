"""The process driver, the probes and the canary on the real vLLM; one start of each tiny model serves all tests.

The order matters: the last test of each model ends its server.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver_contract import ended, free_port, get
from model_server_checks import CHECKS
from real_vllm import CONTEXT, DOTS_OCR, ENVIRONMENT, QWEN3_VL, TinyModel

from docstation.station.deployment import Deployment
from docstation.station.drivers.process import ProcessDriver
from docstation.station.drivers.processes import identity
from docstation.station.probes import HttpProbes

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

DOTS_PROMPT = "<|img|><|imgpad|><|endofimg|>Extract the text content from this image."


@pytest.fixture(scope="module")
def driver(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessDriver]:
    program = (str(vllm_python.with_name("vllm")), "serve")
    driver = ProcessDriver(tmp_path_factory.mktemp("processes"), program=program)
    yield driver
    for instance in driver.instances():
        driver.stop(instance.name, grace=0.0)


def started(driver: ProcessDriver, models: Path, tiny: TinyModel, prompt: str) -> Deployment:
    """The deployment of a tiny model that was prepared, started and waited for as the switch does."""
    deployment = Deployment(
        model=tiny.folder,
        driver="process",
        served_name=tiny.served_name,
        context=CONTEXT,
        arguments=tiny.arguments(models),
        port=free_port(),
        checkpoint=str(models / tiny.folder),
        environment=tuple(sorted(ENVIRONMENT.items())),
        canary_prompt=prompt,
    )

    def still_running() -> bool:
        found = driver.find(deployment.instance)
        return found is not None and found.running

    driver.prepare(deployment)
    driver.start(deployment)
    probes = HttpProbes({})
    probes.wait_until_answers(deployment, seconds=300, still_running=still_running, cancelled=threading.Event())
    assert still_running(), driver.log_tail(deployment.instance)
    return deployment


@pytest.fixture(scope="module")
def dots_ocr(driver: ProcessDriver, tiny_models: Path) -> Deployment:
    return started(driver, tiny_models, DOTS_OCR, DOTS_PROMPT)


@pytest.fixture(scope="module")
def qwen3_vl(driver: ProcessDriver, tiny_models: Path, dots_ocr: Deployment) -> Deployment:
    driver.stop(dots_ocr.instance, grace=30.0)
    return started(driver, tiny_models, QWEN3_VL, "Read all the text in this picture.")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_dots_ocr_is_like_the_scripted_server(dots_ocr: Deployment, check: Callable[[Deployment], None]) -> None:
    check(dots_ocr)


def test_its_log_is_that_of_vllm(driver: ProcessDriver, dots_ocr: Deployment) -> None:
    log = driver.log_tail(dots_ocr.instance, 500)
    for words in (
        "Resolved architecture: DotsOCRForCausalLM",
        "Starting to load model",
        "KV cache size",
        "startup complete",
    ):
        assert any(words in line for line in log)


def test_every_process_of_it_dies_with_its_main_one(driver: ProcessDriver, dots_ocr: Deployment) -> None:
    """vLLM's engine and worker live on when its main process is killed, and would hold the GPU's memory."""
    found = driver.find(dots_ocr.instance)
    assert found is not None
    assert len(found.pids) >= 3
    (main,) = [pid for pid in found.pids if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    os.kill(main, signal.SIGKILL)
    assert ended(driver, dots_ocr.instance).exit_code == -signal.SIGKILL
    assert not any(identity(pid) for pid in found.pids)
    assert get(dots_ocr.port, "/health")[0] == 0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_qwen3_vl_is_like_the_scripted_server(qwen3_vl: Deployment, check: Callable[[Deployment], None]) -> None:
    check(qwen3_vl)


def test_a_driver_that_comes_later_stops_it(driver: ProcessDriver, qwen3_vl: Deployment) -> None:
    folder = next(iter(driver._records())).home.parent
    later = ProcessDriver(folder)
    found = later.find(qwen3_vl.instance)
    assert found is not None
    assert (found.spec, found.running) == (qwen3_vl.spec, True)
    later.stop(qwen3_vl.instance, grace=30.0)
    assert later.instances() == []
    assert not any(identity(pid) for pid in found.pids)
