"""The service that the pages show: found, or started where none runs, once a process."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import streamlit as st

from docstation.bootstrap.service import ensure_service, service_at
from docstation.client import Client
from docstation.settings import Settings, load


@cache
def settings() -> Settings:
    """As files, environment and defaults say, read once: a change needs a restart."""
    return load().settings


def client() -> Client:
    """The running service; started where none runs.

    Raises:
        DocStationError: it does not come up.
    """
    found = _client()
    if not found.connected():
        _client.clear()
        found = _client()
    return found


def running() -> Client | None:
    """The service where it runs; it is not started."""
    return service_at(settings())


def begin() -> None:
    """Have the service started where none runs, while the browser still loads the page; whoever needs it waits."""
    _starting.append(_STARTER.submit(ensure_service, settings()))


_STARTER = ThreadPoolExecutor(1, "service-start")
_starting: list[Future[Client]] = []


@st.cache_resource(show_spinner=False)
def _client() -> Client:
    # Only the first page waits for what was begun; where that came to nothing, it is tried anew.
    return _starting.pop().result() if _starting else ensure_service(settings())


def forget() -> None:
    """Look for the service anew at the next call."""
    _client.clear()
