"""The parts of the recognition page that need no page: grids, a page alone, sentences about documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation import messages
from docstation.client import Progress
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Word
from docstation.web import words
from docstation.web.recognise import grids, lone_page, taking
from docstation.web.recognise.queue import line
from docstation.web.recognise.saving import file_name

BOX = Box(0, 0, 10, 10)
SPANNED = Table.of_cells(
    [
        Cell(0, 0, colspan=2, text="head", header=True),
        Cell(1, 0, text="a"),
        Cell(1, 1, text="b"),
    ]
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    messages.use("en")
    yield
    messages.use("en")


def progress(**more: object) -> Progress:
    made = Progress("0650f2c1d35a8b00a1b2c3d4", "scan.pdf", "reading", 3, 12, 0, 0.25, 95.0, 1)
    return replace(made, **more)  # type: ignore[arg-type]


def test_columns_are_named_as_in_sheets() -> None:
    names = grids.headings(703)
    assert names[:2] + names[25:28] + names[701:] == ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]


def test_an_untouched_grid_has_no_change() -> None:
    assert grids.changed_cells(SPANNED, SPANNED.to_rows()) == {}


def test_a_changed_cell_is_named_by_its_place() -> None:
    assert grids.changed_cells(SPANNED, [["head", ""], ["a", "new"]]) == {(1, 1): "new"}


def test_what_is_typed_under_a_span_becomes_the_text_of_its_cell() -> None:
    assert grids.changed_cells(SPANNED, [["head", "other"], ["a", "b"]]) == {(0, 0): "other"}


def test_an_emptied_cell_is_empty_text() -> None:
    assert grids.changed_cells(SPANNED, [["head", None], [None, "b"]]) == {(1, 0): ""}


@given(st.lists(st.lists(st.text(max_size=3), min_size=2, max_size=2), min_size=1, max_size=4))
def test_changes_are_exactly_the_cells_that_differ(rows: list[list[str]]) -> None:
    table = Table.from_rows([["x", "y"]] * len(rows))
    differing = {(r, c): text for r, row in enumerate(rows) for c, text in enumerate(row) if text != "xy"[c]}
    assert grids.changed_cells(table, rows) == differing


def test_a_page_alone_is_markdown_without_running_headers() -> None:
    blocks = (
        Block("p1-b1", Category.PAGE_HEADER, BOX, "running"),
        Block("p1-b2", Category.TITLE, BOX, "Contract", level=1),
        Block("p1-b3", Category.TABLE, BOX, table=Table.from_rows([["a", "b"], ["1", "2"]], header_rows=1)),
    )
    text = lone_page.markdown(Page(1, 100, 100, blocks))
    assert text.startswith("# Contract")
    assert "| a | b |" in text
    assert "running" not in text


def test_an_empty_page_is_empty_markdown() -> None:
    assert lone_page.markdown(Page(3, 100, 100)) == ""


def test_the_json_of_a_page_is_without_its_words() -> None:
    block = Block("p1-b1", Category.TEXT, BOX, "text", lines=(Line((Word("text", BOX),)),))
    (shown,) = json.loads(lone_page.as_json(Page(1, 100, 100, (block,))))["blocks"]
    assert shown["text"] == "text"
    assert not shown.get("lines")


def test_a_document_under_way_says_how_far_it_is_and_how_long_it_takes() -> None:
    assert line(progress()) == "**scan.pdf** · 3 of 12 pages · 2 min left"


def test_a_paused_document_says_so_and_names_failed_pages() -> None:
    assert line(progress(state="paused", failed=2)).endswith("paused · 2 pages failed")


def test_names_of_files_are_not_taken_for_markup() -> None:
    assert "**\\*\\*x\\*\\*.pdf**" in line(progress(name="**x**.pdf"))


def test_spans_of_time_are_told_in_the_largest_units_that_matter() -> None:
    assert [words.span(one) for one in (0.2, 59, 90, 3600, 7500)] == ["1 s", "59 s", "2 min", "1 h 0 min", "2 h 5 min"]


def test_files_are_saved_under_names_that_every_system_takes() -> None:
    assert file_name('a/b:"c".tar.pdf', ".docx") == "a_b__c_.tar.docx"


def test_the_sample_is_there_without_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(taking, "SAMPLES", tmp_path)
    assert taking.sample_file("en").content.startswith(b"%PDF")
