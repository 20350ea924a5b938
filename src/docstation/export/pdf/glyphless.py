"""The font of invisible text: characters are glyphs without area, half as wide as the font is high.

A composite font (PDF 32000-1, 9.7) whose codes are given out as characters are met, so that all of Unicode can be
written, characters beyond the basic plane included. Readers learn the characters from its ToUnicode map (9.10.3), and
place their boxes by the font's ascent and advance; nothing here knows of pages.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

HAIR_SPACE = "\u200a"
"""Written as a space of almost no width."""
ADVANCE, HAIR_ADVANCE = 0.5, 0.01
"""Widths of a character that is no space and of the hair space, in font sizes."""

_NAME = "/DocStationInvisible"
_EM = 1000
_DESCENT = -1
"""In thousandths. Readers take a font without any descent for one that does not say and invent a descent for it."""
_WIDTHS = {" ": _EM // 4, HAIR_SPACE: round(HAIR_ADVANCE * _EM)}
_COMMON_WIDTH = round(ADVANCE * _EM)
_GLYPHS = (_COMMON_WIDTH, *_WIDTHS.values())
"""Widths of the glyphs from the second one on; the first is the one for codes that have no glyph."""
_MOST_CODES = 0xFFFF
_UNKNOWN = "\ufffd"
_PER_SECTION = 100
"""Entries that one section of a ToUnicode map may have (Adobe Technical Note 5014)."""

_CMAP = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{sections}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class InvisibleFont:
    """The font of one file: codes for the characters that its texts need.

    Args:
        texts: all that will be written with it; the same texts give the same font.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        met = sorted(set().union(*texts) - {*_WIDTHS, _UNKNOWN})
        # A file of untrusted text may hold more characters than there are codes; the rest is written as unknown.
        chars = [*_WIDTHS, _UNKNOWN, *met][:_MOST_CODES]
        self._codes = {char: code for code, char in enumerate(chars, 1)}

    def encoded(self, text: str) -> str:
        """The codes of `text` as a hexadecimal string of a content stream."""
        unknown = self._codes[_UNKNOWN]
        return "<" + "".join(f"{self._codes.get(char, unknown):04X}" for char in text) + ">"

    def added_to(self, pdf: Any) -> Any:
        """The font as an object of the open file `pdf`."""
        from pikepdf import Array, Dictionary, Name, String

        program = truetype()
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name(_NAME),
            Flags=4,
            FontBBox=Array([0, _DESCENT, _COMMON_WIDTH, _EM]),
            ItalicAngle=0,
            Ascent=_EM,
            Descent=_DESCENT,
            CapHeight=_EM,
            StemV=80,
            FontFile2=pdf.make_stream(program, Length1=len(program)),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name(_NAME),
            CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=_COMMON_WIDTH,
            W=Array([1, Array(list(_WIDTHS.values()))]),
            CIDToGIDMap=pdf.make_stream(self._glyphs()),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name(_NAME),
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=pdf.make_stream(self._to_unicode()),
            )
        )

    def _glyphs(self) -> bytes:
        """The glyph of each code from 0 on, two bytes each."""
        glyphs = (_GLYPHS.index(_WIDTHS.get(char, _COMMON_WIDTH)) + 1 for char in self._codes)
        return struct.pack(f">{len(self._codes) + 1}H", 0, *glyphs)

    def _to_unicode(self) -> bytes:
        entries = []
        for char, code in self._codes.items():
            shown = " " if char == HAIR_SPACE else char
            entries.append(f"<{code:04X}> <{shown.encode('utf-16-be').hex().upper()}>")
        sections = []
        for start in range(0, len(entries), _PER_SECTION):
            part = entries[start : start + _PER_SECTION]
            sections.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar")
        return _CMAP.format(sections="\n".join(sections)).encode("ascii")


def truetype() -> bytes:
    """The font program: an empty glyph and ours, in the six tables that an embedded one needs (PDF 32000-1, 9.9)."""
    glyphs = [_diagonal(width) for width in _GLYPHS]
    offsets = [0, *(sum(map(len, glyphs[:count])) for count in range(len(glyphs) + 1))]
    count = len(glyphs) + 1
    widths = struct.pack(f">{2 * count}H", *(number for width in (_COMMON_WIDTH, *_GLYPHS) for number in (width, 0)))
    box = struct.pack(">4h", 0, 0, _COMMON_WIDTH, _EM)
    head = struct.pack(">4I2H16x", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0x000B, _EM) + box
    reach = (_COMMON_WIDTH, 0, 0, _COMMON_WIDTH)
    return _assembled(
        {
            b"glyf": b"".join(glyphs),
            b"head": head + struct.pack(">2H3h", 0, 8, 2, 0, 0),
            b"hhea": struct.pack(">I3hH3h3h8xhH", 0x10000, _EM, _DESCENT, 0, *reach, 1, 0, 0, 0, count),
            b"hmtx": widths,
            b"loca": struct.pack(f">{count + 1}H", *(offset // 2 for offset in offsets)),
            b"maxp": struct.pack(">I3H4xH16x", 0x10000, count, 3, 1, 2),
        }
    )


def _diagonal(width: int) -> bytes:
    """A glyph that is a line with nothing inside it, from corner to corner of its box.

    PDFium takes a character's box from its outline and passes over text without one, while a reader that drew it all
    the same would find nothing to fill.
    """
    half = width // 2, _EM // 2
    outline = struct.pack(">6h", 0, width, -half[0], 0, _EM, -half[1])
    return struct.pack(">5h2H3B", 1, 0, 0, width, _EM, 2, 0, 1, 1, 1) + outline + b"\0"


def _assembled(tables: dict[bytes, bytes]) -> bytes:
    """The font file of these tables, its directory and checksums filled in (OpenType 1.9, "Font file")."""
    count = len(tables)
    selector = count.bit_length() - 1
    reach = 16 << selector
    directory = struct.pack(">I4H", 0x10000, count, reach, selector, 16 * count - reach)
    body = b""
    for tag, data in tables.items():
        directory += tag + struct.pack(">3I", _checksum(data), 12 + 16 * count + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    font = directory + body
    adjustment = (0xB1B0AFBA - _checksum(font)) & 0xFFFFFFFF
    at = font.index(tables[b"head"]) + 8
    return font[:at] + struct.pack(">I", adjustment) + font[at + 4 :]


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    words = (int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4))
    return sum(words) & 0xFFFFFFFF
