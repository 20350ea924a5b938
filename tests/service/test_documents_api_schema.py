"""Generated requests over the whole OpenAPI: no server error, and every answer is as it is described."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from run_samples import text_pdf
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_documents_api_serving import Served, serving

from docstation.service.uploads import DocumentsSettings

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    ("/documents", "POST"),
    ("/documents", "GET"),
    ("/documents/{id}", "GET"),
    ("/documents/{id}", "DELETE"),
    ("/documents/{id}/events", "GET"),
    ("/documents/{id}/export", "GET"),
    ("/documents/{id}/pages/{number}", "GET"),
    ("/documents/{id}/pages/{number}/image", "GET"),
    ("/documents/{id}/pages/{number}/retry", "POST"),
    ("/documents/{id}/blocks/{block}/image", "GET"),
    ("/documents/{id}/cancel", "POST"),
    ("/documents/{id}/pause", "POST"),
    ("/documents/{id}/resume", "POST"),
    ("/documents/{id}/retry", "POST"),
    ("/v1/ocr", "POST"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), DocumentsSettings(ocr_seconds=0.5), loopback=True) as made:
        yield made


@pytest.fixture(scope="module")
def described(served: Served) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{served.client.base_url}/openapi.json")


@pytest.fixture
def present(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A document that was read."""
    id = served.upload(text_pdf(tmp_path_factory.mktemp("files") / "a.pdf", 2, pictures={2}))
    served.wait(id)
    return id


def test_no_route_is_left_out(described: schemathesis.BaseSchema):
    found = {(one.ok().path, one.ok().method.upper()) for one in described.get_all_operations()}
    assert {one for one in found if one[0].startswith(("/documents", "/v1"))} == set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_generated_requests_get_described_answers(
    described: schemathesis.BaseSchema, present: str, path: str, method: str
):
    @given(case=described[path][method].as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def check(case: schemathesis.Case) -> None:
        if "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2:
            case.path_parameters["id"] = present  # half of them of a document that is there
        case.call_and_validate(checks=CHECKS)

    check()
