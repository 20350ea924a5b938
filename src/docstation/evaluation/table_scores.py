"""Tables against true tables: TEDS, TEDS-S and F1 of cells.

Tables of a page are paired so that the sum of cell-F1 is largest; a true table without a partner scores 0, a found one
without a partner lowers nothing here (it is counted as extra). Texts are compared in the normal form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docstation.document.table import Table
from docstation.evaluation.assignment import assign
from docstation.evaluation.normalising import normalised
from docstation.evaluation.teds import similarity
from docstation.evaluation.text_scores import bag_f1


@dataclass(frozen=True, slots=True)
class TableScore:
    """How one true table was read; all values 0 to 1."""

    teds: float
    teds_structure: float
    cell_f1: float


MISSED = TableScore(0.0, 0.0, 0.0)


def compare_tables(truth: Sequence[Table], found: Sequence[Table]) -> list[TableScore]:
    """One score per true table, in their order.

    Raises:
        MissingDependency: the evaluation packages are not installed.
    """
    costs = [[-cell_f1(true, other) for other in found] for true in truth]
    partners = dict(assign(costs)) if found else {}
    return [_scored(true, found[partners[i]]) if i in partners else MISSED for i, true in enumerate(truth)]


def cell_f1(truth: Table, found: Table) -> float:
    """F1 of cells, each taken as row, column, spans and text without spaces."""
    return bag_f1(_cells(truth), _cells(found))


def _cells(table: Table) -> list[str]:
    return [
        f"{cell.row},{cell.column},{cell.rowspan},{cell.colspan}:{_compared_text(cell.text)}" for cell in table.cells
    ]


def _scored(truth: Table, found: Table) -> TableScore:
    return TableScore(
        teds(truth, found), teds(truth, found, structure_only=True), cell_f1(truth, found)
    )  # fmt: skip


def teds(truth: Table, found: Table, *, structure_only: bool = False) -> float:
    """TEDS, or TEDS-S with `structure_only`, of texts in the normal form and without spaces: spaces are spelling.

    Raises:
        MissingDependency: the evaluation packages are not installed.
    """
    return similarity(_compared(truth), _compared(found), structure_only=structure_only)


def _compared(table: Table) -> Table:
    return replace(table, cells=tuple(replace(cell, text=_compared_text(cell.text)) for cell in table.cells))


def _compared_text(text: str) -> str:
    return normalised(text).replace(" ", "")
