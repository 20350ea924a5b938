"""What people are told when a file, a folder, a page range, a password or an engine will not do."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from intake_pdfs import pdf, text
from pikepdf import Encryption

from docstation.bootstrap.reader import page_worker
from docstation.cli.formats import READ, READ_BY_OFFICE
from docstation.errors import DocStationError, ExitCode, NoEngine, PageRangeError, PasswordError, UnsupportedFormat
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.intake.ranges import parse_pages
from docstation.intake.sources import Unusable, expand
from docstation.messages import explain


def told(error: DocStationError) -> str:
    return " ".join(explain(error))


def opening(path: Path, password: str | None) -> str:
    with pytest.raises(PasswordError) as caught:
        open_document(path, name=path.name, password=password, limits=Limits())
    assert caught.value.exit_code is ExitCode.PASSWORD
    return told(caught.value)


def refusals(scratch: Path, *specs: Path | str) -> list[str]:
    found = list(expand(specs, limits=Limits(), scratch=scratch))
    assert all(isinstance(item, Unusable) for item in found)
    return [told(item.error) for item in found if isinstance(item, Unusable)]


def test_a_missing_password_is_asked_for_and_a_wrong_one_is_called_wrong(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", text("inside"), encryption=Encryption(owner="owner", user="secret", R=6))
    for missing in (None, ""):
        needed = opening(path, missing)
        assert needed.startswith("a.pdf is protected: a password is needed.")
        assert "--password" in needed
    wrong = opening(path, "Secret")
    assert wrong.startswith("The password given for a.pdf is wrong.")
    assert "Secret" not in wrong


@pytest.mark.parametrize("pages", ["x-y", "1-b", "1,,2", "1-2-3", "--1", "1 0", "all"])
def test_a_page_range_that_is_none_is_not_understood_and_the_grammar_shown(pages: str) -> None:
    with pytest.raises(PageRangeError) as caught:
        parse_pages(pages, 10, name="a.pdf")
    said = told(caught.value)
    assert said.startswith(f"The page range {pages} is not understood.")
    for example, numbers in (("7", (7,)), ("3-5", (3, 4, 5)), ("5-", (5, 6, 7, 8, 9, 10)), ("-2", (9,))):
        assert f" {example} for " in said
        assert parse_pages(example, 10) == numbers


@pytest.mark.parametrize("pages", ["11", "5-3", "0"])
def test_a_page_range_beyond_the_file_is_understood_and_said_to_name_no_page(pages: str) -> None:
    with pytest.raises(PageRangeError, match=f"The page range {pages} names no page of a.pdf"):
        parse_pages(pages, 10, name="a.pdf")


def test_a_folder_and_an_archive_without_a_readable_file_are_not_called_missing(tmp_path: Path, scratch: Path) -> None:
    empty, texts, archive = tmp_path / "empty", tmp_path / "texts", tmp_path / "a.zip"
    empty.mkdir()
    texts.mkdir()
    (texts / "notes.md").write_text("notes")
    with ZipFile(archive, "w") as file:
        file.writestr("notes.md", "notes")
    for place, said in zip((empty, texts, archive), refusals(scratch, empty, texts, archive), strict=True):
        assert said.startswith(f"There is no file in {place} that can be read. Give a PDF,")


def test_a_pattern_is_told_apart_by_whether_it_matches(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "notes.md").write_text("notes")
    matching, none = f"{tmp_path}/*.md", f"{tmp_path}/*.pdf"
    read, missing = refusals(scratch, matching, none)
    assert read.startswith(f"No file that matches {matching} can be read. Give a PDF,")
    assert missing.startswith(f"No such file: {none}.")


def test_what_to_give_instead_is_everything_that_is_read() -> None:
    listed = set(UnsupportedFormat.remedy.replace(",", "").split())
    assert {*READ, *READ_BY_OFFICE, "ZIP"} <= listed


def test_an_engine_that_is_not_there_is_named_and_what_to_choose_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NoEngine) as caught:
        page_worker("dots", ("rus",), Limits())
    said = told(caught.value)
    assert said.startswith("dots cannot read: no model serves.")
    assert "--engine embedded" in said
