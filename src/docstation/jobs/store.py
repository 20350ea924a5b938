"""Finished pages on disk: one folder per file and set of options, one JSON file per page.

A page's file appears only when the page is complete (written aside, synced, renamed), so that whatever survives a
``kill -9`` can be trusted. Writing the file is the commit point; picture files that no page names are harmless.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docstation.document.codec import page_from_json, page_to_json
from docstation.document.model import Page, PageStatus
from docstation.errors import DocStationError
from docstation.jobs.options import ReadOptions

FORMAT = 1
"""Raised when what a kept page holds changes its meaning: older ones are then read anew."""

KEPT_DAYS = 7
"""Unfinished runs are dropped after this many days."""


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
        """Take the folder for `key` below `root`, emptied unless `resume`.

        A folder that another process is using is left alone and one beside it is taken.
        """
        for attempt in range(1000):
            folder = root / (key if attempt == 0 else f"{key}-{attempt}")
            folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(folder)
            if lock is None:
                continue
            store = cls(folder, lock)
            if not resume:
                store._empty()
            store.pictures.mkdir(exist_ok=True)
            return store
        raise OSError(f"{root} holds too many runs of one file")

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

    def keep(self, page: Page) -> None:
        """Commit a finished page; durable when this returns."""
        text = json.dumps(page_to_json(page), ensure_ascii=False, separators=(",", ":"))
        path = self.folder / f"page-{page.number:06}.json"
        write_durably(path, text.encode())

    def close(self, *, remove: bool) -> None:
        """Give the folder free; with `remove` it goes away."""
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def _empty(self) -> None:
        for path in self.folder.glob("page-*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.pictures, ignore_errors=True)


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


def drop_old_runs(root: Path, *, now: float | None = None, days: float = KEPT_DAYS) -> int:
    """Remove the folders of runs that were not touched for `days` and that nobody is using; returns how many."""
    limit = (time.time() if now is None else now) - days * 86_400
    dropped = 0
    for folder in _folders(root):
        if folder.stat().st_mtime >= limit:
            continue
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            dropped += 1
    return dropped


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir())


def _locked(folder: Path) -> int | None:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
