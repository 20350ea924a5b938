"""Checks of a read page: missed ink, made-up blocks, letters, doubles, running heads and feet."""

from __future__ import annotations

import random

import numpy as np
import pytest

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.script import CYRILLIC_TWINS, LATIN_TWINS, cleaned, repaired
from docstation.document.table import Table
from docstation.evaluation.layer_truth import lines_of
from docstation.evaluation.rasters import opened
from docstation.reading.vision.checks import Checked, checked
from docstation.reading.vision.findings import Kind
from docstation.testing.business import papers
from docstation.testing.degrade import Condition, degraded, rasterised
from docstation.testing.drawn import Shot

SIZE = (400.0, 500.0)
SCALE = 2.0
TO_LATIN = dict(zip(CYRILLIC_TWINS, LATIN_TWINS, strict=True))


def block(text: str, box: tuple[float, ...] = (40, 100, 360, 120), category: Category = Category.TEXT, **rest) -> Block:
    return Block("p1-b1", category, Box(*box), text, **rest)


def look(*blocks: Block, pixels=None) -> Checked:
    return checked(blocks, SIZE, pixels, SCALE)


def of_kind(result: Checked, kind: Kind) -> list[str]:
    return [finding.detail for finding in result.of(kind)]


def paper(seed: int, condition: Condition) -> tuple[Shot, list[Block]]:
    """A drawn business paper as pixels, and its true blocks."""
    (drawn,) = papers(seed, 1)
    shot = degraded(rasterised(drawn, dpi=150), condition, seed)
    return shot, list(shot.page.blocks)


def look_at(shot: Shot, blocks: list[Block]) -> Checked:
    return checked(blocks, (shot.page.width, shot.page.height), shot.pixels, shot.dpi / 72)


@pytest.mark.parametrize(
    ("seed", "condition"),
    [(100, Condition.CLEAN), (102, Condition.SCANNED), (101, Condition.PHOTOGRAPHED), (103, Condition.LOW)],
)
def test_a_block_that_was_missed_is_seen_as_ink_and_others_are_not(seed, condition):
    shot, blocks = paper(seed, condition)
    assert look_at(shot, blocks).of(Kind.MISSED_INK) == ()
    assert look_at(shot, blocks).of(Kind.EMPTY_BOX) == ()
    for missing in blocks:
        if len(missing.text) < 12 or any(missing.box.intersection(b.box) for b in blocks if b is not missing):
            continue
        found = look_at(shot, [each for each in blocks if each is not missing]).of(Kind.MISSED_INK)
        assert any(finding.box.intersection(missing.box) for finding in found if finding.box), missing.text


def test_words_where_the_page_is_white_are_told():
    white = np.full((1000, 800, 3), 255, np.uint8)
    result = look(block("Выдумка"), block("", category=Category.PICTURE), pixels=white)
    assert of_kind(result, Kind.EMPTY_BOX) == ["Выдумка"]


def test_without_pixels_the_rest_is_checked():
    assert look(block("Слово")).findings == ()


def test_look_alikes_are_repaired_in_text_and_cells_and_formulas_are_left():
    table = Table.from_rows([["Цена", "Cyммa\nруб."], ["x", "12"]])
    result = look(
        block("Дoгoвop пocтaвки между сторонами, где $c_p = x$ и  $CO_2$"),
        block(table.to_text(), category=Category.TABLE, table=table),
        block("c = aop", category=Category.FORMULA),
    )
    assert result.blocks[0].text == "Договор поставки между сторонами, где $c_p = x$ и  $CO_2$"
    assert result.blocks[1].table is not None
    assert result.blocks[1].table.to_rows()[0] == ["Цена", "Сумма\nруб."]
    assert result.blocks[1].text == result.blocks[1].table.to_text()
    assert result.blocks[2].text == "c = aop"
    assert of_kind(result, Kind.LOOK_ALIKE) == ["Договор поставки", "Сумма"]


