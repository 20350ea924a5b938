"""The service that the pages show: found, or started where none runs, once a process."""

from __future__ import annotations

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


@st.cache_resource(show_spinner=False)
def _client() -> Client:
    return ensure_service(settings())


def forget() -> None:
    """Look for the service anew at the next call."""
    _client.clear()
