"""Finished pages on disk: one folder per file and set of options, one JSON file per page.

A page's file appears only when the page is complete (written aside, synced, renamed), so that whatever survives a
``kill -9`` can be trusted. Writing the file is the commit point; picture files that no page names are harmless.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docstation.document.codec import page_from_json, page_to_json
from docstation.document.model import Page, PageStatus
from docstation.errors import DocStationError, unwritable
from docstation.jobs.options import ReadOptions

FORMAT = 1
"""Raised when what a kept page holds changes its meaning: older ones are then read anew."""

KEPT_DAYS = 7
"""Unfinished runs are dropped after this many days."""

AT_ONCE = 100
"""Runs of one file that may go on at the same time."""


def store_key(sha256: str, options: ReadOptions) -> str:
    """Names the folder of a file (by content) read with `options`; only what changes the result counts."""
    chosen = {"dpi": options.dpi, "engine": options.engine, "format": FORMAT, "languages": options.languages}
    digest = hashlib.sha256(json.dumps([sha256, chosen], sort_keys=True).encode()).hexdigest()
    return digest[:32]


@dataclass(slots=True)
class PageStore:
    """The kept pages of one run; holds an exclusive lock on its folder until `close`."""

    folder: Path
    _lock: int

    @classmethod
    def open(cls, root: Path, key: str, *, resume: bool) -> PageStore:
        """Take a folder for `key` below `root`: with `resume` the one that holds most pages, else one that is emptied.

        A folder that another process is using is left alone and one beside it is taken.

        Raises:
            InputError: the folder cannot be written.
        """
        folders = [root / (f"{key}-{number}" if number else key) for number in range(AT_ONCE)]
        if resume:
            folders.sort(key=_count_pages, reverse=True)
        with writing(root):
            root.mkdir(parents=True, exist_ok=True)
            for folder in folders:
                # Path.mkdir's own `exist_ok` fails where the folder goes away while it looks.
                with contextlib.suppress(FileExistsError):
                    folder.mkdir()
                lock = _locked(folder)
                if lock is None:
                    continue
                store = cls(folder, lock)
                if not resume:
                    store._empty()
                store.pictures.mkdir(exist_ok=True)
                return store
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    @property
    def pictures(self) -> Path:
        """Where workers put the pictures that blocks name."""
        return self.folder / "pictures"

    def finished(self) -> dict[int, Page]:
        """Pages kept by an earlier run that need not be read again, by number: all but the failed ones."""
        return {number: page for number, page in self.all_pages().items() if page.status is not PageStatus.FAILED}

    def all_pages(self) -> dict[int, Page]:
        """All kept pages by number; a file that cannot be read counts as missing."""
        pages = {}
        for path in sorted(self.folder.glob("page-*.json")):
            with contextlib.suppress(ValueError, KeyError, TypeError, DocStationError):
                page = page_from_json(json.loads(path.read_text(encoding="utf-8")))
                pages[page.number] = page
        return pages

    def keep(self, page: Page) -> Page:
        """Commit a finished page, durable when this returns; the page as it will be read back, its numbers rounded.

        Raises:
            InputError: the disk is full, or the folder cannot be written.
        """
        return keep_page(self.folder, page)

    def close(self, *, remove: bool) -> None:
        """Give the folder free; with `remove` it goes away."""
        if remove:
            _remove(self.folder)
        os.close(self._lock)

    def _empty(self) -> None:
        for path in self.folder.glob("page-*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.pictures, ignore_errors=True)


def keep_page(folder: Path, page: Page) -> Page:
    """`PageStore.keep` for a worker, which is given the folder while its parent holds the lock."""
    text = json.dumps(page_to_json(page), ensure_ascii=False, separators=(",", ":"))
    with writing(folder.parent):
        write_durably(folder / f"page-{page.number:06}.json", text.encode())
    return page_from_json(json.loads(text))


def write_durably(path: Path, data: bytes) -> None:
    """Replace `path` by a file that holds all of `data`, or leave it as it was."""
    aside = path.with_suffix(f"{path.suffix}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what goes wrong on the disk that holds `root` into an `InputError` that names it, `NoRoom` on a full one."""
    try:
        yield
    except OSError as error:
        raise unwritable(str(root), error) from error


def drop_old_runs(root: Path, *, now: float | None = None, days: float = KEPT_DAYS) -> int:
    """Remove the folders of runs that were not touched for `days` and that nobody is using; returns how many."""
    limit = (time.time() if now is None else now) - days * 86_400
    return sum(drop_run(folder) for folder in _folders(root) if _touched(folder) < limit)


def drop_run(folder: Path) -> bool:
    """Remove the folder of a run unless a process is using it; whether it was."""
    lock = _locked(folder)
    if lock is None:
        return False
    _remove(folder)
    os.close(lock)
    return True


def _folders(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def _touched(folder: Path) -> float:
    """When the folder was last changed, seconds of the epoch; never, where another process has just removed it."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _count_pages(folder: Path) -> int:
    return sum(1 for _ in folder.glob("page-*.json"))


def _remove(folder: Path) -> None:
    """Take away a locked folder, its name first: no other process is to find half of it under that name."""
    aside = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.gone")
    try:
        folder.rename(aside)
    except OSError:
        aside = folder
    shutil.rmtree(aside, ignore_errors=True)


def _locked(folder: Path) -> int | None:
    """A lock on the folder, None where another process holds it or has just removed it."""
    path = folder / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it may have removed the folder meanwhile: then this locks a file that no one else will find.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
