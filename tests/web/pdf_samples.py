"""Files that the tests of the pages read, made in code."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

SECRET = "тайна"


def chapters(pages: int) -> bytes:
    """A born-digital PDF: on page n a heading "Chapter number n", paragraphs and a table of 4 x 3 cells."""
    made = io.BytesIO()
    sheet = canvas.Canvas(made, pagesize=A4)
    for number in range(1, pages + 1):
        sheet.setFont("Helvetica-Bold", 16)
        sheet.drawString(72, 780, f"{number}. Chapter number {number}")
        sheet.setFont("Helvetica", 10)
        top = 750.0
        for paragraph in range(1, 7):
            for line in range(1, 4):
                words = "the quick brown fox jumps over the lazy dog and falls asleep"
                sheet.drawString(72, top, f"Page {number} paragraph {paragraph} line {line}: {words}.")
                top -= 13
            top -= 14
        for row in range(4):
            for column, left in enumerate((72, 221, 370)):
                sheet.rect(left, top - 16, 149, 16)
                sheet.drawString(left + 4, top - 12, f"cell {row}.{column} of {number}")
            top -= 16
        sheet.showPage()
    sheet.save()
    return made.getvalue()


def locked(folder: Path) -> Path:
    """A page behind `SECRET`."""
    path = folder / "locked.pdf"
    with pikepdf.open(io.BytesIO(chapters(1))) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(user=SECRET, owner=SECRET))
    return path


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
