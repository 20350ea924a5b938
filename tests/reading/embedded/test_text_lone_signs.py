"""What the detector passes over: digits that stand alone, and numbers behind rows of dots."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from docstation.reading.embedded.recognise import TextRecogniser
from tests.reading.embedded.test_text_recognition import SCALE, font

WIDTH, HEIGHT = 560, 240


def page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (round(WIDTH * SCALE), round(HEIGHT * SCALE)), "white")
    return image, ImageDraw.Draw(image)


def write(draw: ImageDraw.ImageDraw, x: float, y: float, text: str) -> None:
    draw.text((x * SCALE, y * SCALE), text, font=font(12), fill="black")


def read(image: Image.Image) -> list[str]:
    return [" ".join(token.text for token in line) for line in TextRecogniser().read(np.asarray(image))]


def test_digits_alone_in_the_cells_of_a_table_are_read():
    image, draw = page()
    for row, name in enumerate(("Бумага офисная", "Кабель силовой", "Стол письменный", "Лампа настольная")):
        write(draw, 40, 20 + 40 * row, name)
        write(draw, 400, 20 + 40 * row, str(row + 2))
        draw.line((20 * SCALE, (52 + 40 * row) * SCALE, 520 * SCALE, (52 + 40 * row) * SCALE), fill="black", width=2)
    draw.line((300 * SCALE, 10 * SCALE, 300 * SCALE, 180 * SCALE), fill="black", width=2)
    found = read(image)
    assert {"2", "3", "4", "5"} <= set(found)
    assert not {"I", "l", "|"} & set(found)


def test_page_numbers_behind_rows_of_dots_keep_all_of_their_digits():
    image, draw = page()
    for row, (name, number) in enumerate((("Введение", 11), ("Обзор работ", 33), ("Заключение", 55), ("Список", 77))):
        dots = "." * round((460 - 110) / 3.4)
        write(draw, 40, 20 + 40 * row, name)
        write(draw, 130, 20 + 40 * row, dots)
        write(draw, 138 + draw.textlength(dots, font=font(12)) / SCALE, 20 + 40 * row, str(number))
    text = " ".join(read(image))
    for number in ("11", "33", "55", "77"):
        assert number in text.replace(".", " ").split()
