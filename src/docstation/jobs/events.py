"""What happens while files are read: the events that doors show and tests check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docstation.document.model import Document, Page
from docstation.errors import DocStationError


@dataclass(frozen=True, slots=True)
class FileStarted:
    """A file was opened.

    Attributes:
        name: of the file, as to be shown.
        to_read: how many pages are asked for.
        done: how many of them were kept from an earlier run (``resume``).
        numbers: of all pages asked for, ascending.
    """

    name: str
    to_read: int
    done: int = 0
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page is finished and kept; pages of a file may arrive out of order.

    Attributes:
        name: of the file.
        page: with its status; block categories may still change when the document is assembled.
        seconds: spent on it in its worker.
    """

    name: str
    page: Page
    seconds: float


@dataclass(frozen=True, slots=True)
class FileRead:
    """All pages asked for are finished and the document is assembled.

    Attributes:
        name: of the file.
        document: pages and body; failed pages are in it with their status.
        original: the file that was read (an office file's PDF), for exports that need its pages.
        pictures: folder with the picture files that blocks name.
        password: the password that opened `original`, or None.
    """

    name: str
    document: Document
    original: Path
    pictures: Path
    password: str | None = None


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file cannot be read at all; other files go on."""

    name: str
    error: DocStationError


@dataclass(frozen=True, slots=True)
class ReserveTold:
    """Something became of the reserve model for a file; pages that it reads are not told again.

    Attributes:
        name: of the file.
        code: what, see `docstation.jobs.reserve.sentence`.
    """

    name: str
    code: str


Event = FileStarted | PageRead | FileRead | FileFailed | ReserveTold
