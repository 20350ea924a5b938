"""Files that appear whole or not at all: written beside their place under another name, then renamed.

Knows nothing of formats. Devices and pipes are written directly: renaming over them would replace them.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from docstation.errors import unwritable

IN_MEMORY = 16 * 2**20
"""Bytes of a result that are held in memory before it goes to a temporary file."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A seekable stream whose content becomes the file at `path` when the block ends without an error.

    Folders on the way are made. The earlier file stays as it was when anything fails.

    Raises:
        InputError: when the disk is full, or the place cannot be written.
    """
    with failing_readably(path):
        path = path.resolve()
        if path.exists() and not path.is_file():
            with path.open("wb") as device, complete_copy(device) as stream:
                yield stream
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # A short name of its own: the file's own name may already be as long as the file system allows.
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with part.open("xb+") as stream:
                yield stream
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def complete_copy(target: IO[bytes] | BinaryIO) -> Iterator[IO[bytes]]:
    """A seekable stream that is copied to `target` (a pipe, say) when the block ends without an error."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as stream:
        yield stream
        stream.seek(0)
        shutil.copyfileobj(stream, target)
        target.flush()


@contextmanager
def failing_readably(path: Path) -> Iterator[None]:
    """Turn an operating system's error of writing into an `InputError`; a broken pipe stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path.name, error) from error
