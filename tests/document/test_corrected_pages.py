"""Corrections applied to pages: blocks changed, added and struck out, and found again when a page was read anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies import boxes, pages, texts

from docstation.document.corrections import Correction, added_id, corrected, placed, with_cells
from docstation.document.corrections_codec import correction_from_json, correction_to_json
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word

TOP, MIDDLE, BOTTOM = Box(50, 50, 300, 80), Box(50, 100, 300, 180), Box(50, 200, 300, 260)
HEAD = Cell(0, 0, colspan=2, text="Сумма", header=True)
TABLE = Table.of_cells([HEAD, Cell(1, 0, text="НДС"), Cell(1, 1, text="2O")])
LINES = (Line((Word("Договoр", Box(50, 100, 100, 110)),)),)


def page() -> Page:
    blocks = (
        Block("p1-b1", Category.SECTION_HEADER, TOP, "Договор", level=2),
        Block("p1-b2", Category.TEXT, MIDDLE, "Договoр", LINES, confidence=0.6),
        Block("p1-b3", Category.TABLE, BOTTOM, TABLE.to_text(), table=TABLE),
    )
    return Page(1, 400, 600, blocks)


def texts_of(page: Page) -> list[str]:
    return [block.text for block in page.blocks]


def test_a_text_is_corrected_and_keeps_the_places_of_its_words():
    block = corrected(page(), [Correction("p1-b2", 1, MIDDLE, "Договор")]).blocks[1]
    assert (block.text, block.lines, block.origin, block.confidence) == ("Договор", LINES, Origin.CORRECTION, 1.0)


def test_a_category_alone_does_not_make_the_text_a_correction():
    block = corrected(page(), [Correction("p1-b2", 1, MIDDLE, category=Category.SECTION_HEADER)]).blocks[1]
    assert (block.category, block.level, block.origin) == (Category.SECTION_HEADER, 1, Origin.ENGINE)
    back = corrected(page(), [Correction("p1-b1", 1, TOP, category=Category.TEXT)]).blocks[0]
    assert back.level == 0


def test_cells_are_corrected_where_they_span():
    cells = {(0, 1): "Сумма, руб.", (1, 1): "20", (7, 7): "nowhere"}
    block = corrected(page(), [Correction("p1-b3", 1, BOTTOM, cells=cells)]).blocks[2]
    assert block.table is not None
    assert block.table.to_rows() == [["Сумма, руб.", ""], ["НДС", "20"]]
    assert block.text == block.table.to_text()
    assert [cell.colspan for cell in block.table.cells] == [2, 1, 1]


def test_cells_go_over_a_whole_grid_that_was_given():
    given = Correction("p1-b3", 1, BOTTOM, table=Table.from_rows([["а", "б"]]), cells={(0, 1): "в"})
    assert corrected(page(), [given]).blocks[2].text == "а\tв"


def test_a_text_becomes_a_table_by_its_lines_and_tabs_and_a_table_a_text():
    made = corrected(page(), [Correction("p1-b2", 1, MIDDLE, "а\tб\nв", Category.TABLE)]).blocks[1]
    assert made.table is not None
    assert made.table.to_rows() == [["а", "б"], ["в", ""]]
    text = corrected(page(), [Correction("p1-b3", 1, BOTTOM, category=Category.TEXT)]).blocks[2]
    assert (text.table, text.text) == (None, TABLE.to_text())


def test_a_block_is_struck_out():
    assert texts_of(corrected(page(), [Correction("p1-b1", 1, TOP, removed=True)])) == ["Договoр", TABLE.to_text()]


def test_an_added_block_stands_where_one_reads_it_or_where_it_was_put():
    between = Correction("p1-b100001", 1, Box(50, 185, 300, 195), "Приложение", added=True)
    assert texts_of(corrected(page(), [between]))[2] == "Приложение"
    first = Correction("p1-b100002", 1, Box(50, 20, 300, 40), "№ 5", added=True)
    assert texts_of(corrected(page(), [first]))[0] == "№ 5"
    put = replace(first, after="p1-b3")
    assert texts_of(corrected(page(), [put]))[3] == "№ 5"
    assert corrected(Page(1, 400, 600), [first]).blocks[0].origin is Origin.CORRECTION


def test_added_blocks_are_counted_beyond_those_that_were_read():
    assert added_id(3, []) == "p3-b100001"
    assert added_id(3, [Correction("p3-b100004", 3, TOP, added=True)]) == "p3-b100005"


def test_a_correction_finds_its_block_when_the_page_was_read_anew():
    first, *rest = page().blocks
    again = replace(page(), blocks=(replace(first, id="p1-b1"), *(replace(one, id=f"{one.id}0") for one in rest)))
    moved = [Correction("p1-b2", 1, MIDDLE.expanded(2), "Договор"), Correction("p1-b1", 1, TOP, "Заголовок")]
    assert list(placed(again, moved)) == ["p1-b1", "p1-b20"]
    assert texts_of(corrected(again, moved))[:2] == ["Заголовок", "Договор"]


def test_a_block_of_the_same_number_elsewhere_is_another():
    lost = Correction("p1-b2", 1, Box(310, 500, 390, 590), "Подпись")
    assert corrected(page(), [lost]) == page()


@given(pages(), st.data())
def test_corrections_of_any_page_change_their_blocks_and_no_other(page: Page, data: st.DataObject):
    chosen = data.draw(st.lists(st.sampled_from(page.blocks), unique_by=lambda one: one.id)) if page.blocks else []
    wanted = {block.id: data.draw(texts) for block in chosen}
    made = corrected(page, [Correction(one.id, page.number, one.box, wanted[one.id]) for one in chosen])
    assert [block.id for block in made.blocks] == [block.id for block in page.blocks]
    for before, after in zip(page.blocks, made.blocks, strict=True):
        if before.id not in wanted:
            assert after == before
        elif before.table is None and before.category is not Category.TABLE:
            assert after.text == wanted[before.id]


@given(
    st.builds(
        Correction,
        st.just("p1-b2"),
        st.just(1),
        boxes(),
        st.none() | texts,
        st.none() | st.sampled_from(Category),
        st.none() | st.integers(1, 6),
        st.none() | st.just(TABLE),
        st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), texts, max_size=3),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "p1-b1"]),
    )
)
def test_a_correction_goes_through_its_json_unchanged(one: Correction):
    assert correction_from_json(correction_to_json(one)) == one


def test_places_outside_a_grid_are_passed_over():
    assert with_cells(TABLE, {(5, 0): "x", (0, 9): "y"}) == TABLE
