"""What is made of a document's files when somebody asks: images, exports, Markdown page by page, words to be searched.

Files are parsed and drawn in killable children (`docstation.service.workshop`), which import this module: it knows
nothing of HTTP.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from docstation.document.corrections import Correction
from docstation.document.geometry import POINTS_PER_INCH, Affine, Box
from docstation.errors import NotFound
from docstation.export.saving import replacing
from docstation.intake.limits import Limits
from docstation.jobs.queue_records import JobFiles

if TYPE_CHECKING:
    from docstation.document.model import Document
    from docstation.intake.opening import PageSource
    from docstation.jobs.search import PageWords

ImageFormat = Literal["png", "webp"]
WORKER = f"{__name__}:Maker"


@dataclass(frozen=True, slots=True)
class ImageTask:
    """Draw a page, or a part of it.

    Attributes:
        path: the file whose pages are drawn.
        password: opens it.
        number: of the page, from 1.
        width: pixels of the whole page's width; None where `dpi` says it.
        dpi: pixels per inch.
        box: the part, page points; None for the whole page.
        format: of the image.
    """

    path: Path
    password: str | None
    number: int
    width: int | None = None
    dpi: float = 150.0
    box: Box | None = None
    format: ImageFormat = "png"


@dataclass(frozen=True, slots=True)
class ExportTask:
    """Write the document in a format.

    Attributes:
        files: of the document, which is there.
        format: by name.
        furniture: whether running headers and footers are written too.
        target: what comes of it.
        corrections: of the document.
        links: what stands before pictures' file names in links of Markdown; None: they are not linked.
    """

    files: JobFiles
    format: str
    furniture: bool
    target: Path
    corrections: tuple[Correction, ...] = ()
    links: str | None = None


@dataclass(frozen=True, slots=True)
class MarkdownTask:
    """Write each page of the document as Markdown that links pictures by their bare names."""

    files: JobFiles


@dataclass(frozen=True, slots=True)
class WordsTask:
    """The words of the document as the search keeps them, its corrections applied."""

    files: JobFiles
    corrections: tuple[Correction, ...]


Task = ImageTask | ExportTask | MarkdownTask | WordsTask


class Maker:
    """Does tasks in a child, one after the other; keeps the file that it drew last open."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._opened: tuple[Path, PageSource] | None = None

    def __call__(self, task: Task) -> object:
        """The image's bytes, None for a written export, the Markdown of each page by its number, or words.

        Raises:
            DocStationError: when the file or the page cannot be used.
        """
        match task:
            case ImageTask():
                return self._image(task)
            case ExportTask():
                _export(task)
                return None
            case WordsTask():
                return _words(task)
        return _markdown(task)

    def _image(self, task: ImageTask) -> bytes:
        from PIL import Image

        from docstation.intake.opening import fitting_scale

        source = self._source(task)
        page = source.raw(task.number)
        wanted = task.width / page.width if task.width else task.dpi / POINTS_PER_INCH
        scale = fitting_scale(page.width, page.height, wanted, self._limits)
        image = Image.fromarray(source.render(task.number, scale))
        if task.box is not None:
            image = image.crop(_pixel_box(task.box, scale, image.size))
        stream = io.BytesIO()
        if task.format == "webp":
            image.thumbnail((_WEBP_SIDE, _WEBP_SIDE))
            image.save(stream, "WEBP", quality=82, method=2)
        else:
            image.save(stream, "PNG", compress_level=3)
        return stream.getvalue()

    def _source(self, task: ImageTask) -> PageSource:
        from docstation.intake.opening import open_document

        if self._opened is not None and self._opened[0] != task.path:
            self._opened[1].__exit__(None, None, None)
            self._opened = None
        if self._opened is None:
            source = open_document(task.path, name=task.path.name, password=task.password, limits=self._limits)
            self._opened = task.path, source.__enter__()
        return self._opened[1]


_WEBP_SIDE = 16_383
"""The longest side that the format knows."""


def _pixel_box(box: Box, scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box in pixels, rounded outwards, within the image and never empty."""
    placed = Affine.scaling(scale).box(box)
    x0, y0 = min(max(int(placed.x0), 0), size[0] - 1), min(max(int(placed.y0), 0), size[1] - 1)
    return x0, y0, min(max(int(placed.x1) + 1, x0 + 1), size[0]), min(max(int(placed.y1) + 1, y0 + 1), size[1])


def _export(task: ExportTask) -> None:
    from docstation.export import ExportInput, ExportOptions, write

    document = _document(task.files, task.corrections)
    item = ExportInput(document, task.files.original, task.files.pictures, task.files.password)
    options = ExportOptions(furniture=task.furniture, picture_links=task.links)
    # To a stream: a path would get files beside it, for tables and pictures.
    with replacing(task.target) as stream:
        write(item, task.format, cast(BinaryIO, stream), options)


def _markdown(task: MarkdownTask) -> dict[int, str]:
    from docstation.export import ExportInput, ExportOptions, write
    from docstation.jobs.run import assembled

    document = _document(task.files)
    options = ExportOptions(picture_links="")
    made = {}
    for page in document.pages:
        stream = io.BytesIO()
        alone = assembled(document.source, [page])
        write(ExportInput(alone, pictures=task.files.pictures), "md", stream, options)
        made[page.number] = stream.getvalue().decode()
    return made


def _words(task: WordsTask) -> tuple[PageWords, ...]:
    from docstation.jobs.search import words_of

    return words_of(_document(task.files, task.corrections))


def _document(files: JobFiles, corrections: tuple[Correction, ...] = ()) -> Document:
    from docstation.document.codec import from_json, loads

    try:
        document = from_json(loads((files.document or Path()).read_bytes()))
    except OSError as error:
        raise NotFound(name="document.json") from error
    if not corrections:
        return document
    from docstation.jobs.corrections import with_corrections

    return with_corrections(document, corrections)
