"""Words and pages drawn for layout tests, at the measures of a text layer."""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.geometry import Affine, Box
from docstation.document.model import TextLayer
from docstation.document.text import Word
from docstation.intake.page import PreparedPage

LETTER = 0.5


def words(text: str, x: float, y: float, *, size: float = 10, bold: bool = False, gap: float = 0.3) -> list[Word]:
    """Words of one line from `x`, `y` being the top; each letter half the type size wide."""
    found = []
    for part in text.split():
        width = len(part) * LETTER * size
        found.append(Word(part, Box(x, y, x + width, y + 0.93 * size), font_size=size, bold=bold))
        x += width + gap * size
    return found


def paragraph(lines: Sequence[str], x: float, y: float, *, indent: float = 0, **style: float) -> list[Word]:
    """Lines below each other, 1.2 type sizes apart, the first one indented."""
    size = style.get("size", 10)
    return [
        word
        for i, line in enumerate(lines)
        for word in words(line, x + (indent if i == 0 else 0), y + 1.2 * size * i, size=size)
    ]


def page(content: Sequence[Word], *, number: int = 1, **more: object) -> PreparedPage:
    """A born-digital A4 page."""
    return PreparedPage(
        number=number,
        page_size=(595, 842),
        size=(595, 842),
        pixels=None,
        scale=1.0,
        to_page=Affine(),
        verdict=TextLayer.SANE,
        words=tuple(content),
        **more,  # type: ignore[arg-type]
    )
