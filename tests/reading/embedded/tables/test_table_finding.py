"""Whole pages: drawn tables, clean and worn, with words known; and what must not be taken for a table."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from docstation.document.geometry import Affine, Box
from docstation.document.table import Table
from docstation.document.text import Line, Word
from docstation.evaluation.teds import similarity
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.tables import FoundTable, TableFinder, without_tables
from docstation.testing.business import Kind, draw
from docstation.testing.drawn import tables_of
from docstation.testing.gridding import Ruling

sys.path.insert(0, str(Path(__file__).parent))
from drawn_tables import Drawn, Style, draw_page, lines_of, random_page
from worn_tables import worn

FINDER = TableFinder()


def only(found: tuple[FoundTable, ...]) -> FoundTable:
    assert len(found) == 1
    return found[0]


def shape(table: Table) -> list[tuple[int, int, int, int]]:
    return [(c.row, c.column, c.rowspan, c.colspan) for c in table.cells]


def texts(table: Table) -> list[str]:
    return ["".join(c.text.split()) for c in table.cells]


def page_of(words: list[Word], rulings: tuple[Box, ...] = ()) -> tuple[PreparedPage, list[Line]]:
    page = PreparedPage(1, (595, 842), (595, 842), None, 1.0, Affine(), words=tuple(words), rulings=rulings)
    return page, lines_of(words)


def typed(text: str, x: float, y: float, size: float = 10) -> list[Word]:
    words = []
    for word in text.split():
        width = 0.55 * size * len(word)
        words.append(Word(word, Box(x, y, x + width, y + size), font_size=size))
        x += width + 0.3 * size
    return words


@pytest.mark.parametrize("seed", range(8))
def test_a_ruled_table_of_a_text_layer_is_exact(seed: int) -> None:
    drawn = random_page(seed, "ruled")
    found = only(FINDER.find(drawn.born_digital, drawn.lines))
    assert found.ruled
    assert shape(found.table) == shape(drawn.table)
    assert texts(found.table) == texts(drawn.table)


@pytest.mark.parametrize("how", ["skewed", "noisy", "broken", "stamped", "photo", "coarse"])
def test_a_ruled_table_of_a_worn_scan_keeps_its_merged_cells(how: str) -> None:
    drawn = worn(random_page(65, "ruled", merged=True), 65, how)
    found = only(FINDER.find(drawn.page, drawn.lines))
    assert found.ruled
    assert shape(found.table) == shape(drawn.table)
    assert found.box.iou(drawn.box) > 0.9


@pytest.mark.parametrize("kind", ["booktabs", "plain"])
def test_tables_without_a_grid_are_found_in_most_of_their_cells(kind: str) -> None:
    right = total = 0
    for seed in range(20, 28):
        drawn = random_page(seed, kind, merged=False)
        found = only(FINDER.find(drawn.born_digital, drawn.lines))
        assert not found.ruled
        mine = set(zip(shape(found.table), texts(found.table), strict=True))
        right += len(mine & set(zip(shape(drawn.table), texts(drawn.table), strict=True)))
        total += len(drawn.table.cells)
    assert right >= 0.78 * total


def test_words_of_a_table_leave_the_running_text() -> None:
    drawn = random_page(2, "ruled")
    found = FINDER.find(drawn.born_digital, drawn.lines)
    rest = " ".join(line.text for line in without_tables(drawn.lines, found))
    assert "Настоящий отчёт составлен" in rest
    taken = sum(len(t.words) for t in found)
    assert taken + sum(len(line.words) for line in without_tables(drawn.lines, found)) == len(drawn.words)


def test_cells_lie_inside_the_table_and_hold_their_words() -> None:
    drawn = random_page(4, "ruled", merged=True)
    found = only(FINDER.find(drawn.born_digital, drawn.lines))
    outer = found.box.expanded(0.01)
    assert all(c.box is not None and c.box.share_inside(outer) > 0.999 for c in found.table.cells)
    held = sum(
        any(c.box.contains(*drawn.lines[i].words[j].box.center) for c in found.table.cells if c.box)
        for i, j in found.words
    )
    assert held == len(found.words)


def test_headings_of_a_drawn_table_are_marked() -> None:
    table = Table.from_rows([["Наименование", "Кол-во", "Цена"], ["Бумага", "5", "310,00"], ["Стол", "1", "8 900,00"]])
    drawn = draw_page(table, Style(), random.Random(1))
    found = only(FINDER.find(drawn.born_digital, drawn.lines))
    assert found.table.header_row_count() == 1


def test_a_boxed_paragraph_is_no_table() -> None:
    words = [
        w
        for i in range(6)
        for w in typed("Внимание: документ содержит сведения ограниченного доступа", 80, 100 + 14 * i)
    ]
    box = Box(70, 90, 500, 200)
    edges = (
        Box(box.x0, box.y0, box.x1, box.y0 + 1),
        Box(box.x0, box.y1, box.x1, box.y1 + 1),
        Box(box.x0, box.y0, box.x0 + 1, box.y1),
        Box(box.x1, box.y0, box.x1 + 1, box.y1),
    )
    page, lines = page_of(words, edges)
    assert FINDER.find(page, lines) == ()


def test_prose_in_two_columns_is_no_table() -> None:
    words = []
    for i in range(40):
        words += typed("каждая строка левой колонки идёт своим чередом", 50, 80 + 13 * i, 9)
        words += typed("правая колонка говорит совсем о другом предмете", 320, 80 + 13 * i, 9)
    page, lines = page_of(words)
    assert FINDER.find(page, lines) == ()


def test_contents_with_leaders_are_no_table() -> None:
    words = []
    for i in range(12):
        words += typed(f"{i + 1} Раздел документа", 60, 100 + 15 * i)
        words += typed(". . . . . . . . . . . . . . .", 250, 100 + 15 * i)
        words += typed(str(3 + 4 * i), 500, 100 + 15 * i)
    page, lines = page_of(words)
    assert FINDER.find(page, lines) == ()


def test_a_list_is_no_table() -> None:
    words = []
    for i in range(9):
        words += typed(f"{i + 1}.", 60, 100 + 15 * i) + typed(
            "пункт перечня, в котором несколько слов", 90, 100 + 15 * i
        )
    page, lines = page_of(words)
    assert FINDER.find(page, lines) == ()


def test_a_frame_around_a_page_is_left_and_the_table_in_it_found() -> None:
    drawn = random_page(3, "ruled")
    frame = (Box(20, 20, 580, 21), Box(20, 820, 580, 821), Box(20, 20, 21, 820), Box(580, 20, 581, 820))
    page = replace(drawn.born_digital, rulings=(*drawn.rulings, *frame))
    found = only(FINDER.find(page, drawn.lines))
    assert shape(found.table) == shape(drawn.table)


def test_a_page_without_words_has_no_table() -> None:
    drawn = random_page(1, "ruled")
    assert FINDER.find(drawn.page, []) == ()


def test_pages_without_tables_cost_little() -> None:
    words = [
        w
        for i in range(50)
        for w in typed("обычная строка сплошного текста без всяких таблиц и линий", 60, 60 + 15 * i)
    ]
    page, lines = page_of(words)
    assert FINDER.find(page, lines) == ()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["clean", "skewed", "noisy", "broken"])
def test_ruled_tables_reach_the_goal_on_average(how: str) -> None:
    scores = []
    for seed in range(40, 46):
        drawn: Drawn = worn(random_page(seed, "ruled"), seed, how)
        found = FINDER.find(drawn.page, drawn.lines)
        scores.append(similarity(only(found).table, drawn.table))
    assert sum(scores) / len(scores) >= (0.95 if how == "clean" else 0.85)


@pytest.mark.parametrize("ruling", list(Ruling))
@pytest.mark.parametrize("kind", [Kind.ACT, Kind.INVOICE])
def test_the_goods_of_a_business_paper_are_one_table_apart_from_the_labels_over_it(kind: Kind, ruling: Ruling) -> None:
    """A title's underline, labels with text beside them and sums below must not leak into the table."""
    for seed in (100, 104, 108) if kind is Kind.INVOICE else (103, 104, 106):
        paper = draw(kind, seed, ruling=ruling)
        words = [word for block in paper.pages[0].blocks for line in block.lines for word in line.words]
        page, lines = page_of(words, _rulings(paper.pdf))
        wanted = tables_of(paper.pages[0])[-1]
        found = max(FINDER.find(page, lines), key=lambda one: len(one.words))
        assert (shape(found.table), texts(found.table)) == (shape(wanted), texts(wanted))


def _rulings(pdf: bytes) -> tuple[Box, ...]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "paper.pdf"
        path.write_bytes(pdf)
        with open_document(path, name="paper.pdf", limits=Limits()) as source:
            return source.raw(1).drawing.rulings


def test_the_grid_of_a_chart_is_no_table_and_neither_are_its_labels() -> None:
    """A few numbers among lines that nothing heads: the words are left to the running text."""
    lines = [Box(x, 100, x, 200) for x in range(100, 401, 60)] + [Box(100, y, 400, y) for y in range(100, 201, 20)]
    words = [*typed("96", 370, 108), *typed("41", 250, 148), *typed("18", 190, 188)]
    page, found_lines = page_of(words, tuple(lines))
    assert FINDER.find(page, found_lines) == ()
