"""Originals for searchable PDFs, drawn with exact truth, and what two readers find in a written file."""

from __future__ import annotations

import ctypes
import html
import io
import re
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name
from PIL import Image
from pypdfium2 import raw

from docstation.document.geometry import Affine, Box
from docstation.document.mapping import map_block
from docstation.document.model import Block, Category, Document, Page, Source, TextLayer
from docstation.document.text import Line, Origin, Word
from docstation.export.pdf.making import Task, make
from docstation.export.request import ExportInput
from docstation.intake.page import Pixels

Found = list[tuple[str, Box]]
_FINE = 100
"""Device pixels per point in which PDFium is asked where a character is shown."""


def document_of(*pages: Page, name: str = "скан.pdf") -> Document:
    return Document(Source(name, "0" * 64, "application/pdf", len(pages)), pages)


def as_read(page: Page, verdict: TextLayer = TextLayer.ABSENT, origin: Origin = Origin.ENGINE) -> Page:
    """The truth about a page as if an engine had read it."""
    blocks = []
    for block in page.blocks:
        lines = tuple(Line(tuple(replace(word, origin=origin) for word in line.words)) for line in block.lines)
        blocks.append(replace(block, lines=lines, origin=origin))
    return replace(page, blocks=tuple(blocks), text_layer=verdict)


def page_with(*words: Word, size: tuple[float, float] = (400, 300), rotation: int = 0) -> Page:
    """A page of one line."""
    block = Block("p1-b1", Category.TEXT, Box.around(w.box for w in words), lines=(Line(words),))
    return Page(1, *size, (block,), rotation=rotation)


def word(text: str, *box: float, origin: Origin = Origin.ENGINE) -> Word:
    return Word(text, Box(*box), origin=origin)


def turned(page: Page, rotation: int, skew: float = 0.0) -> Page:
    """The page as it would be read from a sheet that has to be turned by so many degrees clockwise to stand upright."""
    width, height = (page.height, page.width) if rotation % 180 else (page.width, page.height)
    lean = Affine.rotation_about(-skew, page.width / 2, page.height / 2)
    back = lean.then(Affine.quarter_turns(rotation, width, height).inverse())
    blocks = tuple(map_block(block, back, width, height) for block in page.blocks)
    return replace(page, width=width, height=height, blocks=blocks, rotation=rotation, skew=skew)


def scan(
    pixels: Pixels, size: tuple[float, float], *, rotate: int = 0, cropped: bool = False, unit: float = 1
) -> bytes:
    """A PDF page that shows `pixels` over `size` points, whatever /Rotate, /CropBox and /UserUnit it has."""
    picture = Image.fromarray(pixels).rotate(rotate, expand=True)
    width, height = (side / unit for side in (size[::-1] if rotate % 180 else size))
    left, bottom, margin = (37, -21, 50) if cropped else (0, 0, 0)
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(100, 100)).obj
    page.MediaBox = Array([left - margin, bottom - margin, left + width + margin, bottom + height + 2 * margin])
    if cropped:
        # Corners in no particular order are allowed.
        page.CropBox = Array([left + width, bottom + height, left, bottom])
    if rotate:
        page.Rotate = rotate
    if unit != 1:
        page.UserUnit = unit
    page.Resources = Dictionary(XObject=Dictionary(Scan=_jpeg(pdf, picture)))
    # A scale and a saved state that are never undone: what follows must not depend on them.
    drawing = f"{width} 0 0 {height} {left} {bottom} cm /Scan Do 2 0 0 2 0 0 cm q"
    page.Contents = pdf.make_stream(drawing.encode())
    return saved(pdf)


def _jpeg(pdf: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    stream = pikepdf.Stream(pdf, buffer.getvalue())
    stream.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=picture.width, Height=picture.height,
        ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    return stream


def saved(pdf: pikepdf.Pdf, **options: object) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, **options)
    return buffer.getvalue()


def made(folder: Path, original: bytes | Path, *pages: Page, password: str | None = None) -> Path:
    """The searchable PDF of an original, made in this process."""
    if isinstance(original, bytes):
        (folder / "original").write_bytes(original)
        original = folder / "original"
    target = folder / "searchable.pdf"
    make(Task(ExportInput(document_of(*pages), original, password=password), None, target))
    return target


def rendered(pdf: Path | bytes, index: int = 0, scale: float = 1.5) -> Pixels:
    with pypdfium2.PdfDocument(pdf) as document:
        pixels: Pixels = np.array(document[index].render(scale=scale, rev_byteorder=True).to_numpy()[:, :, :3])
        return pixels


def text_of(pdf: Path | bytes, index: int = 0) -> str:
    """All text of a page in PDFium's order."""
    with pypdfium2.PdfDocument(pdf) as document:
        text: str = document[index].get_textpage().get_text_range()
        return text


def poppler_text(pdf: Path, number: int = 1) -> str:
    return _pdftotext(pdf, number)


def found_by_pdfium(pdf: Path, index: int = 0, unit: float = 1) -> Found:
    """The words of a page, with boxes in points of the page as shown."""
    found: list[tuple[str, list[Box]]] = []
    within = False
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[index]
        text = page.get_textpage()
        for at in range(text.count_chars()):
            char = chr(raw.FPDFText_GetUnicode(text, at))
            ends = char in "\x02\ufffe"  # how PDFium marks a hyphen at a line's end
            if char.isspace():
                within = False
                continue
            if not within:
                found.append(("", []))
            found[-1] = (
                found[-1][0] + ("-" if ends else char),
                [*found[-1][1], _shown(page, text.get_charbox(at), unit)],
            )
            within = not ends
    return [(word, Box.around(boxes)) for word, boxes in found]


def _shown(page: pypdfium2.PdfPage, box: tuple[float, float, float, float], unit: float) -> Box:
    """A box of user space on the page as PDFium shows it."""
    width, height = (round(side * _FINE) for side in page.get_size())
    left, bottom, right, top = box
    corners = []
    for x, y in ((left, bottom), (right, top)):
        at = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, ctypes.byref(at[0]), ctypes.byref(at[1]))
        corners.append((at[0].value / _FINE * unit, at[1].value / _FINE * unit))
    return Box.of_points(corners)


def found_by_poppler(pdf: Path, number: int = 1, unit: float = 1) -> Found:
    """The words of a page, with boxes in points of the page as shown."""
    lines = _pdftotext(pdf, number, "-bbox", "-cropbox")
    words = re.findall(r'<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>', lines)
    return [(html.unescape(text), Box(*(float(side) * unit for side in sides))) for *sides, text in words]


def _pdftotext(pdf: Path, number: int, *options: str) -> str:
    command = ["pdftotext", *options, "-f", str(number), "-l", str(number), str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


def share_found(words: Sequence[Word], found: Found, *, overlap: float = 0.5) -> float:
    """The share of the true words that a reader finds with the same letters, in a box that overlaps theirs so much."""
    places = defaultdict(list)
    for text, box in found:
        places[text].append(box)
    hits = sum(any(word.box.iou(box) >= overlap for box in places[word.text]) for word in words)
    return hits / len(words)
