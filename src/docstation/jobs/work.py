"""What a worker process does: open a file and count its pages, read one page, or a part of one.

Runs inside a killable child (`docstation.intake.sandbox`): whatever a damaged file does to the libraries below, it
does here. Only small values cross the process border. A finished page goes to the run's folder before it is answered,
and so do pictures: it is safe there also while the parent is busy with what came before. The parent makes the tasks,
and does not load what reads them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.document.geometry import Affine
from docstation.document.model import Category, Page, PageStatus, Source
from docstation.errors import UsageError
from docstation.intake.limits import Limits
from docstation.intake.turns import turn
from docstation.intake.worker import ask_for_time
from docstation.jobs.region import RegionTask, as_region, has_words, part_of, upright_part
from docstation.jobs.store import keep_page
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from docstation.intake.opening import PageSource
    from docstation.intake.page import Pixels, PreparedPage
    from docstation.intake.triage import OrientationProbe
    from docstation.reading.engine import PageEngine

LEAST_PART = 1.0
"""Points, width and height: on less there is nothing to be read."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Open a file: how many pages has it?

    Attributes:
        file: its number in the run.
        path: the file that the user gave.
        original: the file whose pages are read: the same, or an office file's PDF.
        name: as to be shown.
        media_type: of `path`, by content.
        password: tried when the file is protected.
    """

    file: int
    path: Path
    original: Path
    name: str
    media_type: str
    password: str | None


@dataclass(frozen=True, slots=True)
class PageTask:
    """Read page `number` of `original`.

    Attributes:
        file: its number in the run.
        original: the file whose pages are read.
        name: as to be shown.
        number: of the page, from 1.
        password: opens a protected file.
        dpi: wanted resolution.
        store: folder of the run, where the finished page is kept.
        pictures: folder for the pictures that blocks name.
        after: reason why the first try ended its worker; the second goes without rendering and recognition.
    """

    file: int
    original: Path
    name: str
    number: int
    password: str | None
    dpi: int
    store: Path
    pictures: Path
    after: str = ""


class PageWorker:
    """Answers tasks one after the other; keeps the file that it read last open."""

    def __init__(self, engine: PageEngine, probe: OrientationProbe, limits: Limits) -> None:
        self._engine = engine
        self._probe = probe
        self._limits = limits
        self._opened: tuple[Path, PageSource] | None = None
        self._prepared: tuple[tuple[Path, int, int], PreparedPage] | None = None

    def __call__(self, task: OpenTask | PageTask | RegionTask) -> Source | Page:
        """Do `task`.

        Raises:
            DocStationError: when the file or the page cannot be used.
        """
        from docstation.intake.opening import open_document

        if isinstance(task, OpenTask):
            with open_document(task.original, name=task.name, password=task.password, limits=self._limits) as source:
                count = source.page_count
            return Source(Path(task.name).name, _sha256(task.path), task.media_type, count)
        if isinstance(task, RegionTask):
            return as_region(self._region(task))
        return keep_page(task.store, self._fallback(task) if task.after else self._read(task))

    def _read(self, task: PageTask) -> Page:
        from docstation.intake.triage import prepare, with_pixels

        source = self._source(task)
        with turn() as waited:
            ask_for_time(waited)
            page = prepare(source, task.number, dpi=task.dpi, probe=self._probe)
        read = self._engine.read(page)
        if page.pixels is None and any(block.category is Category.PICTURE for block in read.page.blocks):
            # Born-digital pages are read without a raster; only pictures to be cut out are worth its price.
            read = self._engine.read(with_pixels(source, page, task.dpi))
        for name, pixels in read.pictures.items():
            _write_picture(task.pictures / name, pixels)
        return read.page

    def _fallback(self, task: PageTask) -> Page:
        """What the text layer alone gives, sane or not: a page that could not be looked at is not lost whole."""
        from docstation.intake.page import PreparedPage

        raw = self._source(task).raw(task.number)
        size = (raw.width, raw.height)
        page = PreparedPage(
            number=task.number,
            page_size=size,
            size=size,
            pixels=None,
            scale=1.0,
            to_page=Affine(),
            words=raw.layer.words,
        )
        read = self._engine.read(page).page
        status = PageStatus.FALLBACK if read.text else PageStatus.FAILED
        return replace(read, status=status, reason=task.after)

    def _region(self, task: RegionTask) -> Page:
        from docstation.intake.triage import prepare, with_pixels

        source, key = self._source(task), (task.original, task.number, task.dpi)
        if self._prepared is None or self._prepared[0] != key:
            # Whoever draws one region on a page will draw another.
            self._prepared = key, prepare(source, task.number, dpi=task.dpi, probe=self._probe)
        page = self._prepared[1]
        part = upright_part(page, task.box)
        if min(part.width, part.height) < LEAST_PART:
            raise UsageError(
                N_("This part of page {number} is too small, or outside of it."),
                number=task.number,
                remedy=N_("Choose a larger part of the page."),
            )
        if not has_words(page, part):
            page = with_pixels(source, page, task.dpi)
        return self._engine.read(part_of(page, part)).page

    def _source(self, task: PageTask | RegionTask) -> PageSource:
        from docstation.intake.opening import open_document

        if self._opened is not None and self._opened[0] != task.original:
            self._opened[1].__exit__(None, None, None)
            self._opened = None
        if self._opened is None:
            source = open_document(task.original, name=task.name, password=task.password, limits=self._limits)
            self._opened = task.original, source.__enter__()
        return self._opened[1]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_picture(path: Path, pixels: Pixels) -> None:
    from PIL import Image

    aside = path.with_suffix(".part")
    Image.fromarray(pixels).save(aside, format="PNG", optimize=False)
    aside.replace(path)
