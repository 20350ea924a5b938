from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_pdfs import pdf, text
from intake_zips import ENCRYPTED, claiming, flagged, linked, scribbled, zipped

from docstation.errors import BrokenFile, DocStationError, NotFound, PasswordError, TooLarge, UnsupportedFormat
from docstation.intake.archives import members, shown_name
from docstation.intake.limits import Limits
from docstation.intake.sources import SourceFile, Unusable, expand

PDF = b"%PDF-1.7\n" + bytes(range(256))
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]

Told = tuple[str, bytes | type[DocStationError]]
Unpack = Callable[..., list[Told]]


@pytest.fixture
def unpacked(scratch: Path) -> Unpack:
    """What comes out of an archive: names, each with the bytes or the kind of error."""

    def run(path: Path, limits: Limits | None = None) -> list[Told]:
        return [
            (item.name, type(item.error) if isinstance(item, Unusable) else item.path.read_bytes())
            for item in expand([path], limits=limits or Limits(), scratch=scratch)
        ]

    return run


@pytest.mark.parametrize("method", METHODS)
def test_members_come_out_whole_in_the_order_of_the_directory(tmp_path: Path, unpacked: Unpack, method: int) -> None:
    letter = pdf(tmp_path / "letter.pdf", text("letter")).read_bytes()
    path = zipped(tmp_path / "in.zip", {"z/deep/letter.pdf": letter, "Папка/скан.pdf": PDF, "a.pdf": PDF}, method)
    assert unpacked(path) == [
        (f"{path}/z/deep/letter.pdf", letter),
        (f"{path}/Папка/скан.pdf", PDF),
        (f"{path}/a.pdf", PDF),
    ]


def test_a_member_is_gone_when_the_caller_goes_on(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.pdf": PDF, "b.pdf": PDF})
    for item in expand([path], limits=Limits(), scratch=scratch):
        assert isinstance(item, SourceFile)
        assert list(scratch.iterdir()) == [item.path]
        assert item.root == path
    assert list(scratch.iterdir()) == []


def test_a_caller_that_stops_early_leaves_nothing_behind(tmp_path: Path, scratch: Path) -> None:
    found = expand([zipped(tmp_path / "in.zip", {"a.pdf": PDF, "b.pdf": PDF})], limits=Limits(), scratch=scratch)
    next(found)
    found.close()
    assert list(scratch.iterdir()) == []


def test_folders_links_hidden_and_other_files_are_passed_over(tmp_path: Path, unpacked: Unpack) -> None:
    link, target = linked("link.pdf", "%PDF-1.7/../../etc/passwd")
    path = zipped(
        tmp_path / "in.zip",
        {
            **dict.fromkeys(["folder/", "windows\\"], b""),
            **dict.fromkeys([".hidden.pdf", "b/.git/c.pdf", "b\\.d.pdf", "__MACOSX/a.pdf"], PDF),
            link: target,
            "read.me": b"x",
            "a.pdf": PDF,
        },
    )
    assert unpacked(path) == [(f"{path}/a.pdf", PDF)]


def test_an_archive_of_other_files_only_holds_nothing(tmp_path: Path, unpacked: Unpack) -> None:
    path = zipped(tmp_path / "in.zip", {"read.me": b"x"})
    assert unpacked(path) == [(str(path), NotFound)]
    empty = zipped(tmp_path / "empty.zip", {})
    assert unpacked(empty) == [(str(empty), NotFound)]


def test_an_archive_inside_an_archive_is_told_and_the_others_go_on(tmp_path: Path, unpacked: Unpack) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.pdf": PDF}).read_bytes()
    path = zipped(tmp_path / "in.zip", {"inner.zip": inner, "empty.pdf": b"", "a.pdf": PDF})
    assert unpacked(path) == [
        (f"{path}/inner.zip", UnsupportedFormat),
        (f"{path}/empty.pdf", BrokenFile),
        (f"{path}/a.pdf", PDF),
    ]


def test_an_archive_named_twice_is_unpacked_once(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.pdf": PDF})
    found = list(expand([path, tmp_path, path], limits=Limits(), scratch=scratch))
    assert [item.name for item in found] == [f"{path}/a.pdf"]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("../../etc/cron.d/job.pdf", "etc/cron.d/job.pdf"),
        ("/etc/job.pdf", "etc/job.pdf"),
        ("a/../../b.pdf", "a/b.pdf"),
        ("..\\..\\windows\\job.pdf", "windows/job.pdf"),
        ("a\\b.pdf", "a/b.pdf"),
        ("a/./b.pdf", "a/b.pdf"),
        ("счёт\x1b[2J\n.pdf", "счёт_[2J_.pdf"),
        ("gpj.\u202efdp.pdf", "gpj._fdp.pdf"),
    ],
)
def test_no_name_climbs_out_or_reaches_the_terminal(
    tmp_path: Path, unpacked: Unpack, scratch: Path, stored: str, shown: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    path = zipped(tmp_path / "in.zip", {stored: PDF})
    assert unpacked(path) == [(f"{path}/{shown}", PDF)]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path])


