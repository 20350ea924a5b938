"""A page on which stands what a tiny model of `real_vllm` says of every page, as a scan and as a born-digital file."""

from __future__ import annotations

import json
from pathlib import Path

from vllm_cpu import tiny_models as builder

from docstation.station.canary import LINES, ROWS, TITLE
from docstation.testing.typefaces import FONTS

DPI = 144
SIZE = 784, 420
"""Pixels of the page at `DPI`: multiples of dots.ocr's 28, so that the picture is sent as it is."""
POINTS = SIZE[0] * 72 / DPI, SIZE[1] * 72 / DPI
FORMULA = r"\int_0^1 x^2 dx = \frac{1}{3}"
PLACES = {
    "Title": (60, 40, 700, 90),
    "Text": (60, 110, 700, 140),
    "Table": (60, 200, 700, 300),
    "Formula": (60, 320, 700, 370),
}
_FACE = FONTS / "DejaVuSans.ttf"


def layout() -> str:
    """What dots.ocr is to say of the page: its blocks with their boxes."""
    blocks = json.loads(builder.dots_answer(TITLE, LINES, ROWS))
    blocks.append({"bbox": list(PLACES["Formula"]), "category": "Formula", "text": FORMULA})
    return json.dumps(blocks, ensure_ascii=False)


def scan(path: Path, pages: int = 1, points: tuple[float, float] = POINTS) -> Path:
    """A PDF of pages that are pictures, each with what the model says at its top left; larger ones are of larger paper.

    Args:
        path: of the file.
        pages: how many.
        points: width and height of each.
    """
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    image = Image.new("RGB", (round(points[0] * 2), round(points[1] * 2)), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(str(_FACE), 22)
    pen.text((70, 50), TITLE, fill="black", font=font)
    pen.text((70, 112), LINES[0], fill="black", font=font)
    for place, row in enumerate(ROWS):
        pen.text((70, 210 + 45 * place), "    ".join(row), fill="black", font=font)
    pen.text((70, 330), "x² dx = 1/3", fill="black", font=font)
    canvas = Canvas(str(path), pagesize=points)
    for _ in range(pages):
        canvas.drawImage(ImageReader(image), 0, 0, *points)
        canvas.showPage()
    canvas.save()
    return path


def paper(path: Path) -> Path:
    """A born-digital PDF of that page, its table ruled."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("DejaVu", str(_FACE)))
    canvas = Canvas(str(path), pagesize=POINTS)
    canvas.setFont("DejaVu", 18)
    canvas.drawString(35, POINTS[1] - 40, TITLE)
    canvas.setFont("DejaVu", 11)
    canvas.drawString(35, POINTS[1] - 66, LINES[0])
    for place, row in enumerate(ROWS):
        bottom = POINTS[1] - 125 - 24 * place
        for column, cell in enumerate(row):
            canvas.rect(30 + 105 * column, bottom, 105, 24)
            canvas.drawString(36 + 105 * column, bottom + 8, cell)
    canvas.save()
    return path
