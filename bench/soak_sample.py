"""The document of ``soak.py``: two small pages with a text layer. Run by itself this prints nothing."""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas


def sample(path: Path) -> Path:
    """Draw it."""
    canvas = Canvas(str(path), pagesize=(300, 200), invariant=True)
    for number in (1, 2):
        canvas.setFont("Helvetica", 14)
        canvas.drawString(30, 160, f"Page {number} of a document that is read again and again")
        canvas.showPage()
    canvas.save()
    return path
