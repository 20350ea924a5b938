"""Sizes as people write them, ``200 MB`` or ``1,4 ГБ``: to bytes and back.

MB and GB are powers of ten, MiB and GiB powers of two, as the International System of Units has them.
"""

from __future__ import annotations

import re

_DECIMAL = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY = {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_UNITS = _DECIMAL | _BINARY
_CYRILLIC = str.maketrans("БКМГТИ", "BKMGTI")
_SIZE = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([A-Za-zА-Яа-я]*)\s*")
_SHOWN = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_SHOWN_BINARY = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def parse_size(text: str) -> int:
    """Bytes of a size such as ``200 MB``, ``1.4 GB``, ``64 MiB`` or ``1024``; ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    unit = match[2].upper().translate(_CYRILLIC) if match else ""
    if match is None or unit not in _UNITS:
        raise ValueError(text)
    return round(float(match[1].replace(",", ".")) * _UNITS[unit])


def format_size(count: int) -> str:
    """The shortest writing that `parse_size` reads back to exactly `count` bytes."""
    for unit, factor in _SHOWN_BINARY if count % 1024 == 0 and count % 1000 else _SHOWN:
        shown = f"{count / factor:.10g} {unit}"
        if count >= factor and len(shown) <= 9 and "e" not in shown and parse_size(shown) == count:
            return shown
    return f"{count} B"
