from dataclasses import replace

import pytest
from extraction_samples import document_of, page_of, receipt, streams, written
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Affine, Box
from docstation.document.mapping import map_block
from docstation.document.model import Block, Category, Page
from docstation.document.table import Table
from docstation.extraction.evidence import find
from docstation.extraction.extract import extract
from docstation.extraction.forms import schema_of
from docstation.extraction.printed import parsed
from docstation.extraction.schema import Field, Kind

RECEIPT = {
    "company": Field("company"),
    "address": Field("address"),
    "date": Field("date", Kind.DATE, labels=("Date",)),
    "total": Field("total", Kind.MONEY, labels=("Total",)),
}


def seek(field, printed, *pages):
    read = [streams(page) for page in pages]
    return find(field, parsed(field, printed, comma=read[0].comma), printed, read)


def stands_in(box, lines):
    """Whether evidence is the lines that hold a value, or a part of one of them."""
    return box.iou(Box.around(lines)) >= 0.5 or any(box.share_inside(line) > 0.99 for line in lines)


def test_values_of_receipts_get_the_right_boxes():
    right = count = 0
    for seed in range(200):
        made = receipt(seed)
        for key, (said, boxes) in made.keys.items():
            found = seek(RECEIPT[key], said, made.page)
            count += 1
            right += found is not None and stands_in(found.box, boxes)
    assert count == 800
    assert right / count >= 0.95


def test_numbers_and_dates_are_found_however_they_are_printed():
    page = written("Итого к оплате:|1 234 567,80 руб.", "Дата:|«05» июня 2020 г.", "ИНН|77 0711 5873")
    assert seek(Field("total", Kind.MONEY), "1234567.8", page).text == "1 234 567,80"
    assert seek(Field("date", Kind.DATE), "2020-06-05", page).text == "«05» июня 2020 г."
    assert seek(Field("inn", Kind.INN), "7707115873", page).text == "77 0711 5873"


def test_only_whole_words_are_evidence():
    page = written("номер 31015 и 13101", "арт. 4310", "итог 210,00")
    assert seek(Field("number"), "3101", page) is None
    assert seek(Field("total", Kind.MONEY), "10", page) is None
    assert seek(Field("number"), "4310", page).text == "4310"


def test_look_alikes_case_quotes_and_spaces_do_not_matter():
    page = written("Поставщик: OOO \u201cPOMAШKA\u201d, Mocквa")
    assert seek(Field("seller"), "ООО «Ромашка»", page).score == 1.0


def test_misread_texts_are_found_with_a_lower_score_and_strange_ones_not():
    page = written("Общество с огранвченной отаетственностью «Вектор-M»", "Адрес: г. Казань")
    found = seek(Field("seller"), "Общество с ограниченной ответственностью «Вектор-М»", page)
    assert 0.9 < found.score < 1.0
    assert seek(Field("seller"), "Акционерное общество «Меридиан»", page) is None


def test_a_text_over_lines_has_a_box_for_each():
    page = written("Адрес: г. Москва,", "ул. Большая Садовая, д. 5", "Телефон: 8 495")
    found = seek(Field("address"), "г. Москва, ул. Большая Садовая, д. 5", page)
    assert len(found.boxes) == 2
    assert found.box == Box.around(found.boxes)
    assert found.block == "p1-b1"


def test_of_equal_values_the_one_beside_its_label_is_taken():
    page = written("Наличные|100,00", "Сдача|0,00", "Итого|100,00", "Принято|100,00")
    found = seek(Field("total", Kind.MONEY, labels=("Итого",)), "100,00", page)
    assert found.block == "p1-b6"


def test_the_best_page_is_found():
    found = seek(Field("total", Kind.MONEY), "5,00", written("Итого 6,00"), written("Итого 5,00", number=2))
    assert found.page == 2


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pages_that_lie_on_their_side_are_read_upright_and_boxes_stay_as_shown(degrees):
    upright = written("Наличные|100,00", "Итого|100,00", "Дата|5 июня 2020 г.")
    # The shown page is turned back by `degrees`, so that turning it by them makes it upright.
    back = Affine.quarter_turns(-degrees, upright.width, upright.height)
    width, height = (842, 595) if degrees % 180 else (595, 842)
    blocks = tuple(map_block(block, back, width, height) for block in upright.blocks)
    page = Page(1, width, height, blocks, rotation=degrees)
    found = seek(Field("total", Kind.MONEY, labels=("Итого",)), "100", page)
    assert found.block == "p1-b4"
    assert found.box.share_inside(page.blocks[3].box) > 0.99
    ruled = extract(document_of(page), schema_of("сумма money, дата"))
    assert ruled.values == {"сумма": 100, "дата": "2020-06-05"}
    assert ruled.leaves[0].evidence.block == "p1-b4"


def test_blocks_without_words_give_estimated_places():
    table = Table.from_rows([["Товар", "Сумма"], ["Мука", "10,00"], ["Чай", "20,50"]])
    page = Page(
        1,
        595,
        842,
        (
            Block("p1-b1", Category.TEXT, Box(40, 40, 400, 80), "Акт № 7\nот 5 июня 2020 г."),
            Block("p1-b2", Category.TABLE, Box(40, 100, 400, 190), table.to_text(), table=table),
        ),
    )
    day = seek(Field("date", Kind.DATE), "2020-06-05", page)
    assert day.box.y0 >= 60
    assert day.box.y1 <= 80
    cell = seek(Field("amount", Kind.MONEY), "20,50", page)
    assert Box(220, 160, 400, 190).contains(*cell.box.center)


def test_an_empty_page_gives_nothing():
    assert seek(Field("a"), "значение", page_of([])) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8), st.data())
def test_any_line_that_was_read_is_found_in_it(texts, data):
    lines = [(text, Box(40, 40 + 20 * i, 400, 52 + 20 * i)) for i, text in enumerate(texts) if text.split()]
    page = page_of(lines)
    if not lines:
        return
    text = data.draw(st.sampled_from(lines))[0]
    found = seek(Field("x"), text, page)
    if any(letter.isalnum() for letter in text):
        assert found is not None
        assert found.score >= 0.9


def test_confidence_of_reading_is_told():
    page = written("Итого 5,00")
    block = page.blocks[0]
    words = tuple(replace(word, confidence=0.5) for word in block.lines[0].words)
    dim = replace(page, blocks=(replace(block, lines=(replace(block.lines[0], words=words),)),))
    assert seek(Field("total", Kind.MONEY), "5", dim).reading == 0.5
