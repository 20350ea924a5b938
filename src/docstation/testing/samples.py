"""Writes the sample documents: a stamped scan of a Russian contract and an English report, half of it an image.

``python -m docstation.testing.samples FOLDER`` makes them anew; the same code always gives the same pictures.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from docstation.document.model import Page
from docstation.intake.page import Pixels
from docstation.testing.contract import contract
from docstation.testing.degrade import Condition, degraded, rasterised
from docstation.testing.report import report

RUSSIAN = "dogovor-scan.jpg"
ENGLISH = "report-mixed.pdf"

_SCAN_DPI = 150


def russian_scan() -> tuple[bytes, Page]:
    """The contract as a stamped 150 dpi scan: JPEG bytes, and its truth in points of the raster."""
    shot = degraded(rasterised(contract(), dpi=_SCAN_DPI), Condition.STAMPED, seed=4)
    return _jpeg(shot.pixels, 55), shot.page


def english_report() -> tuple[bytes, tuple[Page, ...]]:
    """The report as a PDF whose second page is a picture of itself, and the truth of both pages."""
    import pypdfium2

    drawn = report()
    shot = degraded(rasterised(drawn, 1, _SCAN_DPI), Condition.CLEAN)
    source = pypdfium2.PdfDocument(drawn.pdf)
    mixed = pypdfium2.PdfDocument.new()
    mixed.import_pages(source, [0])
    width, height = drawn.pages[1].width, drawn.pages[1].height
    page = mixed.new_page(width, height)
    picture = pypdfium2.PdfImage.new(mixed)
    picture.load_jpeg(io.BytesIO(_jpeg(shot.pixels, 70)), pages=[page])
    picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
    page.insert_obj(picture)
    page.gen_content()
    buffer = io.BytesIO()
    mixed.save(buffer)
    mixed.close()
    source.close()
    return buffer.getvalue(), drawn.pages


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    dpi = (_SCAN_DPI, _SCAN_DPI)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, dpi=dpi, optimize=True)
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """Write both files into the folder named by the first argument; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m docstation.testing.samples FOLDER\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RUSSIAN).write_bytes(russian_scan()[0])
    (folder / ENGLISH).write_bytes(english_report()[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
