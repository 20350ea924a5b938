"""A PDF of the pages of an image file, each as large as it was read: one picture a page, no text.

Pages are gathered in files of limited size, so that a long fax or a colour scan of many pages is never in memory
whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from docstation.document.model import Page as ReadPage
from docstation.document.model import PageStatus
from docstation.errors import InputError
from docstation.export.pdf.pictures import LIMITS, picture_of
from docstation.intake.images import ImageSource

PART_BYTES = 64 * 2**20
"""Encoded pictures that are held in memory."""

# Where the unit square of the samples goes on a page of width w and height h, by EXIF orientation: (a b c d e f) of
# the matrix (PDF 32000-1, 8.3.3) as multiples of w (x) and h (y).
_MATRICES = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}


@contextmanager
def image_pdf(path: Path, media_type: str, name: str, pages: Iterable[ReadPage], scratch: Path) -> Iterator[Any]:
    """The pages as an open file, closed when the block ends.

    Args:
        path: the image file.
        media_type: of it.
        name: what to call it in an error.
        pages: that were read. One that failed is left empty where it cannot be decoded.
        scratch: an existing folder.

    Raises:
        BrokenFile: a page that was read cannot be decoded any more.
    """
    import pikepdf

    with ExitStack() as open_files:
        source = open_files.enter_context(ImageSource(path, name=name, media_type=media_type, limits=LIMITS))
        made = open_files.enter_context(pikepdf.new())
        for part in _parts(source, path, pages, scratch):
            made.pages.extend(open_files.enter_context(pikepdf.open(part)).pages)
        yield made


def _parts(source: ImageSource, path: Path, pages: Iterable[ReadPage], scratch: Path) -> Iterator[Path]:
    import pikepdf

    part, held, count = pikepdf.new(), 0, 0
    for page in pages:
        held += _add_page(part, source, path, page)
        if held >= PART_BYTES:
            yield _saved(part, scratch / f"part-{count}.pdf")
            part, held, count = pikepdf.new(), 0, count + 1
    yield _saved(part, scratch / f"part-{count}.pdf")


def _saved(part: Any, path: Path) -> Path:
    with part:
        part.save(path, deterministic_id=True)
    return path


def _add_page(pdf: Any, source: ImageSource, path: Path, page: ReadPage) -> int:
    """Append the page; returns the bytes of its picture."""
    from pikepdf import Array, Dictionary, Name, Page

    box = Array([0, 0, round(page.width, 4), round(page.height, 4)])
    made = Page(pdf.make_indirect(Dictionary(Type=Name.Page, MediaBox=box)))
    pdf.pages.append(made)
    try:
        picture = picture_of(source, path, page.number)
    except InputError:
        if page.status is not PageStatus.FAILED:
            raise
        return 0
    made.obj["/Resources"] = Dictionary({"/XObject": Dictionary({"/Picture": picture.added_to(pdf)})})
    made.contents_add(_drawing(picture.orientation, page.width, page.height))
    return len(picture.data)


def _drawing(orientation: int, width: float, height: float) -> bytes:
    factors = (width, height) * 3
    numbers = (f"{part * factor:.4f}" for part, factor in zip(_MATRICES[orientation], factors, strict=True))
    return f"q {' '.join(numbers)} cm /Picture Do Q\n".encode("ascii")
