"""Excel workbooks: read again by openpyxl and by LibreOffice, cell by cell, merge by merge, value by value."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from bs4 import BeautifulSoup
from export_samples import document_of, element
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from strategies import hostile_texts, tables

from docstation.document.model import Category, Document
from docstation.document.table import Cell, Table
from docstation.export import ExportInput, ExportOptions, write
from docstation.export.cleaning import cleaned
from docstation.export.named_tables import DocumentTables, NamedTable
from docstation.export.sheets import workbook, write_tables
from docstation.export.sheets.names import MAX_NAME, cut
from docstation.export.values.conventions import Conventions, conventions_of
from docstation.export.values.typed_values import corrected, typed_values

RUSSIAN_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>ru-RU</value></prop></item>
</oor:items>
"""  # noqa: E501
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"

PRINTED = [
    "1 234,56", "1 234 567,89 руб.", "-5,0", "−5,0", "(123,00)", "12,5 %", "100%", "+2,5", "0,125", "12345", "500 ₽",
    "05.03.2024", "5.3.2024", "5 марта 2024 г.", "2024-03-05", "March 5, 2024", "05/03/2024", "$12,50",
]  # fmt: skip
"""Texts of which each must be a value, and show in a Russian program as it is printed."""


def named(*found: Table, title: str = "") -> list[NamedTable]:
    return [NamedTable(title, table, (1,)) for table in found]


def bytes_of(found: Sequence[NamedTable]) -> bytes:
    """A workbook of these tables alone, which tell their readers' habits together."""
    stream = io.BytesIO()
    texts = (text for one in found for text in (one.title, *(cell.text for cell in one.table.cells)))
    told = corrected(conventions_of(texts), (one.table for one in found))
    write_tables(DocumentTables(tuple(found), told), stream)
    return stream.getvalue()


def workbook_of(found: Sequence[NamedTable]) -> Workbook:
    return load_workbook(io.BytesIO(bytes_of(found)))


def sheet_of(table: Table) -> Worksheet:
    return workbook_of(named(table)).worksheets[0]


def exported(document: Document, options: ExportOptions | None = None) -> Workbook:
    stream = io.BytesIO()
    write(ExportInput(document), "xlsx", stream, options)
    return load_workbook(stream)


def spans_of(table: Table) -> set[tuple[int, int, int, int]]:
    """Rows and columns, first and last, from 1, of all cells that cover more than one position."""
    return {
        (cell.row + 1, cell.column + 1, cell.row + cell.rowspan, cell.column + cell.colspan)
        for cell in table.cells
        if cell.rowspan * cell.colspan > 1
    }


def shown(text: str) -> str:
    """What a reader of XML gets of a cell's text."""
    return re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", cleaned(text).strip())


@given(tables)
@settings(max_examples=80, deadline=None)
def test_every_cell_stands_at_its_place_and_every_merge_is_kept(table: Table) -> None:
    sheet = sheet_of(table)
    assert {(r.min_row, r.min_col, r.max_row, r.max_col) for r in sheet.merged_cells.ranges} == spans_of(table)
    for cell in table.cells:
        found = sheet.cell(cell.row + 1, cell.column + 1)
        if isinstance(found.value, str) or found.value is None:
            assert (found.value or "") == shown(cell.text)
        else:
            assert any(map(str.isdigit, cell.text))