@given(st.text(min_size=1, max_size=20).filter(lambda name: "\0" not in name), st.booleans())
def test_a_shown_name_is_always_printable_and_relative(name: str, utf8: bool) -> None:
    info = zipfile.ZipInfo(name)
    info.flag_bits = 0x800 if utf8 else 0
    shown = shown_name(info)
    assert shown.isprintable()
    assert not Path(shown).is_absolute()
    assert ".." not in Path(shown).parts


@pytest.mark.parametrize("encoding", ["cp866", "utf-8"])
def test_russian_names_of_old_packers_are_readable(encoding: str) -> None:
    info = zipfile.ZipInfo("Акт сверки.pdf".encode(encoding).decode("cp437"))
    assert shown_name(info) == "Акт сверки.pdf"


def test_a_bomb_is_refused_and_the_others_go_on(tmp_path: Path, unpacked: Unpack, scratch: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"bomb.pdf": bytes(8 << 20), "a.pdf": PDF})
    assert unpacked(path) == [(f"{path}/bomb.pdf", TooLarge), (f"{path}/a.pdf", PDF)]


def test_small_members_may_be_packed_as_tightly_as_they_like(tmp_path: Path, unpacked: Unpack) -> None:
    blank = b"%PDF-1.7\n" + bytes(900_000)
    path = zipped(tmp_path / "in.zip", {"blank.pdf": blank})
    assert unpacked(path) == [(f"{path}/blank.pdf", blank)]


def test_a_member_beyond_the_limit_of_a_file_is_refused(tmp_path: Path, unpacked: Unpack, scratch: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"big.pdf": PDF * 20, "a.pdf": PDF}, zipfile.ZIP_STORED)
    limits = Limits(file_bytes=path.stat().st_size, archive_ratio=1.0)
    assert unpacked(path, limits)[0][1] == PDF * 20
    found = list(members(path, name="in.zip", limits=Limits(file_bytes=len(PDF) * 10), scratch=scratch))
    assert [type(member.outcome) for member in found] == [TooLarge, type(scratch / "any")]


@pytest.mark.parametrize("limits", [Limits(archive_members=3), Limits(archive_bytes=4 * len(PDF) - 1)])
def test_an_archive_beyond_the_limits_is_refused_as_a_whole(tmp_path: Path, unpacked: Unpack, limits: Limits) -> None:
    path = zipped(tmp_path / "in.zip", {f"{n}.pdf": PDF for n in range(4)})
    assert unpacked(path, limits) == [(str(path), TooLarge)]


@pytest.mark.parametrize("claimed", [1, 600])
def test_a_directory_that_lies_about_sizes_is_found_out(tmp_path: Path, unpacked: Unpack, claimed: int) -> None:
    path = claiming(zipped(tmp_path / "in.zip", {"a.pdf": PDF * 3}), claimed)
    assert unpacked(path) == [(f"{path}/a.pdf", BrokenFile)]


def test_a_locked_archive_says_so(tmp_path: Path, unpacked: Unpack) -> None:
    path = flagged(zipped(tmp_path / "in.zip", {"a.pdf": PDF}), ENCRYPTED)
    assert unpacked(path) == [(str(path), PasswordError)]


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_member_does_not_stop_the_others(tmp_path: Path, unpacked: Unpack, method: int) -> None:
    path = zipped(tmp_path / "in.zip", {"bad.pdf": PDF * 4, "a.pdf": PDF}, method)
    assert unpacked(scribbled(path, "bad.pdf")) == [(f"{path}/bad.pdf", BrokenFile), (f"{path}/a.pdf", PDF)]


def test_a_truncated_archive_is_broken(tmp_path: Path, unpacked: Unpack) -> None:
    path = zipped(tmp_path / "in.zip", {"a.pdf": PDF})
    path.write_bytes(path.read_bytes()[:-40])
    assert unpacked(path) == [(str(path), BrokenFile)]


@settings(deadline=None)
@given(st.data())
def test_a_damaged_archive_gives_files_or_typed_errors_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = zipped(
        folder / "in.zip", {"a.pdf": PDF, "mimetype": b"application/zip"}, data.draw(st.sampled_from(METHODS))
    )
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    for item in expand([path], limits=Limits(), scratch=folder):
        assert isinstance(item, SourceFile | Unusable)
