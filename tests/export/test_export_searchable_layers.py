"""Searchable PDF: which words are added to a page with a text layer of its own, and how a wrong layer is silenced."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, String
from PIL import Image
from searchable_samples import (
    as_read,
    found_by_pdfium,
    found_by_poppler,
    made,
    page_with,
    poppler_text,
    rendered,
    saved,
    scan,
    share_found,
    text_of,
    word,
)

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page, PageStatus, TextLayer
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin
from docstation.testing import business
from docstation.testing.degrade import rasterised
from docstation.testing.drawn import words_of
from docstation.testing.report import report
from docstation.testing.typefaces import FONTS

INVOICE = business.draw(business.Kind.INVOICE, 3)
REPORT = report()
WRONG = frozenset({TextLayer.BROKEN, TextLayer.BAD_OCR})


def relettered(page: Page, verdict: TextLayer) -> Page:
    """The page read as other words than those of its own layer, so that the two can be told apart."""
    read = as_read(page, verdict)
    blocks = []
    for block in read.blocks:
        lines = tuple(Line(tuple(replace(w, text=f"{w.text}Ѣ") for w in line.words)) for line in block.lines)
        blocks.append(replace(block, lines=lines))
    return replace(read, blocks=tuple(blocks))


def poppler_picture(pdf: Path, number: int = 1) -> bytes:
    command = ["pdftoppm", "-r", "60", "-f", str(number), "-l", str(number), str(pdf)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_a_sane_layer_is_left_as_it_is(tmp_path: Path) -> None:
    pages = [as_read(page, TextLayer.SANE, Origin.TEXT_LAYER) for page in REPORT.pages]
    corrected = page_with(word("Исправлено", 50, 50, 90, 60, origin=Origin.CORRECTION)).blocks
    pages[0] = replace(pages[0], blocks=pages[0].blocks + corrected)
    pdf = made(tmp_path, REPORT.pdf, *pages)
    for index in range(2):
        assert text_of(pdf, index) == text_of(REPORT.pdf, index)
        assert np.array_equal(rendered(pdf, index), rendered(REPORT.pdf, index))
    with pikepdf.open(pdf) as after, pikepdf.open(io.BytesIO(REPORT.pdf)) as before:
        contents = [[page.Contents.read_bytes() for page in file.pages] for file in (before, after)]
    assert contents[0] == contents[1]


def test_only_recognised_words_are_added_to_a_partly_sane_layer(tmp_path: Path) -> None:
    page = as_read(INVOICE.pages[0], TextLayer.PARTIAL, Origin.TEXT_LAYER)
    stamp = page_with(word("Оплачено", 300, 600, 360, 615), word("05.11.2026", 365, 600, 420, 615)).blocks
    pdf = made(tmp_path, INVOICE.pdf, replace(page, blocks=page.blocks + stamp))
    found = [text for text, _ in found_by_pdfium(pdf)]
    assert sorted(found) == sorted([*(w.text for w in words_of(page)), "Оплачено", "05.11.2026"])
    assert share_found(words_of(Page(1, 1, 1, stamp)), found_by_poppler(pdf)) == 1


def test_a_corrected_word_of_the_pages_own_layer_is_not_doubled(tmp_path: Path) -> None:
    page = as_read(INVOICE.pages[0], TextLayer.PARTIAL, Origin.TEXT_LAYER)
    block = next(block for block in page.blocks if len(block.lines[0].words) > 2)
    first, *others = block.lines[0].words
    line = Line((replace(first, text="Исправлено", origin=Origin.CORRECTION), *others))
    changed = replace(block, lines=(line, *block.lines[1:]))
    rewritten = replace(block, text="Исправлено " + block.text, origin=Origin.CORRECTION)
    alone = replace(block, lines=(Line((first,)),), text="Исправлено", origin=Origin.CORRECTION)
    for corrected in (changed, rewritten, alone):
        blocks = tuple(corrected if other is block else other for other in page.blocks)
        assert "Исправлено" not in text_of(made(tmp_path, INVOICE.pdf, replace(page, blocks=blocks)))


@pytest.mark.parametrize("verdict", sorted(WRONG))
def test_the_text_of_a_wrong_layer_is_not_found_and_stays_visible(tmp_path: Path, verdict: TextLayer) -> None:
    page = relettered(INVOICE.pages[0], verdict)
    pdf = made(tmp_path, INVOICE.pdf, page)
    expected = sorted(w.text for w in words_of(page))
    assert sorted(text for text, _ in found_by_pdfium(pdf)) == expected
    assert sorted(text for text, _ in found_by_poppler(pdf)) == expected
    assert share_found(words_of(page), found_by_pdfium(pdf)) >= 0.98
    assert share_found(words_of(page), found_by_poppler(pdf)) >= 0.98
    assert np.array_equal(rendered(pdf), rendered(INVOICE.pdf))
    (tmp_path / "before.pdf").write_bytes(INVOICE.pdf)
    assert poppler_picture(pdf) == poppler_picture(tmp_path / "before.pdf")


def test_a_page_that_shares_fonts_with_a_wrong_one_keeps_its_text(tmp_path: Path) -> None:
    wrong = relettered(REPORT.pages[0], TextLayer.BROKEN)
    sane = as_read(REPORT.pages[1], TextLayer.SANE, Origin.TEXT_LAYER)
    pdf = made(tmp_path, REPORT.pdf, wrong, sane)
    assert "Archives" not in text_of(pdf, 0).split()
    assert "ArchivesѢ" in text_of(pdf, 0).split()
    assert text_of(pdf, 1) == text_of(REPORT.pdf, 1)


def test_an_invisible_layer_is_taken_out_and_replaced(tmp_path: Path) -> None:
    shot = rasterised(INVOICE, dpi=100)
    first = made(
        tmp_path, scan(shot.pixels, (shot.page.width, shot.page.height)), relettered(shot.page, TextLayer.ABSENT)
    )
    assert "Ѣ" in text_of(first)
    before = rendered(first)
    again = made(tmp_path, first.read_bytes(), as_read(shot.page, TextLayer.BAD_OCR))
    assert "Ѣ" not in text_of(again) + poppler_text(again)
    assert share_found(words_of(shot.page), found_by_pdfium(again)) >= 0.98
    assert np.array_equal(rendered(again), before)
    with pikepdf.open(again) as pdf:
        shown = [op for op in pikepdf.parse_content_stream(pdf.pages[0]) if str(op.operator) == "Tj"]
        assert len(shown) == len(words_of(shot.page))


DRAWN = """\
BT /F 20 Tf 20 250 Td (seen) Tj 3 Tr ( hidden) Tj 0 Tr ( after) Tj ET
q BT /F 20 Tf 3 Tr 1 0 0 1 20 200 Tm (secret) Tj 20 TL (second) ' 2 1 (third) " ET Q
BT /F 20 Tf 20 TL 1 0 0 1 20 120 Tm (plain) Tj (below) ' ET
/Span << /ActualText (replaced) >> BDC BT /F 20 Tf 20 60 Td (glyphs) Tj ET EMC
/Span /Named BDC BT /F 20 Tf 150 60 Td (named) Tj ET EMC
/Form Do
"""


def with_old_text() -> bytes:
    """A page with seen and hidden text, in its content and in a form in a form."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(400, 300)).obj
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    inner = pdf.make_stream(b"BT /F 12 Tf 200 150 Td 3 Tr (nested) Tj 0 Tr 0 -20 Td (shown) Tj ET")
    outer = pdf.make_stream(b"/Inner Do /Outer Do")
    for form in (inner, outer):
        form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 400, 300])})
    inner.Resources = Dictionary(Font=Dictionary(F=font))
    # A form that holds itself, as damaged files have.
    outer.Resources = Dictionary(XObject=Dictionary(Inner=inner, Outer=outer))
    properties = Dictionary(Named=Dictionary(ActualText=String("renamed")))
    page.Resources = Dictionary(Font=Dictionary(F=font), XObject=Dictionary(Form=outer), Properties=properties)
    page.Contents = pdf.make_stream(DRAWN.encode())
    return saved(pdf)


