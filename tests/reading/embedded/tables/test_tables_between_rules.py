"""Tables that have rules over, under their headings and at their end, and none between rows or columns."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from docstation.document.geometry import Affine, Box
from docstation.document.text import Word
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.tables import FoundTable, TableFinder
from docstation.reading.layout import lines_of_words

SIZE = 10.0
LEADING = 12.0
LEFT, RIGHT = 60.0, 535.0
HEADS = ("Post", "Duty", "Site")
PLACES = (64.0, 160.0, 440.0)
DUTY = "keeps the register of the tests and hands\nit to the head of the hall on the same day"
PROSE = (
    "The foreman of the shift reports every fault of all the equipment to the mechanic",
    "before the end of the working day and keeps all of the records of the inspections",
)


class Paper:
    """A page that is written from the top."""

    def __init__(self) -> None:
        self.y = 80.0
        self.words: list[Word] = []
        self.rulings: list[Box] = []

    def rule(self) -> None:
        self.rulings.append(Box(LEFT, self.y, RIGHT, self.y + 0.8))
        self.y += 4

    def text(self, text: str, x: float, y: float, space: float = 0.28 * SIZE) -> None:
        for word in text.split():
            width = 0.5 * SIZE * len(word)
            self.words.append(Word(word, Box(x, y, x + width, y + SIZE), font_size=SIZE))
            x += width + space

    def row(self, *cells: str, places: Sequence[float] = PLACES) -> None:
        for cell, x in zip(cells, places, strict=True):
            for place, line in enumerate(cell.split("\n")):
                self.text(line, x, self.y + LEADING * place)
        self.y += LEADING * max(cell.count("\n") + 1 for cell in cells) + 4

    def table(self, count: int) -> None:
        """A table with rows of two lines."""
        self.rule()
        self.row(*HEADS, places=(90, 260, 470))
        self.rule()
        for number in range(1, count + 1):
            self.row(f"Worker {number}", DUTY, f"Hall {number}")
        self.rule()

    def prose(self, *, stretched: bool = False) -> None:
        """Two lines from border to border."""
        for line in PROSE:
            words = line.split()
            room = (RIGHT - LEFT - sum(0.5 * SIZE * len(word) for word in words)) / (len(words) - 1)
            self.text(line, LEFT, self.y + 6, room if stretched else min(room, 0.3 * SIZE))
            self.y += LEADING
        self.y += 12

    def tables(self) -> tuple[FoundTable, ...]:
        random.Random(1).shuffle(self.words)
        page = PreparedPage(
            1, (595, 842), (595, 842), None, 1.0, Affine(), words=tuple(self.words), rulings=tuple(self.rulings)
        )
        return TableFinder().find(page, lines_of_words(self.words))


def shapes(found: Sequence[FoundTable]) -> list[tuple[int, int, int]]:
    return [(one.table.rows, one.table.columns, one.table.header_row_count()) for one in found]


@pytest.mark.parametrize("stretched", [False, True])
def test_running_text_between_two_tables_belongs_to_neither(stretched: bool) -> None:
    paper = Paper()
    paper.table(3)
    paper.prose(stretched=stretched)
    paper.table(5)
    found = paper.tables()
    assert shapes(found) == [(4, 3, 1), (6, 3, 1)]
    assert not any(found[0].box.intersection(other.box) for other in found[1:])


def test_a_caption_alone_between_two_tables_parts_them() -> None:
    paper = Paper()
    paper.table(3)
    paper.row("Table 2 – Duties", "", "")
    paper.table(3)
    assert shapes(paper.tables()) == [(4, 3, 1), (4, 3, 1)]


def test_a_long_line_that_heads_a_part_of_a_table_does_not_part_it() -> None:
    paper = Paper()
    paper.rule()
    paper.row(*HEADS, places=(90, 260, 470))
    paper.rule()
    for part in range(2):
        paper.row(f"Part {part} of what the workers of all halls of the plant have to do every day", "", "")
        for number in range(1, 4):
            paper.row(f"Worker {number}", DUTY, f"Hall {number}")
    paper.rule()
    (found,) = paper.tables()
    assert (found.table.rows, found.table.columns) == (9, 3)


def test_rows_of_several_lines_stay_rows_and_their_cells_are_whole() -> None:
    paper = Paper()
    paper.table(6)
    (found,) = paper.tables()
    cells = {(cell.row, cell.column): cell.text for cell in found.table.cells}
    whole = DUTY.replace("\n", " ")
    assert [cells[row, 1] for row in range(1, 7)] == [whole] * 6
    assert [cells[row, 2] for row in range(1, 7)] == [f"Hall {number}" for number in range(1, 7)]


def test_a_table_stands_where_its_rules_do() -> None:
    paper = Paper()
    paper.table(4)
    (found,) = paper.tables()
    frame = Box(LEFT, paper.rulings[0].y0, RIGHT, paper.rulings[-1].y1)
    assert found.box.iou(frame) > 0.98


@pytest.mark.parametrize("duty", [DUTY, "keeps the register"])
def test_what_goes_on_from_the_page_before_has_no_headings(duty: str) -> None:
    paper = Paper()
    paper.rule()
    for number in range(8, 13):
        paper.row(f"Worker {number}", duty, f"Hall {number}")
    paper.rule()
    assert shapes(paper.tables()) == [(5, 3, 0)]


def test_rows_that_are_numbered_are_no_headings_by_their_place() -> None:
    paper = Paper()
    for number in range(8, 12):
        paper.row(str(number), f"Item number {number}", f"Hall {number}")
    assert shapes(paper.tables()) == [(4, 3, 0)]


def test_wide_spaces_between_words_make_no_columns() -> None:
    paper = Paper()
    paper.rule()
    paper.row(*HEADS, places=(90, 260, 455))
    paper.rule()
    for number in range(1, 7):
        for text, x in zip((f"Worker {number}", "keeps the books", f"Hall {number}"), PLACES, strict=True):
            paper.text(text, x, paper.y, 0.55 * SIZE)
        paper.y += 16
    paper.rule()
    assert shapes(paper.tables()) == [(7, 3, 1)]


def test_a_heading_that_stands_beside_what_is_under_it_makes_no_column() -> None:
    paper = Paper()
    paper.rule()
    paper.row(*HEADS, places=(90, 260, 505))
    paper.rule()
    for number in range(1, 5):
        paper.row(f"Worker {number}", DUTY, f"Hall {number}")
    paper.rule()
    (found,) = paper.tables()
    assert shapes([found]) == [(5, 3, 1)]
    assert {cell.text for cell in found.table.cells if cell.column == 2} == {
        "Site",
        *(f"Hall {n}" for n in range(1, 5)),
    }
