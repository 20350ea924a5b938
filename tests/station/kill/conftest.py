"""The stations of the kill tests. The modules of the parent folder and of the fault matrix are made importable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from driver_contract import free_port
from killed_station import Stations, stations_in
from mortal_owner import Place
from scripted_models import servers_on


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stations]:
    """Stations of processes of this machine."""
    yield from stations_in(
        lambda: tmp_path_factory.mktemp("station"), lambda folder: Place(folder, free_port()), servers_on
    )
