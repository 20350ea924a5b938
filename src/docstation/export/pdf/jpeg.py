"""Which JPEG files can be put into a PDF as they are."""

from __future__ import annotations

import struct

_FRAME_HEADERS = frozenset({0xC0, 0xC1, 0xC2})
"""JPEG frames that PDF readers must know: baseline, extended and progressive, Huffman coded (PDF 32000-1, 7.4.8)."""
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


def is_common(data: bytes) -> bool:
    """Whether the file's first frame is of a kind that every PDF reader decodes, 8 bits a component."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAME_HEADERS:
            return data[at + 4] == 8
        if marker == 0xFF:
            at += 1
        elif marker in _BARE_MARKERS:
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return False
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return False
