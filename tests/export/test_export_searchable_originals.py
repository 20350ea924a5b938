"""Searchable PDF: what is kept of each kind of original, PDF or image, and what happens to unusable ones."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, OutlineItem, String
from PIL import Image, ImageCms
from searchable_samples import (
    as_read,
    document_of,
    found_by_pdfium,
    found_by_poppler,
    made,
    page_with,
    rendered,
    saved,
    share_found,
    text_of,
    word,
)

from docstation.document.model import Page, PageStatus, TextLayer
from docstation.errors import BrokenFile, InputError, NotFound, PasswordError, UnsupportedFormat
from docstation.export import ExportInput, write
from docstation.export.pdf import image_pages
from docstation.export.pdf.jpeg import is_common
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.testing import business
from docstation.testing.degrade import rasterised
from docstation.testing.drawn import words_of

INVOICE = business.draw(business.Kind.INVOICE, 3)
SHOT = rasterised(INVOICE, dpi=72)
TRUTH = as_read(SHOT.page)


def numbered(number: int, text: str) -> Page:
    return replace(page_with(word(text, 50, 40, 120, 52)), number=number)


def book() -> pikepdf.Pdf:
    """Four pages with labels, bookmarks, links, a form field, a layer, metadata and information."""
    pdf = pikepdf.new()
    for _ in range(4):
        pdf.add_blank_page(page_size=(400, 300))
    pdf.Root.PageLabels = Dictionary(
        Nums=Array([0, Dictionary(S=Name.r), 2, Dictionary(S=Name.D, P=String("A-"), St=5)])
    )
    pdf.Root.Lang = String("en-GB")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.docinfo[Name.Title] = "Договор"
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:title"] = "Договор"
    with pdf.open_outline() as outline:
        outline.root.extend([OutlineItem("first", 0), OutlineItem("third", 2)])
    link = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=[10, 10, 50, 50], Dest=Array([pdf.pages[3].obj, Name.Fit])
    )
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("sum"), V=String("15"), Rect=[60, 10, 90, 30]
        )
    )
    field.P = pdf.pages[2].obj
    pdf.pages[2].Annots = Array([pdf.make_indirect(link), field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    return pdf


def titles(pdf: pikepdf.Pdf) -> list[tuple[str, int]]:
    """Bookmarks and the indices of the pages that they lead to."""
    with pdf.open_outline() as outline:
        found = []
        for item in outline.root:
            target = item.destination[0] if item.destination is not None else item.action.D[0]
            found.append((item.title, pikepdf.Page(target).index))
        return found


def test_all_that_belongs_to_the_pages_of_a_pdf_is_kept(tmp_path: Path) -> None:
    path = made(tmp_path, saved(book()), *(numbered(number, f"слово{number}") for number in (1, 2, 3, 4)))
    with pikepdf.open(path) as pdf:
        assert [page.label for page in pdf.pages] == ["i", "ii", "A-5", "A-6"]
        assert titles(pdf) == [("first", 0), ("third", 2)]
        assert pikepdf.Page(pdf.pages[2].Annots[0].Dest[0]).index == 3
        assert str(pdf.Root.AcroForm.Fields[0].V) == "15"
        assert str(pdf.docinfo[Name.Title]) == "Договор"
        assert pdf.check_pdf_syntax() == []
    assert [text_of(path, index).strip() for index in range(4)] == ["слово1", "слово2", "слово3", "слово4"]


def test_of_a_page_range_only_its_pages_are_written(tmp_path: Path) -> None:
    original = book()
    original.pages[0].Contents = original.make_stream(b"% only on the first page")
    path = made(tmp_path, saved(original), numbered(3, "три"), numbered(4, "четыре"))
    assert b"only on the first page" not in path.read_bytes()
    with pikepdf.open(path) as pdf:
        assert [page.label for page in pdf.pages] == ["A-5", "A-6"]
        assert titles(pdf) == [("third", 0)]
        assert pikepdf.Page(pdf.pages[0].Annots[0].Dest[0]).index == 1
        assert str(pdf.Root.AcroForm.Fields[0].V) == "15"
        assert str(pdf.docinfo[Name.Title]) == "Договор"
        assert str(pdf.Root.Lang) == "en-GB"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "Договор"
        assert pdf.check_pdf_syntax() == []
    assert [text_of(path, index).strip() for index in range(2)] == ["три", "четыре"]
    with pikepdf.open(made(tmp_path, saved(original), numbered(2, "два"), numbered(4, "четыре"))) as pdf:
        assert [page.label for page in pdf.pages] == ["ii", "A-6"]


def test_resources_that_pages_share_and_inherit_are_not_changed_for_others(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    for _ in range(2):
        pdf.add_blank_page(page_size=(400, 300))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.Root.Pages.Resources = Dictionary(Font=Dictionary({"/DocStation": font}))
    for page in pdf.pages:
        del page.obj["/Resources"]
        page.Contents = pdf.make_stream(b"BT /DocStation 12 Tf 10 10 Td (shared) Tj ET")
    original = saved(pdf)
    path = made(tmp_path, original, numbered(1, "один"), numbered(2, "два"))
    assert [text_of(path, index).split() for index in (0, 1)] == [["один", "shared"], ["два", "shared"]]
    assert np.array_equal(rendered(path), rendered(original))
    with pikepdf.open(path) as file:
        assert [len(page.Resources.Font) for page in file.pages] == [2, 2]


def test_a_locked_pdf_is_opened_by_its_password_and_written_without(tmp_path: Path) -> None:
    locked = saved(book(), encryption=pikepdf.Encryption(user="секрет", owner="owner", R=6))
    pages = [numbered(number, "слово") for number in (1, 2, 3, 4)]
    for password in (None, "wrong"):
        with pytest.raises(PasswordError):
            made(tmp_path, locked, *pages, password=password)
    path = made(tmp_path, locked, *pages, password="секрет")
    assert text_of(path).strip() == "слово"
    first = path.read_bytes()
    assert made(tmp_path, locked, *pages, password="секрет").read_bytes() == first


@pytest.mark.parametrize("content", [b"%PDF-1.7\n%%EOF", b"%PDF-1.4 " + bytes(2000), b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_a_damaged_original_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BrokenFile):
        made(tmp_path, content, numbered(1, "а"))


def test_originals_that_are_not_there_or_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    item = ExportInput(document_of(numbered(1, "а")), tmp_path / "a.txt")
    with pytest.raises(UnsupportedFormat):
        write(item, "pdf", tmp_path / "out.pdf")
    with pytest.raises(NotFound):
        made(tmp_path, tmp_path / "none.pdf", numbered(1, "а"))


def test_a_pdf_with_fewer_pages_than_were_read_is_not_the_one_that_was_read(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile):
        made(tmp_path, saved(book()), *(numbered(number, "а") for number in range(1, 6)))


BOOK = saved(book(), qdf=True)


@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.integers(0, 255)), min_size=1, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_pdf_ends_in_a_file_or_an_error_of_ours(
    tmp_path: Path, damage: list[tuple[int, int]], part: bool
) -> None:
    content = bytearray(BOOK)
    for place, value in damage:
        content[place] = value
    pages = [replace(numbered(number, "слово"), text_layer=TextLayer.BROKEN) for number in (1, 2, 3, 4)]
    with suppress(InputError):
        made(tmp_path, bytes(content), *(pages[1:] if part else pages))


def picture(mode: str, size: tuple[int, int] = (90, 60)) -> Image.Image:
    """A picture without symmetry, in any of Pillow's modes."""
    width, height = size
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(255, 0, height))
    colours = np.dstack([red, green, np.full_like(red, 90)]).astype(np.uint8)
    colours[:10, :20] = 0
    if mode.startswith("I;16"):
        return Image.fromarray(colours[:, :, 0].astype(np.uint16) * 257)
    made_picture = Image.fromarray(colours).convert(mode)
    if mode in ("RGBA", "LA"):
        made_picture.putalpha(Image.fromarray(colours[:, :, 1]))
    return made_picture


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def intake_view(path: Path, number: int = 1) -> tuple[Page, np.ndarray]:
    """The page that is read: its size with one word on it, and its pixels as shown."""
    with open_document(path, name=path.name, limits=Limits()) as source:
        raw = source.raw(number)
        page = replace(page_with(word("слово", 1, 1, 9, 5), size=(raw.width, raw.height)), number=number)
        return page, source.render(number, source.native_scale(number))


