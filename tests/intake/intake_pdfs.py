"""PDF files for the tests of intake: drawn with reportlab at known places, then edited with pikepdf."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from docstation.testing.typefaces import FONTS

Draw = Callable[[Canvas], object]
Edit = Callable[[pikepdf.Pdf], object]

SIZE = (400, 300)
RUSSIAN, RUSSIAN_BOLD, RUSSIAN_ITALIC = "Tinos-Regular", "Tinos-Bold", "Tinos-Italic"
for _name in (RUSSIAN, RUSSIAN_BOLD, RUSSIAN_ITALIC, "DejaVuSans"):
    pdfmetrics.registerFont(TTFont(_name, FONTS / f"{_name}.ttf"))


def pdf(
    path: Path,
    draw: Draw,
    *,
    size: tuple[float, float] = SIZE,
    pages: int = 1,
    edit: Edit = lambda document: None,
    **saving: Any,
) -> Path:
    """A file of `pages` pages that `draw` fills; `saving` goes to pikepdf."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size)
    for _ in range(pages):
        draw(canvas)
        canvas.showPage()
    canvas.save()
    with pikepdf.open(io.BytesIO(buffer.getvalue())) as document:
        edit(document)
        document.save(path, **saving)
    return path


def text(words: str, x: float = 50, y: float = 200, *, font: str = "Helvetica", size: float = 12) -> Draw:
    """Draws `words` with the baseline's left end at (x, y)."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        canvas.drawString(x, y, words)

    return draw


def hidden_text(words: str) -> Draw:
    """Draws `words` in render mode 3, as OCR programs do over a scan."""

    def draw(canvas: Canvas) -> None:
        line = canvas.beginText(50, 200)
        line.setTextRenderMode(3)
        line.setFont("Helvetica", 12)
        line.textOut(words)
        canvas.drawText(line)

    return draw


def keys(**values: object) -> Edit:
    """Sets keys of the first page's dictionary; lists become arrays."""

    def edit(document: pikepdf.Pdf) -> None:
        for key, value in values.items():
            document.pages[0].obj[f"/{key}"] = pikepdf.Array(value) if isinstance(value, list) else value

    return edit


def content(stream: bytes) -> Edit:
    """Replaces what the first page draws."""

    def edit(document: pikepdf.Pdf) -> None:
        document.pages[0].Contents = document.make_stream(stream)

    return edit
