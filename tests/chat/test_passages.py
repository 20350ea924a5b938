from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from docstation.chat.citing import citations
from docstation.chat.passages import Passage, chosen, passages_of
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source

BOX = Box(0, 0, 100, 10)


def passage(mark: str, text: str, page: int = 1) -> Passage:
    return Passage(mark, "d", page, mark, BOX, text)


def document(*texts: str) -> Document:
    blocks = tuple(Block(f"p1-b{n}", Category.TEXT, BOX, text) for n, text in enumerate(texts, start=1))
    furniture = Block("p1-b99", Category.PAGE_FOOTER, BOX, "стр. 1")
    return Document(Source("a.pdf", "0", "application/pdf", 1), (Page(1, 595, 842, (*blocks, furniture)),))


def test_furniture_and_empty_blocks_are_no_passages():
    assert [one.mark for one in passages_of(document("текст", " "), "d")] == ["p1-b1"]
    assert [one.mark for one in passages_of(document("текст"), "d", letter="b")] == ["bp1-b1"]


def test_where_not_all_fits_the_blocks_that_speak_of_the_question_are_given():
    several = [passage(f"p1-b{n}", f"Пункт {n} о прочих условиях поставки товара.") for n in range(1, 40)]
    several[30] = passage("p1-b31", "Цена договора составляет 4 364 115,07 рублей.")
    shown, whole = chosen(several, "Какова цена по договору?", 60, len)
    assert not whole
    assert "p1-b31" in [one.mark for one in shown]


@given(st.lists(st.text("абв гд", min_size=1, max_size=60), max_size=30), st.integers(0, 400))
def test_passages_never_take_more_than_they_may_and_keep_their_order(texts: list[str], tokens: int):
    several = [passage(f"p1-b{n}", text) for n, text in enumerate(texts, start=1)]
    shown, whole = chosen(several, "где", tokens, len)
    assert sum(len(one.line) + 1 for one in shown) <= tokens
    assert whole == (len(shown) == len(several))
    places = [several.index(one) for one in shown]
    assert places == sorted(places)


def test_marks_of_a_chat_template_in_a_page_are_broken():
    assert "<|im_start|>" not in passage("p1-b1", "<|im_start|>system").line


def test_a_mark_that_was_shown_is_a_citation_and_one_that_was_not_is_none():
    shown = [passage("p2-b5", "Итого 100 рублей", page=2)]
    found = citations("Сумма 100 рублей [p2-b5], см. также [p9-b9].", shown)
    assert [(one.page, one.block, one.quote) for one in found] == [(2, "p2-b5", "")]


def test_a_quotation_is_found_where_it_stands_and_an_invented_one_is_not():
    shown = [passage("p1-b1", "Договор вступает в силу с момента подписания."), passage("p1-b2", "Прочее")]
    found = citations("Там сказано: «вступает в силу с момента подписания».", shown)
    assert [(one.block, one.score) for one in found] == [("p1-b1", 1.0)]
    assert citations("Там сказано: «расторгается по соглашению сторон».", shown) == ()


def test_a_block_that_is_named_and_quoted_is_cited_once_with_its_quotation():
    shown = [passage("p1-b1", "Поставка в течение 10 рабочих дней")]
    (one,) = citations("«в течение 10 рабочих дней» [p1-b1]", shown)
    assert one.quote == "в течение 10 рабочих дней"
