"""Pages with exact truth for the recognition bench: born-digital PDF pages rasterised, clean and degraded.

Truth words come from the PDF's own text layer; their boxes are pixels of the picture that the engines are given.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box

Raster = npt.NDArray[np.uint8]
POINTS = 72.0

RUSSIAN = (
    ("russian/diploma.pdf", (4, 9, 13, 19, 27, 36, 44, 52)),
    ("russian/pdf_with_text_layer/cp1251.pdf", (1,)),
    ("russian/tables/example_mp_table_with_repeate_header_2.pdf", (1,)),
    ("russian/laws/14_dev_direct.pdf", (1,)),
    ("russian/pdf_with_text_layer/example.pdf", (1,)),
    ("russian/pdf_with_text_layer/VVP_6_tables.pdf", (1, 2)),
    ("russian/tz/alpaca_tz.pdf", (1,)),
)
ENGLISH = (
    ("russian/pdf_with_text_layer/with_header_footer_2.pdf", (1,)),
    ("dots-raw/multi_page.pdf", (1, 2)),
    ("gnarly/pdftotext_two_column_issue.pdf", (1, 2)),
    ("gnarly/overrun_on_pg8.pdf", (1, 3)),
    ("olmocr-bench/pdfs/olmo2-pg4.pdf", (1,)),
    ("olmocr-bench/pdfs/multi_column_miss.pdf", (1,)),
    ("olmocr-bench/pdfs/headers_footers/ff4f7dad78081cff727d19ab51c181d4a661_pg1.pdf", (1,)),
    ("invoices/AzureInterior.pdf", (1,)),
    ("invoices/saeco.pdf", (1,)),
)
CONDITIONS = ("200", "150", "100", "scan", "noisy", "photo")


@dataclass(frozen=True, slots=True)
class TruthWord:
    """A word of the text layer and its box in pixels."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class BenchPage:
    """A picture of a page with what stands on it.

    Attributes:
        name: file, page and condition.
        image: RGB.
        dpi: of the picture.
        words: truth.
    """

    name: str
    image: Raster
    dpi: int
    words: tuple[TruthWord, ...]


def pages(corpus: Path, sources: tuple[tuple[str, tuple[int, ...]], ...], condition: str) -> Iterator[BenchPage]:
    """All pages of `sources` under one condition."""
    for file, numbers in sources:
        for number in numbers:
            yield degraded(rendered(corpus / file, number, _dpi(condition)), condition)


def rendered(file: Path, number: int, dpi: int) -> BenchPage:
    """One page of a PDF at `dpi` with the words of its text layer."""
    import pypdfium2

    document = pypdfium2.PdfDocument(file)
    page = document[number - 1]
    scale = dpi / POINTS
    image = page.render(scale=scale).to_numpy()[:, :, :3][:, :, ::-1]
    words = tuple(_words(page, scale))
    name = f"{file.stem[:24]}:{number}"
    return BenchPage(name, np.ascontiguousarray(image), dpi, words)


def _words(page: object, scale: float) -> Iterator[TruthWord]:
    text = page.get_textpage()  # type: ignore[attr-defined]
    count = text.count_chars()
    characters = text.get_text_range(0, count, errors="ignore") if count else ""
    if len(characters) != count:
        characters = "".join(text.get_text_range(i, 1, errors="ignore")[:1] or " " for i in range(count))
    # The library gives a hyphen at the end of a line as a control character.
    characters = characters.replace("\x02", "-").replace("\ufffe", "-")
    height = page.get_height()  # type: ignore[attr-defined]
    letters: list[str] = []
    boxes: list[Box] = []
    for index, letter in enumerate(characters + " "):
        if letter.isspace() or letter in "\x00\u00ad":
            if letters:
                yield TruthWord(unicodedata.normalize("NFC", "".join(letters)), Box.around(boxes))
            letters, boxes = [], []
            continue
        x0, y0, x1, y1 = text.get_charbox(index, loose=False)
        box = Box(x0 * scale, (height - y1) * scale, x1 * scale, (height - y0) * scale)
        if boxes and (box.x0 - boxes[-1].x1 > 1.5 * boxes[-1].height + scale or box.x1 < boxes[-1].x0):
            yield TruthWord(unicodedata.normalize("NFC", "".join(letters)), Box.around(boxes))
            letters, boxes = [], []
        letters.append(letter)
        boxes.append(box)


