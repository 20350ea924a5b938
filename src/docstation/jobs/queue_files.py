"""Where the files of documents lie: one folder for each, by its id; names that people gave never become paths.

``<folder>/<id>/`` holds ``given.<suffix>`` as it was uploaded, ``read.pdf`` where that is an office file, ``password``
where one is needed, ``fresh/`` with what workers are writing, ``pages/`` and ``pictures/`` with what is finished, and
``document.json``. Uploads under way lie in ``<folder>/incoming/``. Knows nothing of the database.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from docstation.document.codec import loads, page_from_json
from docstation.document.json_reader import FormatError
from docstation.document.model import Page
from docstation.intake.sniff import OFFICE_TYPES, SUFFIXES
from docstation.jobs.store import write_durably, writing

INCOMING = "incoming"
GONE = ".gone"

_ID = re.compile(r"[0-9a-f]{24}")


def is_id(text: str) -> bool:
    """Whether it can be the id of a document; whatever else comes from outside goes into no path."""
    return _ID.fullmatch(text) is not None


class DocumentFolder:
    """The files of one document; nothing here need exist."""

    def __init__(self, path: Path, media_type: str) -> None:
        self.path = path
        self.given = path / f"given{SUFFIXES.get(media_type, '')}"
        self.original = path / "read.pdf" if media_type in OFFICE_TYPES else self.given
        self.fresh = path / "fresh"
        self.fresh_pictures = self.fresh / "pictures"
        self.pages = path / "pages"
        self.pictures = path / "pictures"
        self.document = path / "document.json"
        self._password = path / "password"

    @property
    def password(self) -> str | None:
        """What opens the file, None where it needs nothing."""
        try:
            return self._password.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def make(self, password: str | None) -> None:
        """Make the folder, for its owner alone.

        Raises:
            OSError: it cannot be written.
        """
        self.path.mkdir(mode=0o700)
        for folder in (self.fresh, self.fresh_pictures, self.pages, self.pictures):
            folder.mkdir()
        if password:
            descriptor = os.open(self._password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(password)

    def page_file(self, number: int) -> Path:
        """The JSON of a finished page."""
        return self.pages / page_name(number)

    def page(self, number: int) -> Page | None:
        """A finished page; None where there is none, or no usable one."""
        return read_page(self.page_file(number))

    def clear_fresh(self, number: int) -> None:
        """Take away what an earlier attempt at this page may have left."""
        (self.fresh / page_name(number)).unlink(missing_ok=True)

    def fresh_page(self, number: int) -> Page | None:
        """The page as a worker has just written it; None where it has not, or not whole."""
        return read_page(self.fresh / page_name(number))

    def drop_fresh_pictures(self, page: Page) -> None:
        """Take away the pictures of a fresh page that is not wanted."""
        for block in page.blocks:
            if block.picture is not None and block.picture.file:
                (self.fresh_pictures / block.picture.file).unlink(missing_ok=True)

    def adopt(self, page: Page) -> None:
        """Let a fresh page take its place among the finished ones, durably, its pictures first.

        Raises:
            OSError: its files are not there any more, or cannot be moved.
        """
        for block in page.blocks:
            name = block.picture.file if block.picture is not None else ""
            if name and (self.fresh_pictures / name).exists():
                (self.fresh_pictures / name).replace(self.pictures / name)
        (self.fresh / page_name(page.number)).replace(self.page_file(page.number))
        _sync(self.pages)

    def size(self) -> int:
        """Bytes of all files."""
        return sum(_size(path) for path in self.path.rglob("*"))

    def clear_work(self) -> None:
        """Take away what workers left unfinished; the document is whole without it."""
        for path in (*self.fresh.glob("page-*"), *self.fresh_pictures.glob("*")):
            path.unlink(missing_ok=True)


class DocumentFiles:
    """The folders of all documents.

    Args:
        folder: made where it is missing.

    Raises:
        InputError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / INCOMING
        with writing(folder):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def of(self, document: str, media_type: str) -> DocumentFolder:
        """The files of the document of that id."""
        if not is_id(document):
            raise ValueError(f"{document!r} is no id")
        return DocumentFolder(self.folder / document, media_type)

    def receive(self) -> Path:
        """A path of its own for an upload; not there yet."""
        return self._incoming / secrets.token_hex(12)

    def discard(self, path: Path) -> None:
        """Take away an upload that came to nothing; a file from elsewhere is left alone."""
        if self._is_received(path):
            path.unlink(missing_ok=True)

    def take(self, path: Path, into: DocumentFolder, password: str | None) -> None:
        """Make the document's folder and put the file into it: an upload is moved, any other file copied.

        Raises:
            InputError: the disk is full, or the folder cannot be written.
        """
        with writing(self.folder):
            into.make(password)
            if self._is_received(path):
                path.replace(into.given)
            else:
                shutil.copyfile(path, into.given)
            _sync(into.path)

    def remove(self, document: str) -> None:
        """Take away all files of a document, its name first: what is under way in it finds nothing."""
        path = self.folder / document
        aside = path.with_name(document + GONE)
        with contextlib.suppress(OSError):
            path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def documents(self) -> Iterator[str]:
        """Ids of all documents that have a folder, wanted or not."""
        for path in self.folder.iterdir():
            if is_id(path.name.removesuffix(GONE)) and path.is_dir():
                yield path.name.removesuffix(GONE)

    def uploads(self) -> Iterator[Path]:
        """Uploads that are under way or were left."""
        return self._incoming.iterdir()

    def free(self) -> int:
        """Bytes left on the disk."""
        return shutil.disk_usage(self.folder).free

    def _is_received(self, path: Path) -> bool:
        return path.parent == self._incoming


def read_page(path: Path) -> Page | None:
    """The page that a file holds; None where it holds none that can be used."""
    try:
        return page_from_json(loads(path.read_bytes()))
    except (OSError, FormatError):
        return None


def keep_document(path: Path, data: bytes) -> None:
    """Put the document's JSON in its place, durably.

    Raises:
        InputError: the disk is full, or the folder cannot be written.
    """
    with writing(path.parent.parent):
        write_durably(path, data)
        _sync(path.parent)


def page_name(number: int) -> str:
    """As `docstation.jobs.store.keep_page` names it."""
    return f"page-{number:06}.json"


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
