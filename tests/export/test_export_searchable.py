"""Searchable PDF: PDFium and Poppler find the words where they are printed, on pages turned and cut in any way."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from searchable_samples import (
    as_read,
    document_of,
    found_by_pdfium,
    found_by_poppler,
    made,
    page_with,
    poppler_text,
    rendered,
    scan,
    share_found,
    text_of,
    turned,
    word,
)

from docstation.document.model import Page
from docstation.document.text import Origin
from docstation.errors import BrokenFile, TooLarge, WorkerFailed
from docstation.export import ExportInput, ExportOptions, searchable, write
from docstation.export.pdf.glyphless import HAIR_SPACE, InvisibleFont, truetype
from docstation.testing import business
from docstation.testing.contract import contract
from docstation.testing.degrade import rasterised
from docstation.testing.drawn import Drawn, Shot, words_of
from docstation.testing.report import report

DPI = 100
LEAST = 0.98


@pytest.fixture(scope="module")
def invoice() -> Shot:
    return rasterised(business.draw(business.Kind.INVOICE, 3), dpi=DPI)


def png(shot: Shot, turn: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(shot.pixels).rotate(turn, expand=True).save(buffer, "PNG", dpi=(shot.dpi, shot.dpi))
    return buffer.getvalue()


def shares(page: Page, pdf: Path, unit: float = 1) -> tuple[float, float]:
    """Words found by PDFium and by Poppler."""
    words = words_of(page)
    return (
        share_found(words, found_by_pdfium(pdf, unit=unit)),
        share_found(words, found_by_poppler(pdf, unit=unit)),
    )


@pytest.mark.parametrize(
    ("drawn", "index"),
    [
        *((business.draw(kind, 3), 0) for kind in business.Kind),
        (contract(), 0),
        (report(), 0),
        (report(), 1),
    ],
    ids=lambda value: value.name if isinstance(value, Drawn) else str(value),
)
def test_words_are_found_where_they_are_printed(tmp_path: Path, drawn: Drawn, index: int) -> None:
    shot = rasterised(drawn, index, dpi=DPI)
    page = as_read(shot.page)
    assert min(shares(page, made(tmp_path, png(shot), page))) >= LEAST


@pytest.mark.parametrize("unit", [1, 2.5])
@pytest.mark.parametrize("cropped", [False, True])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_page_frames_do_not_matter(tmp_path: Path, invoice: Shot, rotate: int, cropped: bool, unit: float) -> None:
    page = as_read(invoice.page)
    original = scan(invoice.pixels, (page.width, page.height), rotate=rotate, cropped=cropped, unit=unit)
    pdf = made(tmp_path, original, page)
    assert min(shares(page, pdf, unit)) == 1
    assert text_of(pdf).split() == [word.text for word in words_of(page)]
    assert np.array_equal(rendered(original), rendered(pdf))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_text_runs_with_the_lines_of_a_turned_page(tmp_path: Path, invoice: Shot, rotation: int) -> None:
    page = turned(as_read(invoice.page), rotation)
    pdf = made(tmp_path, png(invoice, rotation), page)
    assert min(shares(page, pdf)) == 1
    # In the order of reading, and words of a line apart by spaces: upside down too.
    assert text_of(pdf).split() == [word.text for word in words_of(page)]
    assert share_of_neighbours(page, text_of(pdf)) >= LEAST
    assert share_of_neighbours(page, poppler_text(pdf)) >= LEAST


@pytest.mark.parametrize(("rotation", "skew"), [(0, 3), (0, -5), (90, 2), (180, -4), (270, 1)])
def test_words_of_a_leaning_page_are_found_whole(tmp_path: Path, invoice: Shot, rotation: int, skew: float) -> None:
    page = turned(as_read(invoice.page), rotation, skew)
    pdf = made(tmp_path, png(invoice, rotation), page)
    assert min(shares(page, pdf)) >= LEAST
    assert text_of(pdf).split() == [word.text for word in words_of(page)]
    assert share_of_neighbours(page, text_of(pdf)) >= LEAST


def share_of_neighbours(page: Page, text: str) -> float:
    """How many pairs of neighbours on a line are found as a phrase on one line."""
    lines = {" ".join(line.split()) for line in text.splitlines()}
    joined = "\n".join(lines)
    pairs = [f"{one.text} {two.text}" for b in page.blocks for line in b.lines for one, two in pairwise(line.words)]
    return sum(pair in joined for pair in pairs) / len(pairs)


def test_a_phrase_can_be_searched_for(tmp_path: Path, invoice: Shot) -> None:
    page = as_read(invoice.page)
    pdf = made(tmp_path, png(invoice), page)
    line = max((line for block in page.blocks for line in block.lines), key=lambda line: len(line.words))
    phrase = " ".join(word.text for word in line.words[:4])
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[0].get_textpage()
        first = text.search(phrase).get_next()
        assert first is not None
        left, _, right, top = text.get_rect(0) if text.count_rects(*first) else (0, 0, 0, 0)
    assert left >= line.box.x0 - 1
    assert right <= line.box.x1 + 1
    assert abs(page.height - top - line.box.y0) < 3


def test_lines_that_run_up_or_down_a_level_page_are_set_so(tmp_path: Path) -> None:
    up = (word("Количество", 50, 100, 60, 180), word("(объем)", 50, 40, 60, 95))
    down = (word("Итого", 100, 40, 110, 90), word("всего", 100, 95, 110, 140))
    blocks = page_with(*up).blocks + page_with(*down).blocks
    page = Page(1, 200, 200, blocks)
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (200, 200)), page)
    assert min(shares(page, pdf)) == 1
    assert text_of(pdf).split() == ["Количество", "(объем)", "Итого", "всего"]
    assert "Количество (объем)" in poppler_text(pdf)


@pytest.mark.parametrize("text", ["i,", "l)", "№", "—", "1."])
def test_a_short_narrow_word_alone_is_set_level(tmp_path: Path, text: str) -> None:
    page = page_with(word(text, 50, 100, 53, 110))
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (400, 300)), page)
    with pikepdf.open(pdf) as file:
        matrix = next(op for op in pikepdf.parse_content_stream(file.pages[0]) if str(op.operator) == "Tm").operands
    assert [float(number) for number in matrix[:4]] == [1, 0, 0, 1]


@pytest.mark.parametrize("skew", [0, 2])
@pytest.mark.parametrize("gap", [-1, 0, 0.5, 3, 40, 200])
def test_words_are_apart_however_close_they_stand(tmp_path: Path, gap: float, skew: float) -> None:
    words = [
        word("Сумма", 50, 100, 85, 109),
        word("15", 85 + gap, 100, 95 + gap, 109),
        word("₽", 97 + gap, 100, 102 + gap, 109),
    ]
    page = replace(page_with(*words), skew=skew)
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (400, 300)), page)
    for found in (found_by_pdfium(pdf), found_by_poppler(pdf)):
        assert [text for text, _ in found] == ["Сумма", "15", "₽"]
        assert share_found(words, found, overlap=0.8) == 1
    assert text_of(pdf).split() == ["Сумма", "15", "₽"]
    assert len(text_of(pdf).strip().splitlines()) == 1


CHARACTERS = ["Ёжик", "№", "₽", "«", "—", "»", "ё", "ﬁ", "ﬂ", "漢字", "½", "…", "é", "Ω", "≤", "𝒳", "😀", "и\u0306"]


def test_all_of_unicode_comes_back(tmp_path: Path) -> None:
    boxes = [(10 + 20 * index, 50.0, 24 + 20 * index, 62.0) for index in range(len(CHARACTERS))]
    page = page_with(*(word(text, *box) for text, box in zip(CHARACTERS, boxes, strict=True)))
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (400, 300)), page)
    # PDFium spells ligatures out as every reader of a printed one does.
    spelled = [text.replace("ﬁ", "fi").replace("ﬂ", "fl") for text in CHARACTERS]
    assert text_of(pdf).encode("utf-16", "surrogatepass").decode("utf-16").split() == spelled
    assert poppler_text(pdf).split() in (CHARACTERS, spelled)


@pytest.mark.parametrize(
    "text", ["a\x00b", "\ud800", "x\ud83d", "\x1b[31m", "\ufffe", "a\nb\u2028c", "a\u00adb)", "(\\"]
)
def test_text_that_files_cannot_hold_does_no_harm(tmp_path: Path, text: str) -> None:
    page = page_with(word(text, 10, 50, 60, 62), word("после", 65, 50, 100, 62))
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (400, 300)), page)
    assert "после" in text_of(pdf)
    assert "после" in poppler_text(pdf)


@pytest.mark.parametrize("box", [(10, 50, 10, 50), (10, 50, 390, 50.01), (-5, -5, 500, 500), (0, 0, float("nan"), 1)])
def test_boxes_that_no_word_has_do_no_harm(tmp_path: Path, box: tuple[float, ...]) -> None:
    page = page_with(word("слово", *box))
    pdf = made(tmp_path, scan(np.full((40, 40, 3), 255, np.uint8), (400, 300)), page)
    assert text_of(pdf).split() in (["слово"], [])
    assert np.isnan(box).any() or "слово" in poppler_text(pdf)


@given(
    x=st.floats(0, 390), y=st.floats(0, 250), width=st.floats(2, 100), height=st.floats(3, 40),
    text=st.text("аЯ№9.x", min_size=1, max_size=12), rotation=st.sampled_from([0, 90, 180, 270]),
    rotate=st.sampled_from([0, 90, 180, 270]),
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_word_is_found_in_exactly_its_box(
    tmp_path: Path, x: float, y: float, width: float, height: float, text: str, rotation: int, rotate: int
) -> None:
    width = max(width, 0.2 * height * len(text))
    upright = page_with(word(text, x, y, x + width, y + height), size=(500, 300))
    page = turned(upright, rotation)
    original = scan(np.full((8, 8, 3), 255, np.uint8), (page.width, page.height), rotate=rotate)
    pdf = made(tmp_path, original, page)
    box = words_of(page)[0].box
    for found in (found_by_pdfium(pdf), found_by_poppler(pdf)):
        assert [spelled for spelled, _ in found] == [text]
        assert box.iou(found[0][1]) > 0.95


def test_the_font_is_a_sound_one() -> None:
    font = TTFont(io.BytesIO(truetype()), checkChecksums=2)
    widths = [font["hmtx"][name][0] for name in font.getGlyphOrder()]
    assert widths == [500, 500, 250, 10]
    assert font["head"].unitsPerEm == 1000
    for name in font.getGlyphOrder()[1:]:
        glyph = font["glyf"][name]
        assert (glyph.xMin, glyph.yMin, glyph.xMax, glyph.yMax) == (0, 0, font["hmtx"][name][0], 1000)


def test_a_font_has_a_code_for_every_character_and_one_for_too_many() -> None:
    everything = [chr(code) for code in range(0x21, 0x11000) if not (0xD800 <= code < 0xE000 or chr(code).isspace())]
    font = InvisibleFont(["a b", HAIR_SPACE, *everything])
    codes = [font.encoded(char) for char in everything]
    assert all(len(code) == 6 for code in codes)
    assert len(set(codes)) == 0xFFFF - 2
    assert font.encoded("\U00010fff") == font.encoded("\ufffd")


def test_the_same_document_gives_the_same_bytes(tmp_path: Path, invoice: Shot) -> None:
    original = tmp_path / "scan.png"
    original.write_bytes(png(invoice))
    item = ExportInput(document_of(as_read(invoice.page)), original)
    target = tmp_path / "a.pdf"
    assert write(item, "pdf", target) == (target,)
    stream = io.BytesIO()
    write(item, "pdf", stream, ExportOptions())
    assert stream.getvalue() == target.read_bytes()
    assert min(shares(item.document.pages[0], target)) >= LEAST


def test_the_language_is_noted(tmp_path: Path, invoice: Shot) -> None:
    original = tmp_path / "scan.png"
    original.write_bytes(png(invoice))
    stream = io.BytesIO()
    searchable.write(ExportInput(document_of(as_read(invoice.page)), original), ExportOptions(language="ru-RU"), stream)
    with pikepdf.open(stream) as pdf:
        assert str(pdf.Root.Lang) == "ru-RU"
        assert pdf.check_pdf_syntax() == []


def test_a_damaged_original_is_told_from_the_worker(tmp_path: Path) -> None:
    original = tmp_path / "a.pdf"
    original.write_bytes(b"%PDF-1.4\nnothing")
    item = ExportInput(document_of(page_with(word("а", 1, 1, 9, 9, origin=Origin.ENGINE))), original)
    with pytest.raises(BrokenFile, match=r"скан\.pdf"):
        write(item, "pdf", tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize(
    ("reason", "trace", "expected"),
    [
        ("timeout", "", TooLarge),
        ("memory", "", TooLarge),
        ("crash", "", BrokenFile),
        ("crash", "Traceback", WorkerFailed),
    ],
)
def test_a_worker_that_ends_is_told_as_what_the_file_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, trace: str, expected: type[Exception]
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise WorkerFailed(reason=reason, trace=trace)

    monkeypatch.setattr(searchable, "call", ends)
    item = ExportInput(document_of(page_with(word("а", 1, 1, 9, 9))), tmp_path / "a.pdf")
    with pytest.raises(expected):
        searchable.write(item, ExportOptions(), io.BytesIO())
