"""Words of a model's blocks are put where they stand: on real pages, in drawn tables, and where nothing fits."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placing_score import Tally, scans, score, words_of

from docstation.document.geometry import Box
from docstation.document.model import Block, Category
from docstation.document.table import Table
from docstation.document.text import Line, Origin, Word
from docstation.reading.vision.places import with_places
from docstation.reading.vision.places.flowing import placed
from docstation.reading.vision.places.grid import grid_of
from docstation.reading.vision.places.ink import page_ink
from docstation.reading.vision.places.rows import Row, Run, letter_height, rows_of
from docstation.reading.vision.places.widths import SPACE, width
from docstation.testing.degrade import Condition

sys.path.insert(0, str(Path(__file__).parents[2] / "embedded" / "tables"))
from drawn_tables import Drawn, random_page
from worn_tables import worn

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"
EM, HEIGHT = 10.0, 5.0
SENTENCE = "Поставщик обязуется передать в собственность покупателя товар в сроки указанные в договоре"


def row_of(words: list[str], *, top: float = 0.0, left: float = 0.0) -> tuple[Row, list[Box]]:
    """A row as print has it, a run for each letter, and where its words are."""
    runs, boxes, x = [], [], left
    for word in words:
        start = x
        for sign in word:
            wide = width(sign) * EM
            runs.append(Run(x + 0.2, top, x + wide - 0.2, top + HEIGHT))
            x += wide
        boxes.append(Box(start, top, x, top + HEIGHT))
        x += SPACE * EM
    return Row(tuple(runs), HEIGHT), boxes


def near(found: tuple[int, Box] | None, box: Box) -> bool:
    return found is not None and abs(found[1].x0 - box.x0) < 1.5 and abs(found[1].x1 - box.x1) < 1.5


def test_words_stand_where_their_letters_are() -> None:
    first, its = row_of(["Счёт", "на", "оплату", "№", "215", "от"])
    second, others = row_of(["12", "марта", "2024", "года"], top=12.0)
    found = placed(["Счёт", "на", "оплату", "№", "215", "от", "12", "марта", "2024", "года"], [first, second])
    assert found.cost < 0.5
    assert all(map(near, found.boxes, [*its, *others]))
    assert [where[0] for where in found.boxes if where] == [0] * 6 + [1] * 4


def test_a_bullet_is_nobodys_and_a_sign_of_markup_has_no_ink() -> None:
    words = SENTENCE.split()
    row, boxes = row_of(words, left=14.0)
    row = Row((Run(0, 1, 4, 4), *row.runs), HEIGHT)
    found = placed([*words[:5], "<sup>1</sup>", *words[5:]], [row]).boxes
    assert found[5] is None
    assert all(map(near, [*found[:5], *found[6:]], boxes))


def test_a_word_that_goes_on_in_the_next_row_has_its_longer_part() -> None:
    first, its = row_of(["Поставщик", "обязуется", "пере-"])
    second, others = row_of(["дать", "товар", "покупателю", "сразу"], top=12.0)
    found = placed(["Поставщик", "обязуется", "передать", "товар", "покупателю", "сразу"], [first, second])
    assert near(found.boxes[1], its[1])
    assert near(found.boxes[3], others[1])
    where = found.boxes[2]
    assert where is not None
    assert near(where, its[2]) if where[0] == 0 else near(where, others[0])


def test_a_neighbours_row_in_a_loose_box_is_not_the_blocks() -> None:
    above, _ = row_of(["Итого", "без", "налога", "к", "уплате", "по", "счёту"])
    own, boxes = row_of(["Всего", "двенадцать", "рублей"], top=12.0)
    found = placed(["Всего", "двенадцать", "рублей"], [above, own])
    assert all(map(near, found.boxes, boxes))
    assert {where[0] for where in found.boxes if where} == {1}


def test_a_row_may_slant_and_keeps_its_dots() -> None:
    shapes = np.array(
        [[x, 20 + x * 0.04, x + 4, 26 + x * 0.04] for x in range(0, 400, 5)]
        + [[x, 34 + x * 0.04, x + 4, 40 + x * 0.04] for x in range(0, 400, 5)]
        + [[201.0, 26.5, 202.0, 27.5]],
        np.float32,
    )
    shapes = shapes[np.argsort(shapes[:, 0], kind="stable")]
    rows = rows_of(shapes, letter_height(shapes))
    assert [len(row.runs) for row in rows] == [80, 80]
    assert rows[0].y0 < 21


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "texts", "tables"),
    [(Condition.CLEAN, 0.97, 0.95), (Condition.SCANNED, 0.96, 0.94), (Condition.LOW, 0.97, 0.95)],
)
def test_words_of_real_pages_are_found(condition: Condition, texts: float, tables: float, tmp_path: Path) -> None:
    file = CORPUS / "russian" / "diploma.pdf"
    assert file.is_file(), "the corpus lies beside the checkout"
    both = Tally(), Tally()
    for page, blocks in scans(file, (5, 12, 30, 51), condition, tmp_path):
        for tally, more in zip(both, score(page, blocks, with_places), strict=True):
            tally.words += more.words
            tally.right += more.right
    assert both[0].words > 500
    assert both[1].words > 100
    assert both[0].share >= texts
    assert both[1].share >= tables


def as_block(drawn: Drawn) -> Block:
    bare = replace(drawn.table, cells=tuple(replace(cell, box=None) for cell in drawn.table.cells))
    return Block("p1-b1", Category.TABLE, drawn.box, bare.to_text(), table=bare)


@pytest.mark.parametrize("kind", ["ruled", "booktabs", "plain"])
@pytest.mark.parametrize("how", ["clean", "skewed"])
def test_cells_of_drawn_tables_are_found_with_their_words(kind: str, how: str) -> None:
    cells = right = words = placed_right = 0
    for seed in range(8):
        drawn = random_page(seed, kind)
        drawn = drawn if how == "clean" else worn(drawn, seed, how)
        assert drawn.page.pixels is not None
        (made,) = with_places([as_block(drawn)], drawn.page.pixels, drawn.page.scale)
        assert made.table is not None
        places = {(cell.row, cell.column): cell.box for cell in made.table.cells}
        found = words_of(made)
        for cell in drawn.table.cells:
            own = [
                word for line in drawn.lines for word in line.words if cell.box and cell.box.contains(*word.box.center)
            ]
            box = places[cell.row, cell.column]
            cells += bool(own)
            right += bool(own) and box is not None and all(box.expanded(0.5).contains(*word.box.center) for word in own)
            for word in own:
                words += 1
                placed_right += any(one.text == word.text and word.box.contains(*one.box.center) for one in found)
    assert cells > 200
    assert right >= 0.995 * cells
    assert placed_right >= 0.97 * words


def test_entries_of_a_list_get_boxes_of_their_own() -> None:
    drawn = random_page(0, "plain")
    assert drawn.page.pixels is not None
    rows: list[list[Word]] = []
    for word in sorted(drawn.words, key=lambda word: word.box.center[1]):
        if drawn.box.expanded(5).contains(*word.box.center):
            continue
        if not rows or word.box.center[1] - rows[-1][0].box.center[1] > 6:
            rows.append([])
        rows[-1].append(word)
    lines = [Line(tuple(sorted(row, key=lambda word: word.box.x0))) for row in rows[:3]]
    assert all(len(line.words) > 3 for line in lines)
    around = Box.around(line.box for line in lines)
    shares = [around.y0, around.y0 + 1, around.y0 + 2, around.y1]
    items = [
        Block(f"p1-b{at}", Category.LIST_ITEM, Box(around.x0, shares[at], around.x1, shares[at + 1]), line.text)
        for at, line in enumerate(lines)
    ]
    made = with_places(items, drawn.page.pixels, drawn.page.scale)
    for block, line in zip(made, lines, strict=True):
        assert " ".join(word.text for word in words_of(block)) == line.text
        assert line.box.expanded(2).contains(*block.box.center)
        assert block.box.iou(line.box) > 0.5


def test_what_says_nothing_of_its_place_stays_as_it_is() -> None:
    drawn = random_page(1, "ruled")
    assert drawn.page.pixels is not None
    own = (Line((Word("сам", Box(1, 1, 9, 9)),)),)
    blocks = [
        Block("p1-b1", Category.PICTURE, drawn.box, "печать"),
        Block("p1-b2", Category.FORMULA, drawn.box, "x^2"),
        Block("p1-b3", Category.TEXT, drawn.box, "сам", own),
        Block("p1-b4", Category.TEXT, Box(0, 0, 30, 30), "на белом поле ничего нет"),
        Block("p1-b5", Category.TEXT, drawn.box, "не тот текст"),
    ]
    assert with_places(blocks, drawn.page.pixels, drawn.page.scale) == tuple(blocks)


def test_a_table_with_more_columns_than_places_for_them_stays_as_it_is() -> None:
    drawn = random_page(2, "plain")
    assert drawn.page.pixels is not None
    table = Table.from_rows([[str(column) for column in range(900)]])
    block = Block("p1-b1", Category.TABLE, Box(60, 60, 90, 75), table.to_text(), table=table)
    assert with_places([block], drawn.page.pixels, drawn.page.scale) == (block,)
    ink = page_ink(drawn.page.pixels, drawn.page.scale)
    row = Row((Run(60, 60, 64, 66), Run(70, 60, 74, 66)), 5.0)
    assert grid_of(table, [row], block.box, ink.level, ink.upright) is None


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=4),
    edges=st.lists(st.floats(0, 600, allow_nan=False), min_size=4, max_size=4),
    rows=st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), min_size=1, max_size=5),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_stands_there_no_word_is_lost_or_placed_off_the_numbers(
    texts: list[str], edges: list[float], rows: list[list[str]], seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (400, 300, 3)).astype(np.uint8)
    box = Box(min(edges[:2]), min(edges[2:]), max(edges[:2]) + 1, max(edges[2:]) + 1)
    table = Table.from_rows(rows)
    blocks = [
        *(Block(f"p1-b{index}", Category.LIST_ITEM, box, text) for index, text in enumerate(texts)),
        Block("p1-b9", Category.TABLE, box, table.to_text(), table=table),
    ]
    for before, after in zip(blocks, with_places(blocks, pixels, 1.0), strict=True):
        assert after.text == before.text
        words = words_of(after)
        assert not words or sorted(word.text for word in words) == sorted(_words(before))
        assert all(np.isfinite([word.box.x0, word.box.y0, word.box.x1, word.box.y1]).all() for word in words)
        assert all(word.origin is Origin.ENGINE for word in words)


def _words(block: Block) -> list[str]:
    texts = [cell.text for cell in block.table.cells] if block.table is not None else [block.text]
    return [word for text in texts for word in text.split()]


def test_raised_figures_belong_to_the_row_and_pieces_of_rules_to_none() -> None:
    letters = [[x, 20.0, x + 4, 26.0] for x in range(0, 200, 5) if x != 100]
    raised, piece = [101.0, 17.2, 103.0, 21.8], [60.4, 14.0, 61.0, 29.0]
    shapes = np.array(sorted([*letters, raised, piece]), np.float32)
    (row,) = rows_of(shapes, 6.0)
    assert any(run.x0 == 101.0 for run in row.runs)
    assert row.y1 <= 26.0
