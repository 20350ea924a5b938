"""One running service for the tests of a module, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from service_process import ServiceProcess, service_process

from docstation.client import Client


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("service"), "--idle") as made:
        yield made


@pytest.fixture
def service(running: ServiceProcess) -> Iterator[ServiceProcess]:
    """The service without a document."""
    yield running
    running.clean()


@pytest.fixture
def client(service: ServiceProcess) -> Client:
    return service.client
