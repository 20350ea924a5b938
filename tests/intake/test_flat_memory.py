"""A long file takes no more memory than a short one: a page is let go when the next is asked for."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import psutil
import pytest
from intake_opening import Open
from intake_pdfs import pdf
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from docstation.intake.images import ImageSource
from docstation.intake.limits import Limits

MEGABYTE = 1 << 20


def page(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawString(30, 20, "a page that has a few words on it, as pages do")
    for number in range(100):
        canvas.rect(number, number % 7, 1, 1)


def thousandfold(document: pikepdf.Pdf) -> None:
    for _ in range(999):
        document.pages.append(document.pages[0])


@pytest.mark.slow
def test_memory_stays_flat_over_a_pdf_of_a_thousand_pages(tmp_path: Path, opened: Open) -> None:
    source = opened(pdf(tmp_path / "a.pdf", page, edit=thousandfold))
    resident = psutil.Process().memory_info
    assert source.page_count == 1000
    start = 0
    for number in range(1, 1001):
        raw = source.raw(number)
        assert len(raw.layer.words) == 12
        assert source.render(number, 0.5).shape == (150, 200, 3)
        if number == 100:
            start = resident().rss
    assert resident().rss - start < 12 * MEGABYTE


def test_memory_stays_flat_over_a_tiff_of_many_scans(tmp_path: Path) -> None:
    scan = Image.effect_noise((1240, 1754), 60)
    path = tmp_path / "a.tif"
    scan.save(path, save_all=True, append_images=[scan] * 29, dpi=(150, 150))
    resident = psutil.Process().memory_info
    start = 0
    with ImageSource(path, name="a.tif", media_type="image/tiff", limits=Limits()) as source:
        for number in range(1, 31):
            assert source.render(number, 100 / 72).shape == (1169, 827, 3)
            if number == 5:
                start = resident().rss
    assert resident().rss - start < 12 * MEGABYTE
