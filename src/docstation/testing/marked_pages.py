"""Small pages whose lines a scripted server can read from any picture of them: each has a paper of its own colour.

The colours are so near to white that they count as paper, and differ enough to be told apart after a page was rendered,
cut and resized. So a server without a model answers for whatever part of whatever page it is shown, boxes and all, and
a test knows what it must come to. OpenCV and Pillow are loaded when something is drawn or seen.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels
from docstation.testing.typefaces import FONTS

DPI = 110
PAGE = 330, 230
"""Points."""
LINES = 5
"""On a page."""
_MARGIN, _HEIGHT, _STEP = 24, 24, 38
_RED, _GREEN, _BLUE = 8, 8, 64
"""Steps of each colour; a step is two levels, and all of them together less than the contrast of ink."""
_LEAST = 200
"""Pixels of one colour that may be a line's paper."""
_STRIDE = 3
_LEAST_HEIGHT = 6
_LEAST_SHARE = 0.25
"""Of a box around one colour that has it, for it to be a paper and not the blend of two along an edge."""
MOST_PAGES = _RED * _GREEN * (_BLUE - 8) // LINES
_WORDS = (
    *("поставка", "договор", "сумма", "оплата", "счёт", "товар", "склад", "срок", "качество", "партия"),
    *("груз", "адрес", "заказ", "отгрузка", "тариф", "скидка", "остаток", "баланс", "платёж", "отчёт"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    Attributes:
        page: number, from 1.
        place: on the page, from 0.
    """

    page: int
    place: int

    @property
    def text(self) -> str:
        """What is written: no two lines say the same."""
        start = (7 * self.page + 3 * self.place) % len(_WORDS)
        words = islice(cycle(_WORDS), start, start + 3)
        return f"№ {self.page:03}-{self.place} {' '.join(words)}"

    @property
    def colour(self) -> tuple[int, int, int]:
        """Of its paper, RGB."""
        number = (self.page - 1) * LINES + self.place
        blue, rest = number % (_BLUE - 8), number // (_BLUE - 8)
        return 255 - 2 * (rest % _RED), 255 - 2 * (rest // _RED), 255 - 2 * (blue + 8)

    @classmethod
    def of_colour(cls, colour: Sequence[int]) -> Line | None:
        """The line on paper of that colour; None where it is none's."""
        red, green, blue = ((255 - int(one)) // 2 for one in colour)
        if blue < 8 or red >= _RED or green >= _GREEN or any((255 - int(one)) % 2 for one in colour):
            return None
        number = (green * _RED + red) * (_BLUE - 8) + blue - 8
        return cls(number // LINES + 1, number % LINES)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Of its paper, points of the page."""
        top = _MARGIN + self.place * _STEP
        return _MARGIN, top, PAGE[0] - _MARGIN, top + _HEIGHT


def lines_of(page: int) -> tuple[Line, ...]:
    """The lines of a page, from top to bottom."""
    return tuple(Line(page, place) for place in range(LINES))


def drawn(page: int) -> Pixels:
    """A page as pixels at `DPI`."""
    from PIL import Image, ImageDraw, ImageFont

    scale = DPI / 72
    image = Image.new("RGB", (round(PAGE[0] * scale), round(PAGE[1] * scale)), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), round(11 * scale))
    for line in lines_of(page):
        x0, y0, x1, y1 = (value * scale for value in line.box)
        pen.rectangle((x0, y0, x1, y1), fill=line.colour)
        pen.text((x0 + 4 * scale, y0 + 5 * scale), line.text, fill="black", font=font)
    return np.asarray(image)


def pdf_of(pages: Sequence[int]) -> bytes:
    """A PDF of these pages, each one an image."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=PAGE)
    for number in pages:
        canvas.drawImage(ImageReader(Image.fromarray(drawn(number))), 0, 0, *PAGE)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line in a picture: which, and the box of its letters in pixels of the picture."""

    line: Line
    box: tuple[int, int, int, int]


def seen(picture: Pixels) -> list[SeenLine]:
    """The lines that a picture shows, from top to bottom; those that its edge cuts through are left out."""
    wide = picture.astype(np.int32)
    keys = (wide[:, :, 0] << 16) | (wide[:, :, 1] << 8) | wide[:, :, 2]
    names, counts = np.unique(keys[::_STRIDE, ::_STRIDE], return_counts=True)
    found = []
    for key in names[counts * _STRIDE**2 >= _LEAST]:
        line = Line.of_colour((int(key) >> 16, int(key) >> 8 & 255, int(key) & 255))
        if line is not None and (box := _letters(picture, keys == key)):
            found.append(SeenLine(line, box))
    return sorted(found, key=lambda one: one.box[1])


def _letters(picture: Pixels, paper: npt.NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """The box of what is dark on that paper; None where nothing is, or the edge cuts through it."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(paper.astype(np.uint8), connectivity=4)
    left, top, wide, high, area = max((tuple(map(int, row)) for row in stats[1:]), key=lambda row: row[4])
    if high < _LEAST_HEIGHT or area < _LEAST_SHARE * wide * high:
        return None
    bottom, right = top + high, left + wide
    dark = picture[top:bottom, left:right].max(axis=2) < 128
    rows, columns = np.nonzero(dark)
    if not rows.size or rows.min() == 0 or rows.max() == dark.shape[0] - 1 or columns.min() == 0:
        return None
    return (
        int(left + columns.min()),
        int(top + rows.min()),
        int(left + columns.max() + 1),
        int(top + rows.max() + 1),
    )


def picture_of(body: Mapping[str, object]) -> Pixels:
    """The picture in a chat request. ValueError where there is none."""
    from PIL import Image

    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else []:
        for part in message["content"] if isinstance(message.get("content"), list) else []:
            if part.get("type") == "image_url":
                data = base64.b64decode(part["image_url"]["url"].partition("base64,")[2])
                return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    raise ValueError("no picture")


def layout(lines: Sequence[SeenLine]) -> str:
    """A layout answer, as dots.ocr writes it."""
    blocks = [{"bbox": list(one.box), "category": "Text", "text": one.line.text} for one in lines]
    return json.dumps(blocks, ensure_ascii=False)


def answer(body: Mapping[str, object]) -> str:
    """What a model that never errs says to a request of dots.ocr's: a layout, or the text alone."""
    lines = seen(picture_of(body))
    if "bbox" in json.dumps(body.get("messages")):
        return layout(lines)
    return "\n".join(one.line.text for one in lines)