LOSSLESS = [
    ("1", "PNG", "/CCITTFaxDecode"), ("1", "TIFF", "/CCITTFaxDecode"), ("L", "PNG", "/FlateDecode"),
    ("RGB", "PNG", "/FlateDecode"), ("P", "GIF", "/FlateDecode"), ("RGBA", "PNG", "/FlateDecode"),
    ("LA", "PNG", "/FlateDecode"), ("I;16", "PNG", "/FlateDecode"), ("CMYK", "JPEG", "/FlateDecode"),
    ("RGB", "WEBP", "/FlateDecode"), ("RGB", "AVIF", "/FlateDecode"),
    ("RGB", "BMP", "/FlateDecode"), ("RGB", "TIFF", "/FlateDecode"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "kind", "encoding"), LOSSLESS)
def test_a_picture_is_packed_without_loss(tmp_path: Path, mode: str, kind: str, encoding: str) -> None:
    original = tmp_path / "picture"
    original.write_bytes(encoded(picture(mode), kind))
    page, pixels = intake_view(original)
    path = made(tmp_path, original, page)
    assert np.array_equal(rendered(path, scale=90 / page.width), pixels)
    assert text_of(path).strip() == "слово"
    with pikepdf.open(path) as pdf:
        stream = pdf.pages[0].Resources.XObject.Picture
        assert stream.Filter == encoding
        assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_kept_byte_for_byte(tmp_path: Path, mode: str, progressive: bool) -> None:
    original = tmp_path / "picture"
    original.write_bytes(encoded(picture(mode), "JPEG", quality=90, progressive=progressive, dpi=(150, 150)))
    page, pixels = intake_view(original)
    path = made(tmp_path, original, page)
    with pikepdf.open(path) as pdf:
        assert pdf.pages[0].Resources.XObject.Picture.read_raw_bytes() == original.read_bytes()
    assert np.array_equal(rendered(path, scale=90 / page.width), pixels)


