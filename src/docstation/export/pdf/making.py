"""Makes the searchable PDF of a document: opens the original, adds the layers page by page, saves.

Runs in a worker process, since the original is parsed here; `worker` is what the sandbox is told to call.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstation.document.model import Page, PageStatus, TextLayer
from docstation.errors import BrokenFile, PasswordError, UnsupportedFormat
from docstation.export.pdf.frame import upright_to_user
from docstation.export.pdf.glyphless import InvisibleFont
from docstation.export.pdf.image_pages import image_pdf
from docstation.export.pdf.layer import add_layer
from docstation.export.pdf.old_text import Silencer
from docstation.export.pdf.placing import placed
from docstation.export.pdf.subset import reduced
from docstation.export.pdf.words import DISCARDED, Row, rows_of
from docstation.export.request import ExportInput
from docstation.intake.sniff import IMAGE_TYPES, PDF, media_type
from docstation.messages.marking import N_


@dataclass(frozen=True, slots=True)
class Task:
    """Write the searchable PDF of `item`, whose original is given, to the file `target`."""

    item: ExportInput
    language: str | None
    target: Path


def worker() -> Callable[[Task], None]:
    """The handler of tasks; see `docstation.intake.sandbox`."""
    return make


def make(task: Task) -> None:
    """Do `task`.

    Raises:
        NotFound, UnsupportedFormat, TooLarge: the original is not there, or no PDF or image, or too large.
        BrokenFile: it is damaged, or has not the pages that were read.
        PasswordError: it is locked, and the password does not open it.
    """
    with tempfile.TemporaryDirectory(dir=task.target.parent) as scratch, _opened(task.item, Path(scratch)) as pdf:
        name = task.item.document.source.name
        with _understood(name):
            _add_layers(pdf, task.item.document.pages, name)
            if task.language and "/Lang" not in pdf.Root:
                pdf.Root["/Lang"] = task.language
            with warnings.catch_warnings():
                # Form fields that the original does not list are the original's own matter.
                warnings.simplefilter("ignore")
                pdf.save(task.target, deterministic_id=True)


@contextmanager
def _opened(item: ExportInput, scratch: Path) -> Iterator[Any]:
    """The pages that were read, as an open file."""
    import pikepdf

    path, document = item.original, item.document
    if path is None:
        raise ValueError("the original is not given")
    name = document.source.name
    kind = media_type(path, name=name)
    if kind in IMAGE_TYPES:
        with image_pdf(path, kind, name, document.pages, scratch) as pdf:
            yield pdf
    elif kind == PDF:
        with _understood(name):
            source = pikepdf.open(path, password=item.password or "")
        with source:
            with _understood(name):
                pdf = reduced(source, [page.number for page in document.pages])
            yield pdf
    else:
        raise UnsupportedFormat(name=name)


def _add_layers(pdf: Any, pages: Sequence[Page], name: str) -> None:
    rows = [_rows(page) for page in pages]
    font = InvisibleFont(piece.text for lines in rows for row in lines for piece in row)
    as_object = font.added_to(pdf) if any(rows) else None
    silencer = Silencer(pdf)
    for page, lines, made in zip(pages, rows, pdf.pages, strict=True):
        with _understood(name, page.number):
            if page.text_layer in DISCARDED and page.status is not PageStatus.FAILED:
                silencer.silence(made)
            if lines:
                to_user = upright_to_user(made.obj, (page.width, page.height), page.rotation)
                add_layer(made, placed(lines, page.rotation, page.skew), to_user, font, as_object)


def _rows(page: Page) -> list[Row]:
    if page.status is PageStatus.FAILED or page.text_layer is TextLayer.SANE:
        return []
    return list(rows_of(page))


@contextmanager
def _understood(name: str, page: int = 0) -> Iterator[None]:
    """Turn what the PDF library says of a damaged file into an error of ours."""
    import pikepdf

    try:
        yield
    except pikepdf.PasswordError as error:
        raise PasswordError(name=name) from error
    except (pikepdf.exceptions.PikepdfError, IndexError, RuntimeError, ValueError) as error:
        if page:
            raise BrokenFile(N_("Page {page} of {name} is damaged."), name=name, page=page) from error
        raise BrokenFile(name=name) from error
