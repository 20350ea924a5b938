"""Pages as HTML with boxes: what elements mean, whatever the pieces they come in and however they are broken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.model import Category
from docstation.reading.vision.fields import Note, ParsedBlock
from docstation.reading.vision.page_html import PageHtml

PAGE = """```html
<html><head><title>Страница</title></head><body>
<header data-bbox="90 20 400 40">ООО «Ромашка»</header>
<h1 data-bbox="100,50,900,90">Договор <b>поставки</b></h1>
<div class="image" data-bbox="10 10 50 50"><img data-bbox="10 10 50 51"/></div>
<ol data-bbox="100 100 900 200"><li data-bbox="100 100 900 120">1. Первый<br/>пункт</li>
<li data-bbox="100 130 900 150">2. Второй</li></ol>
<table data-bbox="100 300 900 400"><thead><tr><th colspan="2" style="x">Цена &lt; 5</th></tr></thead>
<tr><td data-bbox="1 2 3 4"><p>а</p></td><td>б</td></tr></table>
<p class="caption" data-bbox="100 410 900 420">Таблица 1</p>
<div class="formula" data-bbox="1 402 3 404">\\[ x^2 \\]</div>
<p data-bbox="100 500 900 520">Конец &amp; точка
второй строки</p><p>без места</p>
<h3 data-bbox="100 540 900 550">Итог</h3>
<div data-bbox="100 560 900 570">Подпись</div>
</body></html>
```"""
MEANT = [
    (Category.PAGE_HEADER, (90, 20, 400, 40), "ООО «Ромашка»"),
    (Category.TITLE, (100, 50, 900, 90), "# Договор поставки"),
    (Category.PICTURE, (10, 10, 50, 51), ""),
    (Category.LIST_ITEM, (100, 100, 900, 120), "1. Первый\nпункт"),
    (Category.LIST_ITEM, (100, 130, 900, 150), "2. Второй"),
    (
        Category.TABLE,
        (100, 300, 900, 400),
        '<table><thead><tr><th colspan="2">Цена &lt; 5</th></tr></thead>\n<tr><td>а</td><td>б</td></tr></table>',
    ),
    (Category.CAPTION, (100, 410, 900, 420), "Таблица 1"),
    (Category.FORMULA, (1, 402, 3, 404), "\\[ x^2 \\]"),
    (Category.TEXT, (100, 500, 900, 520), "Конец & точка второй строки"),
    (Category.TEXT, None, "без места"),
    (Category.SECTION_HEADER, (100, 540, 900, 550), "### Итог"),
    (Category.TEXT, (100, 560, 900, 570), "Подпись"),
]


def read(*pieces: str) -> list[ParsedBlock]:
    parser = PageHtml()
    found = [block for piece in pieces for block in parser.feed(piece)]
    rest = parser.close()
    return [*found, rest] if rest else found


def said(blocks: list[ParsedBlock]) -> list[tuple[Category, object, str]]:
    return [(block.category, block.box, block.text) for block in blocks]


def test_elements_with_boxes_are_blocks_in_their_order() -> None:
    blocks = read(PAGE)
    assert said(blocks) == MEANT
    assert [PAGE[block.start] for block in blocks] == ["<"] * len(MEANT)
    assert not any(block.partial for block in blocks)
    assert [block.notes for block in blocks if block.notes] == [(Note.NO_BOX,)]


@given(st.lists(st.integers(0, len(PAGE)), max_size=30))
def test_the_pieces_that_an_answer_comes_in_change_nothing(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(PAGE)]
    pieces = [PAGE[start:end] for start, end in pairwise(ends)]
    assert read(*pieces) == read(PAGE)


@pytest.mark.parametrize("cut", range(0, len(PAGE), 7))
def test_an_answer_cut_anywhere_keeps_all_blocks_that_were_whole(cut: int) -> None:
    whole = [block for block in read(PAGE) if block.end <= cut]
    found = read(PAGE[:cut])
    assert found[: len(whole)] == whole
    assert len(found) <= len(whole) + 1
    assert all(block.partial for block in found[len(whole) :])


@pytest.mark.parametrize(("answer", "meant"), [
    ('<p data-bbox="1 2 3 4">раз<p data-bbox="1 5 3 7">два', ["раз", "два"]),
    ('<div data-bbox="1 2 3 9">начало<p data-bbox="1 5 3 7">внутри</p></div>', ["начало", "внутри"]),
    ('<div data-bbox="1 2 3 9"><p>внутри</p></div>', ["внутри"]),
    ("<p data-bbox='1 2 3'>мало чисел</p>", ["мало чисел"]),
    ("<p>a</p><![foo[<p>b</p>", ["a"]),
    ("просто слова", []),
    ("", []),
])  # fmt: skip
def test_what_is_broken_is_read_as_far_as_it_goes(answer: str, meant: list[str]) -> None:
    assert [block.text for block in read(answer)] == meant


@given(st.lists(st.sampled_from([
    "<p", ' data-bbox="1 2 3 4"', ">", "</p>", "<table>", "</table>", "<td", "<li>", "<![", "<!--", "&am", "<div>",
    "</div>", "<img/>", "слово", "\n", '"', "<", "<script>", "]]>",
])).map("".join))  # fmt: skip
def test_no_answer_is_too_broken(answer: str) -> None:
    assert all(block.text or block.box for block in read(answer))
