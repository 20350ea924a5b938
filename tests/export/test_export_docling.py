"""Docling's JSON: loaded by docling itself, walked, chunked and written as Markdown again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from docling_core.types.doc.base import BoundingBox
from docling_core.types.doc.common.content_layer import ContentLayer
from docling_core.types.doc.document import DoclingDocument
from docling_core.types.doc.items.node import DocItem
from docling_core.types.doc.items.table.table import TableItem
from docling_core.types.doc.items.text import ListItem, SectionHeaderItem, TextItem
from docling_core.types.doc.labels import DocItemLabel
from export_samples import HEIGHT, SOURCE, WIDTH, document_of, element, page_of
from hypothesis import given, settings
from strategies import documents, hostile_texts, tables

from docstation.document.geometry import Box
from docstation.document.model import Category, Document, Element, Page, Picture
from docstation.document.table import Cell, Table
from docstation.export import ExportInput, ExportOptions, write
from docstation.export.cleaning import cleaned


def written(document: Document, options: ExportOptions | None = None) -> bytes:
    stream = io.BytesIO()
    write(ExportInput(document), "docling", stream, options)
    return stream.getvalue()


def loaded(document: Document) -> DoclingDocument:
    made = DoclingDocument.model_validate_json(written(document))
    made._validate_rules()
    return made


def walk(made: DoclingDocument, *layers: ContentLayer) -> list[DocItem]:
    found = made.iterate_items(included_content_layers=set(layers) or None, traverse_pictures=True)
    return [item for item, _ in found if isinstance(item, DocItem)]


def outline(made: DoclingDocument) -> list[tuple[str, str]]:
    return [(item.label.value, item.text if isinstance(item, TextItem) else "") for item in walk(made)]


def items_of(*texts: str, levels: tuple[int, ...]) -> list[Element]:
    return [element(Category.LIST_ITEM, text, level=level) for text, level in zip(texts, levels, strict=True)]


def bounds(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.l, box.t, box.r, box.b


SAMPLE = document_of(
    element(Category.TITLE, "Договор поставки", level=1),
    element(Category.SECTION_HEADER, "1. Предмет", level=2),
    element(Category.TEXT, "Поставщик обязуется."),
    element(Category.SECTION_HEADER, "1.1. Товар", level=3),
    *items_of("1) раз", "— два", "2) три", levels=(1, 2, 1)),
    element(Category.CAPTION, "Таблица 1 — Цены"),
    element(Category.TABLE, "", table=Table.from_rows([["Товар", "Цена"], ["Сахар", "1 234,50"]], header_rows=1)),
    element(Category.PICTURE, "М.П.", picture=Picture("p1-1.png", 90, 90)),
    element(Category.CAPTION, "Рис. 1. Печать"),
    element(Category.FORMULA, "$$E = mc^2$$"),
    element(Category.FOOTNOTE, "1 Без НДС."),
    furniture=(("Колонтитул", Category.PAGE_HEADER), ("стр. 1", Category.PAGE_FOOTER)),
)


def test_the_body_is_walked_in_order_with_its_labels() -> None:
    assert outline(loaded(SAMPLE)) == [
        ("title", "Договор поставки"), ("section_header", "1. Предмет"), ("text", "Поставщик обязуется."),
        ("section_header", "1.1. Товар"), ("list_item", "раз"), ("list_item", "два"), ("list_item", "три"),
        ("table", ""), ("caption", "Таблица 1 — Цены"), ("picture", ""), ("caption", "Рис. 1. Печать"),
        ("text", "М.П."), ("formula", "E = mc^2"), ("footnote", "1 Без НДС."),
    ]  # fmt: skip


def test_headers_and_footers_stand_in_the_furniture_layer_only() -> None:
    made = loaded(SAMPLE)
    furniture = [item for item in walk(made, ContentLayer.FURNITURE) if isinstance(item, TextItem)]
    assert [(item.label, item.text) for item in furniture] == [
        (DocItemLabel.PAGE_HEADER, "Колонтитул"),
        (DocItemLabel.PAGE_FOOTER, "стр. 1"),
    ]
    assert "Колонтитул" not in made.export_to_markdown()


@pytest.mark.parametrize(
    ("levels", "expected"), [((2, 3, 2), [1, 2, 1]), ((1, 2, 3), [1, 2, 3]), ((3, 4, 3), [2, 3, 2])]
)
def test_levels_of_headings_count_below_the_title(levels: tuple[int, ...], expected: list[int]) -> None:
    made = loaded(document_of(*(element(Category.SECTION_HEADER, f"Раздел {n}", level=n) for n in levels)))
    assert [item.level for item in walk(made) if isinstance(item, SectionHeaderItem)] == expected


def test_lists_nest_and_keep_their_numbers() -> None:
    made = loaded(SAMPLE)
    found = [item for item in walk(made) if isinstance(item, ListItem)]
    assert [(item.text, item.marker, item.enumerated, item.orig) for item in found] == [
        ("раз", "1)", True, "1) раз"),
        ("два", "-", False, "— два"),
        ("три", "2)", True, "2) три"),
    ]
    assert "- 1) раз\n    - два\n- 2) три" in made.export_to_markdown()


def test_a_running_header_does_not_part_a_list() -> None:
    pages = tuple(
        page_of(number, [("Колонтитул", Category.PAGE_HEADER), (f"{number}) пункт", Category.LIST_ITEM)])
        for number in (1, 2)
    )
    body = tuple(Element(Category.LIST_ITEM, f"{number}) пункт", (f"p{number}-b2",), (number,), 1) for number in (1, 2))
    made = loaded(Document(SOURCE, pages, body))
    assert len(made.groups) == 1
    assert len(made.groups[0].children) == 2


def test_captions_belong_to_their_table_or_picture() -> None:
    made = loaded(SAMPLE)
    assert made.tables[0].caption_text(made) == "Таблица 1 — Цены"
    assert made.pictures[0].caption_text(made) == "Рис. 1. Печать"
    assert made.export_to_markdown().count("Таблица 1") == 1


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("TcT", [None, "подпись"]),  # above a table by custom
        ("Tc", ["подпись"]),
        ("cT", ["подпись"]),
        ("Tp", [None]),
        ("pT", [None]),
    ],
)
def test_a_caption_goes_by_custom_then_by_place(order: str, expected: list[str | None]) -> None:
    parts = {
        "T": element(Category.TABLE, "", table=Table.from_rows([["а"]])),
        "c": element(Category.CAPTION, "подпись"),
        "p": element(Category.CAPTION, "Рис. 2"),
    }
    made = loaded(document_of(*(parts[letter] for letter in order)))
    assert [table.caption_text(made) or None for table in made.tables] == expected


@given(tables)
@settings(max_examples=100, deadline=None)
def test_every_cell_keeps_its_span_text_and_box(table: Table) -> None:
    made = loaded(document_of(element(Category.TABLE, "", table=table)))
    data = made.tables[0].data
    assert (data.num_rows, data.num_cols) == (table.rows, table.columns)
    for cell, found in zip(table.cells, data.table_cells, strict=True):
        assert found.text == cleaned(cell.text).strip()
        assert (found.start_row_offset_idx, found.start_col_offset_idx) == (cell.row, cell.column)
        assert (found.end_row_offset_idx, found.end_col_offset_idx) == (
            cell.row + cell.rowspan,
            cell.column + cell.colspan,
        )
        assert (found.row_span, found.col_span) == (cell.rowspan, cell.colspan)
        assert (found.column_header or found.row_header) == cell.header
        clipped = cell.box.clipped(WIDTH, HEIGHT) if cell.box else None
        assert (bounds(found.bbox) if found.bbox else None) == (
            (clipped.x0, clipped.y0, clipped.x1, clipped.y1) if clipped else None
        )


def test_headings_of_columns_and_of_rows_are_told_apart() -> None:
    cells = [Cell(0, 0, text=""), Cell(0, 1, text="2023", header=True), Cell(0, 2, text="2024", header=True)]
    cells += [Cell(1, 0, text="Итого", header=True), Cell(1, 1, text="1"), Cell(1, 2, text="2")]
    data = loaded(document_of(element(Category.TABLE, "", table=Table.of_cells(cells)))).tables[0].data
    assert [cell.text for cell in data.table_cells if cell.column_header] == ["2023", "2024"]
    assert [cell.text for cell in data.table_cells if cell.row_header] == ["Итого"]


def test_every_item_says_where_it_is() -> None:
    made = loaded(SAMPLE)
    assert made.pages[1].size.as_tuple() == (WIDTH, HEIGHT)
    for item in walk(made, *ContentLayer):
        assert item.prov
        for prov in item.prov:
            assert prov.page_no == 1
            assert prov.bbox.coord_origin.value == "TOPLEFT"
    title = walk(made)[0]
    assert bounds(title.prov[0].bbox) == (50, 120, 500, 140)
    assert title.prov[0].charspan == (0, len("Договор поставки"))


def test_a_paragraph_over_two_pages_points_at_both_with_its_characters() -> None:
    pages = (page_of(1, [("Первая поло-", Category.TEXT)]), page_of(2, [("вина и вторая.", Category.TEXT)]))
    body = (Element(Category.TEXT, "Первая половина и вторая.", ("p1-b1", "p2-b1"), (1, 2)),)
    item = walk(loaded(Document(SOURCE, pages, body)))[0]
    assert isinstance(item, TextItem)
    assert [prov.page_no for prov in item.prov] == [1, 2]
    assert [item.text[slice(*prov.charspan)] for prov in item.prov] == ["Первая поло", "вина и вторая."]


def test_a_table_over_two_pages_has_no_boxes_of_cells() -> None:
    part = Table.of_cells([Cell(0, 0, text="а", box=Box(50, 50, 90, 60))])
    pages = tuple(page_of(number, [("а", Category.TABLE)]) for number in (1, 2))
    body = (Element(Category.TABLE, "", ("p1-b1", "p2-b1"), (1, 2), table=part.stacked(part)),)
    table = loaded(Document(SOURCE, pages, body)).tables[0]
    assert [prov.page_no for prov in table.prov] == [1, 2]
    assert [cell.bbox for cell in table.data.table_cells] == [None, None]


@pytest.mark.parametrize(
    ("media", "expected"), [("application/pdf", "application/pdf"), ("image/heic", "application/octet-stream")]
)
def test_the_origin_is_named(media: str, expected: str) -> None:
    source = replace(SOURCE, sha256="ab" * 32, media_type=media)
    made = loaded(replace(SAMPLE, source=source))
    assert made.name == "проба"
    assert made.origin is not None
    assert (made.origin.mimetype, made.origin.filename) == (expected, "проба.pdf")
    assert made.origin.binary_hash == int("ab" * 8, 16)
    assert loaded(replace(SAMPLE, source=replace(source, sha256="?"))).origin is None


@given(documents(text=hostile_texts))
@settings(max_examples=80, deadline=None)
def test_any_document_is_taken_by_docling_and_keeps_its_texts(document: Document) -> None:
    made = loaded(document)
    made.export_to_markdown()
    items = walk(made, *ContentLayer)
    texts = [item.orig for item in items if isinstance(item, TextItem)]
    for page in document.pages:
        for block in page.blocks:
            if block.table is None and (text := cleaned(block.text).strip()):
                assert text in texts
    layers = {item.content_layer for item in items if item.label.value in ("page_header", "page_footer")}
    assert layers <= {ContentLayer.FURNITURE}
    assert sum(isinstance(item, TableItem) for item in items) == sum(
        block.table is not None for page in document.pages for block in page.blocks
    )


@given(documents())
@settings(max_examples=20, deadline=None)
def test_the_same_document_gives_the_same_bytes(document: Document) -> None:
    assert written(document) == written(document, ExportOptions(furniture=True, page_separators=True))


def test_what_is_written_is_what_docling_writes_again() -> None:
    assert json.loads(written(SAMPLE)) == loaded(SAMPLE).export_to_dict()


def test_an_empty_page_is_a_page() -> None:
    made = loaded(Document(SOURCE, (Page(7, WIDTH, HEIGHT),)))
    assert list(made.pages) == [7]
    assert not walk(made)


def test_its_library_is_loaded_only_when_it_is_written() -> None:
    source = "import sys, docstation.export; sys.exit(len({'docling_core', 'openpyxl', 'babel'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


def test_chunkers_find_headings_tables_and_no_furniture() -> None:
    from docling_core.transforms import chunker as chunking

    chunks = list(chunking.HierarchicalChunker().chunk(loaded(SAMPLE)))
    texts = [chunk.text for chunk in chunks]
    assert texts[0] == "Поставщик обязуется."
    assert chunks[1].meta.headings == ["Договор поставки", "1. Предмет", "1.1. Товар"]
    assert any("Таблица 1 — Цены" in text and "Сахар, Цена = 1 234,50" in text for text in texts)
    assert not any("Колонтитул" in text for text in texts)


def test_a_chunker_that_counts_tokens_keeps_small_sections_whole() -> None:
    from docling_core.transforms import chunker as chunking
    from docling_core.transforms.chunker.tokenizer.base import BaseTokenizer

    class Words(BaseTokenizer):
        def count_tokens(self, text: str) -> int:
            return len(text.split())

        def get_max_tokens(self) -> int:
            return 60

        def get_tokenizer(self) -> object:
            return self.count_tokens

    chunks = list(chunking.HybridChunker(tokenizer=Words()).chunk(loaded(SAMPLE)))
    assert [chunk.meta.headings[-1] for chunk in chunks] == ["1. Предмет", "1.1. Товар"]
    assert "Сахар, Цена = 1 234,50" in chunks[1].text
