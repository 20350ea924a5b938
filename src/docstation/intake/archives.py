"""ZIP archives, member by member: unpacked to a scratch folder under guards, removed when the caller goes on.

Guards: count and sum of unpacked sizes, ratio of each member (a bomb), sizes counted while unpacking (a directory may
lie), and member names are only ever shown: files on disk get names of our own, so no name can climb out of the folder.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from docstation.errors import BrokenFile, DocStationError, PasswordError, TooLarge
from docstation.intake.limits import MEGABYTE, Limits
from docstation.intake.sniff import ZIP_DAMAGE

_CHUNK = MEGABYTE
_ENCRYPTED = 0x1
_UTF8 = 0x800


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    Attributes:
        name: ``archive.zip/inner/file.pdf``.
        outcome: where it was unpacked to, or why it was not.
    """

    name: str
    outcome: Path | DocStationError


def members(path: Path, *, name: str, limits: Limits, scratch: Path) -> Iterator[Member]:
    """The files of the archive in the order of its directory; folders, links and hidden files are left out.

    An archive that is damaged, locked or beyond the limits as a whole yields one `Member` with the error.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            chosen = _chosen(archive, name, limits)
            for number, info in enumerate(chosen):
                shown = f"{name}/{shown_name(info)}"
                target = scratch / f"member-{number:05d}"
                try:
                    yield Member(shown, _unpack(archive, info, target, shown, limits))
                finally:
                    target.unlink(missing_ok=True)
    except DocStationError as error:
        yield Member(name, error)
    except ZIP_DAMAGE:
        yield Member(name, BrokenFile(name=name))


def shown_name(info: zipfile.ZipInfo) -> str:
    """The member's name as to be shown: readable Cyrillic, forward slashes, no way up.

    Archives packed on Windows carry names in the DOS code page without saying so; Python reads them as cp437.
    """
    text = info.filename
    if not info.flag_bits & _UTF8 and not text.isascii():
        raw = text.encode("cp437", "replace")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp866", "replace")
    parts = (p for p in _parts(text) if p not in ("/", "..", "."))
    return "/".join("".join(c if c.isprintable() else "_" for c in part) for part in parts) or "_"


def _chosen(archive: zipfile.ZipFile, name: str, limits: Limits) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.archive_members or sum(i.file_size for i in infos) > limits.archive_bytes:
        raise TooLarge(name=name)
    files = [i for i in infos if not _is_folder(i) and not _is_link(i) and not _is_hidden(i)]
    if any(i.flag_bits & _ENCRYPTED for i in files):
        raise PasswordError(name=name)
    return files


def _parts(filename: str) -> tuple[str, ...]:
    """The folders and the file; some packers on Windows write backslashes between them."""
    return PurePosixPath(filename.replace("\\", "/")).parts


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(("/", "\\"))


def _is_link(info: zipfile.ZipInfo) -> bool:
    mode = info.external_attr >> 16
    return bool(mode) and not stat.S_ISREG(mode) and stat.S_IFMT(mode) != 0


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    parts = _parts(info.filename)
    return any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts


def _unpack(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, shown: str, limits: Limits
) -> Path | DocStationError:
    packed = max(info.compress_size, 1)
    allowed = min(limits.file_bytes, max(MEGABYTE, int(packed * limits.archive_ratio)))
    if info.file_size > allowed:
        return TooLarge(name=shown)
    try:
        with archive.open(info) as member, target.open("wb") as file:
            written = 0
            while chunk := member.read(_CHUNK):
                written += len(chunk)
                if written > allowed:
                    return TooLarge(name=shown)
                file.write(chunk)
    except ZIP_DAMAGE:
        return BrokenFile(name=shown)
    return target
