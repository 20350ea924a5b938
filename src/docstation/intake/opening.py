"""The way into a file: by what it is, to a source of pages.

This is the only place that knows which reader takes which media type. Readers are imported when they are needed:
opening happens in worker processes, and the parent need not load PDFium or Pillow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from docstation.errors import UnsupportedFormat
from docstation.intake.limits import Limits
from docstation.intake.sniff import IMAGE_TYPES, PDF, media_type

if TYPE_CHECKING:
    from docstation.intake.page import Pixels, RawPage


class PageSource(Protocol):
    """An open file, a page at a time; one page is held in memory, the one last asked for.

    Attributes:
        name: of the file, as to be shown.
        media_type: by content.
        page_count: pages in the file.
        limits: that its rasters keep to.
    """

    name: str
    media_type: str
    page_count: int
    limits: Limits

    def raw(self, number: int) -> RawPage:
        """Size, text layer and drawing of page `number` (from 1).

        Raises:
            BrokenFile: the page cannot be read.
        """
        ...

    def render(self, number: int, scale: float) -> Pixels:
        """The page as a viewer shows it, at `scale` pixels per point.

        Raises:
            TooLarge: the raster would exceed the limits; ask `fitting_scale` first.
            BrokenFile: the page cannot be drawn.
        """
        ...

    def native_scale(self, number: int) -> float:
        """Pixels per point at which the page's raster is stored; 0 where it is drawn, or made of several."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file before its pages are read."""

    media_type: str
    page_count: int


@dataclass(frozen=True, slots=True)
class FactsRequest:
    """Asks for the facts of one file."""

    path: Path
    name: str
    password: str | None = None


class FactsReader:
    """Opens files to count their pages; made to run in a worker, see `docstation.intake.sandbox.call`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def __call__(self, request: FactsRequest) -> FileFacts:
        with open_document(request.path, name=request.name, password=request.password, limits=self._limits) as source:
            return FileFacts(source.media_type, source.page_count)


def open_document(path: Path, *, name: str, password: str | None = None, limits: Limits) -> PageSource:
    """Open a PDF or an image file.

    Office files are no pages yet: `docstation.intake.office.to_pdf` makes a PDF of them.

    Raises:
        NotFound: there is no such file.
        UnsupportedFormat: neither a PDF nor an image.
        BrokenFile: damaged, or without a page.
        PasswordError: locked, and `password` does not open it.
        TooLarge: beyond the limits.
    """
    kind = media_type(path, name=name)
    if kind == PDF:
        from docstation.intake.pdf import PdfSource

        return PdfSource(path, name=name, password=password, limits=limits)
    if kind in IMAGE_TYPES:
        from docstation.intake.images import ImageSource

        return ImageSource(path, name=name, media_type=kind, limits=limits)
    raise UnsupportedFormat(name=name)


def fitting_scale(width: float, height: float, scale: float, limits: Limits) -> float:
    """`scale`, reduced where a page of `width` x `height` points would exceed the limits of a raster."""
    by_area = math.sqrt(limits.page_pixels / max(width * height, 1.0))
    by_side = limits.page_side / max(width, height, 1.0)
    return min(scale, by_area, by_side)
