"""Small documents that are quick to read, drawn in code, for tests of whole runs."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def text_pdf(path: Path, pages: int, *, pictures: Collection[int] = ()) -> Path:
    """A born-digital PDF that says ``Layer of page 1``…, with a photo on the pages named."""
    canvas = Canvas(str(path), pagesize=(300, 200), invariant=True)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 14)
        canvas.drawString(30, 160, f"Layer of page {number}")
        if number in pictures:
            canvas.drawImage(ImageReader(photo(160, 120)), 60, 30, 120, 90)
        canvas.showPage()
    canvas.save()
    return path


def scan(path: Path, *numbers: int) -> Path:
    """An image file (TIFF for several pages) that says ``Scan of page 1``… in large print, for the numbers given."""
    images = [scanned_page(number) for number in numbers]
    images[0].save(path, save_all=len(images) > 1, append_images=images[1:], dpi=(100, 100))
    return path


def scanned_page(number: int) -> Image.Image:
    """A page of the scan; each third has a photo, each fourth a ruled table."""
    image = Image.new("RGB", (560, 420), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    pen.text((40, 40), f"Scan of page {number}", fill="black", font=font)
    if number % 3 == 0:
        image.paste(photo(300, 220), (100, 140))
    if number % 4 == 0:
        for row in range(3):
            for column in range(2):
                x, y = 60 + 200 * column, 120 + 60 * row
                pen.rectangle((x, y, x + 200, y + 60), outline="black", width=3)
                pen.text((x + 20, y + 12), f"{number}{row}{column}", fill="black", font=font)
    return image


def photo(width: int, height: int) -> Image.Image:
    """A picture of noise over a gradient, which no one takes for text."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(1).normal(0, 25, (height, width, 3))
    colours = np.stack([255 * x / width, 255 * y / height, (x + y) % 256], axis=-1) + noise
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8))


def locked_pdf(path: Path, password: str) -> Path:
    """A PDF of one page that opens with the password only."""
    import pikepdf

    text_pdf(path, 1)
    with pikepdf.open(io.BytesIO(path.read_bytes())) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(user=password, owner=password))
    return path


def broken_pdf(path: Path) -> Path:
    """A file that calls itself a PDF and is none."""
    path.write_bytes(b"%PDF-1.7\nnothing that could be read")
    return path
