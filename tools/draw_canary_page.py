"""Draw the canary page that the package ships: its words, large, with a ruled table of two rows.

python tools/draw_canary_page.py
"""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from docstation.station.canary import LINES, PAGE, ROWS, TITLE
from docstation.testing.typefaces import FONTS

# Multiples of 28 and of nearly 32: 288 image tokens of dots.ocr, 231 of Qwen3-VL.
WIDTH, HEIGHT = 672, 336
LEFT, ROW_HEIGHT = 36, 52
COLUMNS = (36, 300, 480, 636)


def page() -> Image.Image:
    """The page, in 16 greys."""
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(image)
    pen.text((LEFT, 28), TITLE, 0, ImageFont.truetype(str(FONTS / "Arimo-Bold.ttf"), 44))
    font = ImageFont.truetype(str(FONTS / "Arimo-Regular.ttf"), 30)
    for line, text in enumerate(LINES):
        pen.text((LEFT, 100 + 40 * line), text, 0, font)
    top = 180
    for index in range(len(ROWS) + 1):
        pen.line((COLUMNS[0], top + index * ROW_HEIGHT, COLUMNS[-1], top + index * ROW_HEIGHT), 0, 2)
    for x in COLUMNS:
        pen.line((x, top, x, top + len(ROWS) * ROW_HEIGHT), 0, 2)
    for index, row in enumerate(ROWS):
        for x, cell in zip(COLUMNS, row, strict=False):
            pen.text((x + 12, top + index * ROW_HEIGHT + 8), cell, 0, font)
    return image.quantize(16)


if __name__ == "__main__":
    page().save(PAGE, optimize=True)