@given(st.lists(st.lists(hostile_texts, min_size=2, max_size=3), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_any_text_is_written_as_text(rows: list[list[str]]) -> None:
    sheet = sheet_of(Table.from_rows(rows))
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert all(cell.data_type in "sn" for row in sheet.iter_rows() for cell in row)
    assert set(texts) <= {shown(text) for row in rows for text in row}


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("x")', "+7 (495) 123-45-67", "-x", "@sum", "#N/A", "#REF!", "="])
def test_nothing_is_a_formula_or_an_error(text: str) -> None:
    found = sheet_of(Table.from_rows([[text]])).cell(1, 1)
    assert (found.value, found.data_type, found.quotePrefix) == (text, "s", text[0] != "#")


def test_what_looks_like_an_escape_is_escaped() -> None:
    assert sheet_of(Table.from_rows([["_x0041_ _xyz_"]])).cell(1, 1).value == "_x005F_x0041_ _xyz_"


def test_numbers_and_dates_are_values_with_their_format() -> None:
    table = Table.from_rows([["Дата", "Сумма, руб.", "ИНН"], ["05.03.2024", "1 234,50", "7701234567"]], header_rows=1)
    day, amount, code = (sheet_of(table).cell(2, column) for column in (1, 2, 3))
    assert (day.value, day.number_format) == (datetime(2024, 3, 5), "dd.mm.yyyy")
    assert (amount.value, amount.number_format) == (1234.5, "#,##0.00")
    assert (code.value, code.data_type) == ("7701234567", "s")


def test_headings_are_bold_frozen_and_repeated_on_paper() -> None:
    rows = [["Товар", "2023"], ["1", "2"], ["Сахар", "15"]]
    sheet = sheet_of(Table.from_rows(rows, header_rows=2))
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A3", "$1:$2")
    assert [sheet.cell(row, 1).font.bold for row in (1, 2, 3)] == [True, True, False]
    assert sheet.cell(1, 2).value == "2023"
    assert sheet_of(Table.from_rows(rows)).freeze_panes is None
    assert sheet_of(Table.from_rows(rows, header_rows=3)).freeze_panes is None


def test_every_position_has_borders_covered_ones_too() -> None:
    table = Table.of_cells([Cell(0, 0, 2, 2, "а"), Cell(0, 2, text="б"), Cell(1, 2, text="1,5"), Cell(2, 0, text="=")])
    with zipfile.ZipFile(io.BytesIO(bytes_of(named(table)))) as archive:
        sheet = etree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        styles = etree.fromstring(archive.read("xl/styles.xml"))
    looks = styles.findall("{*}cellXfs/{*}xf")
    cells = list(sheet.iter("{*}c"))
    assert len(cells) == 9
    assert all(looks[int(cell.get("s", "0"))].get("borderId") != "0" for cell in cells)


def test_columns_fit_their_texts_and_texts_wrap() -> None:
    sheet = sheet_of(Table.from_rows([["а", "сорок", "Очень длинное название " * 5]]))
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths[0] == 5 < widths[1] < 10
    assert widths[2] == 60
    assert sheet.cell(1, 3).alignment.wrap_text


def test_a_row_with_a_long_merged_text_is_high_enough() -> None:
    sheet = sheet_of(Table.of_cells([Cell(0, 0, 1, 2, "слово " * 10), Cell(1, 0, text="а"), Cell(1, 1, text="б")]))
    assert sheet.row_dimensions[1].height >= 6 * 15
    assert sheet.row_dimensions[2].height is None


def test_a_row_is_as_high_as_its_texts_need_whether_or_not_programs_fit_it() -> None:
    long = "слово " * 20
    rows = [[long, "а"], ["б", "в"], ["одна\nдве", "г"]]
    sheet = sheet_of(Table.from_rows(rows))
    assert [sheet.row_dimensions[row].height for row in (1, 2, 3)] == [30, None, 30]
    tall = Table.of_cells([Cell(0, 0, 2, 1, "а\nб\nв\nг"), Cell(0, 1, text="1"), Cell(1, 1, text="2")])
    assert [sheet_of(tall).row_dimensions[row].height for row in (1, 2)] == [None, 45]


def test_wide_tables_lie_on_the_paper() -> None:
    assert sheet_of(Table.from_rows([["а"] * 30])).page_setup.orientation == "landscape"
    assert sheet_of(Table.from_rows([["а"] * 3])).page_setup.orientation is None
    assert sheet_of(Table.from_rows([["а"] * 3])).page_setup.paperSize == 9


def test_sheets_are_named_after_captions() -> None:
    one = Table.from_rows([["а"]])
    document = document_of(
        element(Category.CAPTION, "Таблица 1: [Состав] и/или цены"),
        element(Category.TABLE, "", table=one),
        element(Category.TABLE, "", table=one),
        element(Category.CAPTION, "ТАБЛИЦА 1 состав И или цены"),
        element(Category.TABLE, "", table=one),
        element(Category.TEXT, "конец"),
    )
    titles = exported(document).sheetnames
    assert titles[0] == "Таблица 1 Состав и или цены"
    assert len({title.casefold() for title in titles}) == 3


@pytest.mark.parametrize(("text", "title"), [("Договор", "Таблица 2"), ("Agreement", "Table 2"), ("2024", "Table 2")])
def test_a_table_without_a_caption_is_numbered_in_the_documents_language(text: str, title: str) -> None:
    table = Table.from_rows([[text]])
    assert workbook_of([*named(table, title="a"), *named(table)]).sheetnames == ["a", title]


@given(
    st.lists(st.one_of(hostile_texts, st.sampled_from(["History", "a" * 40, "'x'", "😀" * 20, "a" * 31])), max_size=6)
)
@settings(max_examples=80, deadline=None)
def test_names_of_sheets_are_such_as_programs_take(titles: list[str]) -> None:
    found = [NamedTable(title, Table.from_rows([["x"]]), (1,)) for title in [*titles, "x"]]
    names = workbook_of(found).sheetnames
    assert len({name.casefold() for name in names}) == len(found)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) <= 2 * MAX_NAME
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]|^'|'$", name)
        assert name.casefold() != "history"


