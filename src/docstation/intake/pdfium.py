"""The calls of PDFium that are made for every character, without the price of pypdfium2's typed pointers.

The bindings check and convert each argument; over a dense page that costs more than PDFium itself (0.8 instead of
1.9 microseconds for a character's box). Handles are passed as plain addresses here, so nothing but `pdf_text` and
`pdf_drawing` may use this.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

_HANDLE = ctypes.c_void_p
_INT = ctypes.c_int
_ADDRESS = ctypes.c_void_p


@dataclass(frozen=True, slots=True)
class Calls:
    """Bare functions of PDFium: handles and out-parameters are addresses."""

    unicode_of: Callable[[int, int], int]
    unmapped: Callable[[int, int], int]
    char_box: Callable[[int, int, int, int, int, int], int]
    text_object: Callable[[int, int], int | None]
    char_matrix: Callable[[int, int, int], int]
    font_size: Callable[[int, int], float]
    font: Callable[[int], int | None]
    render_mode: Callable[[int], int]
    font_flags: Callable[[int], int]
    font_weight: Callable[[int], int]
    font_name: Callable[[int, int, int], int]
    count_objects: Callable[[int], int]
    object_at: Callable[[int, int], int | None]
    count_in_form: Callable[[int], int]
    object_in_form: Callable[[int, int], int | None]
    object_type: Callable[[int], int]
    bounds: Callable[[int, int, int, int, int], int]
    matrix: Callable[[int, int], int]
    draw_mode: Callable[[int, int, int], int]
    fill_color: Callable[[int, int, int, int, int], int]
    count_segments: Callable[[int], int]
    segment_at: Callable[[int, int], int | None]
    segment_point: Callable[[int, int, int], int]
    segment_type: Callable[[int], int]
    segment_close: Callable[[int], int]


@cache
def calls() -> Calls:
    """The functions, bound once."""
    h, i, a = _HANDLE, _INT, _ADDRESS
    return Calls(
        unicode_of=_bare("FPDFText_GetUnicode", ctypes.c_uint, h, i),
        unmapped=_bare("FPDFText_HasUnicodeMapError", i, h, i),
        char_box=_bare("FPDFText_GetCharBox", i, h, i, a, a, a, a),
        text_object=_bare("FPDFText_GetTextObject", h, h, i),
        char_matrix=_bare("FPDFText_GetMatrix", i, h, i, a),
        font_size=_bare("FPDFText_GetFontSize", ctypes.c_double, h, i),
        font=_bare("FPDFTextObj_GetFont", h, h),
        render_mode=_bare("FPDFTextObj_GetTextRenderMode", i, h),
        font_flags=_bare("FPDFFont_GetFlags", i, h),
        font_weight=_bare("FPDFFont_GetWeight", i, h),
        font_name=_bare("FPDFFont_GetBaseFontName", ctypes.c_size_t, h, a, ctypes.c_size_t),
        count_objects=_bare("FPDFPage_CountObjects", i, h),
        object_at=_bare("FPDFPage_GetObject", h, h, i),
        count_in_form=_bare("FPDFFormObj_CountObjects", i, h),
        object_in_form=_bare("FPDFFormObj_GetObject", h, h, ctypes.c_ulong),
        object_type=_bare("FPDFPageObj_GetType", i, h),
        bounds=_bare("FPDFPageObj_GetBounds", i, h, a, a, a, a),
        matrix=_bare("FPDFPageObj_GetMatrix", i, h, a),
        draw_mode=_bare("FPDFPath_GetDrawMode", i, h, a, a),
        fill_color=_bare("FPDFPageObj_GetFillColor", i, h, a, a, a, a),
        count_segments=_bare("FPDFPath_CountSegments", i, h),
        segment_at=_bare("FPDFPath_GetPathSegment", h, h, i),
        segment_point=_bare("FPDFPathSegment_GetPoint", i, h, a, a),
        segment_type=_bare("FPDFPathSegment_GetType", i, h),
        segment_close=_bare("FPDFPathSegment_GetClose", i, h),
    )


def address(handle: Any) -> int:
    """The address behind one of pypdfium2's handles."""
    return ctypes.cast(handle, _HANDLE).value or 0


def _bare(name: str, result: type, *arguments: type) -> Callable[..., Any]:
    from pypdfium2 import raw

    return ctypes.CFUNCTYPE(result, *arguments)(ctypes.cast(getattr(raw, name), _HANDLE).value or 0)
