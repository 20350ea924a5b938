"""Choosing between a table that lines draw and one that words align, where both claim the same words.

Tinted rows and rules under parts of a heading draw lattices that miss columns or headings. Such a lattice is weak: it
yields to a table of aligned words that holds most of its words, and stands where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.table import Cell, Table
from docstation.reading.embedded.tables.fill import Placed
from docstation.reading.embedded.tables.found import FoundTable
from docstation.reading.embedded.tables.rows import rows_of

_CROWDED_SHARE = 0.15
_HELD = 0.7


def is_weak(found: FoundTable, words: Sequence[Placed]) -> bool:
    """Whether the lattice misses structure: a column without any text, or a whole row in one crowded cell.

    Args:
        found: a ruled table.
        words: of the page.
    """
    table = found.table
    if _has_empty_column(table):
        return True
    inside = [w for w in words if w.index in found.words]
    crowded = sum(len(held) for cell in table.cells if _is_crowded(held := _held(cell, inside)))
    return crowded > _CROWDED_SHARE * len(inside)


def _held(cell: Cell, words: Sequence[Placed]) -> list[Placed]:
    box = cell.box
    return [w for w in words if box.contains(*w.box.center)] if box is not None and cell.text else []


def _is_crowded(words: Sequence[Placed]) -> bool:
    """Whether what one cell holds looks like several: three chunks in a row, or two in each of several rows."""
    counts = sorted((len(row.chunks) for row in rows_of(words)), reverse=True)
    return bool(counts) and (counts[0] >= 3 or counts[1:2] >= [2])


def _has_empty_column(table: Table) -> bool:
    filled = {cell.column for cell in table.cells if cell.text and cell.colspan == 1}
    return table.rows >= 3 and len(filled) < table.columns


def settled(weak: Sequence[FoundTable], aligned: Sequence[FoundTable]) -> list[FoundTable]:
    """Of weak lattices and tables of aligned words, those that stand: no word belongs to two tables."""
    kept_aligned = list(aligned)
    kept_weak = []
    for table in weak:
        rivals = [other for other in kept_aligned if other.words & table.words]
        if any(len(other.words & table.words) >= _HELD * len(table.words) for other in rivals):
            continue
        kept_weak.append(table)
        kept_aligned = [other for other in kept_aligned if other not in rivals]
    return [*kept_weak, *kept_aligned]
