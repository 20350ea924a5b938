"""Fixtures of the gateway's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_parts import Process


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Process]:
    """A gateway process of the test's own; what it said about itself must be nothing."""
    process = Process(tmp_path)
    yield process
    said = process.close()
    assert said == b""
