"""What is put into the gaps of a page, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Word
from docstation.inference.profile import Task
from docstation.reading.vision.answers import Answer, End
from docstation.reading.vision.filling import fitting, inserted, usable, without_astray
from docstation.reading.vision.page_reading import Draft
from docstation.reading.vision.planner import Ask

PLACE = Box(50, 100, 250, 112)
ASK = Ask(Task.TEXT, Box(0, 0, 400, 40), (392, 28), "?", 5, 14, 1000)


def said(text: str, end: End = End.STOP, category: Category = Category.TEXT) -> str:
    return usable(Answer(ASK, end, text), category, PLACE)


def block(text: str, box: Box, **more: object) -> Block:
    return Block("", Category.TEXT, box, text, **more)  # type: ignore[arg-type]


def test_a_line_is_taken_as_it_is() -> None:
    assert said(" Итого к оплате: 1 234,56 руб. \n") == "Итого к оплате: 1 234,56 руб."


@pytest.mark.parametrize("end", [end for end in End if end is not End.STOP])
def test_what_did_not_come_to_its_own_end_is_not(end: End) -> None:
    assert said("Итого к опл", end) == ""


@pytest.mark.parametrize(
    "text",
    ["", "!!!!", "…", '[{"bbox": [1, 2, 3, 4], "text": "Итого"}]', '{"text": "Итого"}', '```json\n[{"text": "Итого"}]'],
)
def test_rubbish_is_not(text: str) -> None:
    assert said(text) == ""


def test_more_than_the_place_can_hold_is_not() -> None:
    assert said("и сумма к оплате " * 40) == ""
    assert said("<tr><td>и</td></tr>" * 40, category=Category.TABLE) != ""


def test_a_page_of_the_finest_print_is_not_too_much() -> None:
    page = Box(0, 0, 595, 842)
    text = "мелкий шрифт " * 1700
    assert usable(Answer(ASK, End.STOP, text), Category.TEXT, page)


def test_a_gap_is_filled_where_it_stands_in_its_column() -> None:
    left = [block("а", Box(50, 100, 250, 120)), block("в", Box(50, 200, 250, 220))]
    right = [block("г", Box(300, 100, 500, 120)), block("е", Box(300, 200, 500, 220))]
    more = [block("б", Box(50, 150, 250, 170)), block("д", Box(300, 150, 500, 170)), block("0", Box(50, 20, 500, 40))]
    assert "".join(one.text for one in inserted([*left, *right], more)) == "0абвгде"


def test_what_a_near_block_says_already_is_left_out() -> None:
    whole = block("Поставщик обязуется передать товар, а Покупатель принять его", Box(50, 100, 250, 120))
    again = block("а Покупатель принять его", Box(50, 122, 250, 134))
    assert inserted([whole], [again]) == [whole]
    far = block("а Покупатель принять его", Box(50, 622, 250, 634))
    assert inserted([whole], [far]) == [whole, far]
    short = block("0,00", Box(50, 122, 90, 134))
    assert inserted([block("0,00 0,00", Box(50, 100, 250, 120))], [short])[-1] is short


boxes = st.tuples(st.integers(0, 500), st.integers(0, 800), st.integers(1, 90), st.integers(1, 40)).map(
    lambda at: Box(at[0], at[1], at[0] + at[2], at[1] + at[3])
)


@given(st.lists(boxes, max_size=12), st.lists(boxes, max_size=12))
def test_nothing_is_lost_and_the_order_of_the_others_stays(old: list[Box], new: list[Box]) -> None:
    before = [block(str(place), box) for place, box in enumerate(old)]
    more = [block(f"+{place}", box) for place, box in enumerate(new)]
    after = inserted(before, more)
    assert [one for one in after if one in before] == before
    assert sorted(one.text for one in after) == sorted(one.text for one in (*before, *more))


def test_a_table_far_larger_than_the_gap_gives_its_lines_only() -> None:
    words = (Word("Итого", Box(55, 101, 90, 111)), Word("100", Box(200, 101, 240, 111)))
    grid = Table.of_cells([Cell(0, 0, text="Итого"), Cell(0, 1, text="100")])
    table = Block("", Category.TABLE, Box(40, 50, 500, 700), "Итого\t100", (Line(words),), grid)
    (taken,) = fitting([table], [PLACE])
    assert (taken.category, taken.text, taken.table) == (Category.TEXT, "Итого 100", None)
    assert PLACE.expanded(1).contains(*taken.box.center)


def test_pictures_and_silent_blocks_are_not_put_into_gaps() -> None:
    assert fitting([Block("", Category.PICTURE, PLACE), block(" ", PLACE)], [PLACE]) == ()
    text = block("Итого", PLACE)
    assert fitting([text], [PLACE]) == (text,)


def test_words_on_white_paper_go_where_something_is_missing_or_they_are_said_elsewhere() -> None:
    there, astray = block("Итого к оплате", PLACE), block("Итого", Box(1, 100, 9, 112))
    other = block("Пломба цела", Box(1, 200, 9, 212))
    empty = {astray.box, other.box}
    assert without_astray([there, astray, other], empty, missing=False) == [there, other]
    assert without_astray([there, astray, other], empty, missing=True) == [there]


def test_a_silent_place_where_other_blocks_speak_is_not_asked_for_again() -> None:
    block = Block("", Category.TEXT, Box(60, 100, 300, 112), text="Said already")
    wide, free = Box(50, 50, 400, 300), Box(50, 400, 400, 420)
    ink = (Box(70, 200, 300, 212), Box(70, 402, 300, 414))
    draft = Draft((block,), ink, ((Category.TEXT, wide), (Category.TABLE, free)), 0.5)
    assert draft.gaps == ((Category.TABLE, free), (Category.TEXT, ink[0]))