def test_hidden_text_is_dropped_wherever_it_stands(tmp_path: Path) -> None:
    original = with_old_text()
    page = replace(page_with(word("слово", 300, 20, 350, 40)), text_layer=TextLayer.BAD_OCR)
    pdf = made(tmp_path, original, page)
    assert text_of(pdf).split() == ["слово"]
    assert poppler_text(pdf).split() == ["слово"]
    (tmp_path / "before.pdf").write_bytes(original)
    assert np.array_equal(rendered(pdf), rendered(original))
    assert poppler_picture(pdf) == poppler_picture(tmp_path / "before.pdf")
    with pikepdf.open(pdf) as file:
        content = (
            file.pages[0].Contents.read_bytes()
            if not isinstance(file.pages[0].Contents, Array)
            else b"".join(part.read_bytes() for part in file.pages[0].Contents)
        )
        form = file.pages[0].Resources.XObject.Form.Resources.XObject.Inner.read_bytes()
    for gone in (b"secret", b"second", b"third", b"replaced"):
        assert gone not in content
    # It moves the visible text after it, so it stays, with a font that says nothing.
    assert b"hidden" in content
    assert b"nested" not in form
    assert b"shown" in form


def with_composite_font(*, embedded: bool) -> bytes:
    """A page whose text is drawn by glyph numbers, as word processors and browsers write it."""
    data = (FONTS / "DejaVuSans.ttf").read_bytes()
    font = TTFont(io.BytesIO(data))
    glyphs = [font.getGlyphID(font.getBestCmap()[ord(char)]) for char in "Договор"]
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(400, 300)).obj
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name.DejaVuSans, Flags=4, FontBBox=Array([0, -200, 1000, 900]),
        ItalicAngle=0, Ascent=900, Descent=-200, CapHeight=700, StemV=80,
    )  # fmt: skip
    if embedded:
        descriptor.FontFile2 = pdf.make_stream(data, Length1=len(data))
    info = Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0)
    descendant = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.DejaVuSans, CIDSystemInfo=info,
        FontDescriptor=pdf.make_indirect(descriptor), DW=600, CIDToGIDMap=Name.Identity,
    )  # fmt: skip
    pairs = "\n".join(f"<{glyph:04X}> <{ord(char):04X}>" for glyph, char in zip(glyphs, "Дагавар", strict=True))
    names = f"1 begincodespacerange <0000> <FFFF> endcodespacerange 7 beginbfchar\n{pairs}\nendbfchar"
    composite = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.DejaVuSans, Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]), ToUnicode=pdf.make_stream(names.encode()),
    )  # fmt: skip
    # Direct dictionaries: they have no number by which they could be told apart.
    simple = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(Font=Dictionary(A=simple, F=composite))
    codes = "".join(f"{glyph:04X}" for glyph in glyphs)
    page.Contents = pdf.make_stream(f"BT /A 20 Tf 20 150 Td (No) Tj /F 30 Tf 0 50 Td <{codes}> Tj ET".encode())
    return saved(pdf)


