"""Rows of a table that the page's end cut in two: their texts go on in the first row of the next page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docstation.document.table import Cell, Table
from docstation.reading.assembly.table_heads import is_number
from docstation.reading.layout.joining import HARD_HYPHENS, SOFT_HYPHENS, join

_ENDS = ".!?…:;"
_GOES_ON = ",–—("
_KEYED = 0.8
"""Of the rows, whose first cell is filled, for the first column to name rows."""


def row_joined(last: Sequence[Cell], below: Table, first: Table) -> list[Cell] | None:
    """The last row made whole with the first row of `below`; None where that is a row of its own.

    Args:
        last: cells of the last row so far, from the left; empty where cells reach into it from above.
        below: rows of the next page, without a heading.
        first: the table's first part: it tells whether the first column names the rows.
    """
    rest = [cell for cell in below.cells if cell.row == 0]
    shape = [(cell.column, cell.colspan) for cell in rest]
    if not last or shape != [(cell.column, cell.colspan) for cell in last] or any(cell.rowspan > 1 for cell in rest):
        return None
    pairs = list(zip(last, rest, strict=True))
    said = [(a.text, b.text) for a, b in pairs if b.text]
    if not said or any(not _may_go_on(a, b) for a, b in said):
        return None
    cut = any(_is_cut_word(a, b) for a, b in said)
    nameless = last[0].text != "" and rest[0].text == "" and _first_column_names(first)
    inside = any(b[0].islower() or a[-1] in _GOES_ON for a, b in said)
    if not cut and not (nameless and inside):
        return None
    return [replace(a, text=_together(a.text, b.text)) for a, b in pairs]


def _may_go_on(above: str, below: str) -> bool:
    """Whether a cell's text can be the rest of the one above it."""
    return (
        bool(above) and not is_number(below) and not is_number(above) and (below[0].islower() or _is_unfinished(above))
    )


def _is_unfinished(text: str) -> bool:
    return text != "" and text[-1] not in _ENDS and any(map(str.isalpha, text))


def _is_cut_word(above: str, below: str) -> bool:
    return above[-2:-1].isalpha() and above[-1:] in HARD_HYPHENS + SOFT_HYPHENS and below[:1].islower()


def _first_column_names(table: Table) -> bool:
    rows = table.to_rows()[table.header_row_count() :]
    return sum(bool(row[0]) for row in rows) >= _KEYED * len(rows)


def _together(above: str, below: str) -> str:
    return join(above, below) if above and below else above or below
