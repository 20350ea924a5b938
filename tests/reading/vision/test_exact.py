"""Words of a sane text layer in the blocks of a model."""

from __future__ import annotations

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.text import Origin, Word
from docstation.reading.vision.exact import with_exact_text


def words(text: str, y: float, *, x: float = 10.0, width: float = 30.0) -> tuple[Word, ...]:
    return tuple(
        Word(one, Box(x + place * (width + 4), y, x + place * (width + 4) + width, y + 10))
        for place, one in enumerate(text.split())
    )


def block(text: str, box: Box, category: Category = Category.TEXT) -> Block:
    return Block("p1-b1", category, box, text, confidence=0.9)


PLACE = Box(5, 15, 300, 55)
LAYER = (*words("Счёт № 40702810", 20), *words("от 05.03.2026", 36))


def test_what_a_model_misread_is_put_right_by_the_layer() -> None:
    (exact,) = with_exact_text([block("Счет № 40702870 от 05.08.2026", PLACE)], LAYER)
    assert exact.text == "Счёт № 40702810 от 05.03.2026"
    assert exact.origin is Origin.TEXT_LAYER
    assert exact.confidence == 1.0
    assert [line.text for line in exact.lines] == ["Счёт № 40702810", "от 05.03.2026"]


def test_the_words_need_not_come_in_order() -> None:
    (exact,) = with_exact_text([block("Счёт № 40702810 от 05.03.2026", PLACE)], tuple(reversed(LAYER)))
    assert exact.text == "Счёт № 40702810 от 05.03.2026"


def test_words_under_something_else_do_not_take_its_place() -> None:
    said = block("Пломба на таре цела, вес брутто указан верно, претензий нет совсем", PLACE)
    assert with_exact_text([said], words("xyz qwj", 20)) == (said,)


def test_a_block_without_words_of_the_layer_stays() -> None:
    said = block("рукописная пометка", Box(5, 400, 300, 420))
    assert with_exact_text([said], LAYER) == (said,)


def test_tables_and_formulas_are_more_than_their_words() -> None:
    table = block("Счёт\t№ 40702810", PLACE, Category.TABLE)
    formula = block(r"\frac{a}{b}", PLACE, Category.FORMULA)
    assert with_exact_text([table, formula], LAYER) == (table, formula)


def test_what_was_filled_into_a_form_beside_its_printed_words_is_not_lost() -> None:
    printed = (*words("Наименование организации", 20, width=60), *words("Всего страниц", 36, width=60))
    for filled in ("Наименование организации ООО Всего страниц", "Наименование организации Всего страниц 5"):
        said = block(filled, PLACE)
        assert with_exact_text([said], printed) == (said,)


def test_a_word_that_is_mostly_outside_belongs_to_another_block() -> None:
    said = block("Счет №", Box(5, 15, 90, 33))
    (exact,) = with_exact_text([said], LAYER)
    assert exact.text == "Счёт №"