@pytest.mark.parametrize("embedded", [True, False])
def test_text_drawn_by_glyph_numbers_is_silenced_if_its_font_is_in_the_file(tmp_path: Path, embedded: bool) -> None:
    original = with_composite_font(embedded=embedded)
    (tmp_path / "before.pdf").write_bytes(original)
    assert "Д" in text_of(original)
    page = replace(page_with(word("Договор", 20, 75, 140, 105)), text_layer=TextLayer.BROKEN)
    pdf = made(tmp_path, original, page)
    assert np.array_equal(rendered(pdf), rendered(original))
    assert poppler_picture(pdf) == poppler_picture(tmp_path / "before.pdf")
    if embedded:
        assert text_of(pdf).split() == ["Договор"]
        assert poppler_text(pdf).split() == ["Договор"]


def test_a_page_that_failed_stays_as_it_is(tmp_path: Path) -> None:
    failed = replace(relettered(REPORT.pages[0], TextLayer.BROKEN), status=PageStatus.FAILED)
    read = relettered(REPORT.pages[1], TextLayer.BROKEN)
    pdf = made(tmp_path, REPORT.pdf, failed, read)
    assert text_of(pdf, 0) == text_of(REPORT.pdf, 0)
    assert "Ѣ" in text_of(pdf, 1)


