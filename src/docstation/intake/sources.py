"""What the user named → the files to read: paths, folders, patterns, standard input and archives, one at a time.

Nothing is opened beyond its first bytes, but archives: their members are unpacked one by one into a scratch folder
and removed again when the caller goes on. One bad file never stops the others: it comes out as `Unusable`.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from docstation.errors import DocStationError, InputError, NotFound, TooLarge, UnsupportedFormat
from docstation.intake.archives import members
from docstation.intake.limits import Limits
from docstation.intake.sniff import ZIP, media_type
from docstation.messages.marking import N_

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


@dataclass(frozen=True, slots=True)
class _Pass:
    """What all steps of one expansion share; `seen` are the files and archives met so far."""

    limits: Limits
    scratch: Path
    seen: set[Path] = field(default_factory=set)


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
    this = _Pass(limits, scratch)
    for spec in specs:
        yield from _expand_one(str(spec), this, stdin)


def natural_key(path: Path | str) -> tuple[tuple[int, int, str], ...]:
    """A sort key by which ``page2`` comes before ``page10``, regardless of case."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def _expand_one(spec: str, this: _Pass, stdin: BinaryIO | None) -> Iterator[SourceFile | Unusable]:
    path = Path(spec)
    if spec == STDIN and stdin is not None:
        yield from _from_stdin(stdin, this)
    elif _holds(path.is_dir):
        yield from _below(path, this)
    elif _holds(path.exists) or not _GLOB.search(spec):
        yield from _usable(path, spec, this, root=None)
    else:
        yield from _matching(spec, this)


def _holds(check: Callable[[], bool]) -> bool:
    """What a question about a path answers; no, where it may not be asked or the name is no possible one."""
    try:
        return check()
    except OSError:
        return False


def _usable(path: Path, name: str, this: _Pass, *, root: Path | None) -> Iterator[SourceFile | Unusable]:
    """The file itself, or the members of an archive, or why not; nothing where it was met before."""
    try:
        if not _holds(path.is_file):
            raise NotFound(name=name)
        real = path.resolve()
        if real in this.seen:
            return
        this.seen.add(real)
        if path.stat().st_size > this.limits.file_bytes:
            raise TooLarge(name=name)
        kind = media_type(path, name=name)
    except InputError as error:
        yield Unusable(name, error)
        return
    if kind == ZIP:
        yield from _members(path, name, this)
    else:
        yield SourceFile(path, name, kind, root)


def _members(path: Path, name: str, this: _Pass) -> Iterator[SourceFile | Unusable]:
    any_readable = False
    for member in members(path, name=name, limits=this.limits, scratch=this.scratch):
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
        yield Unusable(name, _nothing_in(name))


def _below(folder: Path, this: _Pass) -> Iterator[SourceFile | Unusable]:
    files = (f for f in folder.rglob("*") if _holds(f.is_file) and not _hidden(f, folder))
    yield from _readable(sorted(files, key=natural_key), folder, Unusable(str(folder), _nothing_in(folder)), this)


def _nothing_in(name: str | Path) -> NotFound:
    return NotFound(N_("There is no file in {name} that can be read."), name=str(name), remedy=UnsupportedFormat.remedy)


def _matching(pattern: str, this: _Pass) -> Iterator[SourceFile | Unusable]:
    # Path.glob takes no absolute pattern and none that begins with `~` or `..`.
    found = [Path(f) for f in sorted(glob.glob(pattern, recursive=True), key=natural_key)]  # noqa: PTH207
    files = [f for f in found if _holds(f.is_file)]
    error = NotFound(name=pattern)
    if files:
        error = NotFound(N_("No file that matches {name} can be read."), name=pattern, remedy=UnsupportedFormat.remedy)
    yield from _readable(files, None, Unusable(pattern, error), this)


def _readable(
    files: list[Path], root: Path | None, otherwise: Unusable, this: _Pass
) -> Iterator[SourceFile | Unusable]:
    """The readable among `files`, or else `otherwise`."""
    nothing = True
    for path in files:
        nothing = nothing and path.resolve() not in this.seen
        for found in _usable(path, str(path), this, root=root):
            if isinstance(found, Unusable) and isinstance(found.error, UnsupportedFormat):
                continue
            nothing = False
            yield found
    if nothing:
        yield otherwise


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def _from_stdin(stdin: BinaryIO, this: _Pass) -> Iterator[SourceFile | Unusable]:
    path = this.scratch / "stdin"
    with path.open("wb") as file:
        copied = 0
        while chunk := stdin.read(1 << 20):
            copied += len(chunk)
            if copied > this.limits.file_bytes:
                break
            file.write(chunk)
    if copied > this.limits.file_bytes:
        yield Unusable("stdin", TooLarge(name="stdin"))
    else:
        yield from _usable(path, "stdin", this, root=None)
    path.unlink(missing_ok=True)
