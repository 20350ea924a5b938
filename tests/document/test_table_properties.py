"""Tables stay rectangular and survive their way to HTML and back, whatever cells they are made of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.table import Cell, Table

TEXT = st.text(st.sampled_from("абвxyz019 <>&\"'\n"), max_size=12).map(
    lambda t: "\n".join(line for line in (" ".join(part.split()) for part in t.split("\n")) if line)
)
CELLS = st.lists(
    st.builds(
        Cell,
        row=st.integers(0, 6),
        column=st.integers(0, 6),
        rowspan=st.integers(1, 4),
        colspan=st.integers(1, 4),
        text=TEXT,
        header=st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


@given(CELLS)
def test_every_position_belongs_to_exactly_one_cell(cells: list[Cell]) -> None:
    table = Table.of_cells(cells)
    positions = [p for cell in table.cells for p in cell.positions]
    assert len(positions) == len(set(positions)) == table.rows * table.columns


@given(CELLS)
@settings(deadline=None)
def test_html_and_back_keeps_texts_spans_and_headings(cells: list[Cell]) -> None:
    table = Table.of_cells(cells)
    again = Table.from_html(table.to_html())
    assert [(c.row, c.column, c.rowspan, c.colspan, c.text, c.header) for c in again.cells] == [
        (c.row, c.column, c.rowspan, c.colspan, c.text, c.header) for c in table.cells
    ]


@given(st.text(st.sampled_from("<>/tablerdhspn=\"' 0123456789-ц&;"), max_size=200))
def test_any_text_is_a_table_or_a_value_error(html: str) -> None:
    try:
        table = Table.from_html(f"<table>{html}")
    except ValueError:
        return
    assert len({p for cell in table.cells for p in cell.positions}) == table.rows * table.columns


@given(CELLS, st.integers(0, 8))
def test_rows_taken_off_leave_a_rectangle(cells: list[Cell], count: int) -> None:
    table = Table.of_cells(cells)
    rest = table.without_rows(count)
    assert len({p for cell in rest.cells for p in cell.positions}) == rest.rows * rest.columns
    assert rest.rows <= max(0, table.rows - count)


@given(CELLS)
def test_stacking_a_table_on_itself_doubles_its_rows(cells: list[Cell]) -> None:
    table = Table.of_cells(cells)
    both = table.stacked(table)
    assert (both.rows, both.columns) == (2 * table.rows, table.columns)
    assert both.without_rows(table.rows) == table
