"""ZIP archives for the tests of intake, the dishonest ones too."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

_DIRECTORY_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = b"PK\x03\x04"
ENCRYPTED = 0x1


def zipped(path: Path, members: Mapping[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data, compression)
    return path


def linked(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """A symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    return info, target.encode()


def flagged(path: Path, flag: int) -> Path:
    """Sets a flag bit of every member, in the directory and in the local headers."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((_DIRECTORY_ENTRY, 8), (_LOCAL_HEADER, 6)):
        for at in _places(data, signature):
            (flags,) = struct.unpack_from("<H", data, at + offset)
            struct.pack_into("<H", data, at + offset, flags | flag)
    path.write_bytes(data)
    return path


def claiming(path: Path, size: int) -> Path:
    """Makes the directory claim `size` unpacked bytes for every member."""
    data = bytearray(path.read_bytes())
    for at in _places(data, _DIRECTORY_ENTRY):
        struct.pack_into("<I", data, at + 24, size)
    path.write_bytes(data)
    return path


def scribbled(path: Path, name: str) -> Path:
    """Overwrites the packed bytes of the member `name`."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    start = info.header_offset + 30 + len(info.orig_filename.encode())
    data = bytearray(path.read_bytes())
    data[start : start + info.compress_size] = b"\xff" * info.compress_size
    path.write_bytes(data)
    return path


def _places(data: bytearray, signature: bytes) -> list[int]:
    found, at = [], data.find(signature)
    while at >= 0:
        found.append(at)
        at = data.find(signature, at + 4)
    return found
