"""TEDS by known pairs of tables, and against the published definition, spelled out without any cleverness."""

from __future__ import annotations

import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.table import Cell, Table
from docstation.errors import MissingDependency
from docstation.evaluation.table_scores import teds
from docstation.evaluation.teds import similarity


def rows(*lines: str) -> Table:
    """A table from HTML rows without their ``<tr>``."""
    return Table.from_html("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>")


GRID = rows("<td>Товар</td><td>Сумма</td>", "<td>Бумага</td><td>1,00</td>")
MERGED = rows("<td colspan=2>Товар</td>", "<td>Бумага</td><td>1,00</td>")
TALL = rows("<td rowspan=2>Товар</td><td>Сумма</td>", "<td>1,00</td>")
COLUMN = Table.from_rows([["а"], ["б"], ["в"], ["г"], ["д"]])
WIDE = rows("<td colspan=2>а</td>" * 9)
NOTHING = Table(0, 0, ())

# The reference implementation of the paper's authors gives these values too.
KNOWN = {
    "equal": (GRID, GRID, 1, 1),
    "one letter of five": (GRID, rows("<td>Товар</td><td>Cумма</td>", "<td>Бумага</td><td>1,00</td>"), 1 - 0.2 / 7, 1),
    "one text missing": (GRID, rows("<td>Товар</td><td></td>", "<td>Бумага</td><td>1,00</td>"), 1 - 1 / 7, 1),
    "texts of two rows exchanged": (
        Table.from_rows([["а", "б"], ["в", "г"]]), Table.from_rows([["в", "г"], ["а", "б"]]), 1 - 4 / 7, 1,
    ),
    "two cells read as one": (GRID, MERGED, 1 - 2 / 7, 1 - 2 / 7),
    "a cell that spans rows read as two": (GRID, TALL, 1 - 2 / 7, 1 - 2 / 7),
    "spans across instead of down": (MERGED, TALL, 1 - 3 / 6, 1 - 3 / 6),
    "the last row missing": (GRID, rows("<td>Товар</td><td>Сумма</td>"), 1 - 3 / 7, 1 - 3 / 7),
    "a column too many": (
        GRID, rows("<td>Товар</td><td>Сумма</td><td></td>", "<td>Бумага</td><td>1,00</td><td></td>"),
        1 - 2 / 9, 1 - 2 / 9,
    ),
    "two rows read as one": (
        Table.from_rows([["а"], ["б"]]), Table.from_rows([["аб"]]), 1 - (2 + 0.5) / 5, 1 - 2 / 5,
    ),
    "one cell, nothing alike": (Table.from_rows([["а"]]), Table.from_rows([["б"]]), 1 - 1 / 3, 1),
    "both empty": (NOTHING, NOTHING, 1, 1),
    "one empty": (NOTHING, Table.from_rows([["а"]]), 1 / 3, 1 / 3),
    "edits beyond the larger tree": (COLUMN, WIDE, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "whole", "structure"), KNOWN.values(), ids=KNOWN)
def test_known_pairs_have_their_known_values(one, other, whole, structure):
    for pair in ((one, other), (other, one)):
        assert similarity(*pair) == pytest.approx(whole, abs=1e-12)
        assert similarity(*pair, structure_only=True) == pytest.approx(structure, abs=1e-12)


def test_heading_cells_count_as_any_others():
    assert similarity(rows("<th>Товар</th>"), rows("<td>Товар</td>")) == 1


def test_texts_are_compared_as_they_are_and_scored_in_the_normal_form():
    one, other = Table.from_rows([["ООО «Ромашка»"]]), Table.from_rows([['ООО "Ромашка" ']])
    assert similarity(one, other) < 1 == teds(one, other)


TABLES = st.builds(
    Table.of_cells,
    st.lists(
        st.builds(
            Cell, st.integers(0, 3), st.integers(0, 2), st.integers(1, 2), st.integers(1, 2), st.text("аб", max_size=3)
        ),
        max_size=6,
    ),
)


@given(TABLES, TABLES, st.booleans())
def test_the_value_is_that_of_the_published_definition(one, other, structure_only):
    trees = [as_tuples(table, structure_only) for table in (one, other)]
    expected = 1 - cost((trees[0],), (trees[1],)) / max(nodes((tree,)) for tree in trees)
    assert similarity(one, other, structure_only=structure_only) == pytest.approx(max(0, expected), abs=1e-9)


def as_tuples(table, structure_only):
    """The tree as (label, children): a label is the tag, for a cell its spans and text too."""
    lines = [[] for _ in range(table.rows)]
    for cell in table.cells:
        lines[cell.row].append((("td", cell.rowspan, cell.colspan, "" if structure_only else cell.text), ()))
    return ("table",), tuple((("tr",), tuple(line)) for line in lines)


def nodes(forest):
    return sum(1 + nodes(children) for _, children in forest)


@cache
def cost(first, second):
    """The least cost of turning one forest into the other: every way to treat their last roots is tried."""
    if not first or not second:
        return nodes(first or second)
    (label, below), (wanted, beneath) = first[-1], second[-1]
    return min(
        cost(first[:-1] + below, second) + 1,
        cost(first, second[:-1] + beneath) + 1,
        cost(first[:-1], second[:-1]) + cost(below, beneath) + renaming(label, wanted),
    )


def renaming(label, wanted):
    if label[:3] != wanted[:3]:
        return 1
    texts = label[3:], wanted[3:]
    longest = max((len(text) for pair in texts for text in pair), default=0)
    return edits(*texts[0], *texts[1]) / longest if longest else 0


@cache
def edits(text, wanted):
    if not text or not wanted:
        return len(text) + len(wanted)
    return min(
        edits(text[1:], wanted) + 1, edits(text, wanted[1:]) + 1, edits(text[1:], wanted[1:]) + (text[0] != wanted[0])
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "apted", None)
    with pytest.raises(MissingDependency) as caught:
        similarity(GRID, GRID)
    assert caught.value.fields["name"] == "apted"
