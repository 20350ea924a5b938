"""What is made of a document's files when somebody asks: images of pages and blocks, exports, Markdown page by page.

Files are parsed and drawn in killable children (`docstation.intake.sandbox`), never here; a child that nobody needed
for a while is ended. The module is imported by these children: it knows nothing of HTTP.
"""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self, cast

from docstation.document.geometry import POINTS_PER_INCH, Affine, Box
from docstation.errors import DocStationError, InputError, Interrupted, NotFound, WorkerFailed
from docstation.export import FORMATS
from docstation.export.saving import replacing
from docstation.intake.limits import Limits
from docstation.jobs.queue_records import JobFiles, JobState

if TYPE_CHECKING:
    from docstation.document.model import Document
    from docstation.intake.opening import PageSource
    from docstation.intake.sandbox import WorkerPool
    from docstation.jobs.queue import JobQueue

ImageFormat = Literal["png", "webp"]
WORKER = f"{__name__}:Maker"
IDLE_SECONDS = 60.0
"""After this long without work a child is ended."""
LOOK_SECONDS = 0.2
"""How often whoever waits for a child looks whether it is still worth it."""
EXPORTS = "exports"
MOST_AHEAD = 10_000


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
    """

    files: JobFiles
    format: str
    furniture: bool
    target: Path


@dataclass(frozen=True, slots=True)
class MarkdownTask:
    """Write each page of the document as Markdown that links pictures by their bare names."""

    files: JobFiles


class Maker:
    """Does tasks in a child, one after the other; keeps the file that it drew last open."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._opened: tuple[Path, PageSource] | None = None

    def __call__(self, task: ImageTask | ExportTask | MarkdownTask) -> object:
        """The image's bytes, None for a written export, or the Markdown of each page by its number.

        Raises:
            DocStationError: when the file or the page cannot be used.
        """
        match task:
            case ImageTask():
                return self._image(task)
            case ExportTask():
                _export(task)
                return None
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

    item = ExportInput(_document(task.files), task.files.original, task.files.pictures, task.files.password)
    # To a stream: a path would get files beside it, for tables and pictures.
    with replacing(task.target) as stream:
        write(item, task.format, cast(BinaryIO, stream), ExportOptions(furniture=task.furniture))


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


def _document(files: JobFiles) -> Document:
    from docstation.document.codec import from_json, loads

    try:
        return from_json(loads((files.document or Path()).read_bytes()))
    except OSError as error:
        raise NotFound(name="document.json") from error


class Workshop:
    """Children that make things, a few at a time.

    Args:
        seats: how many children.
        seconds: that one thing may take.
        limits: of memory and rasters.
        idle: seconds after which an unused child is ended.
    """

    def __init__(self, seats: int, seconds: float, limits: Limits, *, idle: float = IDLE_SECONDS) -> None:
        self.seats = seats
        self._benches = [_Bench(seconds, limits, idle) for _seat in range(seats)]
        self._free: queue.LifoQueue[_Bench] = queue.LifoQueue()
        for bench in self._benches:
            self._free.put(bench)

    def make(self, task: ImageTask | ExportTask | MarkdownTask) -> Any:
        """Do the task in a child that is free; blocks, for the child too.

        Raises:
            InputError: it took too long, needed too much memory or crashed.
            Interrupted: the workshop is closed.
            DocStationError: the file or the page cannot be used.
        """
        bench = self._free.get()
        try:
            return bench.make(task)
        finally:
            self._free.put(bench)

    def close(self) -> None:
        """End all children now, whatever they do."""
        for bench in self._benches:
            bench.end()


