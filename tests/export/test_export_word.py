"""DOCX: python-docx finds the headings, lists, tables and pictures that the document holds."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from export_samples import SOURCE, document_of, element, page_of
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from strategies import documents, hostile_texts, tables
from word_samples import items, spelled, word, word_bytes

from docstation.document.geometry import Box
from docstation.document.model import Category, Document, Page, Picture
from docstation.document.table import Cell, Table
from docstation.export import ExportOptions
from docstation.export.cleaning import one_line
from docstation.export.flow import Piece, flow
from docstation.export.formulas import latex_of
from docstation.export.list_entries import Lists

STYLES = {
    Category.CAPTION: "Caption",
    Category.FOOTNOTE: "footnote text",
    Category.FORMULA: "Formula",
    Category.PAGE_HEADER: "Header",
    Category.PAGE_FOOTER: "Footer",
    Category.PICTURE: "Normal",
    Category.TEXT: "Normal",
    Category.TITLE: "Title",
}


def expected(piece: Piece) -> tuple[str, str] | None:
    """Style and text of the paragraph that a piece becomes; None where it becomes none."""
    text, style = one_line(piece.text), STYLES.get(piece.category, "")
    if piece.category is Category.SECTION_HEADER:
        style = f"Heading {piece.level}"
    elif piece.category is Category.FORMULA:
        text = one_line(latex_of(piece.text))
    elif piece.category is Category.LIST_ITEM and (entry := Lists().add(piece.text, piece.level)):
        text = one_line(entry.item.labelled if entry.paragraph else entry.item.text)
        style = {"bullet": "List Bullet", "number": "List Number", "own": "Normal"}[entry.item.mark]
    return (style, text) if text else None


def cells_of(table: Any) -> Table:
    """The grid that python-docx finds, as a table of the vocabulary."""
    firsts: dict[Any, tuple[int, int]] = {}
    places: dict[Any, set[tuple[int, int]]] = {}
    for r, row in enumerate(table.rows):
        for c, cell in enumerate(row.cells):
            firsts.setdefault(cell._tc, (r, c))
            places.setdefault(cell._tc, set()).add((r, c))
    found = []
    for tc, (r, c) in firsts.items():
        rows, columns = {row for row, _ in places[tc]}, {column for _, column in places[tc]}
        assert len(places[tc]) == len(rows) * len(columns)
        text = "".join(node.text or "" if node.tag == qn("w:t") else "\n" for node in tc.iter(qn("w:t"), qn("w:br")))
        found.append(Cell(r, c, len(rows), len(columns), text))
    return Table(len(table.rows), len(table.columns), tuple(found))


@given(documents(), st.builds(ExportOptions, st.booleans(), st.booleans()))
@settings(max_examples=40, deadline=None)
def test_every_piece_is_found_in_its_style(document: Document, options: ExportOptions) -> None:
    made = word(document, options)
    pieces = [piece for piece in flow(document, options) if isinstance(piece, Piece)]
    paragraphs = [
        # Within an item a paragraph is indented.
        (paragraph.style.name.replace("List Paragraph", "Normal"), one_line(paragraph.text))
        for paragraph in made.paragraphs
        if paragraph.text.strip()
    ]
    assert paragraphs == [found for piece in pieces if piece.table is None and (found := expected(piece))]
    grids = [piece.table for piece in pieces if piece.table is not None]
    assert [spelled(cells_of(table)) for table in made.tables] == [spelled(grid) for grid in grids]
    if options.page_separators:
        assert len(made.sections) == len(document.pages)


@given(tables)
@settings(max_examples=60, deadline=None)
def test_a_table_keeps_every_span_and_fits_the_page(table: Table) -> None:
    made = word(document_of(element(Category.TABLE, "", table=table)))
    found = made.tables[0]
    assert spelled(cells_of(found)) == spelled(table)
    section = made.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    columns = [column.width for column in found.columns]
    assert len(columns) == table.columns
    assert min(columns) > 0
    assert abs(sum(columns) - width) < 635 * 2
    for row in found._tbl.tr_lst:
        assert sum(tc.grid_span for tc in row.tc_lst) == table.columns


@given(documents(text=hostile_texts, max_pages=2), st.text(max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_text_makes_a_readable_file(document: Document, language: str) -> None:
    named = replace(document, source=replace(SOURCE, name="\x00\ud800" + "я" * 300))
    made = word(named, ExportOptions(furniture=True, language=language))
    assert made.core_properties.title == "я" * 255


@given(documents(max_pages=2))
@settings(max_examples=10, deadline=None)
def test_the_same_document_gives_the_same_bytes(document: Document) -> None:
    assert word_bytes(document) == word_bytes(document)


def test_the_bytes_do_not_depend_on_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "p1-1.png").write_bytes(png())
    document = document_of(element(Category.PICTURE, "", picture=Picture("p1-1.png", 40, 20)))
    first = word_bytes(document, pictures=tmp_path)
    later = time.localtime(time.time() + 100_000_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert word_bytes(document, pictures=tmp_path) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "docProps/thumbnail.jpeg" not in archive.namelist()
    properties = docx.Document(io.BytesIO(first)).core_properties
    assert (properties.author, properties.comments, properties.title) == ("", "", SOURCE.name)
    assert properties.created == properties.modified
    assert properties.created.year == 1980


def test_heading_rows_repeat_and_only_they() -> None:
    table = Table.from_rows([["№", "Имя"], ["1", "2"], ["а", "б"]], header_rows=2)
    rows = word(document_of(element(Category.TABLE, "", table=table))).tables[0]._tbl.tr_lst
    assert [bool(list(row.iter(qn("w:tblHeader")))) for row in rows] == [True, True, False]
    only_heading = Table.from_rows([["№", "Имя"]], header_rows=1)
    rows = word(document_of(element(Category.TABLE, "", table=only_heading))).tables[0]._tbl.tr_lst
    assert [bool(list(row.iter(qn("w:tblHeader")))) for row in rows] == [False]


def alignments(table: Table) -> list[list[str | None]]:
    rows = word(document_of(element(Category.TEXT, "Договор"), element(Category.TABLE, "", table=table))).tables[0].rows
    return [[(cell._tc.xpath("./w:p/w:pPr/w:jc/@w:val") or [None])[0] for cell in row.cells] for row in rows]


def test_headings_stand_in_the_middle_and_numbers_at_the_right() -> None:
    rows = [["Товар", "Цена", "ИНН"], ["Сахар", "1 234,50", "7701234567"], ["Соль", "-", "7701234568"]]
    assert alignments(Table.from_rows(rows, header_rows=1)) == [
        ["center"] * 3, [None, "right", None], [None, None, None],
    ]  # fmt: skip


def test_columns_are_as_wide_as_on_the_page() -> None:
    edges = [0, 20, 300, 400]
    table = Table.of_cells(
        Cell(0, n, text="x", box=Box(left, 0, right, 9)) for n, (left, right) in enumerate(itertools.pairwise(edges))
    )
    widths = [
        column.width.pt for column in word(document_of(element(Category.TABLE, "", table=table))).tables[0].columns
    ]
    assert widths[1] > 2 * widths[2] > 4 * widths[0]


def test_a_table_that_word_cannot_hold_comes_in_parts() -> None:
    table = Table.of_cells(
        [Cell(0, 0, colspan=130, text="Шапка"), *(Cell(1, column, text=f"я{column}") for column in range(130))]
    )
    found = [cells_of(part) for part in word(document_of(element(Category.TABLE, "", table=table))).tables]
    assert [part.columns for part in found] == [63, 63, 4]
    assert [cell.text for part in found for cell in part.cells if cell.row == 1] == [f"я{n}" for n in range(130)]
    assert [part.cells[0].colspan for part in found] == [63, 63, 4]


def test_letters_shrink_where_columns_are_many() -> None:
    def size(columns: int) -> float:
        table = Table.from_rows([["x"] * columns])
        made = word(document_of(element(Category.TABLE, "", table=table)))
        return made.tables[0].rows[0].cells[0].paragraphs[0].runs[0].font.size.pt

    assert [size(columns) for columns in (3, 8, 14, 60)] == [10, 9, 7, 5]


def numbering(made: Any) -> list[tuple[str, int, int]]:
    """Of each list item: its text, depth from 0, and the number of its count."""
    found = []
    for paragraph in made.paragraphs:
        if paragraph._p.pPr is not None and (properties := paragraph._p.pPr.numPr) is not None:
            found.append((paragraph.text, properties.ilvl.val, properties.numId.val))
    return found


def start_of(made: Any, count: int) -> int:
    numbers = made.part.numbering_part.element
    (start,) = numbers.xpath(f"./w:num[@w:numId='{count}']/w:lvlOverride/w:startOverride/@w:val")
    return int(start)


def test_lists_are_counted_by_word_as_printed() -> None:
    texts = ("3. три", "4. четыре", "• пункт", "5. пять", "7. семь", "1) раз", "а) своя буква")
    made = word(
        document_of(*items(*texts, levels=(1, 1, 2, 1, 1, 1, 2)), element(Category.TEXT, "И"), *items("1. раз"))
    )
    found = numbering(made)
    assert [(text, depth) for text, depth, _ in found] == [
        ("три", 0), ("четыре", 0), ("пункт", 1), ("пять", 0), ("семь", 0), ("раз", 0), ("раз", 0),
    ]  # fmt: skip
    counts = [count for _, _, count in found]
    assert counts[0] == counts[1] == counts[3]
    assert len(set(counts)) == 5
    assert [start_of(made, counts[n]) for n in (0, 4, 5, 6)] == [3, 7, 1, 1]
    # The schema wants every definition before every count.
    tags = [node.tag for node in made.part.numbering_part.element]
    assert tags == sorted(tags, key=lambda tag: tag == qn("w:num"))


def test_a_paragraph_between_items_ends_their_list() -> None:
    made = word(document_of(*items("1. раз"), element(Category.TEXT, "И"), *items("2. два", "• три", levels=(2, 3))))
    found = numbering(made)
    assert [(text, depth) for text, depth, _ in found] == [("раз", 0), ("два", 0), ("три", 1)]
    assert found[0][2] != found[1][2]
    assert start_of(made, found[1][2]) == 2


def test_lists_are_not_deeper_than_word_has_levels() -> None:
    texts = [f"{n}. пункт" for n in range(1, 13)]
    found = numbering(word(document_of(*items(*texts, levels=tuple(range(1, 13))))))
    assert [depth for _, depth, _ in found] == [*range(9), 8, 8, 8]


def languages(made: Any) -> list[str | None]:
    return [(made_run.xpath("./w:rPr/w:lang/@w:val") or [None])[0] for made_run in made.element.body.iter(qn("w:r"))]


def test_languages_are_marked() -> None:
    document = document_of(element(Category.TEXT, "Русский текст длиннее"), element(Category.TEXT, "English"))
    made = word(document)
    assert made.styles.element.xpath(".//w:docDefaults//w:lang/@w:val") == ["ru-RU"]
    assert languages(made) == [None, "en-US"]
    made = word(document, ExportOptions(language="de-DE"))
    assert made.styles.element.xpath(".//w:docDefaults//w:lang/@w:val") == ["de-DE"]
    assert languages(made) == [None, None]
    assert made.core_properties.language == "de-DE"


def test_fonts_are_named_and_not_left_to_a_theme() -> None:
    made = word(document_of(element(Category.TEXT, "Текст")))
    assert made.styles.element.xpath("//w:rFonts[@w:asciiTheme or @w:hAnsiTheme]") == []
    assert made.styles["Heading 1"].font.name == "Times New Roman"
    assert made.styles["Formula"].font.name == "Cambria Math"


@pytest.mark.parametrize(
    ("page", "size", "orientation"),
    [
        (Page(1, 595, 842), (595, 842), 0),
        (Page(1, 842, 595), (842, 595), 1),
        (Page(1, 842, 595, rotation=90), (595, 842), 0),
        (Page(1, 200, 700), (200, 700), 0),
        (Page(1, 4000, 3000), (1584, 1188), 1),
        (Page(1, 0, 0), (72, 72), 0),
    ],
)
def test_the_paper_is_as_the_first_page(page: Page, size: tuple[int, int], orientation: int) -> None:
    section = word(Document(SOURCE, (page,))).sections[0]
    assert (section.page_width.pt, section.page_height.pt) == size
    assert section.orientation == orientation
    assert section.left_margin.pt <= min(56.7, size[0] / 10)


def test_pages_kept_apart_have_their_own_sizes() -> None:
    pages = (page_of(1, [("А", Category.TEXT)]), page_of(2, []), page_of(3, [("Б", Category.TEXT)], width=1000))
    made = word(Document(SOURCE, pages), ExportOptions(page_separators=True))
    assert [section.page_width.pt for section in made.sections] == [595, 595, 1000]
    assert [[p.text for p in section.iter_inner_content()] for section in made.sections] == [["А", ""], [""], ["Б"]]


def png(width: int = 40, height: int = 20) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(stream, "png")
    return stream.getvalue()


def test_pictures_are_as_large_as_on_the_page_and_never_wider_than_the_text(tmp_path: Path) -> None:
    (tmp_path / "wide.png").write_bytes(png(400, 20))
    (tmp_path / "high.png").write_bytes(png(20, 400))
    cuts = [Picture("wide.png", 400, 20), Picture("wide.png", 400, 20), Picture("high.png", 20, 400)]
    document = document_of(*(element(Category.PICTURE, "надпись", picture=cut) for cut in cuts))
    boxes = [Box(0, 0, 100, 5), Box(0, 0, 590, 30), Box(0, 0, 100, 2000)]
    page = document.pages[0]
    blocks = tuple(replace(block, box=box) for block, box in zip(page.blocks, boxes, strict=True))
    made = word(replace(document, pages=(replace(page, blocks=blocks),)), pictures=tmp_path)
    sizes = [(round(shape.width.pt), round(shape.height.pt)) for shape in made.inline_shapes]
    width = 595 - 2 * 56.7
    assert sizes[0] == (100, 5)
    assert sizes[1] == (round(width), round(width / 20))
    assert sizes[2][1] < 842 - 2 * 56.7
    assert abs(sizes[2][1] - 20 * sizes[2][0]) <= 20
    names = [shape._inline.docPr for shape in made.inline_shapes]
    assert len({name.id for name in names}) == 3
    assert {name.get("descr") for name in names} == {"надпись"}


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", png()[:30], b"\xff\xd8\xff\xe0", b"GIF89a", b"<svg/>"])
def test_a_picture_that_cannot_be_read_leaves_its_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.png").write_bytes(content)
    made = word(document_of(element(Category.PICTURE, "печать", picture=Picture("p.png", 4, 4))), pictures=tmp_path)
    assert [paragraph.text for paragraph in made.paragraphs] == ["печать"]
    assert len(made.inline_shapes) == 0


def test_captions_stay_with_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(png())
    made = word(
        document_of(
            element(Category.CAPTION, "Таблица 1"),
            element(Category.TABLE, "", table=Table.from_rows([["а"]])),
            element(Category.PICTURE, "", picture=Picture("p.png", 4, 4)),
            element(Category.CAPTION, "Рис. 1"),
        ),
        pictures=tmp_path,
    )
    kept = [paragraph.paragraph_format.keep_with_next for paragraph in made.paragraphs]
    assert kept == [True, None, True, None]  # caption, gap after the table, picture, caption


def test_thousands_of_rows_take_seconds() -> None:
    def seconds(rows: int) -> float:
        table = Table.from_rows([[f"ячейка {row} {column}" for column in range(5)] for row in range(rows)])
        document = document_of(element(Category.TABLE, "", table=table))
        start = time.process_time()
        word_bytes(document)
        return time.process_time() - start

    seconds(10)
    few, many = seconds(500), seconds(2000)
    assert many < 8 * max(few, 0.1)
