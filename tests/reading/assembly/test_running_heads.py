"""What runs over the pages, and what was taken for it."""

from __future__ import annotations

import pytest

from docstation.document.model import FURNITURE, Category, Page
from docstation.reading.assembly import assemble
from tests.reading.assembly.drawing import SENTENCE, block, pages_of, said, table_block

BODY = "Исполнитель обязан выполнить работы в срок и сдать их заказчику по акту"


def categories(pages: tuple[Page, ...], index: int) -> list[Category]:
    return [page.blocks[index].category for page in pages]


@pytest.mark.parametrize(
    "footer",
    [
        "Страница {n} из 12",
        "{n}/12",
        "ГОСТ 2.105-2019 стр. {n}",
        "1 December 2012 / Vol. 3, No. 12 / OPTICS 320{n}",
        "{n}",
    ],
)
def test_a_footer_that_counts_along_is_found_among_other_numbers(footer: str):
    contents = [[said(n, 1, SENTENCE, 100), said(n, 2, footer.format(n=n), 800)] for n in range(2, 7)]
    pages, _ = assemble(pages_of([said(1, 1, SENTENCE, 100)], *contents))
    assert categories(pages[1:], 1) == [Category.PAGE_FOOTER] * 5


@pytest.mark.parametrize("text", ["5²7", "²", "٣", "\u0000", "12345678901234567890 1 2 3 4 5"])
def test_odd_digits_at_the_margin_do_no_harm(text: str):
    contents = [[said(n, 1, text, 40), said(n, 2, SENTENCE, 100)] for n in range(1, 5)]
    assert len(assemble(pages_of(*contents))[0]) == 4


@pytest.mark.parametrize("line", ["Рисунок {n} – Схема", "{n}. Включить насос", "Приложение {n}", "Таблица {n}"])
def test_captions_items_and_headings_numbered_by_page_stay(line: str):
    contents = [[said(n, 1, line.format(n=n), 40), said(n, 2, SENTENCE, 100)] for n in range(1, 7)]
    pages, _ = assemble(pages_of(*contents))
    assert not FURNITURE & set(categories(pages, 0))


def test_a_running_line_is_found_in_spite_of_misread_letters():
    heads = ["Регламент обслуживания"] * 4 + ["Рсгламент обслуживання"]
    contents = [[said(n, 1, head, 40), said(n, 2, SENTENCE, 100)] for n, head in enumerate(heads, start=1)]
    assert categories(assemble(pages_of(*contents))[0], 0) == [Category.PAGE_HEADER] * 5


def test_a_block_of_several_lines_runs_when_each_of_them_does():
    text = "Общество с ограниченной ответственностью\nРегламент обслуживания"
    contents = [[said(n, 1, text, 30, height=28), said(n, 2, SENTENCE, 100)] for n in range(1, 5)]
    assert categories(assemble(pages_of(*contents))[0], 0) == [Category.PAGE_HEADER] * 4


def test_a_letterhead_that_is_a_picture_or_a_table_leaves_the_body():
    rows = [["ООО «Ромашка»", "ИНН 7700000000"]]
    contents = [
        [block(n, 1, "", 20, Category.PICTURE), block(n, 2, SENTENCE, 200), table_block(n, 3, rows, 800)]
        for n in range(1, 4)
    ]
    pages, body = assemble(pages_of(*contents))
    assert categories(pages, 0) == [Category.PAGE_HEADER] * 3
    assert categories(pages, 2) == [Category.PAGE_FOOTER] * 3
    assert {element.category for element in body} == {Category.TEXT}


def test_the_same_title_of_many_papers_stays():
    contents = [
        [block(n, 1, "АКТ", 80, Category.TITLE, size=16, level=1), block(n, 2, SENTENCE, 140)] for n in range(1, 6)
    ]
    assert categories(assemble(pages_of(*contents))[0], 0) == [Category.TITLE] * 5


def test_the_title_that_runs_over_later_pages_stays_on_the_first():
    contents = [
        [block(n, 1, "Устав общества", 40, Category.SECTION_HEADER, size=11), block(n, 2, SENTENCE, 140)]
        for n in range(1, 6)
    ]
    found = categories(assemble(pages_of(*contents))[0], 0)
    assert found == [Category.SECTION_HEADER] + [Category.PAGE_HEADER] * 4


@pytest.mark.parametrize("made", [block, said])
def test_a_title_taken_for_a_header_is_a_title(made: object):
    if made is block:
        head = block(1, 1, "Положение о закупках", 40, Category.PAGE_HEADER, size=16)
        text = block(1, 2, BODY, 100)
    else:
        head = said(1, 1, "Положение о закупках", 40, Category.PAGE_HEADER, height=26, right=320)
        text = said(1, 2, BODY, 100, height=14, right=420)
    pages, body = assemble(pages_of([head, text]))
    assert pages[0].blocks[0].category is Category.TITLE
    assert pages[0].blocks[0].level == 1
    assert body[0].text == "Положение о закупках"


@pytest.mark.parametrize("text", ["12", "www.example.org", "© 2024 Издательство", "Vol. 3, No. 12"])
def test_what_only_headers_hold_stays_apart_on_a_single_page(text: str):
    pages, _ = assemble(pages_of([block(1, 1, text, 40, Category.PAGE_HEADER, size=16), block(1, 2, BODY, 100)]))
    assert pages[0].blocks[0].category is Category.PAGE_HEADER


def test_a_header_beside_a_page_number_stays_apart_in_any_type():
    heads = [
        block(1, 1, "96", 40, Category.PAGE_HEADER, right=70),
        block(1, 2, "BRITISH HUSBANDRY", 38, Category.PAGE_HEADER, x=150, size=16),
    ]
    pages, _ = assemble(pages_of([*heads, block(1, 3, BODY, 100)]))
    assert [one.category for one in pages[0].blocks[:2]] == [Category.PAGE_HEADER] * 2


def test_a_header_in_plain_type_on_a_single_page_stays_apart():
    pages, _ = assemble(
        pages_of([block(1, 1, "Внутренний документ", 40, Category.PAGE_HEADER), block(1, 2, BODY, 100)])
    )
    assert pages[0].blocks[0].category is Category.PAGE_HEADER


def test_a_line_of_the_body_under_the_running_header_is_put_back():
    contents = [[block(n, 1, "Регламент", 30, Category.PAGE_HEADER), block(n, 2, SENTENCE, 120)] for n in range(1, 5)]
    contents[2].insert(1, block(3, 3, "и сдать их заказчику", 60, Category.PAGE_HEADER))
    pages, body = assemble(pages_of(*contents))
    assert pages[2].blocks[1].category is Category.TEXT
    assert any("p3-b3" in element.blocks for element in body)


def test_the_name_of_a_chapter_of_one_page_stays_a_header():
    heads = ["Глава о насосах"] * 3 + ["О клапанах"] + ["Глава о кранах"] * 3
    contents = [
        [block(n, 1, head, 30, Category.PAGE_HEADER), block(n, 2, SENTENCE, 120)]
        for n, head in enumerate(heads, start=1)
    ]
    assert categories(assemble(pages_of(*contents))[0], 0) == [Category.PAGE_HEADER] * 7
