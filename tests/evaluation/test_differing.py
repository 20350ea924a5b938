"""Two readings of the same pages: scores and pieces say the same thing, and neither reading is favoured."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.table import Table
from docstation.evaluation import differing
from docstation.evaluation.differing import Agreement, compare_documents, mean


def read(*pages: str, table: Table | None = None, first: int = 1) -> Document:
    """A document; each page's blocks are its lines."""
    made = []
    for number, text in enumerate(pages, first):
        blocks = [
            Block(f"p{number}-b{place}", Category.TEXT, Box(0, 20 * place, 100, 20 * place + 10), line)
            for place, line in enumerate(text.splitlines(), 1)
        ]
        if table is not None:
            blocks.append(Block(f"p{number}-b99", Category.TABLE, Box(0, 500, 100, 600), "", table=table))
        made.append(Page(number, 595, 842, tuple(blocks)))
    return Document(Source("a.pdf", "application/pdf", "0" * 64, len(made)), tuple(made), ())


def test_one_misread_word_is_one_difference():
    (page,) = compare_documents(read("Итого 1 200,00 рублей"), read("Итого 1 200,08 рублей"))
    assert [(one.kind, one.first, one.second) for one in page.pieces] == [
        ("same", "Итого 1", "Итого 1"),
        ("changed", "200,00", "200,08"),
        ("same", "рублей", "рублей"),
    ]
    assert page.differences == 1
    assert 0.9 < page.agreement.characters < 1


def test_equal_readings_agree_in_all_that_there_is():
    table = Table.from_rows([["a", "b"], ["1", "2"]], header_rows=1)
    document = read("one\ntwo", table=table)
    (page,) = compare_documents(document, document)
    assert page.agreement == Agreement(1.0, 1.0, 1.0, 1.0, 1.0)
    assert page.differences == 0


def test_blocks_in_another_order_are_told_from_other_words():
    long = [f"line of words number {'abcdefgh'[place] * 8}" for place in range(6)]
    (page,) = compare_documents(read("\n".join(long)), read("\n".join(reversed(long))))
    assert (page.agreement.words, page.agreement.blocks) == (1.0, 1.0)
    assert page.agreement.order < 1


def test_a_table_that_one_reading_lacks_counts_as_nothing():
    table = Table.from_rows([["a", "b"], ["1", "2"]], header_rows=1)
    (page,) = compare_documents(read("x", table=table), read("x"))
    assert page.agreement.tables == 0
    (plain,) = compare_documents(read("x"), read("x"))
    assert plain.agreement.tables is None


def test_a_page_that_one_document_lacks_is_all_difference():
    pages = compare_documents(read("one", "two"), read("one"))
    assert [page.number for page in pages] == [1, 2]
    assert [(one.kind, one.first) for one in pages[1].pieces] == [("first", "two")]
    assert pages[1].agreement.words == 0


def test_empty_pages_have_nothing_to_compare():
    (page,) = compare_documents(read(""), read(""))
    assert page.agreement == Agreement()
    assert mean([page]) == Agreement()


def test_what_lies_behind_the_compared_words_is_not_lost(monkeypatch):
    monkeypatch.setattr(differing, "MOST_WORDS", 3)
    (page,) = compare_documents(read("a b c d e"), read("a b c d f"))
    assert [(one.kind, one.first, one.second) for one in page.pieces] == [
        ("same", "a b c", "a b c"),
        ("changed", "d e", "d f"),
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from("абвг"), max_size=12), st.lists(st.sampled_from("абвг"), max_size=12))
def test_the_pieces_are_both_readings_and_the_scores_are_the_same_from_both_sides(first, second):
    one, other = read(" ".join(first)), read(" ".join(second))
    (page,) = compare_documents(one, other)
    assert " ".join(filter(None, (piece.first for piece in page.pieces))) == " ".join(first)
    assert " ".join(filter(None, (piece.second for piece in page.pieces))) == " ".join(second)
    (back,) = compare_documents(other, one)
    assert back.agreement.words == page.agreement.words
    for score in (page.agreement.characters, page.agreement.words, page.agreement.blocks, page.agreement.order):
        assert score is None or 0 <= score <= 1
