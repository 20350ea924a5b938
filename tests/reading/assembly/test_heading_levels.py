"""Levels of headings over the document, and headings that the contents name."""

from __future__ import annotations

from docstation.document.model import Category
from docstation.reading.assembly import assemble
from tests.reading.assembly.drawing import SENTENCE, block, pages_of, said


def levels(*headings: tuple[str, float]) -> list[int]:
    """Levels of headings by wording and type size, after a paragraph."""
    blocks = [
        block(1, index, text, 100 + 40 * index, Category.SECTION_HEADER, size=size, level=1)
        for index, (text, size) in enumerate(headings, start=2)
    ]
    pages, _ = assemble(pages_of([block(1, 1, SENTENCE, 60), *blocks]))
    return [one.level for one in pages[0].blocks[1:]]


def test_named_parts_stand_one_under_the_other():
    assert levels(("Раздел I. Общие положения", 14), ("Глава 1. Задачи", 14), ("Статья 1. Цель", 14)) == [1, 2, 3]


def test_parts_that_a_document_does_not_use_leave_no_gap():
    assert levels(("Глава 1. Задачи", 14), ("Статья 1. Цель", 14), ("Приложение 1", 14)) == [1, 2, 1]


def test_numbering_counts_from_the_chapter():
    assert levels(("Часть 1", 16), ("Глава 2", 14), ("2.1 Методы", 12), ("2.1.1 Опыт", 12)) == [1, 2, 3, 4]


def test_levels_of_a_model_are_kept_in_order():
    marks = (("О станции", 1), ("Установка", 2), ("Проверка", 3), ("Работа", 2))
    blocks = [
        said(1, index, text, 40 * index, Category.SECTION_HEADER, level=level)
        for index, (text, level) in enumerate(marks, start=2)
    ]
    pages, _ = assemble(pages_of([said(1, 1, SENTENCE, 30), *blocks]))
    assert [one.level for one in pages[0].blocks[1:]] == [1, 2, 3, 2]


def test_numbered_headings_tell_what_a_models_level_means():
    marks = (("1 Введение", 2), ("1.1 Цель", 3), ("Задачи", 3), ("Выводы отдела", 2))
    blocks = [
        said(1, index, text, 40 * index, Category.SECTION_HEADER, level=level)
        for index, (text, level) in enumerate(marks, start=2)
    ]
    pages, _ = assemble(pages_of([said(1, 1, SENTENCE, 30), *blocks]))
    assert [one.level for one in pages[0].blocks[1:]] == [1, 2, 2, 1]


def test_what_a_document_opens_with_is_of_the_first_level():
    contents = [
        block(1, 1, "The word processor", 40, Category.SECTION_HEADER, size=12, level=1),
        block(1, 2, SENTENCE, 80),
        block(1, 3, "Early years", 120, Category.SECTION_HEADER, size=14, level=1),
    ]
    pages, _ = assemble(pages_of(contents))
    assert [one.level for one in pages[0].blocks] == [1, 0, 1]


def test_titles_that_the_contents_name_are_headings():
    entries = [
        block(1, 1, "ВВЕДЕНИЕ ............ 3", 100),
        block(1, 2, "1. ОБЗОР МЕТОДОВ ИЗМЕРЕНИЯ ........ 5", 140),
        block(1, 3, "1.1 Прямые методы\nи приборы ............ 6", 180),
    ]
    later = [
        block(2, 1, "1. ОБЗОР МЕТОДОВ ИЗМЕРЕНИЯ", 100, Category.LIST_ITEM, level=1),
        block(2, 2, "1.1 Прямые методы и приборы", 140, Category.LIST_ITEM, level=2),
        block(2, 3, "1. Прямые методы дороги", 180, Category.LIST_ITEM, level=1),
    ]
    pages, _ = assemble(pages_of(entries, later))
    assert [(one.category, one.level) for one in pages[1].blocks] == [
        (Category.SECTION_HEADER, 1),
        (Category.SECTION_HEADER, 2),
        (Category.LIST_ITEM, 1),
    ]


def test_sums_after_dots_are_no_contents():
    rows = [block(1, 1, "Итого ........ 300", 100), block(1, 2, SENTENCE, 140)]
    pages, _ = assemble(pages_of(rows, [block(2, 1, "Итого", 100)]))
    assert pages[1].blocks[0].category is Category.TEXT