def test_only_jpegs_that_every_reader_decodes_are_kept() -> None:
    header = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xff"
    frame = b"\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00"
    assert [is_common(header + bytes([marker]) + frame) for marker in (0xC0, 0xC1, 0xC2)] == [True] * 3
    # Lossless, hierarchical and arithmetic frames; 12 bits; a file that ends before its frame.
    assert not any(is_common(header + bytes([marker]) + frame) for marker in (0xC3, 0xC5, 0xC9, 0xCA))
    assert not is_common(header + b"\xc1" + frame.replace(b"\x08", b"\x0c", 1))
    assert not is_common(header)


def test_a_photo_with_a_second_picture_in_its_file_is_kept(tmp_path: Path) -> None:
    original = tmp_path / "photo.jpg"
    original.write_bytes(encoded(picture("RGB"), "MPO", save_all=True, append_images=[picture("L").convert("RGB")]))
    views = [intake_view(original, number) for number in (1, 2)]
    path = made(tmp_path, original, *(page for page, _ in views))
    for index, (page, pixels) in enumerate(views):
        assert np.array_equal(rendered(path, index, scale=90 / page.width), pixels)
    with pikepdf.open(path) as pdf:
        filters = [page.Resources.XObject.Picture.Filter for page in pdf.pages]
        assert filters == [Name.DCTDecode, Name.FlateDecode]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_is_kept_and_shown_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    original = tmp_path / "picture"
    original.write_bytes(encoded(picture("RGB"), "JPEG", quality=95, exif=exif))
    page, pixels = intake_view(original)
    path = made(tmp_path, original, page)
    with pikepdf.open(path) as pdf:
        assert pdf.pages[0].Resources.XObject.Picture.read_raw_bytes() == original.read_bytes()
    shown = rendered(path, scale=pixels.shape[1] / page.width)
    assert np.abs(shown.astype(int) - pixels).max() <= 2


def test_a_colour_profile_goes_along(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG"):
        original = tmp_path / "picture"
        original.write_bytes(encoded(picture("RGB"), kind, icc_profile=profile))
        with pikepdf.open(made(tmp_path, original, intake_view(original)[0])) as pdf:
            name, stream = pdf.pages[0].Resources.XObject.Picture.ColorSpace
            assert name == Name.ICCBased
            assert stream.read_bytes() == profile
    original.write_bytes(encoded(picture("L"), "JPEG", icc_profile=b"no profile"))
    with pikepdf.open(made(tmp_path, original, intake_view(original)[0])) as pdf:
        assert pdf.pages[0].Resources.XObject.Picture.ColorSpace == Name.DeviceGray


def many_framed() -> bytes:
    """A TIFF of three frames: colour, grey and turned, black and white."""
    frames = [picture("RGB"), picture("L", (60, 80)), picture("1", (50, 40))]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:], dpi=(100, 100))
    return buffer.getvalue()


@pytest.mark.parametrize("part_bytes", [1, image_pages.PART_BYTES])
def test_every_frame_of_a_tiff_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int) -> None:
    monkeypatch.setattr(image_pages, "PART_BYTES", part_bytes)
    original = tmp_path / "fax.tif"
    original.write_bytes(many_framed())
    views = [intake_view(original, number) for number in (1, 2, 3)]
    path = made(tmp_path, original, *(page for page, _ in views))
    for index, (page, pixels) in enumerate(views):
        assert np.array_equal(rendered(path, index, scale=pixels.shape[1] / page.width), pixels)
        assert text_of(path, index).strip() == "слово"
    last = made(tmp_path, original, views[2][0])
    assert np.array_equal(rendered(last, 0, scale=50 / views[2][0].width), views[2][1])
    with pikepdf.open(last) as pdf:
        assert len(pdf.pages) == 1


def test_a_frame_that_cannot_be_decoded_is_an_empty_page_where_it_failed(tmp_path: Path) -> None:
    original = tmp_path / "cut.png"
    whole = encoded(picture("RGB", (400, 300)), "PNG")
    original.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenFile):
        made(tmp_path, original, numbered(1, "слово"))
    path = made(tmp_path, original, replace(numbered(1, "слово"), status=PageStatus.FAILED))
    assert (rendered(path) == 255).all()
    assert text_of(path) == ""


def test_a_pdf_without_content_takes_a_layer(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(Dictionary(Type=Name.Page, MediaBox=[0, 0, 400, 300]))))
    page = page_with(word("слово", 10, 20, 60, 34))
    path = made(tmp_path, saved(pdf), page)
    assert share_found(words_of(page), found_by_pdfium(path)) == 1
    assert share_found(words_of(page), found_by_poppler(path)) == 1
