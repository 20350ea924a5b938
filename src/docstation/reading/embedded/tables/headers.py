"""Which leading rows of a table are headings.

Decided conservatively, by what cells say and how they look: bold against plain, names above numbers, a row that
numbers the columns, spans that only headings have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from docstation.document.table import Cell, Table

_NUMBER = re.compile(r"[$€£₽]?\s*[-+(−–]?\s*[\d][\d\s.,'’\u00a0]*\)?\s*[%₽$€]?|[-–—]")
_DEEPEST = 5
_LONGEST_HEAD = 60
"""Characters."""
_LONGEST_NUMBER = 10

Positions = frozenset[tuple[int, int]]


def with_headers(table: Table, bold: Positions = frozenset(), *, by_place: bool = True) -> Table:
    """The table with its heading rows marked.

    Args:
        table: without marks.
        bold: positions of the cells that are written in bold, where that is known.
        by_place: whether a first row that nothing tells from the others may be one, by its place alone.
    """
    count = header_rows(table, bold, by_place=by_place)
    if not count:
        return table
    return Table(table.rows, table.columns, tuple(replace(c, header=c.row < count) for c in table.cells))


def header_rows(table: Table, bold: Positions = frozenset(), *, by_place: bool = True) -> int:
    """How many leading rows are headings, 0 where nothing tells them from the others."""
    if table.rows < 2:
        return 0
    first = _closed(table, 1)
    rows = _rows(table)
    if first >= table.rows or not _may_head(rows[0]):
        return 0
    count = first
    while count < min(_DEEPEST, table.rows - 1) and _continues(rows, count, bold):
        count = _closed(table, count + 1)
    if count < table.rows and (_tells_apart(rows, count, bold) or (by_place and _leads(rows, count))):
        return count
    return 0


def _rows(table: Table) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell)
    return rows


def _closed(table: Table, count: int) -> int:
    """`count` rows, and as many more as cells beginning in them reach down."""
    reach = max((c.row + c.rowspan for c in table.cells if c.row < count), default=count)
    return reach if reach == count else _closed(table, reach)


def is_number(text: str) -> bool:
    """Whether a cell's text is a number, an amount, a share, or a dash that stands for one."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _may_head(row: Sequence[Cell]) -> bool:
    written = [c for c in row if c.text]
    return bool(written) and sum(is_number(c.text) for c in written) * 3 <= len(written)


def _numbers_columns(row: Sequence[Cell]) -> bool:
    """Whether the row reads 1, 2, 3, … as in Russian forms."""
    texts = [c.text.strip(" .") for c in row]
    return len(texts) >= 3 and texts[:3] == ["1", "2", "3"] and texts[-1].isdigit()


def _continues(rows: Sequence[Sequence[Cell]], count: int, bold: Positions) -> bool:
    """Whether row `count` still belongs to the headings above it."""
    row = rows[count]
    if not row:
        return True
    if _numbers_columns(row):
        return True
    written = [c for c in row if c.text]
    above = [c for c in rows[count - 1] if c.text]
    if bold and written and above:
        all_bold = all((c.row, c.column) in bold for c in written)
        if all_bold and all((c.row, c.column) in bold for c in above) and len(written) > 1:
            return any(
                not_bold for r in rows[count + 1 :] for not_bold in [any((c.row, c.column) not in bold for c in r)]
            )
    return False


def _tells_apart(rows: Sequence[Sequence[Cell]], count: int, bold: Positions) -> bool:
    head = [c for row in rows[:count] for c in row if c.text]
    body = [c for row in rows[count:] for c in row if c.text]
    if any(_numbers_columns(row) for row in rows[1:count]):
        return True
    if bold and all((c.row, c.column) in bold for c in head):
        return sum((c.row, c.column) in bold for c in body) * 2 < max(1, len(body))
    if any(c.colspan > 1 for c in rows[0]) and count > 1:
        return True
    numeric = sum(is_number(c.text) for c in body)
    return numeric * 5 >= max(1, len(body)) and not any(is_number(c.text) for c in head)


def _leads(rows: Sequence[Sequence[Cell]], count: int) -> bool:
    """Whether the first row is written like headings: short, in every column, and no first of numbered rows."""
    filled = all(c.text for c in rows[0])
    short = all(len(c.text) <= _LONGEST_HEAD for row in rows[:count] for c in row)
    return filled and short and len(rows[0]) >= 3 and not _are_counted(rows[0][0].text, rows[1])


def _are_counted(first: str, below: Sequence[Cell]) -> bool:
    """Whether the next row's first cell counts on from `first`."""
    following = next((c.text for c in below if c.column == 0), "")
    number, after = first.strip(" ."), following.strip(" .")
    counted = all(one.isdecimal() and len(one) < _LONGEST_NUMBER for one in (number, after))
    return counted and int(after) == int(number) + 1
