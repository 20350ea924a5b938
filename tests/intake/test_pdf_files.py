from __future__ import annotations

from pathlib import Path

import numpy as np
import pikepdf
import pytest
from intake_opening import Open
from intake_pdfs import content, keys, pdf, text
from pikepdf import Array, Dictionary, Encryption, Name
from reportlab.pdfgen.canvas import Canvas

from docstation.errors import (
    BrokenFile,
    DocStationError,
    ExitCode,
    NotFound,
    PasswordError,
    TooLarge,
    UnsupportedFormat,
)
from docstation.intake.limits import Limits
from docstation.intake.opening import FactsReader, FactsRequest, FileFacts
from docstation.intake.sniff import PDF


def first_word(opened: Open, path: Path, **how: object) -> str:
    return opened(path, **how).raw(1).layer.words[0].text


@pytest.mark.parametrize(
    "encryption",
    [
        Encryption(owner="owner", user="secret", R=2, aes=False, metadata=False),
        Encryption(owner="owner", user="secret", R=3, aes=False, metadata=False),
        Encryption(owner="owner", user="secret", R=4),
        Encryption(owner="owner", user="secret", R=6),
    ],
    ids=["RC4 40", "RC4 128", "AES 128", "AES 256"],
)
def test_a_locked_file_opens_with_either_password_only(tmp_path: Path, opened: Open, encryption: Encryption) -> None:
    path = pdf(tmp_path / "a.pdf", text("inside"), encryption=encryption)
    for wrong in (None, "", "Secret"):
        with pytest.raises(PasswordError) as caught:
            opened(path, password=wrong)
        assert caught.value.exit_code is ExitCode.PASSWORD
        assert caught.value.fields == {"name": "a.pdf"}
    assert first_word(opened, path, password="secret") == "inside"
    assert first_word(opened, path, password="owner") == "inside"


def test_a_russian_password_opens_and_a_superfluous_one_does_no_harm(tmp_path: Path, opened: Open) -> None:
    locked = pdf(tmp_path / "a.pdf", text("inside"), encryption=Encryption(owner="o", user="пароль", R=6))
    assert first_word(opened, locked, password="пароль") == "inside"
    assert first_word(opened, pdf(tmp_path / "b.pdf", text("open")), password="пароль") == "open"


def test_a_file_that_may_only_not_be_printed_needs_no_password(tmp_path: Path, opened: Open) -> None:
    path = pdf(tmp_path / "a.pdf", text("inside"), encryption=Encryption(owner="owner", user="", R=6))
    assert first_word(opened, path) == "inside"


def test_the_user_unit_of_a_locked_file_is_read_too(tmp_path: Path, opened: Open) -> None:
    lock = Encryption(owner="owner", user="secret", R=6)
    path = pdf(tmp_path / "a.pdf", text("inside"), edit=keys(UserUnit=2), encryption=lock)
    assert opened(path, password="secret").raw(1).width == 800


def no_page(document: pikepdf.Pdf) -> None:
    del document.pages[0]


def test_a_file_without_a_page_is_broken_even_after_a_locked_one(tmp_path: Path, opened: Open) -> None:
    empty = pdf(tmp_path / "empty.pdf", text("x"), edit=no_page)
    locked = pdf(tmp_path / "locked.pdf", text("x"), encryption=Encryption(owner="o", user="secret", R=6))
    for path, kind in ((empty, BrokenFile), (locked, PasswordError), (empty, BrokenFile)):
        with pytest.raises(DocStationError) as caught:
            opened(path)
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    "damaged",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF",
        b"a letter that mentions %PDF-1.7 in its text",
    ],
)
def test_what_only_begins_like_a_pdf_is_broken(tmp_path: Path, opened: Open, damaged: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(damaged)
    with pytest.raises(BrokenFile) as caught:
        opened(path)
    assert caught.value.fields == {"name": "a.pdf"}


def test_a_file_that_lost_its_index_is_still_read(tmp_path: Path, opened: Open) -> None:
    path = pdf(tmp_path / "a.pdf", text("recovered"))
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"xref\n")])
    assert first_word(opened, path) == "recovered"


def test_junk_before_the_header_and_after_the_end_does_no_harm(tmp_path: Path, opened: Open) -> None:
    path = pdf(tmp_path / "a.pdf", text("inside"))
    path.write_bytes(b"\r\n--boundary\r\n" + path.read_bytes() + b"\r\n--boundary--" + bytes(900))
    assert first_word(opened, path) == "inside"


