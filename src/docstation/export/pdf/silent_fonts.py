"""Fonts that are drawn as before and mean nothing: the ToUnicode map that makes them so, and which ones can bear it."""

from __future__ import annotations

from typing import Any

_SPACES = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapName /DocStation-Spaces def
/CMapType 2 def
1 begincodespacerange
<{first}> <{last}>
endcodespacerange
{sections}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
_RANGES_PER_SECTION = 100


def shows_by_code(font: Any) -> bool:
    """Whether readers choose glyphs by code alone: simple fonts, and composite ones whose program is in the file."""
    from pikepdf import Array, Dictionary

    if font.get("/Subtype") != "/Type0":
        return True
    descendants = font.get("/DescendantFonts")
    first = descendants[0] if isinstance(descendants, Array) and len(descendants) else None
    descriptor = first.get("/FontDescriptor") if isinstance(first, Dictionary) else None
    programs = ("/FontFile", "/FontFile2", "/FontFile3")
    return isinstance(descriptor, Dictionary) and any(program in descriptor for program in programs)


def map_to_spaces(width: int) -> bytes:
    """A ToUnicode map by which every code of `width` bytes (1 or 2) is a space."""
    spaces = "<0020>" * 256
    ranges = [f"<{high}00> <{high}FF> [{spaces}]" for high in (f"{n:02X}" for n in range(256))]
    if width == 1:
        ranges = [f"<00> <FF> [{spaces}]"]
    sections = []
    for start in range(0, len(ranges), _RANGES_PER_SECTION):
        part = ranges[start : start + _RANGES_PER_SECTION]
        sections.append(f"{len(part)} beginbfrange\n" + "\n".join(part) + "\nendbfrange")
    text = _SPACES.format(first="00" * width, last="FF" * width, sections="\n".join(sections))
    return text.encode("ascii")