def _dpi(condition: str) -> int:
    return {"150": 150, "100": 100, "photo": 130, "noisy": 150}.get(condition, 200)


def degraded(page: BenchPage, condition: str) -> BenchPage:
    """The page as a scanner, a bad scanner or a telephone would see it; the same page always gives the same picture."""
    chance = np.random.default_rng(zlib.crc32(page.name.encode()))
    page = replace(page, name=f"{page.name}@{condition}")
    match condition:
        case "scan":
            return _compressed(_noisy(_turned(page, chance.uniform(-0.6, 0.6)), chance, 0.8, 7), 35)
        case "noisy":
            return _compressed(_noisy(_turned(page, chance.uniform(-0.3, 0.3)), chance, 0.9, 16), 30)
        case "photo":
            return _compressed(_noisy(_shaded(_perspective(page, chance), chance), chance, 0.7, 6), 50)
    return page


def _turned(page: BenchPage, degrees: float) -> BenchPage:
    height, width = page.image.shape[:2]
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    return _warped(page, turn)


def _perspective(page: BenchPage, chance: np.random.Generator) -> BenchPage:
    height, width = page.image.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = source + (chance.uniform(-0.035, 0.035, (4, 2)) * [width, height]).astype(np.float32)
    return _warped(page, cv2.getPerspectiveTransform(source, moved.astype(np.float32)))


def _warped(page: BenchPage, matrix: npt.NDArray[np.float64]) -> BenchPage:
    height, width = page.image.shape[:2]
    image = cv2.warpPerspective(page.image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(245, 245, 245))
    words = []
    for word in page.words:
        corners = cv2.perspectiveTransform(np.array([word.box.corners], np.float64), matrix)[0]
        words.append(TruthWord(word.text, Box.of_points((float(x), float(y)) for x, y in corners)))
    return replace(page, image=image, words=tuple(words))


def _shaded(page: BenchPage, chance: np.random.Generator) -> BenchPage:
    height, width = page.image.shape[:2]
    light = cv2.resize(chance.uniform(0.5, 1.0, (3, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    image = np.clip(page.image * np.clip(light, 0.4, 1.0)[:, :, None], 0, 255).astype(np.uint8)
    return replace(page, image=image)


def _noisy(page: BenchPage, chance: np.random.Generator, blur: float, noise: float) -> BenchPage:
    blurred = cv2.GaussianBlur(page.image, (0, 0), blur).astype(np.float32)
    image = np.clip(blurred + chance.normal(0, noise, blurred.shape[:2])[:, :, None], 0, 255).astype(np.uint8)
    return replace(page, image=image)


def _compressed(page: BenchPage, quality: int) -> BenchPage:
    _, data = cv2.imencode(".jpg", page.image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return replace(page, image=np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1]))


def receipts(corpus: Path) -> Iterator[BenchPage]:
    """Scanned receipts with the boxes and the text of their lines."""
    for file in sorted((corpus / "receipts").glob("*.jpg")):
        image = np.ascontiguousarray(cv2.imread(str(file))[:, :, ::-1])
        words = []
        for row in file.with_suffix("").with_suffix(".box.csv").read_text(encoding="utf-8").splitlines():
            match = re.match(r"((?:\d+,){8})(.*)", row)
            if match:
                numbers = [float(value) for value in match[1].rstrip(",").split(",")]
                box = Box.of_points(zip(numbers[::2], numbers[1::2], strict=True))
                words.append(TruthWord(match[2].strip(), box))
        yield BenchPage(f"receipt:{file.stem}", image, 150, tuple(words))
