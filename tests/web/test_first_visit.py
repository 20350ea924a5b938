"""A first visit: the page starts the service by itself, and a sample is read after a click or two."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from web_process import eventually, free_port, web_server

from docstation.client import Client


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application where no service runs and nothing was ever read."""
    folder = tmp_path_factory.mktemp("first")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOCSTATION_UI")},
        "DOCSTATION_HOME": str(folder / "home"),
        "DOCSTATION_SERVICE_PORT": str(free_port()),
        "DOCSTATION_STATION_PORT": str(free_port()),
    }
    with web_server(environment, folder / "log") as address:
        yield address
    _end_service(folder / "home")


def test_the_first_page_of_the_sample_is_there_after_few_clicks(
    open_page: Callable[..., Page], shot: Callable[[Page, str], Path]
) -> None:
    began = time.monotonic()
    page = open_page(language="en")
    button = page.get_by_role("button", name="Try it on a sample")
    expect(button).to_be_visible(timeout=40_000)
    shot(page, "recognise-empty-en")
    clicks = 0
    button.click()
    clicks += 1
    expect(page.locator(".box").first).to_be_visible(timeout=60_000)
    assert clicks <= 5
    assert time.monotonic() - began < 90
    shot(page, "recognise-en")


def _end_service(home: Path) -> None:
    import psutil

    from docstation.station.lock import holder_of

    client = Client(f"unix:{home / 'service.sock'}", key="")
    if client.connected():
        holder = holder_of(home / "station")
        assert holder is not None
        psutil.Process(holder.pid).terminate()
        eventually(lambda: not psutil.pid_exists(holder.pid) or not client.connected())
