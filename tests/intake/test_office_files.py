"""Office files become PDFs by the LibreOffice that is installed, and never by waiting without end."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from intake_offices import docx_file, odt, pptx, xlsx_file
from intake_opening import Open

from docstation.errors import BrokenFile, ExitCode, Interrupted, MissingDependency, TooLarge
from docstation.intake import sniff
from docstation.intake.limits import Limits
from docstation.intake.office import INSTALL, find_office, to_pdf

WORDS = "Договор поставки"


def of_office(scratch: Path) -> list[str]:
    """Command lines of processes that name the scratch folder."""
    lines = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(scratch) in line]


@pytest.mark.parametrize(
    ("make", "media_type"),
    [(docx_file, sniff.DOCX), (xlsx_file, sniff.XLSX), (pptx, sniff.PPTX), (odt, sniff.ODT)],
    ids=["DOCX", "XLSX", "PPTX", "ODT"],
)
def test_office_files_become_pdfs_of_the_same_words(
    tmp_path: Path, scratch: Path, opened: Open, make: Callable[[Path, str], Path], media_type: str
) -> None:
    path = make(tmp_path / "счёт.bin", WORDS)
    assert sniff.media_type(path) == media_type
    made = to_pdf(path, media_type=media_type, name="счёт.bin", scratch=scratch, limits=Limits())
    assert [word.text for word in opened(made).raw(1).layer.words if word.text in WORDS] == WORDS.split()
    assert list(scratch.iterdir()) == [made]
    assert not of_office(scratch)


def test_a_damaged_file_is_broken_and_leaves_nothing(tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", b"\x00 this is no XML <<<")
    with pytest.raises(BrokenFile) as caught:
        to_pdf(path, media_type=sniff.media_type(path), name="a.docx", scratch=scratch, limits=Limits())
    assert caught.value.fields == {"name": "a.docx"}
    assert list(scratch.iterdir()) == []


def test_a_conversion_beyond_its_time_is_killed_with_all_its_processes(tmp_path: Path, scratch: Path) -> None:
    path = docx_file(tmp_path / "a.docx", WORDS)
    limits = Limits(convert_seconds=0.3)
    with pytest.raises(TooLarge, match=r"a\.docx took longer"):
        to_pdf(path, media_type=sniff.DOCX, name="a.docx", scratch=scratch, limits=limits)
    assert not of_office(scratch)
    assert list(scratch.iterdir()) == []


def test_a_conversion_can_be_stopped(tmp_path: Path, scratch: Path) -> None:
    path = docx_file(tmp_path / "a.docx", WORDS)
    seen: list[list[str]] = []

    def stop() -> bool:
        seen.append(of_office(scratch))
        return bool(seen[-1])

    with pytest.raises(Interrupted):
        to_pdf(path, media_type=sniff.DOCX, name="a.docx", scratch=scratch, limits=Limits(), stop=stop)
    assert seen[-1]
    assert not of_office(scratch)
    assert list(scratch.iterdir()) == []


def test_without_libreoffice_the_error_says_how_to_install_it(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_office() is None
    with pytest.raises(MissingDependency) as caught:
        to_pdf(tmp_path / "a.docx", media_type=sniff.DOCX, name="a.docx", scratch=scratch, limits=Limits())
    assert caught.value.exit_code is ExitCode.MISSING
    assert caught.value.fields == {"name": "LibreOffice", "command": INSTALL}
    assert INSTALL.startswith("sudo apt-get install")
    assert list(scratch.iterdir()) == []


def test_either_name_of_the_program_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("libreoffice", "soffice"):
        program = tmp_path / name
        shutil.copy("/bin/true", program)
        assert find_office() == str(program)
    assert os.access(tmp_path / "soffice", os.X_OK)
