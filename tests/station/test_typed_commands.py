"""The commands as people type them, on a real container engine with the real vLLM: start, switch, back, stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from driver_contract import eventually, free_port, get
from real_engine import Engine, host_image
from real_vllm import CONTEXT, DOTS_OCR, QWEN3_VL

from docstation.station.lock import holder_of

pytestmark = [pytest.mark.engine, pytest.mark.vllm, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
IMAGE = "docstation-test/typed:1"
CATALOGUE = """
[models.dots-ocr]
checkpoint = "{models}/{dots.folder}"
served_name = "{dots.served_name}"
image = "{image}"
eager = true

[models.qwen3-vl-2b]
checkpoint = "{models}/{qwen.folder}"
served_name = "{qwen.served_name}"
image = "{image}"
eager = true

[aliases.qwen3-vl]
candidates = ["qwen3-vl-2b"]
"""


@dataclass
class Workplace:
    """A state folder of its own, and the scripts run in it."""

    home: Path
    port: int
    variables: dict[str, str]

    def type(self, script: str, *words: str) -> dict[str, Any]:
        """Run a script of the checkout; its JSON document."""
        done = subprocess.run(
            [sys.executable, str(ROOT / script), *words, "--json"],
            cwd=self.home,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, f"{script} {words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def shown(self) -> tuple[str, int]:
        """What ``curl localhost:PORT/v1/models`` shows."""
        served = json.loads(get(self.port, "/v1/models")[1])["data"][0]
        return served["id"], served["max_model_len"]


@dataclass
class Sentinel:
    """Counts our running containers again and again while something else goes on."""

    client: Any
    most: int = 0
    names: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def running(self) -> list[str]:
        found = self.client.containers(filters={"label": ["docstation.app=station"]})
        return [one["Names"][0].lstrip("/") for one in found]

    def count(self) -> None:
        while not self.over.wait(0.05):
            seen = self.running()
            self.names |= set(seen)
            self.most = max(self.most, len(seen))


@pytest.fixture
def workplace(
    engine: Engine, engine_client: Any, vllm_python: Path, tiny_models: Path, tmp_path: Path
) -> Iterator[Workplace]:
    programs = vllm_python.parent.resolve()
    image = host_image(engine_client, IMAGE, programs.parent, path=str(programs))
    home = tmp_path / "home"
    home.mkdir()
    text = CATALOGUE.format(models=tiny_models, image=IMAGE, dots=DOTS_OCR, qwen=QWEN3_VL)
    (home / "models.toml").write_text(text)
    port = free_port()
    place = Workplace(
        home,
        port,
        {
            "DOCSTATION_HOME": str(home),
            "DOCSTATION_UI_LANGUAGE": "en",
            "DOCSTATION_STATION_DRIVER": "container",
            "DOCSTATION_STATION_DEVICE": "cpu",
            "DOCSTATION_SERVICE_PORT": str(port),
            "DOCSTATION_STATION_PORT": str(free_port()),
            "DOCSTATION_STATION_MOUNTS": ",".join(str(one.source) for one in image.mounts),
        },
    )
    yield place
    holder = holder_of(home / "station")
    if holder is not None:
        os.kill(holder.pid, signal.SIGTERM)
        eventually(lambda: holder_of(home / "station") is None)


def test_dots_ocr_is_started_switched_for_qwen_and_brought_back(workplace: Workplace, engine_client: Any):
    sentinel = Sentinel(engine_client)
    counting = threading.Thread(target=sentinel.count)
    counting.start()
    try:
        assert workplace.type("model_switcher.py", "dots-ocr")["outcome"] == "done"
        assert workplace.shown() == (DOTS_OCR.served_name, CONTEXT)
        assert get(workplace.port, "/health")[0] == 200
        # Status waits a tenth of a second for the server's answer, which a busy machine may not give in time.
        (serving,) = eventually(
            lambda: (seen := workplace.type("model_switcher.py", "status")["serving"])[0]["answers"] and seen
        )
        assert (serving["model"], serving["shown"]) == ("dots-ocr", {"id": DOTS_OCR.served_name, "context": CONTEXT})

        switched = workplace.type("model_switcher.py", "qwen3-vl")
        assert [one["id"] for one in switched["serving"]] == [QWEN3_VL.served_name]
        assert workplace.shown() == (QWEN3_VL.served_name, CONTEXT)

        assert workplace.type("model_switcher.py", "dots-ocr")["outcome"] == "done"
        assert workplace.shown() == (DOTS_OCR.served_name, CONTEXT)
    finally:
        stopped = workplace.type("model_switcher.py", "stop")
        sentinel.over.set()
        counting.join()
    assert stopped["outcome"] == "done"
    assert sentinel.most == 1, "never two of ours"
    assert sentinel.names == {"docstation-dots-ocr", "docstation-qwen3-vl-2b"}
    assert engine_client.containers(all=True, filters={"label": ["docstation.app=station"]}) == []
    assert json.loads(get(workplace.port, "/v1/models")[1])["data"][0]["id"] == "embedded"
    assert get(workplace.port, "/health")[0] == 503
