"""The service is begun with the web server, once, and whatever came of it the first page takes up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from docstation.client import Client
from docstation.errors import NoEngine
from docstation.web import service


class Starts:
    """Starts of the service: as many as are listed fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.count = 0

    def __call__(self, _settings: object) -> Client:
        self.count += 1
        if self.count <= self.failures:
            raise NoEngine
        return Client("http://127.0.0.1:9", key="")


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    service.forget()
    yield
    service.forget()


def test_the_first_page_waits_for_the_service_that_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts()
    monkeypatch.setattr(service, "ensure_service", starts)
    monkeypatch.setattr(Client, "connected", lambda _client: True)
    service.begin()
    assert service.client() is service.client()
    assert starts.count == 1


def test_what_came_to_nothing_is_told_and_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts(failures=1)
    monkeypatch.setattr(service, "ensure_service", starts)
    monkeypatch.setattr(Client, "connected", lambda _client: True)
    service.begin()
    with pytest.raises(NoEngine):
        service.client()
    assert service.client().base_url == "http://127.0.0.1:9"
    assert starts.count == 2
