"""What the user named → the files to read: paths, folders, patterns, standard input and archives, one at a time.

Nothing is opened beyond its first bytes, but archives: their members are unpacked one by one into a scratch folder
and removed again when the caller goes on. One bad file never stops the others: it comes out as `Unusable`.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from docstation.errors import DocStationError, InputError, NotFound, TooLarge, UnsupportedFormat
from docstation.intake.archives import members
from docstation.intake.limits import Limits
from docstation.intake.sniff import ZIP, media_type

STDIN = "-"
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read.

    Attributes:
        path: where its bytes are; a member of an archive or standard input lies in the scratch folder and is gone
            when the iteration goes on.
        name: as to be shown: the path as the user would write it, ``archive.zip/inner/file.pdf`` for a member.
        media_type: found by content.
        root: the named folder or archive that it was found in, None for a file named directly; results are laid out
            below it.
    """

    path: Path
    name: str
    media_type: str
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that was named and cannot be read, with the reason."""

    name: str
    error: DocStationError


def expand(
    specs: Iterable[str | Path], *, limits: Limits, scratch: Path, stdin: BinaryIO | None = None
) -> Iterator[SourceFile | Unusable]:
    """All files that `specs` name, in the order given; folders and patterns in natural order, each file once.

    Files named directly must be readable, or they come out as `Unusable`; in folders other kinds of files are passed
    over in silence, and so are hidden ones. A folder or pattern without any readable file is `Unusable`.

    Args:
        specs: paths, patterns (``*``, ``?``, ``[…]``, ``**``), folders, or ``-`` for standard input.
        limits: bounds of file and archive sizes.
        scratch: an existing folder for unpacked members.
        stdin: the stream that ``-`` stands for.
    """
    seen: set[Path] = set()
    for spec in specs:
        for found in _expand_one(str(spec), limits, scratch, stdin):
            if isinstance(found, SourceFile) and not found.path.is_relative_to(scratch):
                real = found.path.resolve()
                if real in seen:
                    continue
                seen.add(real)
            yield found


def natural_key(path: Path | str) -> tuple[tuple[int, int, str], ...]:
    """A sort key by which ``page2`` comes before ``page10``, regardless of case."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def _expand_one(spec: str, limits: Limits, scratch: Path, stdin: BinaryIO | None) -> Iterator[SourceFile | Unusable]:
    path = Path(spec)
    if spec == STDIN and stdin is not None:
        yield from _from_stdin(stdin, limits, scratch)
    elif path.is_dir():
        yield from _below(path, limits, scratch)
    elif path.exists() or not _GLOB.search(spec):
        yield from _usable(path, spec, limits, scratch, root=None)
    else:
        yield from _matching(spec, limits, scratch)


def _usable(
    path: Path, name: str, limits: Limits, scratch: Path, *, root: Path | None
) -> Iterator[SourceFile | Unusable]:
    """The file itself, or the members of an archive, or why not."""
    try:
        if not path.is_file():
            raise NotFound(name=name)
        if path.stat().st_size > limits.file_bytes:
            raise TooLarge(name=name)
        kind = media_type(path, name=name)
    except InputError as error:
        yield Unusable(name, error)
        return
    if kind == ZIP:
        yield from _members(path, name, limits, scratch)
    else:
        yield SourceFile(path, name, kind, root)


def _members(path: Path, name: str, limits: Limits, scratch: Path) -> Iterator[SourceFile | Unusable]:
    any_readable = False
    for member in members(path, name=name, limits=limits, scratch=scratch):
        if isinstance(member.outcome, DocStationError):
            any_readable = True
            yield Unusable(member.name, member.outcome)
            continue
        try:
            kind = media_type(member.outcome, name=member.name)
        except UnsupportedFormat:
            continue
        except InputError as error:
            any_readable = True
            yield Unusable(member.name, error)
            continue
        any_readable = True
        if kind == ZIP:
            yield Unusable(member.name, UnsupportedFormat(name=member.name))
        else:
            yield SourceFile(member.outcome, member.name, kind, path)
    if not any_readable:
        yield Unusable(name, NotFound(name=name))


def _below(folder: Path, limits: Limits, scratch: Path) -> Iterator[SourceFile | Unusable]:
    files = (f for f in folder.rglob("*") if f.is_file() and not _hidden(f, folder))
    yield from _readable(sorted(files, key=natural_key), folder, str(folder), limits, scratch)


def _matching(pattern: str, limits: Limits, scratch: Path) -> Iterator[SourceFile | Unusable]:
    # Path.glob takes no absolute pattern and none that begins with `~` or `..`.
    found = [Path(f) for f in sorted(glob.glob(pattern, recursive=True), key=natural_key)]  # noqa: PTH207
    yield from _readable([f for f in found if f.is_file()], None, pattern, limits, scratch)


def _readable(
    files: list[Path], root: Path | None, name: str, limits: Limits, scratch: Path
) -> Iterator[SourceFile | Unusable]:
    nothing = True
    for path in files:
        for found in _usable(path, str(path), limits, scratch, root=root):
            if isinstance(found, Unusable) and isinstance(found.error, UnsupportedFormat):
                continue
            nothing = False
            yield found
    if nothing:
        yield Unusable(name, NotFound(name=name))


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def _from_stdin(stdin: BinaryIO, limits: Limits, scratch: Path) -> Iterator[SourceFile | Unusable]:
    path = scratch / "stdin"
    with path.open("wb") as file:
        copied = 0
        while chunk := stdin.read(1 << 20):
            copied += len(chunk)
            if copied > limits.file_bytes:
                break
            file.write(chunk)
    if copied > limits.file_bytes:
        yield Unusable("stdin", TooLarge(name="stdin"))
    else:
        yield from _usable(path, "stdin", limits, scratch, root=None)
    path.unlink(missing_ok=True)
