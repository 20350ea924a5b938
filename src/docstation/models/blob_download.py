"""One content from the hub onto the disk: gone on with where it was broken off, tried again, and checked by its hash.

What was loaded stays in a part file whatever happens, and becomes the content only when its size and hash are right and
it is on the disk, not merely in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from docstation.models.hub import Unfetched
from docstation.models.hub_cache import BLOCK
from docstation.models.hub_listing import HubFile, Listing

WAITS: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds before each further attempt, as long as none of them brings a byte."""


class Source(Protocol):
    """Where contents come from; see `docstation.models.hub.Hub.opened`."""

    def opened(
        self, listing: Listing, file: HubFile, offset: int
    ) -> AbstractContextManager[tuple[int, Iterator[bytes]]]: ...


class Part:
    """A content that grows on the disk, and its hash so far.

    Args:
        path: of the part file; what it holds is taken over.
        file: that is loaded.
        told: is called with the bytes that are there whenever they change; what it raises ends the download.
    """

    def __init__(self, path: Path, file: HubFile, told: Callable[[int], None]) -> None:
        self._file = file
        self._told = told
        self.size = 0
        self._hasher = file.hasher()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: BinaryIO = path.open("ab+", buffering=0)

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def take_over(self) -> None:
        """Count in what an earlier download left."""
        self._stream.seek(0)
        while block := self._stream.read(BLOCK):
            self._hasher.update(block)
            self.size += len(block)
        if self.size > self._file.size:
            self.restart()
        self._told(self.size)

    def add(self, piece: bytes) -> None:
        """Append what came; OSError where it cannot be written."""
        rest = memoryview(piece)
        while rest:
            rest = rest[self._stream.write(rest) :]
        self._hasher.update(piece)
        self.size += len(piece)
        self._told(self.size)

    def restart(self) -> None:
        """Drop what is there."""
        self._stream.truncate(0)
        self._hasher, self.size = self._file.hasher(), 0
        self._told(0)

    def is_right(self) -> bool:
        """Whether it is what was announced."""
        return self.size == self._file.size and self._hasher.hexdigest() == self._file.digest

    def settle(self) -> None:
        """Have it written to the disk."""
        os.fsync(self._stream.fileno())


def download(
    source: Source,
    listing: Listing,
    file: HubFile,
    part: Part,
    pause: Callable[[float], object],
    waits: Sequence[float] = WAITS,
) -> None:
    """Load what `part` does not have of `file`, as often as the connection breaks.

    Args:
        source: to load from.
        listing: that holds the file.
        file: to load.
        part: to add to.
        pause: waits some seconds before the next attempt.
        waits: seconds before each attempt that follows one without a byte; after the last of them it is given up.

    Raises:
        Unfetched: the hub gave no more, or something else than it had announced.
        OSError: the disk is full, or cannot be written.
    """
    part.take_over()
    taken_over = part.size > 0
    _complete(source, listing, file, part, pause, waits)
    if not part.is_right() and taken_over:
        # What lay there may have been spoilt by whatever broke off the download.
        part.restart()
        _complete(source, listing, file, part, pause, waits)
    if not part.is_right():
        part.restart()
        raise Unfetched("weights-corrupt", listing.repository, file.path)
    part.settle()


def _complete(
    source: Source,
    listing: Listing,
    file: HubFile,
    part: Part,
    pause: Callable[[float], object],
    waits: Sequence[float],
) -> None:
    """Attempts until all bytes are there."""
    left = list(waits)
    while part.size < file.size:
        before = part.size
        try:
            _attempt(source, listing, file, part)
            broken = Unfetched("hub-unreachable", listing.repository, "connection closed", passing=True)
        except Unfetched as error:
            broken = error
        if part.size >= file.size:
            return
        if part.size > before:
            left = list(waits)
        if not broken.passing or not left:
            raise broken
        pause(left.pop(0))


def _attempt(source: Source, listing: Listing, file: HubFile, part: Part) -> None:
    with source.opened(listing, file, part.size) as (first, pieces):
        if first != part.size:
            # Not every server goes on in the middle; one that begins anywhere else is not to be believed at all.
            part.restart()
            if first:
                raise Unfetched("hub-failed", listing.repository, f"{file.path}: {first}", passing=True)
        for piece in pieces:
            part.add(piece)
            if part.size > file.size:
                return
