"""Tables against true tables: TEDS and TEDS-S from table-recognition-metric, and F1 of cells.

Tables of a page are paired so that the sum of cell-F1 is largest; a true table without a partner scores 0, a found one
without a partner lowers nothing here (it is counted as extra). Texts are compared in the normal form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docstation.document.table import Table
from docstation.errors import MissingDependency
from docstation.evaluation.assignment import assign
from docstation.evaluation.normalising import normalised
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
        f"{cell.row},{cell.column},{cell.rowspan},{cell.colspan}:{normalised(cell.text).replace(' ', '')}"
        for cell in table.cells
    ]


def _scored(truth: Table, found: Table) -> TableScore:
    return TableScore(
        teds(truth, found), teds(truth, found, structure_only=True), cell_f1(truth, found)
    )  # fmt: skip


def teds(truth: Table, found: Table, *, structure_only: bool = False) -> float:
    """Tree-edit-distance similarity (Zhong et al., "Image-based table recognition", 2020).

    Raises:
        MissingDependency: table-recognition-metric is not installed.
    """
    try:
        from table_recognition_metric import TEDS
    except ImportError as error:
        command = "pip install 'docstation[eval]'"
        raise MissingDependency(name="table-recognition-metric", command=command) from error
    value = TEDS(structure_only=structure_only)(_html(found), _html(truth))
    return min(1.0, max(0.0, float(value)))


def _html(table: Table) -> str:
    """Plain cells in normal form: heading tags and spaces are spelling, not structure."""
    cells = tuple(replace(cell, header=False, text=normalised(cell.text).replace(" ", "")) for cell in table.cells)
    return f"<html><body>{replace(table, cells=cells).to_html()}</body></html>"
