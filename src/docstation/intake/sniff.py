"""What a file is, by its first bytes and never by its name.

Knows signatures and the member names of the ZIP-based office formats; opens nothing beyond that and decodes nothing.
"""

from __future__ import annotations

import lzma
import mmap
import struct
import zipfile
import zlib
from pathlib import Path

from docstation.errors import BrokenFile, NotFound, PasswordError, UnsupportedFormat

PDF = "application/pdf"
ZIP = "application/zip"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"

IMAGE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif", "image/tiff", "image/heic", "image/avif"}
)
OFFICE_TYPES = frozenset({DOCX, PPTX, XLSX, ODT, ODS, ODP})
SUFFIXES = {
    DOCX: ".docx",
    PPTX: ".pptx",
    XLSX: ".xlsx",
    ODT: ".odt",
    ODS: ".ods",
    ODP: ".odp",
}
"""The suffix by which LibreOffice recognises each office type."""

_HEAD = 1024
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_OFFICE_MEMBERS = (("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX))
ZIP_DAMAGE = (
    zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, zlib.error, lzma.LZMAError, OSError, RuntimeError,
    ValueError,
)  # fmt: skip
"""What `zipfile` raises on damaged archives: there is no common class, and OSError is bzip2's."""
_MANIFEST, _LONGEST_MANIFEST = "META-INF/manifest.xml", 1 << 22
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def media_type(path: Path, *, name: str = "") -> str:
    """The media type of the file's content.

    Args:
        path: the file.
        name: what to call it in an error, its own name by default.

    Raises:
        NotFound: there is no such file, or it cannot be read.
        BrokenFile: it is empty, or a ZIP whose directory is damaged.
        PasswordError: an office file locked with a password.
        UnsupportedFormat: anything that is not read.
    """
    name = name or path.name
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise NotFound(name=name) from error
    if not head:
        raise BrokenFile(name=name)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(path, name)  # before PDF, whose signature an archive may carry inside
    found = _by_signature(head)
    if found:
        return found
    if head.startswith(_COMPOUND) and _mentions(path, _ENCRYPTED_STREAM):
        raise PasswordError(name=name)
    raise UnsupportedFormat(name=name)


def _by_signature(head: bytes) -> str:
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:18] in _BITMAP_HEADERS:
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    # Junk before the header is common in PDFs that passed through mail and web servers; viewers search 1024 bytes.
    return PDF if b"%PDF-" in head else ""


_BITMAP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _by_brands(head: bytes) -> str:
    """HEIC or AVIF from the brands of an ISO base media file (ISO/IEC 14496-12, box ``ftyp``)."""
    size = min(int.from_bytes(head[:4], "big"), _HEAD)
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if brands & _AVIF_BRANDS:
        return "image/avif"
    return "image/heic" if brands & _HEIC_BRANDS else ""


def _zip_type(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            if "mimetype" in members and archive.getinfo("mimetype").file_size < 200:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
                if declared in OFFICE_TYPES and _is_locked(archive):
                    raise PasswordError(name=name)
                if declared in OFFICE_TYPES:
                    return declared
    except ZIP_DAMAGE as error:
        raise BrokenFile(name=name) from error
    for member, found in _OFFICE_MEMBERS:
        if member in members:
            return found
    return ZIP


def _is_locked(archive: zipfile.ZipFile) -> bool:
    """Whether the manifest of an OpenDocument file tells how its parts are encrypted (ODF 1.3, part 2, 4.6)."""
    if _MANIFEST not in archive.namelist() or archive.getinfo(_MANIFEST).file_size > _LONGEST_MANIFEST:
        return False
    return b":encryption-data" in archive.read(_MANIFEST)


def _mentions(path: Path, text: bytes) -> bool:
    """Whether the bytes occur anywhere: the directory of a compound file may well be its end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(text) >= 0
