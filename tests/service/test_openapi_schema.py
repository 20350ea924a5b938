"""Generated requests to every route of the application: no server error, and every answer is as it is described.

Documents are really read; the station's desk is a double, so that nothing is started.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
from fastapi import APIRouter
from hypothesis import HealthCheck, given, settings
from run_samples import text_pdf
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_documents_api_serving import Served, serving

from docstation.bootstrap.parts import Parts
from docstation.bootstrap.station import status
from docstation.errors import UsageError
from docstation.jobs.keys import KeyStore
from docstation.jobs.queue import JobQueue
from docstation.jobs.station_events import StationHistory
from docstation.service import documenting, keys_api, metrics, station_api
from docstation.service.metrics_engine import TokenTally
from docstation.service.metrics_tally import PagesTally, StationTally
from docstation.service.request_log import Requests
from docstation.service.uploads import DocumentsSettings
from docstation.settings.model import Station
from docstation.station.desk import Order, Wish
from docstation.station.telling import EndTold, StepTold, Told
from docstation.station.words import Step

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    (path, method.upper()) for path, methods in documenting.openapi()["paths"].items() for method in sorted(methods)
]
UNAVAILABLE = {"/health"}
"""Where 503 is what is to be said: only the embedded engine serves."""


class DoubleDesk:
    """Begins everything but several models together and what is asked for by an empty name; changes nothing."""

    def change(self, order: Order) -> Iterator[Told]:
        if "" in order.names:
            raise UsageError("There is no model without a name.")
        if order.wish is Wish.STOP:
            yield EndTold("", "already")
        elif len(order.names) > 1:
            yield EndTold("", "busy")
        else:
            yield StepTold("1234abcd", Step.PREPARE, "began", order.names)

    def cancel(self) -> None:
        pass


def operations(queue: JobQueue) -> list[APIRouter]:
    parts = Parts(Station(driver="embedded"))
    sources = metrics.Sources(
        lambda patience: status(patience=patience),
        lambda _seconds: "",
        queue,
        StationTally(),
        PagesTally(queue),
        Requests(),
        TokenTally(0.0),
    )
    history = StationHistory(queue.database, parts.folder)
    keys = keys_api.router(KeyStore(queue.database))
    return [station_api.router(parts, DoubleDesk(), history), keys, metrics.router(sources)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCSTATION_HOME", str(home))
        asked = DocumentsSettings(ocr_seconds=0.5)
        with serving(tmp_path_factory.mktemp("served"), asked, loopback=True, more=operations) as made:
            yield made


@pytest.fixture(scope="module")
def described(served: Served) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{served.client.base_url}/openapi.json")


@pytest.fixture
def present(served: Served, path: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A document that was read, for routes on one."""
    if "{id}" not in path:
        return ""
    id = served.upload(text_pdf(tmp_path_factory.mktemp("files") / "a.pdf", 2, pictures={2}))
    served.wait(id)
    return id


def test_the_shipped_description_is_the_applications():
    shipped = documenting.SHIPPED.read_text(encoding="utf-8")
    assert shipped == documenting.written(), "write it anew: python -m docstation.service.documenting"


def test_what_is_described_is_what_is_served(served: Served):
    assert served.client.get("/openapi.json").json() == json.loads(documenting.written())


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_generated_requests_get_described_answers(
    described: schemathesis.BaseSchema, served: Served, present: str, path: str, method: str
):
    @given(case=described[path][method].as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def check(case: schemathesis.Case) -> None:
        if "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2:
            case.path_parameters["id"] = present  # half of them of a document that is there
        if path == "/station/events" and isinstance(case.query, dict):
            case.query.pop("follow", None)  # it would never end
        answer = case.call()
        assert answer.headers["x-content-type-options"] == ["nosniff"]
        assert answer.headers["x-request-id"]
        checks = CHECKS[1:] if path in UNAVAILABLE else CHECKS
        case.validate_response(answer, checks=checks)

    check()
