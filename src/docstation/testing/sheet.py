"""A sheet that draws text and remembers where each word went.

Wraps the PDF writer: every call both draws and records a block, so that the truth cannot drift from the picture.
Coordinates are page points, origin top left, as everywhere in the vocabulary.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page, TextLayer
from docstation.document.table import Table
from docstation.document.text import Line, Word
from docstation.testing.typefaces import SOFT_HYPHEN, Face, register

Align = Literal["left", "center", "right", "justify"]

A4 = (595.28, 841.89)
A4_LANDSCAPE = (841.89, 595.28)

# Ink of letters around the baseline, in parts of the type size: capitals and the tails of "р", "щ", commas.
_ABOVE, _BELOW = 0.74, 0.22
_BASELINE = 0.93


@dataclass(frozen=True, slots=True)
class Style:
    """How a piece of text is set.

    Attributes:
        face: letters.
        align: within the width given.
        indent: of the first line, points.
        category: of the block that it makes.
        level: of a heading or a list.
    """

    face: Face
    align: Align = "left"
    indent: float = 0.0
    category: Category = Category.TEXT
    level: int = 0


class Sheet:
    """Pages being drawn, one after another."""

    def __init__(self, size: tuple[float, float] = A4, title: str = "") -> None:
        from reportlab.pdfgen.canvas import Canvas

        self.width, self.height = size
        self._buffer = io.BytesIO()
        # Invariant: the same drawing gives the same bytes, whatever the date.
        self.canvas = Canvas(self._buffer, pagesize=size, invariant=1)
        self.canvas.setTitle(title)
        self._pages: list[Page] = []
        self._blocks: list[Block] = []

    def paragraph(self, text: str, x: float, top: float, width: float, style: Style) -> float:
        """Draw wrapped text as one block; returns the bottom of its last line."""
        lines, bottom = self.lines(text, x, top, width, style)
        self.block(
            lines, text=" ".join(text.replace(SOFT_HYPHEN, "").split()), category=style.category, level=style.level
        )
        return bottom

    def lines(self, text: str, x: float, top: float, width: float, style: Style) -> tuple[list[Line], float]:
        """Draw wrapped text without making a block; returns its lines and the bottom of the last one."""
        texts = style.face.wrapped(text, width, style.indent)
        drawn: list[Line] = []
        for index, piece in enumerate(texts):
            indent = style.indent if index == 0 else 0.0
            align: Align = style.align
            if align == "justify" and index == len(texts) - 1:
                align = "left"
            if piece:
                drawn.append(self._line(piece, (x + indent, top), width - indent, style.face, align))
            top += style.face.leading
        return drawn, top

    def _line(self, text: str, at: tuple[float, float], width: float, face: Face, align: Align) -> Line:
        register(face.name)
        x, top = at
        natural = face.width(text)
        gap = 0.0
        if align == "justify" and " " in text:
            gap = (width - natural) / text.count(" ")
        elif align == "center":
            x += (width - natural) / 2
        elif align == "right":
            x += width - natural
        baseline = top + face.size * _BASELINE
        drawing = self.canvas.beginText(x, self.height - baseline)
        drawing.setFont(face.name, face.size)
        drawing.setWordSpace(gap)
        drawing.textOut(text)
        self.canvas.drawText(drawing)
        return Line(tuple(_words(text, x, baseline, gap, face)))

    def block(
        self, lines: list[Line], *, text: str = "", category: Category = Category.TEXT, level: int = 0,
        table: Table | None = None, box: Box | None = None,
    ) -> None:  # fmt: skip
        """Record a block of lines drawn before; an empty one is forgotten."""
        if not lines and box is None:
            return
        self._blocks.append(
            Block(
                id=f"p{len(self._pages) + 1}-b{len(self._blocks) + 1}",
                category=category,
                box=box or Box.around(line.box for line in lines),
                text=text or " ".join(line.text for line in lines),
                lines=tuple(lines),
                table=table,
                level=level,
            )
        )

    def rule(self, x0: float, y0: float, x1: float, y1: float, weight: float = 0.5) -> None:
        """Draw a straight line."""
        self.canvas.setLineWidth(weight)
        self.canvas.line(x0, self.height - y0, x1, self.height - y1)

    def frame(self, box: Box, weight: float = 0.5) -> None:
        """Draw a rectangle."""
        self.canvas.setLineWidth(weight)
        self.canvas.rect(box.x0, self.height - box.y1, box.width, box.height)

    def fill(self, box: Box, grey: float) -> None:
        """Fill a rectangle with grey, 0 black to 1 white; call it before the text that stands on it."""
        self.canvas.setFillGray(grey)
        self.canvas.rect(box.x0, self.height - box.y1, box.width, box.height, stroke=0, fill=1)
        self.canvas.setFillGray(0)

    def end_page(self) -> None:
        """Close the page; what is drawn next goes on a new one."""
        page = Page(len(self._pages) + 1, self.width, self.height, tuple(self._blocks), text_layer=TextLayer.SANE)
        self._pages.append(page)
        self._blocks = []
        self.canvas.showPage()

    def finish(self) -> tuple[bytes, tuple[Page, ...]]:
        """Close the last page if anything is on it; returns the file and the truth."""
        if self._blocks or not self._pages:
            self.end_page()
        self.canvas.save()
        return self._buffer.getvalue(), tuple(self._pages)


def _words(text: str, x: float, baseline: float, gap: float, face: Face) -> list[Word]:
    words = []
    top, bottom = baseline - face.size * _ABOVE, baseline + face.size * _BELOW
    space = face.width(" ") + gap
    for part in text.split(" "):
        width = face.width(part)
        if part:
            box = Box(x, top, x + width, bottom)
            words.append(Word(part, box, font_size=face.size, bold=face.bold))
        x += width + space
    return words
