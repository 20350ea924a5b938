from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_zips import zipped

from docstation.errors import BrokenFile, NotFound, TooLarge, UnsupportedFormat
from docstation.intake import sniff
from docstation.intake.limits import Limits
from docstation.intake.sources import SourceFile, Unusable, expand, natural_key

PDF = b"%PDF-1.7\n"
PNG = b"\x89PNG\r\n\x1a\n"

names_of_all_kinds = st.text(st.sampled_from("aЯ.-_01²٣ "), max_size=8)

Expand = Callable[..., list[SourceFile | Unusable]]


@pytest.fixture
def expanded(scratch: Path) -> Expand:
    def run(*specs: object, limits: Limits | None = None, stdin: bytes | None = None) -> list[SourceFile | Unusable]:
        stream = None if stdin is None else io.BytesIO(stdin)
        return list(expand(map(str, specs), limits=limits or Limits(), scratch=scratch, stdin=stream))

    return run


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files, entered, so that names are as people type them."""
    folder = tmp_path / "inbox"
    for name in ("scan10.png", "scan2.png", "Scan1.png", "b/letter.pdf", "b/.draft.pdf", ".trash/old.pdf", "a.pdf"):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(PNG if name.endswith("png") else PDF)
    (folder / "notes.txt").write_text("notes")
    (folder / ".hidden.png").write_bytes(PNG)
    monkeypatch.chdir(folder)
    return folder


def names(found: list[SourceFile | Unusable]) -> list[str]:
    return [item.name for item in found if isinstance(item, SourceFile)]


def errors(found: list[SourceFile | Unusable]) -> list[tuple[str, type]]:
    return [(item.name, type(item.error)) for item in found if isinstance(item, Unusable)]


def test_a_file_comes_out_as_it_was_named(inbox: Path, expanded: Expand) -> None:
    assert expanded("b/letter.pdf") == [SourceFile(Path("b/letter.pdf"), "b/letter.pdf", sniff.PDF)]


def test_files_come_in_the_order_given_and_each_once(inbox: Path, expanded: Expand) -> None:
    (inbox / "link.pdf").symlink_to("a.pdf")
    found = expanded("scan2.png", "./a.pdf", inbox / "a.pdf", "a.pdf", "link.pdf", "Scan1.png", "*.png")
    assert names(found) == ["scan2.png", "./a.pdf", "Scan1.png", "scan10.png"]
    assert errors(found) == []


def test_a_folder_gives_its_readable_files_in_natural_order(inbox: Path, expanded: Expand) -> None:
    found = expanded(inbox)
    assert [Path(name).relative_to(inbox).as_posix() for name in names(found)] == [
        "a.pdf", "b/letter.pdf", "Scan1.png", "scan2.png", "scan10.png",
    ]  # fmt: skip
    assert errors(found) == []
    assert {item.root for item in found if isinstance(item, SourceFile)} == {inbox}


def test_hidden_files_are_read_when_they_are_named(inbox: Path, expanded: Expand) -> None:
    assert names(expanded(".hidden.png", ".trash")) == [".hidden.png", ".trash/old.pdf"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["Scan1.png", "scan2.png", "scan10.png"]),
        ("scan?.png", ["scan2.png"]),
        ("[sS]can1*", ["Scan1.png", "scan10.png"]),
        ("**/*.pdf", ["a.pdf", "b/letter.pdf"]),
        ("*", ["a.pdf", "Scan1.png", "scan2.png", "scan10.png"]),
    ],
)
def test_patterns_match_in_natural_order(inbox: Path, expanded: Expand, pattern: str, expected: list[str]) -> None:
    found = expanded(pattern)
    assert names(found) == expected
    assert errors(found) == []


def test_an_absolute_pattern_and_one_that_goes_up_are_understood(inbox: Path, expanded: Expand) -> None:
    assert names(expanded(f"{inbox}/b/*.pdf")) == [f"{inbox}/b/letter.pdf"]
    os.chdir(inbox / "b")
    assert names(expanded("../*.pdf")) == ["../a.pdf"]


def test_a_name_that_looks_like_a_pattern_is_a_file_first(inbox: Path, expanded: Expand) -> None:
    (inbox / "scan[1].pdf").write_bytes(PDF)
    assert names(expanded("scan[1].pdf")) == ["scan[1].pdf"]


def test_what_cannot_be_read_comes_out_as_unusable_between_the_others(inbox: Path, expanded: Expand) -> None:
    (inbox / "empty.pdf").touch()
    (inbox / "dead.pdf").symlink_to("nowhere")
    os.mkfifo(inbox / "pipe.pdf")
    found = expanded("a.pdf", "missing.pdf", "empty.pdf", "notes.txt", "dead.pdf", "pipe.pdf", "*.doc", "b")
    assert names(found) == ["a.pdf", "b/letter.pdf"]
    assert errors(found) == [
        ("missing.pdf", NotFound),
        ("empty.pdf", BrokenFile),
        ("notes.txt", UnsupportedFormat),
        ("dead.pdf", NotFound),
        ("pipe.pdf", NotFound),
        ("*.doc", NotFound),
    ]
    assert [type(item) for item in found] == [SourceFile, *[Unusable] * 6, SourceFile]


@pytest.mark.parametrize("name", ["x" * 300, "д" * 200 + ".pdf", "a\0b.pdf", "a/" * 3000, "a.pdf/b.pdf"])
def test_an_impossible_name_is_not_found(inbox: Path, expanded: Expand, name: str) -> None:
    found = expanded(name, "a.pdf")
    assert errors(found) == [(name, NotFound)]
    assert names(found) == ["a.pdf"]


def test_a_folder_tells_of_damaged_files_but_not_of_other_kinds(inbox: Path, expanded: Expand) -> None:
    (inbox / "b" / "empty.pdf").touch()
    assert errors(expanded("b")) == [("b/empty.pdf", BrokenFile)]


def test_a_folder_without_a_readable_file_is_said_to_have_none(inbox: Path, expanded: Expand) -> None:
    (inbox / "texts" / "deep").mkdir(parents=True)
    (inbox / "texts" / "deep" / "notes.md").write_text("notes")
    assert errors(expanded("texts")) == [("texts", NotFound)]


def test_a_pattern_whose_files_all_came_out_before_is_no_error(inbox: Path, expanded: Expand) -> None:
    found = expanded("a.pdf", "*.pdf")
    assert (names(found), errors(found)) == (["a.pdf"], [])


def test_a_file_beyond_the_limit_is_refused_unopened(inbox: Path, expanded: Expand) -> None:
    found = expanded("notes.txt", "a.pdf", limits=Limits(file_bytes=4))
    assert errors(found) == [("notes.txt", TooLarge), ("a.pdf", TooLarge)]


def test_standard_input_is_a_file_until_the_caller_goes_on(scratch: Path) -> None:
    found = expand(["-"], limits=Limits(), scratch=scratch, stdin=io.BytesIO(PDF))
    item = next(found)
    assert isinstance(item, SourceFile)
    assert (item.name, item.media_type, item.path.read_bytes()) == ("stdin", sniff.PDF, PDF)
    assert list(found) == []
    assert list(scratch.iterdir()) == []


def test_standard_input_may_be_an_archive_or_unusable(tmp_path: Path, expanded: Expand, scratch: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"letter.pdf": PDF}).read_bytes()
    assert names(expanded("-", stdin=archive)) == ["stdin/letter.pdf"]
    assert errors(expanded("-", stdin=b"")) == [("stdin", BrokenFile)]
    assert errors(expanded("-", stdin=b"text")) == [("stdin", UnsupportedFormat)]
    assert errors(expanded("-", stdin=PDF * 1000, limits=Limits(file_bytes=2000))) == [("stdin", TooLarge)]
    assert errors(expanded("-")) == [("-", NotFound)]
    assert list(scratch.iterdir()) == []


def test_files_are_looked_for_only_when_they_are_asked_for(inbox: Path, scratch: Path) -> None:
    asked: list[str] = []

    def specs() -> Iterator[str]:
        for name in ("a.pdf", "scan2.png"):
            asked.append(name)
            yield name

    found = expand(specs(), limits=Limits(), scratch=scratch)
    next(found)
    assert asked == ["a.pdf"]


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=8), st.sampled_from(["page", "Лист ", ""]))
def test_natural_order_is_that_of_the_numbers(numbers: list[int], stem: str) -> None:
    files = [f"{stem}{number}.png" for number in numbers]
    assert sorted(files, key=natural_key) == [f"{stem}{number}.png" for number in sorted(numbers)]


@given(names_of_all_kinds, names_of_all_kinds)
def test_any_two_names_can_be_put_in_order(one: str, other: str) -> None:
    assert (natural_key(one) < natural_key(other)) == (natural_key(other) > natural_key(one))