def test_the_whole_caption_is_printed_above_the_sheet() -> None:
    title = "Таблица 1 — Показатели работы предприятия & его филиалов за отчётный период"
    sheet = workbook_of(named(Table.from_rows([["x"]]), title=title)).worksheets[0]
    assert sheet.oddHeader.center.text == title.replace("&", "&&")


@pytest.mark.parametrize(
    ("text", "language", "title", "rows"),
    [
        ("Договор", None, "Нет таблиц", ["В документе нет таблиц."]),
        ("Agreement", None, "No tables", ["There are no tables in the document."]),
        ("Agreement", "ru-RU", "Нет таблиц", ["В документе нет таблиц."]),
        ("2024", None, "No tables", ["В документе нет таблиц.", "There are no tables in the document."]),
    ],
)
def test_a_document_without_tables_gives_a_sheet_that_says_so(
    text: str, language: str | None, title: str, rows: list[str]
) -> None:
    workbook = exported(document_of(element(Category.TEXT, text)), ExportOptions(language=language))
    assert workbook.sheetnames == [title]
    assert [row[0].value for row in workbook.worksheets[0].iter_rows()] == rows


def test_what_a_sheet_cannot_hold_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_COLUMNS", 20)
    sheet = sheet_of(Table.of_cells([Cell(0, 0, 1, 19, "а"), Cell(0, 19, 1, 9, "б"), Cell(0, 28, text="в")]))
    assert (sheet.max_column, sheet.cell(1, 20).value) == (20, "б")
    assert sheet_of(Table.from_rows([["ж" * 40_000]])).cell(1, 1).value == "ж" * 32_767
    assert cut("😀😀", 3) == "😀"


def test_the_same_tables_give_the_same_bytes_in_every_process_and_at_every_time() -> None:
    source = (
        "import sys, io; from docstation.document.table import Cell, Table;"
        "from docstation.export.named_tables import DocumentTables, NamedTable; from docstation.export.values import "
        "Conventions; from docstation.export.sheets import write_tables;"
        "t = Table.of_cells([Cell(0, 0, 2, 2, 'а'), Cell(2, 0, 1, 2, '1 234,50'), Cell(0, 2, 3, 1, '05.03.2024')]);"
        "s = io.BytesIO();"
        "write_tables(DocumentTables((NamedTable('т', t, (1,)),) * 2, Conventions()), s);"
        "sys.stdout.buffer.write(s.getvalue())"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", source],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Vladivostok"))
    ]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert str(date.today().year).encode() not in archive.read("docProps/core.xml")


@dataclass(frozen=True)
class Converted:
    """A workbook after its way through LibreOffice: as OpenDocument, and as HTML of a Russian program."""

    found: list[NamedTable]
    sheets: list[etree._Element]
    html: BeautifulSoup


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("office")
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(RUSSIAN_PROFILE, "utf-8")
    found = [*named(*span_tables()), *named(printed_table()), *named(hostile_table())]
    (folder / "book.xlsx").write_bytes(bytes_of(found))
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed"
    for kind in ("ods", "html"):
        command = [program, "--headless", f"-env:UserInstallation={profile.parent.as_uri()}", "--convert-to", kind]
        subprocess.run(
            [*command, "--outdir", folder, folder / "book.xlsx"], check=True, capture_output=True, timeout=60
        )
    with zipfile.ZipFile(folder / "book.ods") as archive:
        content = etree.fromstring(archive.read("content.xml"))
    html = BeautifulSoup((folder / "book.html").read_text("utf-8"), "lxml")
    return Converted(found, content.findall(f".//{{{TABLE}}}table"), html)