def test_codes_that_could_be_of_both_scripts_are_flagged_and_left():
    result = look(block("Насос АБ-12X и модель MC-21 поставлены"))
    assert of_kind(result, Kind.AMBIGUOUS_CODE) == ["АБ-12X MC-21"]
    assert "АБ-12X" in result.blocks[0].text


def test_english_pages_have_no_ambiguous_codes():
    assert look(block("The BMX-12 and MC-21 were delivered")).findings == ()


@pytest.mark.parametrize(("text", "foreign"), [
    ("Договор поставки שלום оборудования", ["שלום"]), ("Договор по 合同 и прочее", ["合同"]),
    ("Угол α и Δt, 5 мкΩ, № 5 ℃ ½ ª", []), ("Сумма ελληνικά здесь", ["ελληνικά"]),
])  # fmt: skip
def test_letters_of_a_script_that_the_page_is_not_written_in_are_told(text, foreign):
    result = look(block("Настоящий договор составлен в двух экземплярах, имеющих равную силу. " * 3 + text))
    assert of_kind(result, Kind.FOREIGN_SCRIPT) == foreign


def test_a_page_in_another_script_is_at_home_in_it():
    assert look(block("本合同自双方签字之日起生效 Contract")).findings == ()


def test_what_is_said_twice_in_one_place_is_dropped():
    result = look(
        block("Один и тот же"), block("Один и тот  же", (41, 101, 360, 120)), block("Иной", (41, 99, 360, 121))
    )
    assert [each.text for each in result.blocks] == ["Один и тот же", "Иной"]
    assert len(result.of(Kind.DUPLICATE)) == 1


@pytest.mark.parametrize(("category", "text", "box", "expected"), [
    (Category.PAGE_HEADER, "ООО «Заря»", (40, 10, 360, 25), Category.PAGE_HEADER),
    (Category.PAGE_HEADER, "ООО «Заря»", (40, 250, 360, 265), Category.TEXT),
    (Category.PAGE_FOOTER, "ООО «Заря»", (40, 10, 360, 25), Category.PAGE_HEADER),
    (Category.PAGE_FOOTER, "Слово " * 100, (40, 470, 360, 490), Category.TEXT),
    (Category.PAGE_HEADER, "arXiv:2206.01062", (5, 100, 20, 350), Category.PAGE_HEADER),
    (Category.TEXT, "— 5 —", (190, 480, 210, 490), Category.PAGE_FOOTER),
    (Category.TEXT, "5", (190, 250, 210, 260), Category.TEXT),
])  # fmt: skip
def test_running_heads_and_feet_stand_where_they_can(category, text, box, expected):
    result = look(block(text, box, category))
    assert result.blocks[0].category is expected
    assert bool(result.of(Kind.FURNITURE)) is (category is not expected)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 1.0])
def test_look_alikes_of_a_whole_thesis_are_repaired(corpus, share):
    chance = random.Random(8)

    def spoilt(word: str) -> str:
        return "".join(TO_LATIN[sign] if sign in TO_LATIN and chance.random() < share else sign for sign in word)

    with opened(corpus / "russian" / "diploma.pdf") as source:
        layers = [source.raw(number).layer for number in range(1, source.page_count + 1)]
    count = wrong = broken = 0
    for layer in layers:
        page = [[cleaned(word.text) for word in line.words] for line in lines_of(layer.words)]
        count += sum(map(len, page))
        bad = [[spoilt(word) for word in line] for line in page]
        wrong += _differing(page, repaired(bad))
        broken += _differing(page, repaired(page))
    assert count > 9000
    assert wrong <= 0.001 * count
    assert broken <= 0.0001 * count


def _differing(page: list[list[str]], other: list[list[str]]) -> int:
    return sum(a != b for line, again in zip(page, other, strict=True) for a, b in zip(line, again, strict=True))
