from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from docstation.cli.naming import Names, clean_stem
from docstation.export import FORMATS


@given(st.text(max_size=300))
def test_stems_are_names_that_every_file_system_takes(text):
    stem = clean_stem(text)
    assert stem
    assert not stem.startswith(".")
    assert not set(stem) & set('<>:"/\\|?*\0\n')
    assert len(stem.encode()) <= 181


def test_a_name_that_is_no_text_gives_a_stem_all_the_same():
    assert clean_stem(b"scan-\xff\xfe".decode(errors="surrogateescape")) == "scan-_"


@given(st.lists(st.sampled_from(["a.pdf", "A.png", "a-1.pdf", "a-2.jpg", "x/a.pdf", "a.2.pdf", "a.docling.pdf"])))
def test_no_two_files_share_a_result(names):
    given_out = Names(Path("nowhere"), list(FORMATS))
    stems = [given_out.stem(name) for name in names]
    files = [f"{stem}{made.suffix}".casefold() for stem in stems for made in FORMATS.values()]
    numbered = {f"{stem}-{number}.csv".casefold() for stem in stems for number in (1, 2)}
    assert len(set(files)) == len(files)
    assert not numbered & set(files)


def test_an_input_is_never_overwritten(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    names = Names(tmp_path, ["pdf"], [str(tmp_path / "a.pdf")])
    assert names.stem(str(tmp_path / "a.pdf")) == "a.2"


def test_names_do_not_depend_on_earlier_results(tmp_path):
    (tmp_path / "a.md").write_text("earlier")
    assert Names(tmp_path, ["md"], ["a.pdf"]).stem("a.pdf") == "a"
