"""Extraction by a schema on the real vLLM, through service and gateway: the answer keeps to the schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from real_vllm import QWEN3_VL
from run_samples import text_pdf
from running_service import Service, free_port

from docstation.client import Client, JobOptions
from docstation.station.drivers.process import ProcessDriver

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

CATALOGUE = """
[models.qwen3-vl-4b]
checkpoint = "{models}/{qwen.folder}"
served_name = "{qwen.served_name}"
eager = true
# Between the tokens of a schema this model would say nothing but blanks.
arguments = ["--structured-outputs-config", '{{"backend": "xgrammar", "disable_any_whitespace": true}}']
"""
SCHEMA = {
    "type": "object",
    "properties": {
        "paid": {"type": "boolean"},
        "kind": {"enum": ["act", "invoice"]},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"sold": {"type": "boolean"}}}},
        "number": {"type": "string"},
    },
    "required": ["paid"],
}


@pytest.fixture(scope="module")
def served(vllm_python: Path, tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("home")
    (home / "models.toml").write_text(CATALOGUE.format(models=tiny_models, qwen=QWEN3_VL))
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "PATH": f"{vllm_python.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_STATION_DRIVER": "process",
        "DOCSTATION_STATION_DEVICE": "cpu",
        "DOCSTATION_STATION_HANG_SECONDS": "300",
        "DOCSTATION_SERVICE_PORT": str(ports[0]),
        "DOCSTATION_STATION_PORT": str(ports[1]),
    }
    made = Service(home, *ports, environment, ("--model", "qwen3-vl-4b"))
    try:
        made.start(within=500)
        yield made
    finally:
        made.end()
        servers = ProcessDriver(home / "station" / "processes")
        for one in servers.instances():
            servers.stop(one.name, grace=20)


def test_the_answer_of_the_real_engine_keeps_to_the_schema(served: Service, tmp_path: Path):
    client = Client(f"http://127.0.0.1:{served.port}", key="", seconds=120)
    job = client.submit(text_pdf(tmp_path / "text.pdf", 1), JobOptions(engine="embedded"))
    assert [event.state for event in client.follow(job.id)][-1] == "done"
    done = client.await_extraction(client.extract(job.id, schema=SCHEMA, by="model").id)
    assert (done.state, done.problem) == ("done", "")
    assert done.model == QWEN3_VL.served_name
    assert done.unanswered == ()  # the engine's answer was JSON that we read
    Draft202012Validator(done.schema).validate(done.values)
    assert isinstance(done.values["paid"], bool) or done.values["paid"] is None
    assert {one.by for one in done.fields} == {"model"}
