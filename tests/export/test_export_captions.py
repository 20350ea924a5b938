"""Captions: each belongs to one table or picture, wherever it stands, and tables are named by theirs alone."""

from __future__ import annotations

import time

import pytest
from export_samples import document_of, element

from docstation.document.model import Category, Element, Picture
from docstation.document.table import Table
from docstation.export import ExportOptions
from docstation.export.captions import Captioned, captions_of, grouped
from docstation.export.flow import Piece, flow
from docstation.export.named_tables import tables_of

TABLE = element(Category.TABLE, "", table=Table.from_rows([["а"]]))
PICTURE = element(Category.PICTURE, "", picture=Picture("p.png", 4, 4))
TEXT = element(Category.TEXT, "Текст")


def caption(text: str = "Подпись") -> Element:
    return element(Category.CAPTION, text)


def pieces(*body: Element) -> list[Piece]:
    return [piece for piece in flow(document_of(*body), ExportOptions()) if isinstance(piece, Piece)]


@pytest.mark.parametrize(
    ("body", "owners"),
    [
        ((caption(), TABLE), {0: 1}),
        ((TABLE, caption()), {1: 0}),
        ((TABLE, caption(), TABLE), {1: 2}),
        ((caption(), TABLE, caption(), TABLE), {0: 1, 2: 3}),
        ((caption(), TABLE, TEXT, TABLE, caption()), {0: 1, 4: 3}),
        ((PICTURE, caption()), {1: 0}),
        ((caption(), PICTURE), {0: 1}),
        ((PICTURE, caption(), TABLE), {1: 2}),
        ((PICTURE, caption("Рис. 1"), TABLE), {1: 0}),
        ((TABLE, caption("Рис. 1")), {1: None}),
        ((TABLE, TEXT, caption("Таблица 1")), {2: None}),
        ((caption(" "), TABLE), {0: None}),
    ],
)
def test_a_caption_belongs_to_what_custom_and_its_words_say(
    body: tuple[Element, ...], owners: dict[int, int | None]
) -> None:
    found = captions_of(pieces(*body))
    assert found == {index: owner for index, owner in owners.items() if owner is not None}


def test_a_table_does_not_take_the_caption_of_the_next() -> None:
    document = document_of(TABLE, caption("Таблица 2"), TABLE, TEXT, TABLE, caption("Таблица  3\n— Цены"))
    assert [named.title for named in tables_of(document).tables] == ["", "Таблица 2", "Таблица 3 — Цены"]


def test_a_picture_keeps_its_caption_beside_a_table() -> None:
    document = document_of(PICTURE, caption("Рисунок 1"), TABLE)
    assert [named.title for named in tables_of(document).tables] == [""]


def test_pairs_stand_in_place_of_their_pieces() -> None:
    things = list(grouped(pieces(TEXT, caption("а"), TABLE, PICTURE, caption("б"))))
    assert [type(thing) for thing in things] == [Piece, Captioned, Captioned]
    pairs = [thing for thing in things if isinstance(thing, Captioned)]
    assert [(pair.caption.text, pair.above) for pair in pairs] == [("а", True), ("б", False)]


def test_thousands_of_captions_take_no_longer_each() -> None:
    def seconds(count: int) -> float:
        found = pieces(*[caption(), TABLE] * count)
        start = time.process_time()
        assert len(captions_of(found)) == count
        return time.process_time() - start

    seconds(10)
    few, many = seconds(1000), seconds(16_000)
    assert many < 48 * max(few, 0.005)
