"""A file as the body of a form, sent as it is read, whatever its size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from docstation.errors import BrokenFile, InputError, NotFound
from docstation.messages.marking import N_

PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one file.

    Attributes:
        media_type: with the boundary.
        length: of the body.
    """

    media_type: str
    length: int
    _head: bytes
    _file: BufferedReader | bytes
    _tail: bytes

    def pieces(self) -> Iterator[bytes]:
        """The body.

        Raises:
            BrokenFile: the file became shorter meanwhile.
        """
        yield self._head
        if isinstance(self._file, bytes):
            yield self._file
        else:
            left = self.length - len(self._head) - len(self._tail)
            while left > 0:
                piece = self._file.read(min(PIECE, left))
                if not piece:
                    raise BrokenFile(name=str(self._file.name))
                left -= len(piece)
                yield piece
        yield self._tail


@contextmanager
def form(file: Path | bytes, name: str, fields: Mapping[str, str]) -> Iterator[Form]:
    """The form that carries `file` under `name`, beside `fields`.

    Raises:
        NotFound: there is no such file.
        InputError: it cannot be read.
    """
    boundary = os.urandom(16).hex()
    parts = [_part(boundary, key, value) for key, value in fields.items()]
    shown = name or (file.name if isinstance(file, Path) else "document")
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{_escaped(shown)}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n"
    )
    head = "".join(parts).encode("utf-8", "replace")
    tail = f"\r\n--{boundary}--\r\n".encode()
    media_type = f"multipart/form-data; boundary={boundary}"
    if isinstance(file, bytes):
        yield Form(media_type, len(head) + len(file) + len(tail), head, file, tail)
        return
    with opened(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        yield Form(media_type, len(head) + size + len(tail), head, stream, tail)


def opened(path: Path) -> BufferedReader:
    """The file, to be read.

    Raises:
        NotFound: there is none.
        InputError: it cannot be read.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(name=str(path)) from error
    except OSError as error:
        raise InputError(
            N_("{name} cannot be read: {reason}."), name=str(path), reason=error.strerror or str(error)
        ) from error


def _part(boundary: str, name: str, value: str) -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"\r\n\r\n{value}\r\n'


def _escaped(name: str) -> str:
    """As browsers write it (HTML standard, multipart/form-data)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
