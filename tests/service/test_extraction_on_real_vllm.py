"""Extraction by a schema on the real vLLM, through service and gateway: the answer keeps to the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from real_vllm import NO_BLANKS, QWEN3_VL
from run_samples import text_pdf
from running_service import Service
from vllm_service import vllm_service

from docstation.client import Client, JobOptions

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

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
    catalogue = QWEN3_VL.entry("qwen3-vl-4b", tiny_models, NO_BLANKS)
    with vllm_service(vllm_python, tmp_path_factory.mktemp("home"), catalogue, "--model", "qwen3-vl-4b") as made:
        yield made


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
