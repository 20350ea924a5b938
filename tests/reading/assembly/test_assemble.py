"""Pages → the body of a document."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.model import FURNITURE, Block, Category
from docstation.reading.assembly import assemble
from tests.reading.assembly.drawing import SENTENCE, block, pages_of, table_block
from tests.reading.assembly.scoring import read_text_layer


def test_lines_that_repeat_at_the_margin_leave_the_body():
    contents = [
        [block(n, 1, "ООО «Ромашка»", 30), block(n, 2, SENTENCE, 100), block(n, 3, f"Лист {n}", 800)]
        for n in range(1, 5)
    ]
    pages, body = assemble(pages_of(*contents))
    assert [b.category for b in pages[2].blocks] == [Category.PAGE_HEADER, Category.TEXT, Category.PAGE_FOOTER]
    assert len(body) == 4


def test_different_headers_on_odd_and_even_pages_are_found():
    heads = ("История города", "Глава третья")
    contents = [[block(n, 1, heads[n % 2], 30), block(n, 2, SENTENCE, 100)] for n in range(1, 9)]
    pages, _ = assemble(pages_of(*contents))
    assert all(page.blocks[0].category is Category.PAGE_HEADER for page in pages)


def test_a_line_on_the_top_of_one_page_stays():
    contents = [
        [block(n, 1, f"{word} начало", 30), block(n, 2, SENTENCE, 100)] for n, word in enumerate("абв", start=1)
    ]
    pages, _ = assemble(pages_of(*contents))
    assert not any(b.category in FURNITURE for page in pages for b in page.blocks)


def test_numbers_that_do_not_count_along_stay():
    contents = [[block(n, 1, f"Приложение {7 * n * n}", 30), block(n, 2, SENTENCE, 100)] for n in range(1, 6)]
    pages, _ = assemble(pages_of(*contents))
    assert not any(b.category in FURNITURE for page in pages for b in page.blocks)


def test_a_paragraph_goes_on_over_the_page_and_its_footnote():
    first = [block(1, 1, "Потенциал региона рас-", 700), block(1, 2, "1 Сноска.", 780, Category.FOOTNOTE)]
    _, body = assemble(pages_of(first, [block(2, 1, "тёт с каждым годом.", 60)]))
    assert [element.category for element in body] == [Category.TEXT, Category.FOOTNOTE]
    assert body[0].text == "Потенциал региона растёт с каждым годом."
    assert body[0].pages == (1, 2)


def test_a_finished_sentence_is_not_continued():
    _, body = assemble(pages_of([block(1, 1, SENTENCE, 700)], [block(2, 1, "но и это абзац", 60)]))
    assert len(body) == 2


def test_a_paragraph_goes_on_in_the_next_column():
    left = block(1, 1, "начало длинной мысли, которая", 700, right=280)
    right = block(1, 2, "кончается в соседней колонке.", 60, x=310)
    _, body = assemble(pages_of([left, right]))
    assert [element.text for element in body] == ["начало длинной мысли, которая кончается в соседней колонке."]


def rows_from(start: int, count: int) -> list[list[str]]:
    return [[str(n), f"товар {n}", f"{n * 10},00"] for n in range(start, start + count)]


HEAD = ["№", "Наименование", "Цена"]


def test_a_table_goes_on_without_its_repeated_heading():
    first = table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, header_rows=1)
    second = table_block(2, 2, [HEAD, *rows_from(4, 3)], 60, header_rows=1)
    _, body = assemble(pages_of([first], [block(2, 1, "Продолжение таблицы 1", 40, Category.CAPTION), second]))
    assert len(body) == 1
    assert body[0].table is not None
    assert body[0].table.to_rows() == [HEAD, *rows_from(1, 6)]
    assert body[0].blocks == ("p1-b1", "p2-b1", "p2-b2")


def test_a_table_goes_on_without_any_heading_over_three_pages():
    parts = [table_block(n, 1, rows_from(10 * n, 3), 60) for n in (1, 2, 3)]
    _, body = assemble(pages_of(*([part] for part in parts)))
    assert [element.pages for element in body] == [(1, 2, 3)]


def test_tables_of_other_columns_widths_or_headings_stay_apart():
    first = table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, header_rows=1)
    others = [
        table_block(2, 1, [["а", "б"], ["1", "2"]], 60),
        table_block(2, 1, rows_from(4, 3), 60, right=300),
        table_block(2, 1, [["Код", "Имя", "Вес"], *rows_from(4, 3)], 60, header_rows=1),
    ]
    for other in others:
        _, body = assemble(pages_of([first], [other]))
        assert len(body) == 2


def test_text_between_two_tables_keeps_them_apart():
    first, second = table_block(1, 1, rows_from(1, 3), 500), table_block(2, 2, rows_from(4, 3), 100)
    _, body = assemble(pages_of([first], [block(2, 1, "Теперь о другом.", 60), second]))
    assert len(body) == 3


def heading(page: int, index: int, text: str, y: float, size: float) -> Block:
    return block(page, index, text, y, Category.SECTION_HEADER, size=size, level=1)


def test_numbering_gives_the_level_and_size_the_rest():
    contents = [
        heading(1, 1, "1 Введение", 200, 16),
        heading(1, 2, "1.1 Цель", 300, 14),
        heading(1, 3, "Задачи", 400, 14),
    ]
    _, body = assemble(pages_of(contents))
    assert [element.level for element in body] == [1, 2, 2]


def test_larger_type_is_a_higher_level():
    contents = [heading(1, 1, "Часть", 200, 18), heading(1, 2, "Подраздел", 300, 13), heading(1, 3, "Иная", 400, 18)]
    _, body = assemble(pages_of(contents))
    assert [element.level for element in body] == [1, 2, 1]


def test_items_are_nested_by_indent():
    items = [
        block(1, i, f"— пункт {i};", 200 + 20 * i, Category.LIST_ITEM, x=x, level=1)
        for i, x in enumerate((60, 90, 90, 60), start=1)
    ]
    _, body = assemble(pages_of(items))
    assert [element.level for element in body] == [1, 2, 2, 1]


categories = st.sampled_from([c for c in Category if c is not Category.TABLE])
texts = st.text(alphabet="абвАБ -.1", max_size=20).map(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(categories, texts, st.integers(0, 800)), max_size=8), max_size=6))
def test_no_block_is_lost_or_doubled(contents: list[list[tuple[Category, str, int]]]):
    made = pages_of(
        *(
            [block(n, i, text, float(y), category) for i, (category, text, y) in enumerate(content, start=1)]
            for n, content in enumerate(contents, start=1)
        )
    )
    pages, body = assemble(made)
    kept = [b.id for page in pages for b in page.blocks if b.category not in FURNITURE]
    assert sorted(name for element in body for name in element.blocks) == sorted(kept)
    assert [len(page.blocks) for page in pages] == [len(page.blocks) for page in made]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pages", "rows"),
    [
        ("example_mp_table_with_repeate_header_2.pdf", (1, 2), 10),
        ("example_mp_table_wo_repeate_header.pdf", (1, 2), 13),
        # Two of its rows are cut by a page's end: each is one row, as it was written.
        ("multipage_table.pdf", (1, 2, 3), 18),
    ],
)
def test_real_tables_over_pages_are_one(corpus: Path, name: str, pages: tuple[int, ...], rows: int):
    read = read_text_layer(corpus / "russian" / "tables" / name)
    tables = [element for element in assemble(read)[1] if element.table]
    assert [element.pages for element in tables] == [pages]
    assert tables[0].table is not None
    assert tables[0].table.rows == rows
