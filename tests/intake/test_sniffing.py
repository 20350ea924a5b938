from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest
from intake_offices import odt, pptx
from intake_pdfs import pdf, text
from intake_pictures import HEIC, quarters, saved
from intake_zips import zipped

from docstation.errors import BrokenFile, DocStationError, NotFound, PasswordError, UnsupportedFormat
from docstation.intake import sniff
from docstation.intake.sniff import media_type


@pytest.mark.parametrize(
    ("format", "options", "found"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("MPO", {}, "image/jpeg"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("BMP", {}, "image/bmp"),
        ("GIF", {}, "image/gif"),
        ("TIFF", {}, "image/tiff"),
        ("TIFF", {"big_tiff": True}, "image/tiff"),
        ("AVIF", {}, "image/avif"),
        ("PDF", {}, sniff.PDF),
    ],
)
def test_pictures_are_known_by_content_whatever_their_name(
    tmp_path: Path, format: str, options: dict[str, bool], found: str
) -> None:
    assert media_type(saved(quarters(), tmp_path / "scan.docx", format=format, **options)) == found


def test_heic_is_known_by_its_brand(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(HEIC)
    assert media_type(path) == "image/heic"


def test_a_film_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "clip.heic"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + bytes(100))
    with pytest.raises(UnsupportedFormat):
        media_type(path)


@pytest.mark.parametrize("junk", [b"", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"])
def test_a_pdf_is_known_under_a_wrong_name_and_behind_junk(tmp_path: Path, junk: bytes) -> None:
    path = pdf(tmp_path / "letter.txt", text("letter"))
    path.write_bytes(junk + path.read_bytes())
    assert media_type(path) == sniff.PDF


def test_office_files_are_told_from_plain_archives(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.zip"))
    openpyxl.Workbook().save(tmp_path / "b.zip")
    plain = zipped(tmp_path / "c.docx", {"scan.pdf": b"%PDF-1.7", "word/notes.txt": b"x"})
    assert media_type(tmp_path / "a.zip") == sniff.DOCX
    assert media_type(tmp_path / "b.zip") == sniff.XLSX
    assert media_type(pptx(tmp_path / "d.zip", "slide")) == sniff.PPTX
    assert media_type(odt(tmp_path / "e.zip", "page")) == sniff.ODT
    assert media_type(plain) == sniff.ZIP
    assert media_type(zipped(tmp_path / "empty.pdf", {})) == sniff.ZIP


def test_an_archive_that_stores_a_pdf_unpacked_is_an_archive(tmp_path: Path) -> None:
    letter = pdf(tmp_path / "letter.pdf", text("letter")).read_bytes()
    assert media_type(zipped(tmp_path / "a.zip", {"letter.pdf": letter}, zipfile.ZIP_STORED)) == sniff.ZIP


@pytest.mark.parametrize("kind", ["text", "application/zip", "application/vnd.oasis.opendocument.graphics"])
def test_an_archive_that_declares_another_type_is_an_archive(tmp_path: Path, kind: str) -> None:
    assert media_type(zipped(tmp_path / "a.odt", {"mimetype": kind.encode()})) == sniff.ZIP


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", BrokenFile),
        (b"PK\x03\x04" + bytes(200), BrokenFile),
        ("Договор № 5 от 1 марта".encode(), UnsupportedFormat),
        (b"BM is the start of this sentence, not of a picture", UnsupportedFormat),
        (b"<html><body>page</body></html>", UnsupportedFormat),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", UnsupportedFormat),
        (b"\x7fELF" + bytes(60), UnsupportedFormat),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), UnsupportedFormat),
        (b"%", UnsupportedFormat),
    ],
)
def test_what_is_not_read_is_refused_with_its_name(tmp_path: Path, content: bytes, kind: type[DocStationError]) -> None:
    path = tmp_path / "file.pdf"
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        media_type(path, name="shown.pdf")
    assert type(caught.value) is kind
    assert caught.value.fields["name"] == "shown.pdf"


@pytest.mark.parametrize("before", [512, 3 << 20])
def test_an_office_file_locked_with_a_password_is_told_from_an_old_one(tmp_path: Path, before: int) -> None:
    path = tmp_path / "locked.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(before) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(PasswordError):
        media_type(path)


def test_a_locked_opendocument_file_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(PasswordError):
        media_type(odt(tmp_path / "locked.odt", "x", locked=True))


def test_what_is_not_there_or_is_no_file_is_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pdf", tmp_path):
        with pytest.raises(NotFound):
            media_type(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_declaration_of_the_type_is_a_broken_file(tmp_path: Path, compression: int) -> None:
    path = zipped(tmp_path / "a.odt", {"mimetype": sniff.ODT.encode() * 3}, compression)
    data = bytearray(path.read_bytes())
    start = data.index(b"mimetype") + len("mimetype")
    data[start : start + 12] = b"\xff" * 12
    path.write_bytes(data)
    with pytest.raises(BrokenFile):
        media_type(path)
