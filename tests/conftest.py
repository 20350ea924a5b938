"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = ("real_engine", "real_vllm")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts its background jobs deaf to Ctrl-C, and what they start inherits it; tests send that signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)

CORPUS = Path(os.environ.get("DOCSTATION_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real documents; tests that need it are left out of a bare clone that lies without it."""
    if not CORPUS.is_dir():
        missing = "the folder of real documents is not beside this checkout"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return CORPUS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DOCSTATION_HOME", str(folder))
    return folder
