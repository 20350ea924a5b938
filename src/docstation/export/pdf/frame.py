"""From the page as shown to a PDF page's own user space, where its content is drawn.

Takes the page's boxes as PDFium does (PDF 32000-1, 7.7.3.3 and 14.11.2), because `docstation.intake.pdf` measured the
words there. The user unit needs no looking up: the shown page's size in points tells it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from docstation.document.geometry import Affine, Box
from docstation.export.pdf.resources import inherited

_LETTER = Box(0, 0, 612, 792)
"""What a page without any box is taken for."""
_SMALLEST = 1.0


def upright_to_user(page: Any, size: tuple[float, float], rotation: int) -> Affine:
    """The map from points of the upright page, y downwards, to user space.

    Args:
        page: a page's dictionary.
        size: (width, height) of the page as shown, in points.
        rotation: degrees clockwise by which the shown page had to be turned to stand upright.
    """
    box, turned = _shown_box(page), _turn(page)
    width, height = max(box.width, _SMALLEST), max(box.height, _SMALLEST)
    to_shown = Affine(1, 0, -box.x0, 0, -1, box.y1).then(Affine.quarter_turns(turned, width, height))
    if turned % 180:
        width, height = height, width
    to_points = to_shown.then(Affine.scaling(size[0] / width, size[1] / height))
    return to_points.then(Affine.quarter_turns(rotation, *size)).inverse()


def _shown_box(page: Any) -> Box:
    media = _box(inherited(page, "/MediaBox")) or _LETTER
    crop = _box(inherited(page, "/CropBox"))
    return media if crop is None else media.intersection(crop) or media


def _box(value: Any) -> Box | None:
    from pikepdf import Array

    if not isinstance(value, Array) or len(value) < 4:
        return None
    numbers = list(_numbers(value))
    if len(numbers) < 4:
        return None
    x0, y0, x1, y1 = numbers
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box.width > 0 and box.height > 0 else None


def _numbers(value: Any) -> Iterator[float]:
    for item in list(value)[:4]:
        try:
            number = float(item)
        except (TypeError, ValueError, ArithmeticError):
            return
        if math.isfinite(number):
            yield number


def _turn(page: Any) -> int:
    try:
        return int(float(inherited(page, "/Rotate") or 0) / 90) * 90 % 360
    except (TypeError, ValueError, ArithmeticError):
        return 0