class _Bench:
    """One child and its end; used by one thread at a time."""

    def __init__(self, seconds: float, limits: Limits, idle: float) -> None:
        self._seconds = seconds
        self._limits = limits
        self._idle = idle
        self._pool: WorkerPool | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._ending = False

    def make(self, task: object) -> object:
        with self._lock, self._working() as pool:
            pool.submit(task)
            while (outcome := pool.next(LOOK_SECONDS)) is None:
                if self._ending:
                    raise Interrupted
        if outcome.error is not None:
            raise _unusable(outcome.error)
        return outcome.value

    @contextmanager
    def _working(self) -> Iterator[WorkerPool]:
        from docstation.intake.sandbox import WorkerPool

        if self._timer is not None:
            self._timer.cancel()
        if self._pool is None:
            self._pool = WorkerPool(1, WORKER, limits=self._limits, initial=(self._limits,), seconds=self._seconds)
        try:
            yield self._pool
        finally:
            self._timer = threading.Timer(self._idle, self.close)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """Close, and do not wait for what is being made."""
        self._ending = True
        self.close()
        self._ending = False

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._pool is not None:
                self._pool.close()
                self._pool = None


def _unusable(error: DocStationError) -> DocStationError:
    """A file that costs a child its life cannot be used; a trace tells of a bug of ours."""
    if isinstance(error, WorkerFailed) and not error.fields.get("trace"):
        return InputError(error.message_id, **error.fields)
    return error


@dataclass(frozen=True, slots=True)
class Exported:
    """A written export: its file, and a word that changes whenever its bytes may."""

    path: Path
    version: str

    def open(self) -> BinaryIO:
        """Its bytes.

        Raises:
            NotFound: the document was deleted meanwhile.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise NotFound(name=self.path.name) from error


def exported(workshop: Workshop, files: JobFiles, name: str, suffix: str, *, furniture: bool = False) -> Exported:
    """The document in that format, made where it is not kept beside the document already; blocks.

    Raises:
        DocStationError: as `Workshop.make`, or the document is not there (any more).
    """
    if files.document is None:
        raise NotFound(name=name)
    try:
        seen = files.document.stat()
    except OSError as error:
        raise NotFound(name=name) from error
    # A document's file is only ever replaced by another, which has a time of its own.
    version = f"{seen.st_mtime_ns:x}-{seen.st_size:x}"
    kind = f"{name}{'-furniture' if furniture else ''}."
    folder = files.document.parent / EXPORTS
    path = folder / f"{kind}{version}{suffix}"
    if not path.is_file():
        workshop.make(ExportTask(files, name, furniture, path))
        for other in folder.glob(f"{kind}*"):
            if other != path:
                with contextlib.suppress(OSError):
                    other.unlink()
    return Exported(path, f"{kind}{version}")


class Ahead:
    """Makes exports that were ordered with a document as soon as it is there; forgotten when the service ends.

    Used as a context manager while the service runs.
    """

    def __init__(self, queue: JobQueue, workshop: Workshop) -> None:
        self._queue = queue
        self._workshop = workshop
        self._wanted: dict[str, Sequence[str]] = {}
        self._thread = ThreadPoolExecutor(1, "exports")
        self._end: Callable[[], None] | None = None

    def want(self, id: str, formats: Sequence[str]) -> None:
        """Make these formats of the document once it is there."""
        if formats and len(self._wanted) < MOST_AHEAD:
            self._wanted[id] = formats
            self._hear(id)

    def __enter__(self) -> Self:
        self._end = self._queue.on_change(self._hear)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._end is not None:
            self._end()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _hear(self, id: str) -> None:
        if id in self._wanted:
            with contextlib.suppress(RuntimeError):  # the service is ending
                self._thread.submit(self._look, id)

    def _look(self, id: str) -> None:
        # What cannot be made ahead fails once more, and says why, when it is asked for.
        with contextlib.suppress(DocStationError):
            record = self._queue.job(id)
            if not record.state.ended:
                return
            for name in self._wanted.pop(id, ()) if record.state is JobState.DONE else ():
                exported(self._workshop, self._queue.files_of(id), name, FORMATS[name].suffix)
        self._wanted.pop(id, None)
