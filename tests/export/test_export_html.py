"""HTML: a parser finds every piece again, with its text, its place and its spans, and nothing from outside."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import Tag
from export_samples import SOURCE, document_of, element, page_of
from html_samples import html, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from strategies import documents, hostile_texts, tables

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Element, Page, PageStatus, Picture
from docstation.document.table import Cell, Table
from docstation.export import ExportOptions
from docstation.export.cleaning import one_line
from docstation.export.flow import Piece, flow
from docstation.export.formulas import latex_of
from docstation.export.list_entries import Lists

ALLOWED_TAGS = re.compile(
    "html|head|meta|title|style|body|main|section|header|footer|aside|p|span|br|h[1-6]|ul|ol|li|div|figure|figcaption|"
    "img|table|thead|tbody|tr|th|td|math|semantics|annotation|m(row|i|n|o|text|space|style|padded|phantom|enclose|frac|"
    "sqrt|root|sub|sup|subsup|under|over|underover|table|tr|td)"
)
ALLOWED_ATTRIBUTES = re.compile(
    r"data-(page|pages|bbox|boxes|block|category|confidence|width|height|status|rotation)|class|lang|start|rowspan|"
    r"colspan|scope|tabindex|alt|src|width|height|charset|http-equiv|content|name|display|encoding|accent|"
    r"column(align|lines|spacing)|depth|displaystyle|fence|form|largeop|linethickness|lspace|mathsize|mathvariant|"
    r"maxsize|minsize|movablelimits|notation|row(lines|spacing)|rspace|scriptlevel|separator|stretchy|voffset"
)


def expected(piece: Piece, lists: Lists) -> str:
    if piece.category is Category.LIST_ITEM:
        entry = lists.add(piece.text, piece.level)
        return one_line(entry.item.labelled if entry.paragraph else entry.item.text) if entry else ""
    return one_line(latex_of(piece.text) if piece.category is Category.FORMULA else piece.text)


def grid_of(tag: Tag) -> list[tuple[int, int, int, int, str, bool]]:
    return cells_of(Table.from_html(str(tag)))


def cells_of(table: Table) -> list[tuple[int, int, int, int, str, bool]]:
    return [(c.row, c.column, c.rowspan, c.colspan, one_line(c.text), c.header) for c in table.cells]


@given(documents(), st.builds(ExportOptions, st.booleans(), st.booleans()))
@settings(max_examples=120, deadline=None)
def test_every_piece_is_found_by_its_block_with_its_text_and_place(document: Document, options: ExportOptions) -> None:
    _, parsed = html(document, options)
    found = {str(tag["data-block"]): tag for tag in parsed.select("[data-block]")}
    for piece in flow(document, options):
        if not isinstance(piece, Piece):
            continue
        text = expected(piece, Lists())
        block = piece.blocks[0]
        if not text and piece.table is None and piece.category is not Category.PICTURE:
            assert block.id not in found
            continue
        tag = found.pop(block.id)
        if piece.table is None:
            assert shown(tag) == text
        else:
            assert grid_of(tag) == cells_of(piece.table)
        assert tag["data-page"] == str(piece.page)
        assert tag["data-category"] == piece.category.value
        assert [float(edge) for edge in str(tag["data-bbox"]).split()] == [
            block.box.x0, block.box.y0, block.box.x1, block.box.y1,
        ]  # fmt: skip
        assert float(str(tag["data-confidence"])) == block.confidence
    assert found == {}


@given(tables)
@settings(max_examples=200, deadline=None)
def test_a_table_comes_back_with_every_span_and_no_span_leaves_its_row_group(table: Table) -> None:
    _, parsed = html(document_of(element(Category.TABLE, "", table=table)))
    tag = parsed.select_one(".scroll > table")
    assert tag is not None
    assert grid_of(tag) == cells_of(table)
    for group in tag.select("thead, tbody"):
        rows = group.find_all("tr")
        for index, row in enumerate(rows):
            # Browsers cut a cell at the end of its row group.
            assert all(index + int(cell.get("rowspan", 1)) <= len(rows) for cell in row.find_all(["td", "th"]))
    cells = tag.find_all(["td", "th"])
    for cell, made in zip(table.cells, cells, strict=True):
        assert (made.get("data-bbox") is None) == (cell.box is None)
        assert float(made.get("data-confidence", 1)) == cell.confidence


@given(documents(text=hostile_texts, max_pages=2), st.text(max_size=20))
@settings(max_examples=120, deadline=None)
def test_no_text_becomes_markup(document: Document, language: str) -> None:
    source, parsed = html(document, ExportOptions(furniture=True, language=language))
    assert all(ALLOWED_TAGS.fullmatch(tag.name) for tag in parsed.find_all())
    for tag in parsed.find_all():
        assert all(ALLOWED_ATTRIBUTES.fullmatch(name) for name in tag.attrs)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", source)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "&lt;b&gt; &amp; <!-- -->",
        "]]><![CDATA[<b>",
        "\x00<\x00script>\u2028x",
    ],
)
@pytest.mark.parametrize("category", sorted(Category))
def test_hostile_text_is_shown_as_it_is(text: str, category: Category) -> None:
    table = Table.from_rows([[text]]) if category is Category.TABLE else None
    document = document_of(element(category, text, table=table))
    named = replace(document, source=replace(SOURCE, name=text))
    _, parsed = html(named, ExportOptions(furniture=True, page_separators=True, language=text))
    assert all(ALLOWED_TAGS.fullmatch(tag.name) for tag in parsed.find_all())
    assert parsed.title is not None
    assert one_line(parsed.title.get_text()) == one_line(text)
    tag = parsed.select_one("[data-block]")
    assert tag is not None
    assert shown(tag) == one_line(text)


def test_a_hostile_block_id_stays_within_its_attribute() -> None:
    page = page_of(1, [("Текст", Category.TEXT)])
    block = replace(page.blocks[0], id='\x00"><script>\ud800')
    _, parsed = html(Document(SOURCE, (replace(page, blocks=(block,)),)))
    assert [tag["data-block"] for tag in parsed.select("p")] == ['"><script>']


def test_the_file_asks_for_nothing_and_runs_nothing() -> None:
    source, parsed = html(document_of(element(Category.TEXT, "Текст"), element(Category.SECTION_HEADER, "Часть")))
    assert source.startswith("<!DOCTYPE html>\n<html")
    assert parsed.find_all(["script", "link", "iframe", "object", "base"]) == []
    assert "url(" not in source
    assert "@import" not in source
    assert "http" not in source.replace("http-equiv", "")
    policy = parsed.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert isinstance(policy, Tag)
    assert str(policy["content"]).startswith("default-src 'none'")


def test_the_same_document_gives_the_same_bytes() -> None:
    document = document_of(element(Category.TEXT, "Текст"), element(Category.LIST_ITEM, "1. Раз", level=1))
    assert html(document)[0] == html(document)[0]


def joined_paragraph() -> Document:
    pages = (page_of(1, [("Начало", Category.TEXT)]), page_of(2, [("и конец", Category.TEXT)]))
    lower = replace(pages[1].blocks[0], box=Box(1, 2, 3.256, 4), confidence=0.5)
    pages = (pages[0], replace(pages[1], blocks=(lower,)))
    return Document(SOURCE, pages, (Element(Category.TEXT, "Начало и конец", ("p1-b1", "p2-b1"), (1, 2)),))


def test_a_piece_of_several_blocks_carries_all_their_pages_and_boxes() -> None:
    _, parsed = html(joined_paragraph())
    tag = parsed.select_one("main > p")
    assert tag is not None
    assert tag["data-block"] == "p1-b1 p2-b1"
    assert tag["data-page"] == "1"
    assert tag["data-bbox"] == "50 40 500 60"
    assert tag["data-boxes"] == "1:50 40 500 60; 2:1 2 3.26 4"
    assert tag["data-confidence"] == "0.5"
    assert parsed.main is not None
    assert parsed.main["data-pages"] == "1:595 842; 2:595 842"


def test_the_rows_of_a_table_over_pages_say_which_page_their_boxes_are_on() -> None:
    def part(page: int, *rows: Sequence[str]) -> Table:
        boxed = Table.from_rows(rows, header_rows=1)
        return Table.of_cells(
            replace(c, box=Box(c.column * 50, c.row * 10, 50, c.row * 10 + page)) for c in boxed.cells
        )

    parts = [part(1, "АБ", "12", "34"), part(2, "АБ", "12"), part(3, "АБ", "78", "90")]
    blocks = [Block(f"p{n}-b1", Category.TABLE, Box(0, 0, 9, 9), table=table) for n, table in enumerate(parts, 1)]
    whole = parts[0].stacked(parts[1].without_rows(1)).stacked(parts[2].without_rows(1))
    pages = tuple(Page(n, 595, 842, (block,)) for n, block in enumerate(blocks, 1))
    body = (Element(Category.TABLE, "", tuple(block.id for block in blocks), (1, 2, 3), table=whole),)
    _, parsed = html(Document(SOURCE, pages, body))
    assert [row["data-page"] for row in parsed.find_all("tr")] == ["1", "1", "1", "2", "3", "3"]


def test_categories_have_elements_of_their_own() -> None:
    document = document_of(
        element(Category.TITLE, "Договор"),
        element(Category.SECTION_HEADER, "Предмет", level=3),
        element(Category.FORMULA, r"$$a < b$$"),
        element(Category.FOOTNOTE, "¹ сноска"),
        element(Category.CAPTION, "Подпись"),
        furniture=(("Шапка", Category.PAGE_HEADER), ("стр. 1", Category.PAGE_FOOTER)),
    )
    _, parsed = html(document)
    assert [tag.name for tag in parsed.select("main > *")] == ["h1", "h3", "p", "aside", "p"]
    formula = parsed.select_one("p.formula")
    assert formula is not None
    assert shown(formula) == "a < b"
    _, parsed = html(document, ExportOptions(furniture=True))
    assert [tag.name for tag in parsed.select("main > *")] == ["header", "h1", "h3", "p", "aside", "p", "footer"]


def test_pages_are_sections_that_say_their_size() -> None:
    failed = replace(page_of(2, [], status=PageStatus.FAILED), rotation=90)
    document = Document(SOURCE, (page_of(1, [("А", Category.TEXT)]), failed, page_of(3, [("Б", Category.TEXT)])))
    _, parsed = html(document, ExportOptions(page_separators=True))
    sections = parsed.select("main > section.page")
    assert [(tag["data-page"], shown(tag)) for tag in sections] == [("1", "А"), ("2", ""), ("3", "Б")]
    assert [tag.get("data-rotation") for tag in sections] == [None, "90", None]
    assert (sections[1]["data-width"], sections[1]["data-height"]) == ("595", "842")
    assert sections[1]["data-status"] == "failed"


@pytest.mark.parametrize(
    ("texts", "asked", "languages"),
    [
        (("Русский текст с PDF внутри", "English paragraph"), None, ["ru", None, "en"]),
        (("English text", "Слово"), None, ["en", None, "ru"]),
        (("Русский", "English"), "de-DE", ["de-DE", None, None]),
        (("123", "4"), None, [None, None, None]),
    ],
)
def test_languages_are_marked(texts: tuple[str, str], asked: str | None, languages: list[str | None]) -> None:
    _, parsed = html(document_of(*(element(Category.TEXT, text) for text in texts)), ExportOptions(language=asked))
    assert parsed.html is not None
    assert [parsed.html.get("lang"), *(tag.get("lang") for tag in parsed.find_all("p"))] == languages


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 2), "red").save(stream, "png")
    return stream.getvalue()


def test_pictures_are_embedded_with_their_captions(tmp_path: Path) -> None:
    (tmp_path / "p1-1.png").write_bytes(png())
    cut = Picture("p1-1.png", 4, 2)
    document = document_of(
        element(Category.CAPTION, "Таблица 1"),
        element(Category.TABLE, "", table=Table.from_rows([["а"]])),
        element(Category.PICTURE, "надпись", picture=cut),
        element(Category.CAPTION, "Рисунок 1"),
    )
    _, parsed = html(document, pictures=tmp_path)
    figures = parsed.find_all("figure")
    assert [[tag.name for tag in figure.find_all(recursive=False)] for figure in figures] == [
        ["figcaption", "div"],
        ["img", "figcaption"],
    ]
    image = figures[1].img
    assert isinstance(image, Tag)
    assert (image["alt"], image["width"], image["height"]) == ("надпись", "4", "2")
    assert base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,")) == png()
    assert [tag["data-block"] for tag in parsed.find_all("figcaption")] == ["p1-b1", "p1-b4"]


@pytest.mark.parametrize(
    ("before", "caption", "after", "goes_with"),
    [
        (Category.PICTURE, "Рис. 1", Category.TABLE, "picture"),
        (Category.PICTURE, "Таблица 2", Category.TABLE, "table"),
        (Category.PICTURE, "Сводка", Category.TABLE, "table"),
        (Category.PICTURE, "Вид", Category.PICTURE, "picture"),
        (Category.TABLE, "Рис. 2", Category.TEXT, None),
        (Category.TEXT, "Рис. 2", Category.TEXT, None),
    ],
)
def test_a_caption_goes_with_what_it_names(
    before: Category, caption: str, after: Category, goes_with: str | None
) -> None:
    grid = Table.from_rows([["а"]])
    _, parsed = html(
        document_of(
            element(before, "до", table=grid if before is Category.TABLE else None),
            element(Category.CAPTION, caption),
            element(after, "после", table=grid if after is Category.TABLE else None),
        )
    )
    found = parsed.find("figcaption")
    assert ([found.parent["class"]] if found and found.parent else []) == ([[goes_with]] if goes_with else [])


def test_a_table_has_one_caption_and_a_second_is_a_paragraph() -> None:
    _, parsed = html(
        document_of(
            element(Category.CAPTION, "Таблица 1"),
            element(Category.TABLE, "", table=Table.from_rows([["а"]])),
            element(Category.CAPTION, "Единица измерения: руб."),
        )
    )
    assert [shown(tag) for tag in parsed.select("main > figure > figcaption")] == ["Таблица 1"]
    assert [shown(tag) for tag in parsed.select("main > p.caption")] == ["Единица измерения: руб."]


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/b.png", "..", "no.png", "\x00.png", "logo.svg"])
def test_a_picture_that_is_no_plain_image_file_leaves_its_text(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "state"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.png").write_bytes(png())
    (folder / "logo.svg").write_text("<svg onload='alert(1)'/>")
    (tmp_path / "secret.png").write_bytes(png())
    document = document_of(element(Category.PICTURE, "печать", picture=Picture(name, 1, 1)))
    _, parsed = html(document, pictures=folder)
    assert parsed.find_all("img") == []
    assert [shown(tag) for tag in parsed.select("figure > p.missing")] == ["печать"]


def test_numbers_stand_at_the_right_and_codes_do_not() -> None:
    rows = [["Товар", "Цена", "ИНН"], ["Сахар", "1 234,50", "7701234567"], ["Соль", "—", "7701234568"]]
    table = element(Category.TABLE, "", table=Table.from_rows(rows, header_rows=1))
    _, parsed = html(document_of(element(Category.TEXT, "Договор"), table))
    assert [tag.get_text() for tag in parsed.select("td.number")] == ["1 234,50"]
    _, parsed = html(document_of(table, element(Category.TEXT, "x")), ExportOptions(language="en"))
    assert [tag.get_text() for tag in parsed.select("td.number")] == ["1 234,50"]


def test_a_heading_that_reaches_into_the_rows_is_no_group_of_its_own() -> None:
    table = Table.of_cells(
        [Cell(0, 0, rowspan=2, text="а", header=True), Cell(0, 1, text="б", header=True), Cell(1, 1, text="1")]
    )
    _, parsed = html(document_of(element(Category.TABLE, "", table=table)))
    assert parsed.find_all("thead") == []
    assert [tag.get("scope") for tag in parsed.find_all("th")] == ["row", None]
