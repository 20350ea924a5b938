from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest
from intake_opening import Open
from intake_pdfs import RUSSIAN, RUSSIAN_BOLD, RUSSIAN_ITALIC, content, hidden_text, pdf, text
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from docstation.document.text import Origin, Word
from docstation.intake.limits import Limits
from docstation.intake.page import TextLayerReading


def layer_of(opened: Open, path: Path, limits: Limits | None = None) -> TextLayerReading:
    return opened(path, limits=limits).raw(1).layer


def words_of(opened: Open, path: Path) -> list[str]:
    return [word.text for word in layer_of(opened, path).words]


def test_a_page_without_text_has_an_empty_layer(tmp_path: Path, opened: Open) -> None:
    assert layer_of(opened, pdf(tmp_path / "a.pdf", lambda canvas: canvas.rect(9, 9, 90, 90))) == TextLayerReading()


def test_words_are_those_that_another_reader_finds(tmp_path: Path, opened: Open) -> None:
    lines = ["Договор поставки № 12/05-к", "от 1 марта 2024 г.", "Total due: 1 234,56 RUB (net)", "e-mail: a.b@c.ru"]

    def draw(canvas: Canvas) -> None:
        for row, line in enumerate(lines):
            text(line, 40, 250 - 20 * row, font=RUSSIAN)(canvas)

    path = pdf(tmp_path / "a.pdf", draw)
    program = shutil.which("pdftotext")
    assert program is not None
    told = subprocess.run([program, "-raw", path, "-"], capture_output=True, check=True, text=True).stdout
    assert words_of(opened, path) == told.split() == " ".join(lines).split()


@pytest.mark.parametrize(
    ("font", "bold", "italic"),
    [
        ("Helvetica", False, False),
        ("Helvetica-Bold", True, False),
        ("Helvetica-Oblique", False, True),
        ("Times-BoldItalic", True, True),
        ("Courier", False, False),
        (RUSSIAN, False, False),
        (RUSSIAN_BOLD, True, False),
        (RUSSIAN_ITALIC, False, True),
    ],
)
def test_fonts_tell_whether_they_are_bold_and_italic(
    tmp_path: Path, opened: Open, font: str, bold: bool, italic: bool
) -> None:
    (word,) = layer_of(opened, pdf(tmp_path / "a.pdf", text("word", font=font, size=17))).words
    assert (word.bold, word.italic, word.font_size) == (bold, italic, 17)
    assert (word.confidence, word.origin) == (1.0, Origin.TEXT_LAYER)


def test_upright_letters_that_are_slanted_by_a_matrix_are_italic_and_keep_their_size(
    tmp_path: Path, opened: Open
) -> None:
    stream = b"BT /F1 1 Tf 14 0 4 14 50 200 Tm (slanted) Tj ET BT /F1 7 Tf 2 0 0 2 50 100 Tm (scaled) Tj ET"
    slanted, scaled = layer_of(opened, pdf(tmp_path / "a.pdf", text("x"), edit=content(stream))).words
    assert (slanted.text, slanted.italic, round(slanted.font_size)) == ("slanted", True, 15)
    assert (scaled.text, scaled.italic, scaled.font_size) == ("scaled", False, 14)


def test_text_that_is_drawn_invisible_is_read_and_told(tmp_path: Path, opened: Open) -> None:
    layer = layer_of(opened, pdf(tmp_path / "a.pdf", hidden_text("read by a scanner")))
    assert [word.text for word in layer.words] == ["read", "by", "a", "scanner"]
    assert layer.invisible


