"""The real vLLM in a container of the driver: it starts, serves and stops without any privilege."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from driver_contract import eventually, free_port, get
from real_engine import Engine, host_image
from real_vllm import CONTEXT, DOTS_OCR, ENVIRONMENT

from docstation.station.deployment import Deployment
from docstation.station.drivers.container import ContainerDriver

pytestmark = [pytest.mark.engine, pytest.mark.vllm, pytest.mark.slow]


def test_the_real_server_serves_and_stops(
    engine: Engine, engine_client: Any, vllm_python: Path, tiny_models: Path, tmp_path: Path
) -> None:
    programs = vllm_python.parent.resolve()
    image = host_image(engine_client, "docstation-test/vllm:1", programs.parent, path=str(programs))
    driver = ContainerDriver(
        engine.client, station="vllm", logs=tmp_path, caches=tmp_path / "caches", gpu=False, mounts=image.mounts
    )
    deployment = Deployment(
        model=DOTS_OCR.folder,
        driver="container",
        served_name=DOTS_OCR.served_name,
        context=CONTEXT,
        arguments=DOTS_OCR.arguments(tiny_models),
        port=free_port(),
        checkpoint=str(tiny_models / DOTS_OCR.folder),
        image=image.image,
        environment=tuple(sorted(ENVIRONMENT.items())),
    )
    driver.prepare(deployment)
    driver.start(deployment)
    try:
        heard: list[str] = []
        threading.Thread(target=lambda: heard.extend(driver.follow(deployment.instance)), daemon=True).start()
        eventually(lambda: serves_or_ended(driver, deployment), within=240, every=0.5)
        shown = json.loads(get(deployment.port, "/v1/models")[1])["data"][0]
        assert (shown["id"], shown["max_model_len"]) == (DOTS_OCR.served_name, CONTEXT)
        (found,) = driver.instances()
        assert len(found.pids) >= 3
        assert any("Application startup complete" in line for line in heard)
    finally:
        began = time.monotonic()
        driver.stop(deployment.instance, grace=20)
    assert time.monotonic() - began < 15
    assert "Application startup complete" in (tmp_path / f"{deployment.instance}.log").read_text()


def serves_or_ended(driver: ContainerDriver, deployment: Deployment) -> bool:
    """Whether it answers; one that ended instead fails with its last words."""
    found = driver.find(deployment.instance)
    assert found is not None
    assert found.running, "\n".join(driver.log_tail(deployment.instance, 40))
    return get(deployment.port, "/health")[0] == 200
