"""The search over documents on both kinds of databases: what is indexed, what is found, and that it goes with them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from queue_databases import database_url, ledger, opening, postgres, queue
from queue_samples import finish_all, submitted
from sqlalchemy import func, select, text
from strategies import hostile_texts

from docstation.document.corrections import Correction
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.errors import NotFound
from docstation.jobs.corrections import add
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_work import Ledger
from docstation.jobs.search import Stale, keep, search, stale, words_of
from docstation.jobs.search_index import FULLTEXT
from docstation.jobs.search_words import Phrase, best_block, stems, understood
from docstation.jobs.tables import SearchedPages

__all__ = ["database_url", "ledger", "opening", "postgres", "queue"]

CONTRACT = ("Договор поставки № 12/45-А", "Поставщик передаёт товары покупателю в течение десяти дней.")
LETTER = ("Дорогая Елена!", "Договорённости о поставках остаются прежними. Invoices are attached.")


def document(*pages: tuple[str, ...], name: str = "scan.pdf") -> Document:
    made = (
        Page(
            n,
            400,
            600,
            tuple(Block(f"p{n}-b{i}", Category.TEXT, Box(0, 0, 9, 9), one) for i, one in enumerate(said, 1)),
        )
        for n, said in enumerate(pages, 1)
    )
    return Document(Source(name, "e" * 64, "application/pdf", len(pages)), tuple(made))


def indexed(queue: JobQueue, ledger: Ledger, *pages: tuple[str, ...], name: str = "scan.png") -> str:
    id = submitted(queue, name)
    finish_all(ledger)
    wanted = stale(queue)
    assert wanted is not None
    assert wanted.id == id
    assert keep(queue, wanted, words_of(document(*pages, name=name)))
    return id


def found(queue: JobQueue, question: str) -> list[str]:
    return [one.id for one in search(queue, question).documents]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("договора", "договорами"),
        ("поставка", "поставок"),
        ("Счёт", "счета"),
        ("оплаченного", "оплаченный"),
        ("подписывается", "подписывались"),
        ("новостью", "новости"),
        ("invoices", "INVOICE"),
        ("companies", "company"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str):
    first, second = stems(one), stems(other)
    assert first.startswith(second[: len(first) - 1])
    assert abs(len(first) - len(second)) <= 1


def test_a_question_is_understood():
    assert understood('Договоры "сроки поставки" 12/45-А') == (
        Phrase(("договор",)),
        Phrase(("срок", "поставк")),
        Phrase(("12", "45", "а"), begun="а"),
    )
    assert understood("договора") == (Phrase(("договор",), begun="договора"),)
    assert understood("договор ") == (Phrase(("договор",)),)
    assert understood(' "" — * % ') == ()


@given(hostile_texts, hostile_texts)
def test_any_question_to_any_text_gives_marks_within_its_snippet(text: str, question: str):
    id, snippet = best_block([("p1-b1", text)], understood(question))
    assert id == "p1-b1"
    assert "\n" not in snippet.text
    for begin, end in snippet.marks:
        assert snippet.text[begin:end].isalnum()


def test_a_snippet_shows_what_was_found_in_a_long_text():
    text = "слово " * 200 + "бегемот " + "слово " * 200
    _id, snippet = best_block([("p1-b1", text)], understood("бегемоты"))
    assert [snippet.text[begin:end] for begin, end in snippet.marks] == ["бегемот"]
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")
    assert len(snippet.text) < 200


def test_pages_that_hold_all_words_are_found_with_the_block_that_holds_most(queue: JobQueue, ledger: Ledger):
    contract = indexed(queue, ledger, CONTRACT, ("Подписи сторон",), name="Договор.png")
    letter = indexed(queue, ledger, LETTER, name="письмо.png")
    made = search(queue, "поставщиком товар")
    assert [(one.id, one.name, one.pages) for one in made.documents] == [(contract, "Договор.png", 1)]
    (hit,) = made.documents[0].hits
    assert (hit.page, hit.block) == (1, "p1-b2")
    assert [hit.snippet.text[b:e] for b, e in hit.snippet.marks] == ["Поставщик", "товары"]
    assert found(queue, "invoice прежний") == [letter]
    assert found(queue, "письмо") == [letter]  # by its name
    assert set(found(queue, "поста")) == {contract, letter}  # begun to be typed
    assert found(queue, "поста ") == []
    assert found(queue, "подписи товары") == []  # on two pages


def test_phrases_and_compound_words_stand_side_by_side(queue: JobQueue, ledger: Ledger):
    contract = indexed(queue, ledger, CONTRACT)
    assert found(queue, "12/45-А") == [contract]
    assert found(queue, "45/12 ") == []
    assert found(queue, "«договора поставки»") == [contract]
    assert found(queue, '"поставки договора"') == []


@pytest.mark.parametrize("question", ["'", '"', "a' OR '1", "NEAR(x y)", "* AND", "х:*&!(", "\\", "﻿", ":", "stems:x"])
def test_no_question_means_anything_to_the_database(queue: JobQueue, ledger: Ledger, question: str):
    indexed(queue, ledger, CONTRACT)
    assert found(queue, question) == []


def test_what_is_found_comes_in_parts(queue: JobQueue, ledger: Ledger):
    ids = {indexed(queue, ledger, CONTRACT) for _number in range(5)}
    first = search(queue, "товары", limit=3)
    second = search(queue, "товары", limit=3, offset=3)
    assert (first.total, len(first.documents), len(second.documents)) == (5, 3, 2)
    assert {one.id for one in (*first.documents, *second.documents)} == ids


def test_one_document_is_searched_page_by_page(queue: JobQueue, ledger: Ledger):
    id = indexed(queue, ledger, *[(f"Лист {number}",) for number in range(1, 8)])
    indexed(queue, ledger, ("Лист",))
    (one,) = search(queue, "листы", document=id).documents
    assert (one.id, one.pages, sorted(hit.page for hit in one.hits)) == (id, 7, [1, 2, 3, 4, 5, 6, 7])
    assert [len(each.hits) for each in search(queue, "листы").documents if each.id == id] == [3]
    with pytest.raises(NotFound):
        search(queue, "листы", document="0" * 24)


def test_a_document_is_indexed_again_when_it_was_corrected(queue: JobQueue, ledger: Ledger):
    id = indexed(queue, ledger, CONTRACT)
    assert stale(queue) is None
    add(queue, id, 1, [Correction("", 1, Box(1, 2, 3, 4), "печать", added=True)])
    wanted = stale(queue)
    assert wanted is not None
    assert stale(queue, {wanted}) is None  # it could not be done
    assert not keep(queue, replace(wanted, revision=7), words_of(document(LETTER)))  # it was changed meanwhile
    assert keep(queue, wanted, words_of(document(LETTER)))
    assert (found(queue, "товары"), found(queue, "invoices")) == ([], [id])


def test_the_index_goes_with_the_document(queue: JobQueue, ledger: Ledger):
    id = indexed(queue, ledger, CONTRACT)
    kept = indexed(queue, ledger, CONTRACT)
    queue.delete(id)
    assert found(queue, "товары") == [kept]
    assert not keep(queue, Stale(id, 0.0, 0), ())
    with queue.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SearchedPages)) == 1
        if queue.database.dialect == "sqlite":
            connection.execute(text(f"INSERT INTO {FULLTEXT}({FULLTEXT}) VALUES ('integrity-check')"))


def test_a_document_that_is_not_there_is_not_indexed(queue: JobQueue, ledger: Ledger):
    id = submitted(queue)
    queue.cancel(id)
    assert stale(queue) is None