def span_tables() -> list[Table]:
    return [
        Table.of_cells(
            [Cell(0, 0, 2, 1, "а", True), Cell(0, 1, 1, 3, "б", True), Cell(1, 1, 1, 2, "в"), Cell(2, 0, 1, 4)]
        ),
        Table.of_cells([Cell(0, 0, 3, 2, "1 234,5"), Cell(3, 1, 2, 2, "05.03.2024"), Cell(0, 2, 2, 2, "=1+1")]),
        Table.of_cells([Cell(row, 2 * column, 1, 2, f"{row}-{column}") for row in range(5) for column in range(3)]),
    ]


def printed_table() -> Table:
    return Table.from_rows([[f"Показатель {index}", text] for index, text in enumerate(PRINTED)])


def hostile_table() -> Table:
    return Table.from_rows([["=1+1", "+7 (916) 1", "-a", "@x", "#N/A", "_x0041_", "a\nb", "<b>&amp;", "007"]])


def positions(sheet: etree._Element) -> Iterator[tuple[int, int, etree._Element]]:
    """The cells of a sheet with their row and column from 1; repeated ones once, at their first place."""
    row_number = 1
    for row in sheet.iter(f"{{{TABLE}}}table-row"):
        column = 1
        for cell in row:
            yield row_number, column, cell
            column += int(cell.get(f"{{{TABLE}}}number-columns-repeated", "1"))
        row_number += int(row.get(f"{{{TABLE}}}number-rows-repeated", "1"))


def test_libreoffice_finds_every_merged_cell(converted: Converted) -> None:
    assert len(converted.sheets) == len(converted.found)
    for sheet, expected in zip(converted.sheets, converted.found, strict=True):
        spans = set()
        for row, column, cell in positions(sheet):
            height = int(cell.get(f"{{{TABLE}}}number-rows-spanned", "1"))
            width = int(cell.get(f"{{{TABLE}}}number-columns-spanned", "1"))
            if height * width > 1:
                spans.add((row, column, row + height - 1, column + width - 1))
        assert spans == spans_of(expected.table)


def test_libreoffice_finds_every_value_and_no_formula(converted: Converted) -> None:
    conventions = Conventions(",", True)
    for sheet, expected in zip(converted.sheets, converted.found, strict=True):
        typed = {
            (row + 1, column + 1): value.value
            for (row, column), value in typed_values(expected.table, conventions).items()
        }
        cells = {(row, column): cell for row, column, cell in positions(sheet)}
        assert not any(cell.get(f"{{{TABLE}}}formula") for cell in cells.values())
        assert {place for place, cell in cells.items() if value_of(cell) is not None} == set(typed)
        for place, value in typed.items():
            assert value_of(cells[place]) == (value.isoformat() if isinstance(value, date) else float(value))


def value_of(cell: etree._Element) -> float | str | None:
    """A number or a date of OpenDocument, None for texts."""
    attributes: Mapping[str, str] = cell.attrib
    if day := attributes.get(f"{{{OFFICE}}}date-value"):
        return day
    number = attributes.get(f"{{{OFFICE}}}value")
    return float(number) if number is not None else None


def test_libreoffice_shows_values_as_they_were_printed(converted: Converted) -> None:
    rows = [row for row in converted.html.find_all("tr") if row.get_text().strip().startswith("Показатель")]
    found = [row.find_all("td")[1] for row in rows]
    assert all(cell.get("sdval") for cell in found)
    assert [" ".join(cell.get_text().split()) for cell in found] == PRINTED


def test_libreoffice_shows_texts_as_they_are(converted: Converted) -> None:
    expected = [cell.text for cell in hostile_table().cells]
    texts = [
        "\n".join("".join(line.itertext()) for line in cell.iter(f"{{{TEXT}}}p"))
        for row, column, cell in positions(converted.sheets[-1])
        if row == 1 and column <= len(expected)
    ]
    assert texts == expected
