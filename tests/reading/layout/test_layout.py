"""Words → lines → blocks of one page."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.table import Table
from docstation.document.text import Word
from docstation.reading.layout import lay_out, lines_of_words
from docstation.reading.layout.furniture import is_page_number
from docstation.reading.layout.pictures import find_pictures

sys.path.insert(0, str(Path(__file__).parent))
from drawn import page, paragraph, words

LONG = "слово другое третье четвёртое пятое шестое седьмое восьмое девятое"
BODY = [LONG, LONG, LONG, "конец абзаца здесь."]


@dataclass(frozen=True)
class Found:
    box: Box
    table: Table


def blocks_of(content: list[Word], *, number: int = 1, tables: tuple[Found, ...] = (), **more: object):
    made = page(content, number=number, **more)
    return lay_out(made, lines_of_words(made.words), tables)


def of(blocks: tuple[Block, ...], category: Category) -> list[str]:
    return [block.text for block in blocks if block.category is category]


def test_words_of_two_columns_are_not_one_line():
    content = [w for i in range(8) for w in words("левая колонка тут", 50, 100 + 12 * i)]
    content = [w for i in range(8) for w in [*content[3 * i : 3 * i + 3], *words("правая тоже тут", 160, 100 + 12 * i)]]
    assert [line.text for line in lines_of_words(content)][:2] == ["левая колонка тут", "правая тоже тут"]


def test_a_stretched_line_stays_whole():
    assert [line.text for line in lines_of_words(words("В.И., Владимиров, Сычева, М.А.", 50, 100, gap=5))] == [
        "В.И., Владимиров, Сычева, М.А."
    ]


def test_spaced_out_letters_become_a_word():
    assert lines_of_words(words("С О Д Е Р Ж А Н И Е", 200, 100, gap=0.6))[0].text == "СОДЕРЖАНИЕ"


def test_a_raised_footnote_number_stays_on_its_line():
    low = words("рынок растёт", 50, 100)
    raised = Word("12", Box(low[-1].box.x1, 97, low[-1].box.x1 + 6, 103), font_size=6)
    assert [line.text for line in lines_of_words([*low, raised, *words("быстро", 117, 100)])] == [
        "рынок растёт 12 быстро"
    ]


def test_text_written_upwards_is_kept_apart():
    stamp = Word("arXiv:2401.06062v1", Box(15, 300, 27, 480), font_size=12)
    blocks = blocks_of([stamp, *paragraph(BODY, 60, 100)])
    assert of(blocks, Category.PAGE_HEADER) == ["arXiv:2401.06062v1"]


def test_first_line_indents_divide_paragraphs():
    blocks = blocks_of(paragraph(BODY, 50, 100, indent=20) + paragraph(BODY, 50, 148, indent=20))
    assert [block.category for block in blocks] == [Category.TEXT, Category.TEXT]


def test_headings_items_and_the_page_number_are_told_from_text():
    content = [
        *words("1. Общие положения", 200, 60, size=14, bold=True),
        *paragraph(BODY, 50, 100),
        *words("1) первый пункт;", 60, 160),
        *words("2) второй пункт.", 60, 172),
        *words("17", 290, 800),
    ]
    blocks = blocks_of(content, number=3)
    assert of(blocks, Category.SECTION_HEADER) == ["1. Общие положения"]
    assert of(blocks, Category.LIST_ITEM) == ["1) первый пункт;", "2) второй пункт."]
    assert of(blocks, Category.PAGE_FOOTER) == ["17"]


def test_the_largest_heading_of_the_first_page_is_the_title():
    blocks = blocks_of([*words("Большой отчёт", 150, 60, size=24), *paragraph(BODY, 50, 130)])
    assert of(blocks, Category.TITLE) == ["Большой отчёт"]


def test_small_type_at_the_bottom_with_a_number_is_a_footnote():
    content = [*paragraph(BODY * 12, 50, 80), *paragraph(["1 Иванов И. И. Очерки. М., 2004. С. 10."], 50, 690, size=7)]
    assert of(blocks_of(content, number=2), Category.FOOTNOTE) == ["1 Иванов И. И. Очерки. М., 2004. С. 10."]


def test_a_caption_opens_its_own_block():
    content = [*paragraph(BODY, 50, 100), *words("Рис. 1 – Рост цен", 180, 330)]
    blocks = blocks_of(content, images=(Box(100, 170, 400, 320),))
    assert [block.category for block in blocks] == [Category.TEXT, Category.PICTURE, Category.CAPTION]


def test_the_last_line_of_a_page_full_of_text_is_no_footer():
    blocks = blocks_of(paragraph([LONG] * 61 + ["и последняя строка абзаца"], 50, 60), number=2)
    assert of(blocks, Category.PAGE_FOOTER) == []


def test_words_inside_a_table_are_in_no_other_block():
    table = Found(Box(50, 200, 300, 260), Table.from_rows([["Товар", "Цена"], ["Стол", "10"]]))
    content = [*paragraph(BODY, 50, 100), *words("Товар Цена", 60, 210), *words("Стол 10", 60, 230)]
    blocks = blocks_of(content, tables=(table,))
    assert [block.category for block in blocks] == [Category.TEXT, Category.TABLE]
    assert blocks[1].text == "Товар\tЦена\nСтол\t10"
    assert [line.text for line in blocks[1].lines] == ["Товар Цена", "Стол 10"]


def test_columns_of_prose_taken_for_a_table_are_read_as_columns():
    left, right = ["слева строка пере-", "носится снова пере-"] * 8, ["справа тоже пере-", "носится снова тут"] * 8
    table = Found(Box(40, 90, 300, 300), Table.from_rows(list(zip(left, right, strict=True))))
    content = paragraph(left, 50, 100) + paragraph(right, 180, 100)
    blocks = blocks_of(content, tables=(table,))
    assert of(blocks, Category.TABLE) == []
    assert blocks[0].text.startswith("слева строка переносится снова")


def test_ids_count_the_blocks_of_the_page():
    assert [b.id for b in blocks_of(paragraph(BODY, 50, 100), number=7)] == ["p7-b1"]


@pytest.mark.parametrize("text", ["5", "- 5 -", "стр. 12", "Page 3 of 10", "3 из 10", "xii", "[4]"])
def test_forms_of_page_numbers(text: str):
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["Глава 5", "в 2010 году", "12.04.2020", "5 руб."])
def test_what_is_no_page_number(text: str):
    assert not is_page_number(text)


any_word = st.builds(
    lambda t, x, y, s: Word(t, Box(x, y, x + max(1, len(t)) * s / 2, y + s), font_size=s),
    st.text(alphabet="абвгдABC123.,-—•", min_size=1, max_size=10),
    st.floats(0, 560),
    st.floats(0, 820),
    st.sampled_from([6.0, 10.0, 14.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_word, max_size=60))
def test_every_letter_ends_in_exactly_one_block(content: list[Word]):
    table = Found(Box(100, 100, 300, 300), Table.from_rows([["а"]]))
    blocks = blocks_of(content, tables=(table,), images=(Box(200, 250, 500, 500),))
    placed = sorted(c for b in blocks for line in b.lines for w in line.words for c in w.text)
    assert placed == sorted(c for w in content for c in w.text)


def test_a_photograph_on_a_scan_is_found_and_words_are_not():
    pixels = np.full((1684, 1190, 3), 255, np.uint8)
    pixels[600:1000, 300:800] = 90
    pixels[100:120, 100:900] = 0
    boxes = find_pictures(pixels, 2.0, [Box(50, 50, 450, 60)])
    assert len(boxes) == 1
    assert boxes[0].iou(Box(150, 300, 400, 500)) > 0.9


@pytest.mark.slow
def test_every_word_of_real_pages_is_placed(corpus: Path):
    from docstation.intake.limits import Limits
    from docstation.intake.opening import open_document

    for name in ("russian/diploma.pdf", "gnarly/lots_of_sci_tables.pdf", "russian/laws/fstek17.pdf"):
        with open_document(corpus / name, name=name, limits=Limits()) as source:
            for number in range(1, min(source.page_count, 20) + 1):
                raw = source.raw(number)
                made = page(raw.layer.words, number=number, images=raw.drawing.images, rulings=raw.drawing.rulings)
                blocks = lay_out(made, lines_of_words(made.words), ())
                placed = sum(len(w.text) for b in blocks for line in b.lines for w in line.words)
                assert placed == sum(len(w.text) for w in made.words)
