"""The ground of the fault tests. The modules of the parent folder are made importable, in whatever order tests run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from process_grounds import process_ground
from proving_ground import Ground, Kept


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept[Ground]]:
    """Grounds of processes."""
    path, made = os.environ["PATH"], Kept(lambda: process_ground(tmp_path_factory.mktemp("ground")))
    yield made
    made.drop()
    os.environ["PATH"] = path


@pytest.fixture
def ground(kept: Kept[Ground]) -> Iterator[Ground]:
    """A station whose dots serves, and is good."""
    given = kept.get()
    yield given
    given.undo()
