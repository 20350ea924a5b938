"""A service that is started where none runs, and found where one does."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from service_process import free_port, until

from docstation.bootstrap.parts import station_folder
from docstation.bootstrap.service import SOCKET, address_of, ensure_service, own_service, service_at
from docstation.service import serving
from docstation.settings import load
from docstation.station.lock import holder_of


def test_a_service_is_started_once_and_then_found(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCSTATION_SERVICE_PORT", str(free_port()))
    monkeypatch.setenv("DOCSTATION_STATION_DRIVER", "embedded")
    settings = load().settings
    assert own_service() is None
    assert service_at(settings) is None
    client = ensure_service(settings)
    holder = holder_of(station_folder())
    assert holder is not None
    try:
        assert client.status().mode == "idle"
        begun = time.perf_counter()
        found = own_service()
        assert time.perf_counter() - begun < 0.5
        assert found is not None
        assert ensure_service(settings).base_url == found.base_url == f"unix:{home / SOCKET}"
        assert holder_of(station_folder()) == holder
    finally:
        os.kill(holder.pid, signal.SIGTERM)
        until(lambda: holder_of(station_folder()) is None)
    assert own_service() is None


def test_a_socket_that_a_killed_service_left_is_no_service(home: Path):
    import socket

    home.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home / SOCKET))
    assert own_service() is None


def test_the_socket_is_the_one_that_the_service_listens_on():
    assert serving.SOCKET == SOCKET


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000")],
)
def test_a_service_that_listens_everywhere_is_asked_on_the_loopback(
    host: str, address: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DOCSTATION_SERVICE_HOST", host)
    monkeypatch.delenv("DOCSTATION_SERVICE_PORT", raising=False)
    assert address_of(load().settings) == address
