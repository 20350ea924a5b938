"""Weights fetched whole into the Hugging Face cache: several files at once, gone on with after whatever broke it off.

A commit's folder appears when all of its files are there and right, not before; so a server that finds it can start.
Nothing here knows of catalogues, pins or engines.
"""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docstation.models.blob_download import WAITS, Part, Source, download
from docstation.models.hub_cache import RepositoryCache, Stock, size_of
from docstation.models.hub_listing import HubFile

CONNECTIONS = 4
"""Files at once: a far server sends less over one connection than the line would bear."""
TICK = 0.2
"""Seconds between two tellings of the progress."""
PATIENCE = 0.5
"""Seconds for which connections may end in order once a fetch is given up; they lose nothing by being cut."""


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a fetch is.

    Attributes:
        files_done: files that are whole.
        files: all that are needed.
        bytes_done: of them, what lay there before included.
        bytes: of all files.
    """

    files_done: int
    files: int
    bytes_done: int
    bytes: int


def free_bytes(folder: Path) -> int:
    """What the disk of `folder` has free for us; the folder need not exist."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free


def fetch(
    source: Source,
    cache: RepositoryCache,
    stock: Stock,
    told: Callable[[FetchProgress], None],
    *,
    waits: Sequence[float] = WAITS,
) -> Path:
    """Load what is missing of a listing and give it its place; the folder of the commit.

    Args:
        source: the hub.
        cache: of the repository.
        stock: what there is of the listing.
        told: is called in this thread: at the beginning, every now and then, and at the end.
        waits: see `docstation.models.blob_download.download`.

    Raises:
        Unfetched: something could not be had; what was loaded stays for the next time.
        OSError: the disk is full, or the folder cannot be written; the same.
        KeyboardInterrupt: the same.
    """
    work = _Work(source, cache, stock, waits)
    try:
        work.start()
        told(work.progress())
        while not work.wait():
            told(work.progress())
    finally:
        work.stop()
    _place(cache, stock)
    told(work.progress())
    return cache.snapshot(stock.listing.revision)


def _place(cache: RepositoryCache, stock: Stock) -> None:
    left = Counter(one.digest for one in stock.missing)
    for file in stock.missing:
        left[file.digest] -= 1
        cache.place(stock.listing, file, last=not left[file.digest])


class _Stopped(Exception):
    """The fetch was given up; raised in its threads."""


class _Work:
    """The threads of a fetch, and how far each file is."""

    def __init__(self, source: Source, cache: RepositoryCache, stock: Stock, waits: Sequence[float]) -> None:
        self._source, self._cache, self._stock, self._waits = source, cache, stock, waits
        self._sizes = dict(stock.kept)
        # The largest first, so that none of them is left for the end.
        self._open = queue.SimpleQueue[HubFile]()
        for one in sorted(stock.missing, key=lambda file: -file.size):
            self._open.put(one)
        self._left = len(stock.missing)
        self._done = queue.SimpleQueue[Exception | None]()
        self._ended = threading.Event()
        # Daemons: one that waits for a byte that never comes must not keep the program from ending.
        count = min(CONNECTIONS, self._left)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait(self) -> bool:
        """Wait for a moment; whether all is done. Raises what a thread failed with."""
        if not self._left:
            return True
        try:
            failure = self._done.get(timeout=TICK)
        except queue.Empty:
            return False
        if failure is not None:
            raise failure
        self._left -= 1
        return not self._left

    def stop(self) -> None:
        """Have the threads end."""
        self._ended.set()
        last = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, last - time.monotonic()))

    def progress(self) -> FetchProgress:
        listing = self._stock.listing
        here = listing.bytes - sum(one.size for one in self._stock.missing)
        files = len(listing.files)
        return FetchProgress(files - self._left, files, here + sum(self._sizes.values()), listing.bytes)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._load(self._open.get_nowait())
            except (queue.Empty, _Stopped):
                return
            except Exception as error:  # raised again by the thread that waits
                self._done.put(error)
                return
            self._done.put(None)

    def _load(self, file: HubFile) -> None:
        def tell(size: int) -> None:
            self._sizes[file.path] = size
            if self._ended.is_set():
                raise _Stopped

        with self._cache.locked(file):
            if file.path in self._stock.distrusted:
                self._cache.forget(file)
            if size_of(self._cache.blob(file)) != file.size:
                with Part(self._cache.part(file), file, tell) as part:
                    download(self._source, self._stock.listing, file, part, self._ended.wait, self._waits)
                self._cache.part(file).replace(self._cache.blob(file))
            self._sizes[file.path] = file.size