def test_a_damaged_page_does_not_take_the_others_with_it(tmp_path: Path, opened: Open) -> None:
    def lose_second(document: pikepdf.Pdf) -> None:
        document.pages[1].obj.Type = Name("/Lost")

    source = opened(pdf(tmp_path / "a.pdf", text("there"), pages=3, edit=lose_second))
    assert source.page_count == 3
    for number in (1, 3, 1):
        assert source.raw(number).layer.words[0].text == "there"
    with pytest.raises(BrokenFile, match=r"Page 2 of a\.pdf"):
        source.raw(2)
    with pytest.raises(BrokenFile, match=r"Page 2 of a\.pdf"):
        source.render(2, 1.0)


def test_a_page_of_nonsense_is_an_empty_page(tmp_path: Path, opened: Open) -> None:
    stream = b"q Q Q Q BT (((( Tj 1 0 0 rg ET \xff\xfe <zz> Tj 9e99 w 0 0 m 1e30 1e30 l S /None Do"
    source = opened(pdf(tmp_path / "a.pdf", text("x"), edit=content(stream)))
    assert source.raw(1).layer.words == ()
    assert source.render(1, 1.0).shape == (300, 400, 3)


def test_more_pages_than_allowed_are_refused(tmp_path: Path, opened: Open) -> None:
    path = pdf(tmp_path / "a.pdf", text("x"), pages=4)
    assert opened(path, limits=Limits(pages=4)).page_count == 4
    with pytest.raises(TooLarge, match="more than 3 pages"):
        opened(path, limits=Limits(pages=3))


def darkest(pixels: np.ndarray, x0: int, y0: int, x1: int, y1: int) -> int:
    return int(pixels[y0:y1, x0:x1].min())


def filled(canvas: Canvas) -> None:
    canvas.acroForm.textfield(name="name", x=50, y=200, width=150, height=20, value="IVANOV", borderWidth=0)
    canvas.acroForm.checkbox(name="agreed", x=50, y=150, checked=True, borderWidth=0)


def without_appearance(document: pikepdf.Pdf) -> None:
    for field in document.pages[0].Annots:
        if str(field.FT) == "/Tx":
            del field["/AP"]
    document.Root.AcroForm.NeedAppearances = True


@pytest.mark.parametrize("edit", [lambda document: None, without_appearance], ids=["drawn", "to be drawn"])
def test_what_was_filled_into_a_form_is_drawn_on_white(tmp_path: Path, opened: Open, edit: object) -> None:
    pixels = opened(pdf(tmp_path / "a.pdf", filled, edit=edit)).render(1, 1.0)
    assert darkest(pixels, 52, 84, 100, 96) < 90  # the name
    assert darkest(pixels, 52, 132, 68, 148) < 90  # the tick
    assert darkest(pixels, 300, 10, 390, 290) == 255


def test_stamps_and_marks_of_reviewers_are_drawn(tmp_path: Path, opened: Open) -> None:
    def edit(document: pikepdf.Pdf) -> None:
        look = document.make_stream(
            b"1 0 0 rg 0 0 100 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 100, 20]
        )
        marks = [
            Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=[50, 50, 150, 70], F=4, AP=Dictionary(N=look)),
            Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=[250, 50, 350, 70], F=2, AP=Dictionary(N=look)),
        ]
        document.pages[0].Annots = Array([document.make_indirect(mark) for mark in marks])

    pixels = opened(pdf(tmp_path / "a.pdf", text("x"), edit=edit)).render(1, 1.0)
    assert pixels[240, 100].tolist() == [255, 0, 0]
    assert pixels[240, 300].tolist() == [255, 255, 255]  # hidden


def test_a_raster_is_rgb_of_its_own_on_white(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(0, 0.2, 1)
        canvas.rect(0, 0, 200, 300, stroke=0, fill=1)

    source = opened(pdf(tmp_path / "a.pdf", draw))
    pixels = source.render(1, 1.0)
    assert pixels[150, 100].tolist() == [0, 51, 255]
    assert pixels[150, 300].tolist() == [255, 255, 255]
    kept = pixels.copy()
    source.render(1, 2.0)
    assert np.array_equal(pixels, kept)
    pixels[:] = 0  # writable


def test_the_facts_of_a_file_are_its_kind_and_its_pages(tmp_path: Path) -> None:
    reader = FactsReader(Limits())
    lock = Encryption(owner="o", user="secret", R=6)
    path = pdf(tmp_path / "a.png", text("x"), pages=3, encryption=lock)
    assert reader(FactsRequest(path, "a.png", "secret")) == FileFacts(PDF, 3)
    with pytest.raises(PasswordError):
        reader(FactsRequest(path, "a.png"))
    with pytest.raises(NotFound):
        reader(FactsRequest(tmp_path / "missing.pdf", "missing.pdf"))
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(UnsupportedFormat):
        reader(FactsRequest(tmp_path / "a.txt", "a.txt"))
