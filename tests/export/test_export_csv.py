"""CSV: read back cell by cell, opened by spreadsheets of both languages, and never calculated."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from export_samples import document_of, element
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import hostile_texts, tables

from docstation.document.model import Category, Document
from docstation.document.table import Cell, Table
from docstation.export import ExportInput, ExportOptions, write, write_tables
from docstation.export.cleaning import cleaned


def with_tables(*found: Table, text: str = "Договор поставки") -> Document:
    return document_of(element(Category.TEXT, text), *(element(Category.TABLE, "", table=table) for table in found))


def written(document: Document, options: ExportOptions | None = None) -> str:
    stream = io.BytesIO()
    write(ExportInput(document), "csv", stream, options)
    return stream.getvalue().decode("utf-8")


def read(text: str, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def plain(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cleaned(text).strip() for text in row] for row in texts]


@given(tables)
@settings(max_examples=200, deadline=None)
def test_every_cell_comes_back_at_its_place(table: Table) -> None:
    rows = read(written(with_tables(table)))
    assert [[text.removeprefix("'") for text in row] for row in rows] == [
        [text.removeprefix("'") for text in row] for row in plain(table.to_rows())
    ]


@given(st.lists(st.lists(hostile_texts, min_size=2, max_size=2), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_grid_or_begins_a_formula(rows: list[list[str]]) -> None:
    for row in read(written(with_tables(Table.from_rows(rows)))):
        assert len(row) == 2
        assert not any(text[:1] in ("=", "@") for text in row)


def test_it_is_utf_8_with_a_mark_and_lines_of_its_standard() -> None:
    text = written(with_tables(Table.from_rows([["Имя", 'a"b'], ["в\nг", "x;y"]])))
    assert text == '\ufeffИмя;"a""b"\r\n"в\nг";"x;y"\r\n'


@pytest.mark.parametrize(
    ("text", "rows", "options", "delimiter"),
    [
        ("Договор поставки", [["Model A", "1"]], None, ";"),
        ("Supply agreement", [["Model A", "1"]], None, ","),
        ("Supply agreement", [["Model A", "1"]], ExportOptions(language="ru-RU"), ";"),
        ("Договор", [["Модель", "1"]], ExportOptions(language="en"), ","),
        ("Rechnung", [["Menge", "Preis"], ["1", "3,89"]], None, ";"),
        ("2024", [["1", "2"]], None, ";"),
        ("2024", [["1", "10,5"]], None, ";"),
        ("2024", [["1", "1,234.50"]], None, ","),
        ("2024", [["1", "0.5"]], None, ","),
    ],
)
def test_the_sign_between_cells_is_that_of_the_readers(
    text: str, rows: list[list[str]], options: ExportOptions | None, delimiter: str
) -> None:
    assert read(written(with_tables(Table.from_rows(rows), text=text), options), delimiter) == rows


@pytest.mark.parametrize(
    "text", ["=1+1", "+7 (495) 123-45-67", "-a", "@sum", "＝1", "- пункт", "+1+2", '=HYPERLINK("x";"y")', "\t=1"]
)
def test_what_a_spreadsheet_would_calculate_is_defused(text: str) -> None:
    assert read(written(with_tables(Table.from_rows([[text, "a"]])))) == [["'" + text.strip(), "a"]]


@pytest.mark.parametrize("text", ["-5,0", "-1 234,56", "+2,5 %", "-", "--", "−5", "— нет", "5-6", "(5)", "a=b"])
def test_numbers_and_dashes_stay_as_printed(text: str) -> None:
    assert read(written(with_tables(Table.from_rows([[text, "a"]])))) == [[text, "a"]]


def test_a_merged_text_stands_once_at_its_top_left() -> None:
    table = Table.of_cells([Cell(0, 0, 2, 2, "Итого"), Cell(0, 2, text="1"), Cell(1, 2, text="2")])
    assert written(with_tables(table)) == "\ufeffИтого;;1\r\n;;2\r\n"


def test_a_stream_gets_all_tables_apart_by_an_empty_line() -> None:
    text = written(with_tables(Table.from_rows([["а"], [""]]), Table.from_rows([["б", "в"]])))
    assert text == '\ufeffа\r\n""\r\n\r\nб;в\r\n'
    assert read(text) == [["а"], [""], [], ["б", "в"]]


def test_paths_get_a_file_for_each_table(tmp_path: Path) -> None:
    one, two = Table.from_rows([["а", "1"]]), Table.from_rows([["б", "2"]])
    assert write(ExportInput(with_tables(one, two)), "csv", tmp_path / "x.csv") == (
        tmp_path / "x-1.csv",
        tmp_path / "x-2.csv",
    )
    assert (tmp_path / "x-2.csv").read_text("utf-8-sig") == "б;2\n"
    assert write_tables(with_tables(one), tmp_path / "y.csv") == (tmp_path / "y.csv",)
    assert write(ExportInput(with_tables()), "csv", tmp_path / "z.csv") == ()
    assert not (tmp_path / "z.csv").exists()


LATIN, CYRILLIC, NUMBERS = (
    Table.from_rows([["Model", "Price"], ["A 1", "2"]]),
    Table.from_rows([["Модель", "Цена"], ["Б 1", "2"]]),
    Table.from_rows([["1", "2"], ["0.5", "4"]]),
)


@pytest.mark.parametrize(
    ("text", "language", "delimiter"),
    [
        ("Договор поставки", None, ";"),
        ("Supply agreement, signed by both parties", None, ","),
        ("Договор поставки", "en-US", ","),
        ("Supply agreement, signed by both parties", "ru", ";"),
        ("Supply agreement, signed by both parties", "de-DE", ";"),
        ("Supply agreement, signed by both parties", "nonsense-language", ","),
    ],
)
def test_all_files_of_a_document_have_the_same_sign(
    tmp_path: Path, text: str, language: str | None, delimiter: str
) -> None:
    found = (LATIN, NUMBERS) if text.isascii() else (LATIN, CYRILLIC, NUMBERS)
    document = with_tables(*found, text=text)
    options = ExportOptions(language=language)
    paths = write(ExportInput(document), "csv", tmp_path / "x.csv", options)
    assert [read(path.read_text("utf-8-sig"), delimiter) for path in paths] == [table.to_rows() for table in found]
    alone = write_tables(document, tmp_path / "alone.csv", options=options)
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in paths]


def test_a_file_holds_the_same_bytes_as_a_stream_every_time(tmp_path: Path) -> None:
    document = with_tables(LATIN)
    for path in (tmp_path / "1.csv", tmp_path / "2.csv"):
        write(ExportInput(document), "csv", path)
        assert path.read_bytes() == written(document).encode()
    several = with_tables(LATIN, CYRILLIC)
    paths = write(ExportInput(several), "csv", tmp_path / "x.csv")
    parts = [path.read_bytes().removeprefix(b"\xef\xbb\xbf") for path in paths]
    assert b"\xef\xbb\xbf" + b"\r\n".join(parts) == written(several).encode()


def test_the_name_of_a_file_does_not_choose_its_format(tmp_path: Path) -> None:
    assert write(ExportInput(with_tables(LATIN)), "csv", tmp_path / "table.txt") == (tmp_path / "table.txt",)
    assert (tmp_path / "table.txt").read_text("utf-8-sig") == "Model;Price\nA 1;2\n"


def test_a_stream_without_tables_is_empty() -> None:
    assert written(with_tables()) == ""
