"""Strokes to lattices: any grid of merged cells that is drawn comes back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.table import Cell, Table
from docstation.reading.embedded.tables.fill import join_lines
from docstation.reading.embedded.tables.grid import connected, lattice_of
from docstation.reading.embedded.tables.headers import header_rows, is_number
from docstation.reading.embedded.tables.ruled import levelled
from docstation.reading.embedded.tables.strokes import Stroke, Strokes, from_rulings


def rulings_of(table: Table, width: float = 40, height: float = 16) -> list[Box]:
    made = []
    for c in table.cells:
        x0, x1 = 50 + width * c.column, 50 + width * (c.column + c.colspan)
        y0, y1 = 60 + height * c.row, 60 + height * (c.row + c.rowspan)
        made += [
            Box(x0, y0, x1, y0 + 0.5),
            Box(x0, y1, x1, y1 + 0.5),
            Box(x0, y0, x0 + 0.5, y1),
            Box(x1, y0, x1 + 0.5, y1),
        ]
    return made


@st.composite
def merged_tables(draw: st.DrawFn) -> Table:
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    spans = draw(st.lists(st.tuples(*[st.integers(0, 5)] * 2, st.integers(1, 3), st.integers(1, 3)), max_size=4))
    cells = [Cell(r, c, h, w) for r, c, h, w in spans if r + h <= rows and c + w <= columns]
    cells += [Cell(rows - 1, columns - 1)] if not cells else []
    return Table.of_cells([*cells, Cell(rows - 1, 0), Cell(0, columns - 1)])


def used(table: Table) -> bool:
    """Whether every boundary is an edge of some cell: others cannot be seen in a drawing."""
    xs = {c.column for c in table.cells}
    ys = {c.row for c in table.cells}
    return len(xs) == table.columns and len(ys) == table.rows


@given(merged_tables().filter(used))
@settings(max_examples=60, deadline=None)
def test_a_drawn_grid_of_merged_cells_comes_back(table: Table) -> None:
    groups = connected(from_rulings(rulings_of(table)))
    assert len(groups) == 1
    lattice = lattice_of(groups[0])
    assert lattice is not None
    found = [(s.row, s.column, s.rowspan, s.colspan) for s in lattice.spans]
    assert sorted(found) == [(c.row, c.column, c.rowspan, c.colspan) for c in table.cells]


@given(st.lists(st.tuples(*[st.floats(0, 500)] * 2, st.floats(0, 80), st.booleans()), max_size=25))
@settings(max_examples=80, deadline=None)
def test_any_strokes_give_a_lattice_without_overlap_or_gap(lines: list[tuple[float, float, float, bool]]) -> None:
    boxes = [Box(x, y, x + length, y) if level else Box(x, y, x, y + length) for x, y, length, level in lines]
    for group in connected(from_rulings(boxes)):
        lattice = lattice_of(group)
        if lattice is not None:
            covered = sum(s.rowspan * s.colspan for s in lattice.spans)
            assert covered == lattice.rows * lattice.columns == len(lattice.owners)


@given(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_levelling_takes_a_common_tilt_out(lean_h: float, lean_v: float) -> None:
    level = tuple(Stroke(50, 450, y, y + 400 * lean_h) for y in (100, 150, 200))
    upright = tuple(Stroke(100, 200, x, x + 100 * lean_v) for x in (50, 250, 450))
    flat, to_level = levelled(Strokes(level, upright))
    assert all(abs(s.slope) < 1e-6 for s in (*flat.horizontal, *flat.vertical))
    x, y = to_level.inverse().point(*to_level.point(123.0, 150.0))
    assert abs(x - 123) < 1e-6
    assert abs(y - 150) < 1e-6


def test_a_table_open_at_its_sides_gets_its_outer_columns() -> None:
    level = [Box(50, y, 450, y) for y in (100, 120, 140)]
    upright = [Box(x, 100, x, 140) for x in (150, 300)]
    lattice = lattice_of(from_rulings([*level, *upright]))
    assert lattice is not None
    assert (lattice.rows, lattice.columns) == (2, 3)


def test_words_divided_at_a_line_end_are_made_whole() -> None:
    assert join_lines(["наимено-", "вание товара"]) == "наименование товара"
    assert join_lines(["наимено\u00ad", "вание"]) == "наименование"
    assert join_lines(["Санкт-", "Петербург"]) == "Санкт-Петербург"
    assert join_lines(["что-", "то"]) == "что-то"
    assert join_lines(["2020 -", "2021"]) == "2020 - 2021"


def test_numbers_are_told_from_names() -> None:
    assert all(map(is_number, ["5", "1 234,50", "-3", "(1,136)", "$ 4,737", "12 %", "—"]))
    assert not any(map(is_number, ["5 шт", "А-1", "", "2023 год"]))


def test_heading_rows_reach_as_deep_as_their_cells() -> None:
    cells = [
        Cell(0, 0, rowspan=2, text="Товар"),
        Cell(0, 1, colspan=2, text="Цена"),
        Cell(1, 1, text="план"),
        Cell(1, 2, text="факт"),
        Cell(2, 0, text="Болт"),
        Cell(2, 1, text="5"),
        Cell(2, 2, text="6"),
    ]
    assert header_rows(Table.of_cells(cells)) == 2


def test_a_table_of_numbers_only_has_no_heading() -> None:
    assert header_rows(Table.from_rows([["1", "2"], ["3", "4"]])) == 0
