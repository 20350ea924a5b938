"""Parts of tables: words that say so, repeated and own headings, rows that the page's end cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.model import Block, Category, Element
from docstation.document.table import MAX_CELLS, Table
from docstation.reading.assembly import assemble
from docstation.reading.assembly.continuation_words import says_continued, says_to_be_continued, table_number
from docstation.reading.assembly.tables import fits, joined
from tests.reading.assembly.drawing import SENTENCE, block, pages_of, table_block

HEAD = ["№", "Наименование", "Цена"]


def rows_from(start: int, count: int) -> list[list[str]]:
    return [[str(n), f"товар {n}", f"{n * 10},00"] for n in range(start, start + count)]


def tables_of(*contents: list[Block]) -> list[Element]:
    return [element for element in assemble(pages_of(*contents))[1] if element.table]


def rows_of(element: Element) -> list[list[str]]:
    assert element.table is not None
    return element.table.to_rows()


@pytest.mark.parametrize(
    "text",
    [
        "Продолжение таблицы 3", "Окончание табл. 2.1", "Продолжение табл. А.1", "Конец таблицы 5", "(продолжение)",
        "Таблица 3 (окончание)", "Таблица 3 – Ведомость работ (продолжение)", "Таблица 4. Продолжение",
        "Продолжение приложения 2", "Table 3 (continued)", "Table 1 Continued", "TABLE 2, cont'd",
        "Table 5 – List (cont.)",
        "Continued", "(continued from previous page)", "Continuation of Table 7", "Table 3 (concluded)",
    ],
)  # fmt: skip
def test_words_that_say_that_a_table_goes_on(text: str):
    assert says_continued(text)


@pytest.mark.parametrize(
    "text",
    [
        "Таблица 3 – Ведомость работ", "Table 3 shows how the work continued in spring", "Продолжение работ",
        "Table 3 continued to grow", "Окончание срока действия договора", "Конец", "continued on next page", "",
        "Продолжение таблицы на следующей странице",
    ],
)  # fmt: skip
def test_words_that_do_not(text: str):
    assert not says_continued(text)


def test_a_line_below_a_table_says_that_more_follows():
    assert says_to_be_continued("Продолжение на следующей странице")
    assert says_to_be_continued("(continued on next page)")
    assert not says_to_be_continued("Продолжение таблицы 3")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_asked(text: str):
    assert says_continued(text) in (True, False)
    assert isinstance(table_number(text), str)


def test_the_number_of_a_table():
    assert table_number("Продолжение таблицы 2.1") == table_number("Таблица 2.1 – Ведомость") == "2.1"
    assert table_number("Table A.3 (continued)") == "A.3"


def test_a_note_below_and_words_set_apart_as_a_header_belong_to_the_table():
    first = [
        block(1, 1, "Таблица 3 – Ведомость", 580, Category.CAPTION),
        table_block(1, 2, [HEAD, *rows_from(1, 3)], 600, 1),
        block(1, 3, "Продолжение на следующей странице", 700),
    ]
    second = [
        block(2, 1, "Продолжение таблицы 3", 40, Category.PAGE_HEADER),
        table_block(2, 2, [HEAD, *rows_from(4, 3)], 60, 1),
    ]
    found = tables_of(first, second)
    assert [element.blocks for element in found] == [("p1-b2", "p1-b3", "p2-b1", "p2-b2")]
    assert rows_of(found[0]) == [HEAD, *rows_from(1, 6)]


def test_a_continuation_of_another_table_is_not_joined():
    first = [
        block(1, 1, "Таблица 3 – Ведомость", 580, Category.CAPTION),
        table_block(1, 2, [HEAD, *rows_from(1, 3)], 600, 1),
    ]
    second = [block(2, 1, "Продолжение таблицы 2", 40), table_block(2, 2, rows_from(4, 3), 60)]
    assert len(tables_of(first, second)) == 2


def test_a_repeated_caption_says_that_a_table_goes_on():
    caption = "Таблица 3 – Ведомость"
    first = [block(1, 1, caption, 580, Category.CAPTION), table_block(1, 2, [HEAD, *rows_from(1, 3)], 600, 1)]
    second = [block(2, 1, caption, 40, Category.CAPTION), table_block(2, 2, [HEAD, *rows_from(4, 3)], 60, 1)]
    assert len(tables_of(first, second)) == 1


def test_words_in_the_grid_are_left_out():
    said = [["Продолжение таблицы 1", "", ""], *rows_from(4, 3)]
    found = tables_of([table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, 1)], [table_block(2, 1, said, 60)])
    assert [rows_of(element) for element in found] == [[HEAD, *rows_from(1, 6)]]


def test_a_repeated_row_of_column_numbers_is_left_out():
    numbers = ["1", "2", "3"]
    first = table_block(1, 1, [HEAD, numbers, *rows_from(1, 3)], 600, 1)
    found = tables_of([first], [table_block(2, 1, [numbers, *rows_from(4, 3)], 60, 1)])
    assert rows_of(found[0]) == [HEAD, numbers, *rows_from(1, 6)]


def test_a_misread_heading_is_the_heading_again():
    again = ["№", "Наимен0вание", "Цсна"]
    found = tables_of(
        [table_block(1, 1, [HEAD, *rows_from(1, 3)], 600)], [table_block(2, 1, [again, *rows_from(4, 3)], 60)]
    )
    assert [rows_of(element) for element in found] == [[HEAD, *rows_from(1, 6)]]


def test_the_same_table_twice_is_two_tables():
    rows = [HEAD, *rows_from(1, 3)]
    assert len(tables_of([table_block(1, 1, rows, 600, 1)], [table_block(2, 1, rows, 60, 1)])) == 2


def test_a_heading_that_nobody_marked_begins_another_table():
    other = [["Код", "Изделие", "Вес"], *rows_from(4, 3)]
    assert len(tables_of([table_block(1, 1, [HEAD, *rows_from(1, 3)], 600)], [table_block(2, 1, other, 60)])) == 2


def test_a_heading_among_texts_is_told_by_its_length():
    texts = ["ведёт журнал учёта и передаёт его копию", "хранит протоколы испытаний в течение пяти лет"]
    rows = [[f"Мастер {name}", text, f"Цех {name}"] for name in "АБВ" for text in texts]
    first = table_block(1, 1, [["Должность", "Обязанность", "Участок"], *rows], 600)
    other = table_block(2, 1, [["Исполнитель", "Порядок работ", "Отдел"], *rows[::-1]], 60)
    assert len(tables_of([first], [other])) == 2
    assert len(tables_of([first], [table_block(2, 1, rows[::-1], 60)])) == 1


def test_words_above_a_table_weigh_more_than_its_first_row():
    other = [["Код", "Изделие", "Вес"], *rows_from(4, 3)]
    second = [block(2, 1, "Окончание таблицы 1", 40), table_block(2, 2, other, 60, 1)]
    found = tables_of([table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, 1)], second)
    assert [rows_of(element) for element in found] == [[HEAD, *rows_from(1, 3), *other]]


def test_rows_in_the_middle_are_no_heading_whatever_a_reader_says():
    found = tables_of(
        [table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, 1)], [table_block(2, 1, rows_from(4, 3), 60, 1)]
    )
    assert found[0].table is not None
    assert [cell.row for cell in found[0].table.cells if cell.header] == [0, 0, 0]


def test_a_table_goes_on_over_a_footnote():
    first = [
        table_block(1, 1, [HEAD, *rows_from(1, 3)], 600, 1),
        block(1, 2, "1 Без налога.", 780, Category.FOOTNOTE, size=8),
    ]
    assert len(tables_of(first, [table_block(2, 1, rows_from(4, 3), 60)])) == 1


def test_a_table_low_on_the_next_page_is_another():
    assert len(tables_of([table_block(1, 1, rows_from(1, 3), 600)], [table_block(2, 1, rows_from(4, 3), 500)])) == 2


DUTIES = [["Пост", "Обязанность", "Цех"], ["Мастер", "Ведёт журнал учёта и передаёт", "А"]]


@pytest.mark.parametrize(
    ("above", "below", "whole"),
    [
        ("Ведёт журнал учёта и передаёт", "его копию в отдел", "Ведёт журнал учёта и передаёт его копию в отдел"),
        ("Ведёт жур-", "нал учёта", "Ведёт журнал учёта"),
        ("Ведёт журнал,", "Хранит протоколы", "Ведёт журнал, Хранит протоколы"),
    ],
)
def test_a_row_that_the_pages_end_cut_is_whole(above: str, below: str, whole: str):
    first = Table.from_rows([DUTIES[0], ["Техник", "Хранит протоколы", "Б"], ["Мастер", above, "А"]], header_rows=1)
    rest = Table.from_rows([["", below, ""], ["Инженер", "Готовит заявку", "В"]])
    assert joined([first, rest]).to_rows()[2:] == [["Мастер", whole, "А"], ["Инженер", "Готовит заявку", "В"]]


@pytest.mark.parametrize(
    "row", [["Инженер", "готовит заявку", "В"], ["", "Готовит заявку", "В"], ["", "", "В"], ["", "12 000,00", ""]]
)
def test_a_row_of_its_own_stays_one(row: list[str]):
    first = Table.from_rows([*DUTIES[:1], ["Техник", "Хранит протоколы", "Б"], ["Мастер", "Ведёт журнал", "А"]])
    assert joined([first, Table.from_rows([row, ["Мастер", "Готовит", "Г"]])]).rows == 5


def test_a_table_never_becomes_larger_than_tables_may_be():
    long = Table(MAX_CELLS // 2 - 10, 2, ())
    assert fits([long], Table(10, 2, ()))
    assert not fits([long], Table(11, 2, ()))


cells = st.text(alphabet="аб1 -,", max_size=8).map(str.strip)


@settings(deadline=None)
@given(st.lists(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=5), min_size=1, max_size=4))
def test_no_row_of_a_single_part_is_lost_and_grids_stay_rectangular(parts: list[list[list[str]]]):
    whole = joined([Table.from_rows(rows) for rows in parts])
    assert whole.to_rows()[: len(parts[0]) - 1] == parts[0][:-1]
    assert whole.rows <= sum(map(len, parts))
    assert all(len(row) == 2 for row in whole.to_rows())


def test_text_between_keeps_tables_apart_even_under_the_same_heading():
    rows = [HEAD, *rows_from(1, 3)]
    below = [block(2, 1, SENTENCE, 40), table_block(2, 2, [HEAD, *rows_from(4, 3)], 60, 1)]
    assert len(tables_of([table_block(1, 1, rows, 600, 1)], below)) == 2
