"""Fixtures of the tests of intake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from intake_opening import Open

from docstation.intake.limits import Limits
from docstation.intake.opening import PageSource, open_document


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens documents and closes them after the test."""
    with ExitStack() as stack:

        def open_it(path: Path, *, password: str | None = None, limits: Limits | None = None) -> PageSource:
            source = open_document(path, name=path.name, password=password, limits=limits or Limits())
            return stack.enter_context(source)

        yield open_it


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A folder for what intake unpacks and converts."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