def blank(tmp_path: Path, *blocks: Block, rotation: int = 0) -> Path:
    paper = np.full((20, 20, 3), 255, np.uint8)
    return made(tmp_path, scan(paper, (400, 300)), Page(1, 400, 300, blocks, rotation=rotation))


def test_a_corrected_block_says_its_text_at_the_places_of_its_words(tmp_path: Path) -> None:
    lines = (
        Line((word("Счот", 50, 40, 80, 50), word("на", 85, 40, 97, 50), word("оплату", 100, 40, 140, 50))),
        Line((word("мусор", 50, 60, 80, 70), word("итого", 90, 60, 120, 70))),
    )
    block = Block("p1-b1", Category.TEXT, Box(50, 40, 140, 70), "Счёт на новую оплату итого", lines,
                  origin=Origin.CORRECTION)  # fmt: skip
    pdf = blank(tmp_path, block)
    assert text_of(pdf).split() == ["Счёт", "на", "новую", "оплату", "итого"]
    corrected = [word("Счёт", 50, 40, 80, 50), word("оплату", 100, 40, 140, 50), word("итого", 90, 60, 120, 70)]
    assert share_found(corrected, found_by_pdfium(pdf)) == 1
    assert share_found(corrected, found_by_poppler(pdf)) == 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_block_without_words_has_its_text_spread_over_its_box(tmp_path: Path, rotation: int) -> None:
    text = "Модель видит только области листа, поэтому слова раскладываются по строкам сами " * 3
    box = Box(40, 30, 360, 120) if rotation % 180 == 0 else Box(40, 30, 130, 290)
    pdf = blank(tmp_path, Block("p1-b1", Category.TEXT, box, text), rotation=rotation)
    assert text_of(pdf).split() == text.split()
    for found in (found_by_pdfium(pdf), found_by_poppler(pdf)):
        inside = box.expanded(1)
        assert all(place.share_inside(inside) > 0.99 for _, place in found)
        # The whole box is used, and lines do not lie on each other.
        assert Box.around(place for _, place in found).share_inside(box) > 0.8
        assert len({round(place.y0 if rotation % 180 == 0 else place.x0) for _, place in found}) > 2


def test_a_table_without_words_has_its_cells_where_they_are(tmp_path: Path) -> None:
    cells = [
        Cell(0, 0, colspan=2, text="Смета"),
        Cell(1, 0, text="Кирпич", box=Box(50, 70, 90, 80)),
        Cell(1, 1, text="12\n14"),
    ]
    table = Table.of_cells(cells)
    block = Block("p1-b1", Category.TABLE, Box(50, 40, 250, 100), table.to_text(), table=table)
    found = dict(found_by_pdfium(blank(tmp_path, block)))
    assert found["Смета"].share_inside(Box(50, 40, 250, 70)) > 0.99
    assert found["Кирпич"].share_inside(Box(49, 69, 91, 81)) > 0.99
    assert found["12"].y1 <= found["14"].y0
    assert found["14"].share_inside(Box(150, 70, 250, 101)) > 0.99


def test_text_is_left_alone_where_only_the_text_layer_was_read(tmp_path: Path) -> None:
    """A page that could not be looked at is read from its layer, sane or not; the layer stays the only one."""
    page = replace(as_read(INVOICE.pages[0], TextLayer.ABSENT, Origin.TEXT_LAYER), status=PageStatus.FALLBACK)
    bare = replace(page, blocks=tuple(replace(block, lines=()) for block in page.blocks))
    for read in (page, bare):
        assert text_of(made(tmp_path, INVOICE.pdf, read)) == text_of(INVOICE.pdf)


def test_a_second_run_over_an_own_result_changes_no_word(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(rasterised(INVOICE, dpi=72).pixels).save(buffer, "PNG", dpi=(72, 72))
    once = made(tmp_path, buffer.getvalue(), as_read(INVOICE.pages[0])).read_bytes()
    again = made(tmp_path, once, as_read(INVOICE.pages[0], TextLayer.SANE, Origin.TEXT_LAYER))
    assert text_of(again) == text_of(once)
