"""Headings of tables: rows that a part on the next page repeats, and headings of its own that make it another table.

Texts are compared without case, spaces and signs; recognised ones may differ in a few letters.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.table import Table
from docstation.reading.assembly.continuation_words import says_continued

MAX_HEADER_ROWS = 6
ALIKE = 85.0
"""Per cent of letters that a heading misread on one page has in common with the other."""
_MOSTLY = 0.7
_LEAST_ROWS = 4
"""Of texts, for a heading to be told by their length."""

Rows = Sequence[Sequence[str]]


def is_number(text: str) -> bool:
    """Whether a cell holds a figure: digits, with signs and at most a short unit."""
    digits = sum(map(str.isdigit, text))
    return digits > 0 and sum(map(str.isalpha, text)) <= min(digits, 4)


def said_rows(table: Table) -> int:
    """How many leading rows only say that the table goes on; models put such a line into the grid."""
    rows = table.to_rows()
    texts = [text for text in rows[0] if text] if rows else []
    return int(len(rows) > 1 and len(texts) == 1 and says_continued(texts[0]))


def repeated_rows(above: Table, below: Table) -> int:
    """How many leading rows of `below` repeat the heading of `above` (or its row of column numbers).

    Args:
        above: the table's first part.
        below: a later one.
    """
    upper, lower = _texts(above), _texts(below)
    marked = above.header_row_count()
    most = marked if marked and marked == below.header_row_count() else MAX_HEADER_ROWS
    count = 0
    while count < min(len(upper), len(lower), most) and _is_same(upper[count], lower[count]):
        if count and not marked and any(map(is_number, lower[count])) and not _numbers_columns(lower[count]):
            break
        count += 1
    # Without marked headings only a row that names every column is one; two rows of values may be alike.
    if count and not marked and not (all(upper[0]) and not any(map(is_number, upper[0]))):
        return 0
    if not count and lower and _numbers_columns(lower[0]) and lower[0] in upper[1:]:
        return 1
    return count


def has_own_heading(above: Table, below: Table) -> bool:
    """Whether the first row of `below`, which repeats nothing, is a heading: it names columns that hold other things.

    Args:
        above: the part before.
        below: the part in question.
    """
    rows = below.to_rows(repeat_spans=True)
    first, rest = rows[0], rows[1:]
    if not all(_is_name(text) for text in first):
        return False
    data = above.to_rows()[above.header_row_count() :]
    figures = [column for column in range(below.columns) if _holds_figures([*data[1:], *rest], column)]
    if figures:
        return True
    if _is_like(first, data[-3:]):
        return False
    # Among texts the reader's own mark decides, or names that are far shorter than all that stands under them.
    marked = below.header_row_count() > 0 and above.header_row_count() > 0
    return marked or _is_terse(first, [*data[1:], *rest])


def hold_alike(above: Table, below: Table) -> bool:
    """Whether no column holds figures in one part and texts in the other."""
    upper, lower = above.to_rows()[above.header_row_count() :], below.to_rows()
    filled = [c for c in range(below.columns) if any(row[c] for row in upper) and any(row[c] for row in lower)]
    return all(_holds_figures(upper, column) == _holds_figures(lower, column) for column in filled)


def _is_name(text: str) -> bool:
    return 0 < len(text) < 80 and not is_number(text)


def _holds_figures(rows: Rows, column: int) -> bool:
    texts = [row[column] for row in rows if row[column]]
    return bool(texts) and sum(map(is_number, texts)) >= _MOSTLY * len(texts)


def _is_like(row: Sequence[str], others: Rows) -> bool:
    """Whether most cells are worded like those above them."""
    from rapidfuzz.fuzz import ratio

    return any(
        sum(ratio(text, other) > 60 for text, other in zip(row, cells, strict=True)) >= 0.5 * len(row)
        for cells in others
    )


def _is_terse(row: Sequence[str], others: Rows) -> bool:
    """Whether the row has no digit, and in some column is not half as long as any text of the others."""
    if len(others) < _LEAST_ROWS or any(map(str.isdigit, "".join(row))):
        return False
    shortest = [min(len(cells[column]) for cells in others) for column in range(len(row))]
    return any(2 * len(text) <= least for text, least in zip(row, shortest, strict=True))


def _is_same(upper: Sequence[str], lower: Sequence[str]) -> bool:
    if list(upper) == list(lower):
        return any(upper)
    from rapidfuzz.fuzz import ratio

    pairs = [(a, b) for a, b in zip(upper, lower, strict=True) if a or b]
    letters = "".join(upper)
    if len(letters) < 8 or any(is_number(a) or is_number(b) for a, b in pairs):
        return False
    return ratio(letters, "".join(lower), score_cutoff=ALIKE) > 0


def _texts(table: Table) -> list[list[str]]:
    rows = table.to_rows(repeat_spans=True)[:MAX_HEADER_ROWS]
    return [
        ["".join(char for char in text.casefold() if char.isalnum() or char in "№%") for text in row] for row in rows
    ]


def _numbers_columns(row: Sequence[str]) -> bool:
    """Whether a row numbers the columns: 1, 2, 3."""
    return len(row) > 1 and list(row) == [str(number) for number in range(1, len(row) + 1)]
