"""The children in which files are parsed and drawn: bounded, killed when the service ends, ended when idle."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from run_samples import text_pdf
from test_documents_api_serving import until

from docstation.errors import BrokenFile, DocStationError, InputError, Interrupted
from docstation.intake.limits import Limits
from docstation.service.page_images import WORKER, ImageTask
from docstation.service.workshop import Kind, Workshop


def children() -> set[int]:
    found = set()
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "docstation.intake.worker" in " ".join(one.cmdline()):
                found.add(one.pid)
    return found


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file that nobody ever finishes to open."""
    os.mkfifo(tmp_path / "endless.pdf")
    return tmp_path / "endless.pdf"


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    made = Workshop(Kind(WORKER, (Limits(),)), 1, 10.0, Limits())
    yield made
    made.close()


def test_a_file_that_takes_too_long_cannot_be_used(endless: Path):
    workshop = Workshop(Kind(WORKER, (Limits(),)), 1, 0.3, Limits())
    with pytest.raises(InputError, match="longer"):
        workshop.make(ImageTask(endless, None, 1))
    workshop.close()


def test_closing_kills_what_is_being_made(workshop: Workshop, endless: Path):
    raised: list[DocStationError] = []

    def make() -> None:
        try:
            workshop.make(ImageTask(endless, None, 1))
        except DocStationError as error:
            raised.append(error)

    before = children()
    making = threading.Thread(target=make)
    making.start()
    until(lambda: children() - before)
    began = time.monotonic()
    workshop.close()
    making.join()
    assert time.monotonic() - began < 2
    assert isinstance(raised[0], Interrupted)
    assert children() == before


def test_a_child_is_ended_when_it_was_not_needed_for_a_while(tmp_path: Path):
    before = children()
    workshop = Workshop(Kind(WORKER, (Limits(),)), 1, 10.0, Limits(), idle=0.05)
    task = ImageTask(text_pdf(tmp_path / "a.pdf", 1), None, 1, width=100)
    first = workshop.make(task)
    until(lambda: children() == before)
    assert workshop.make(task) == first
    workshop.close()


def test_a_raster_keeps_to_the_limits(tmp_path: Path):
    small = replace(Limits(), page_pixels=10_000)
    workshop = Workshop(Kind(WORKER, (small,)), 1, 10.0, small)
    data = workshop.make(ImageTask(text_pdf(tmp_path / "a.pdf", 1), None, 1, width=4000))
    workshop.close()
    assert int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big") <= 10_500


def test_a_damaged_file_is_said_to_be_so(workshop: Workshop, tmp_path: Path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(BrokenFile):
        workshop.make(ImageTask(tmp_path / "broken.pdf", None, 1))
