"""Tables that go on over pages: whether two parts are one table, and how they are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.document.table import Table

EDGE_TOLERANCE = 0.1
"""Edges of the parts may differ by less than this share of the table's width."""
MAX_HEADER_ROWS = 6

_CONTINUATION = re.compile(
    r"^\W*(?:продолжение|окончание|конец)\s+(?:таблицы|табл\.?)|^\W*(?:table|таблица|табл\.)\s*[\w.\-]*\W*"
    r"\(?(?:continued|cont(?:inued|['’]?d|\.)|продолжение|окончание)|^\W*\(?(?:continued|cont['’]d|продолжение)\)?\W*$",
    re.IGNORECASE,
)


def is_continuation(text: str) -> bool:
    """Whether a line only says that a table goes on: «Продолжение таблицы 2», "Table 3 (continued)"."""
    return len(text) < 120 and bool(_CONTINUATION.match(text.strip()))


def go_together(above: Table, below: Table, upper: Box, lower: Box) -> bool:
    """Whether a table at the top of a page continues the one at the bottom of the page before.

    Args:
        above: the rows so far.
        below: the part on the next page.
        upper: box of the last part so far, in points of its page.
        lower: box of the next part.
    """
    if above.columns != below.columns:
        return False
    tolerance = EDGE_TOLERANCE * max(upper.width, lower.width)
    if abs(upper.x0 - lower.x0) > tolerance or abs(upper.x1 - lower.x1) > tolerance:
        return False
    if not _edges_agree(above, below, tolerance):
        return False
    return not (above.header_row_count() and _has_own_heading(below) and repeated_rows(above, below) == 0)


def joined(above: Table, below: Table) -> Table:
    """The rows of both; a heading that the second part repeats is left out."""
    repeated = repeated_rows(above, below)
    if repeated >= below.rows:
        return above
    return above.stacked(below.without_rows(repeated) if repeated else below)


def repeated_rows(above: Table, below: Table) -> int:
    """How many leading rows of `below` repeat the heading of `above` (or its row of column numbers)."""
    upper, lower = _texts(above, MAX_HEADER_ROWS), _texts(below, MAX_HEADER_ROWS)
    count = 0
    while count < min(len(upper), len(lower)) and upper[count] == lower[count] and any(lower[count]):
        count += 1
    # Without marked headings only a row that names every column is one; two rows of values may be alike.
    if count and not above.header_row_count() and not all(upper[0]):
        return 0
    if not count and lower and _counts(lower[0]) and lower[0] in upper[1:]:
        return 1
    return count


def _has_own_heading(table: Table) -> bool:
    """Whether the first row is a heading beyond doubt: marked as one, each column named, no bare number."""
    first = table.to_rows()[0]
    named = all(text and len(text) < 80 and any(char.isalpha() for char in text) for text in first)
    return table.header_row_count() > 0 and named


def _texts(table: Table, rows: int) -> list[list[str]]:
    return [["".join(text.casefold().split()) for text in row] for row in table.to_rows()[:rows]]


def _counts(row: Sequence[str]) -> bool:
    """Whether a row numbers the columns: 1, 2, 3."""
    return len(row) > 1 and list(row) == [str(number) for number in range(1, len(row) + 1)]


def _edges_agree(above: Table, below: Table, tolerance: float) -> bool:
    """Whether the columns' left edges lie under each other, where cells have boxes."""
    upper, lower = _column_edges(above), _column_edges(below)
    return all(abs(upper[column] - lower[column]) <= tolerance for column in upper.keys() & lower.keys())


def _column_edges(table: Table) -> dict[int, float]:
    edges: dict[int, float] = {}
    for cell in table.cells:
        if cell.box is not None and cell.colspan == 1:
            edges.setdefault(cell.column, cell.box.x0)
    return edges