def test_a_few_invisible_words_do_not_make_a_layer_invisible(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        text("a whole line of visible words", 50, 100)(canvas)
        hidden_text("mark")(canvas)

    layer = layer_of(opened, pdf(tmp_path / "a.pdf", draw))
    assert len(layer.words) == 7
    assert not layer.invisible


def test_text_under_the_picture_of_a_page_is_invisible_and_text_over_it_is_not(tmp_path: Path, opened: Open) -> None:
    scan = Image.new("L", (40, 30), 200)

    def under(canvas: Canvas) -> None:
        text("under the scan")(canvas)
        canvas.drawInlineImage(scan, 0, 0, 400, 300)

    def over(canvas: Canvas) -> None:
        canvas.drawInlineImage(scan, 0, 0, 400, 300)
        text("over the scan")(canvas)

    def stamped(canvas: Canvas) -> None:
        text("under a stamp")(canvas)
        canvas.drawInlineImage(scan, 50, 190, 60, 40)

    assert layer_of(opened, pdf(tmp_path / "a.pdf", under)).invisible
    assert not layer_of(opened, pdf(tmp_path / "b.pdf", over)).invisible
    assert not layer_of(opened, pdf(tmp_path / "c.pdf", stamped)).invisible


def without_unicode(document: pikepdf.Pdf) -> None:
    for font in document.pages[0].Resources.Font.values():
        if "/ToUnicode" in font:
            del font["/ToUnicode"]


def test_glyphs_without_a_unicode_value_are_counted(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        text("нечитаемо", 50, 200, font=RUSSIAN)(canvas)  # nine glyphs
        text("all of these are known glyphs", 50, 150)(canvas)  # twenty-four

    whole = layer_of(opened, pdf(tmp_path / "a.pdf", draw))
    broken = layer_of(opened, pdf(tmp_path / "b.pdf", draw, edit=without_unicode))
    only = layer_of(opened, pdf(tmp_path / "c.pdf", text("нечитаемо", font=RUSSIAN), edit=without_unicode))
    assert whole.unmapped_share == 0
    assert broken.unmapped_share == pytest.approx(9 / 33)
    assert only.unmapped_share == 1


@pytest.mark.parametrize(("angle", "turn"), [(0, 0), (90, 90), (180, 180), (270, 270), (10, 0), (-10, 0)])
def test_the_turn_is_that_which_brings_most_of_the_text_upright(
    tmp_path: Path, opened: Open, angle: int, turn: int
) -> None:
    def draw(canvas: Canvas) -> None:
        text("up", 10, 10)(canvas)
        canvas.translate(200, 150)
        canvas.rotate(angle)
        text("the long line", -40, 0)(canvas)

    layer = layer_of(opened, pdf(tmp_path / "a.pdf", draw))
    assert [word.text for word in layer.words] == ["up", "the", "long", "line"]
    assert layer.turn == turn


def test_words_are_parted_by_gaps_and_not_by_kerning_or_wide_setting(tmp_path: Path, opened: Open) -> None:
    stream = (
        b"BT /F1 12 Tf 50 250 Td [(ke) -60 (rn) 40 (ed)] TJ ET BT /F1 12 Tf 50 220 Td (left) Tj 150 0 Td (right) Tj ET "
        b"BT /F1 12 Tf 2 Tc 50 190 Td (spaced) Tj ET BT /F1 12 Tf 0 Tc 50 160 Td (one) Tj 0 -14 Td (two) Tj ET"
    )
    path = pdf(tmp_path / "a.pdf", text("x"), edit=content(stream))
    assert words_of(opened, path) == ["kerned", "left", "right", "spaced", "one", "two"]


def test_hyphens_stay_where_a_line_ends_and_odd_spaces_part_words(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        text("сло\u00adво пере\u00ad", 50, 230, font="DejaVuSans")(canvas)
        text("нос", 50, 215, font="DejaVuSans")(canvas)
        text("ци-", 50, 190, font="DejaVuSans")(canvas)
        text("тата", 50, 175, font="DejaVuSans")(canvas)
        text("не\u00a0делится тон\u2009кий", 50, 150, font="DejaVuSans")(canvas)

    found = words_of(opened, pdf(tmp_path / "a.pdf", draw))
    assert found == ["слово", "пере-", "нос", "ци-", "тата", "не", "делится", "тон", "кий"]


def mapped_to(unicode: str) -> object:
    """Maps the letter A of the first font to `unicode`, hexadecimal."""

    def edit(document: pikepdf.Pdf) -> None:
        table = (
            "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
            f"1 beginbfchar <41> <{unicode}> endbfchar endcmap"
        )
        for font in document.pages[0].Resources.Font.values():
            font.ToUnicode = document.make_stream(table.encode())

    return edit


@pytest.mark.parametrize(
    ("unicode", "word"),
    [
        ("0416", "Ж"),
        ("00660069", "fi"),
        ("FB01", "fi"),
        ("FB04", "ffl"),
        ("04380306", "й"),
        ("D83DDE00", "😀"),
        ("D83D", "\ufffd"),
        ("001B", "\ufffd"),
        ("FFFFFFFF", "\uffff\uffff"),
        ("200F", ""),
    ],
)
def test_whatever_a_font_maps_its_glyphs_to_words_are_proper_text(
    tmp_path: Path, opened: Open, unicode: str, word: str
) -> None:
    found = words_of(opened, pdf(tmp_path / "a.pdf", text("A"), edit=mapped_to(unicode)))
    assert found == ([word] if word else [])
    for item in found:
        item.encode("utf-8")


def test_words_off_the_page_are_left_out_and_those_at_its_edge_are_cut(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        text("outside", -15, 200)(canvas)
        text("gone", 500, 100)(canvas)
        text("below", 50, -40)(canvas)

    (word,) = layer_of(opened, pdf(tmp_path / "a.pdf", draw)).words
    assert word.text == "outside"
    assert word.box.x0 == 0


def test_no_more_characters_are_read_than_the_limit(tmp_path: Path, opened: Open) -> None:
    path = pdf(tmp_path / "a.pdf", text("first second third"))
    words = layer_of(opened, path, Limits(characters=12)).words
    assert [word.text for word in words] == ["first", "second"]


def test_text_inside_a_form_is_found_in_its_place(tmp_path: Path, opened: Open) -> None:
    def edit(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        form = document.make_stream(
            b"BT /F1 10 Tf 5 20 Td (inside) Tj ET", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form,
            BBox=[-10, -10, 200, 100], Matrix=[1, 0, 0, 1, 30, 40], Resources=page.Resources,
        )  # fmt: skip
        page.Resources["/XObject"] = pikepdf.Dictionary(X=form)
        content(b"q 2 0 0 2 10 20 cm /X Do Q")(document)

    (word,) = layer_of(opened, pdf(tmp_path / "a.pdf", text("x"), edit=edit)).words
    # x: 10 + 2 (30 + 5); baseline: 20 + 2 (40 + 20) from below
    assert isinstance(word, Word)
    assert (word.text, word.font_size) == ("inside", 20)
    assert word.box.x0 == pytest.approx(80, abs=2)
    assert word.box.y0 < 300 - 140 < word.box.y1
