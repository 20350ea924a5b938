"""The cells of a table that are numbers or dates, as values with the format that shows them as they are printed.

Spreadsheets ask here. A cell is typed only where nothing speaks against it: a number kept as text can be turned into
one, a code turned into a number has lost its zeros. What one text leaves open is decided by its column: by the
heading, by the unmistakable numbers beside it, at last by the decimal sign of the document's readers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from docstation.document.table import Cell, Table
from docstation.export.cleaning import cleaned
from docstation.export.values.column_evidence import LONG_INTEGER, Column, Entry, Role, Votes, is_month, loose, roles
from docstation.export.values.column_headings import Heading, heading_of, labels_identifier
from docstation.export.values.conventions import Conventions
from docstation.export.values.date_shapes import PrintedDate, date_of, either_date_of, short_date_of
from docstation.export.values.number_shapes import Figure, figure_of, regrouped

_DIGIT = re.compile("[0-9]")
_HEADING_ROWS = 6
"""Headings and rows of column numbers are looked for among so many first rows."""
_WORDY_ROWS = 3
"""So many rows without numbers are taken for headings where none are marked."""
_SAMPLE = 2000
"""So many cells of a table are asked for its document's decimal sign."""


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A cell's value.

    Attributes:
        value: a number (a percentage as its share of one) or a date.
        code: the spreadsheet's number format that shows it as printed.
    """

    value: Decimal | date
    code: str


def typed_values(table: Table, conventions: Conventions) -> dict[tuple[int, int], TypedValue]:
    """The typed cells by row and column of their top left position; heading cells and all others stay text.

    Args:
        table: whose cells are read.
        conventions: of the readers; they decide only where the table itself does not.
    """
    columns = _columns(table, conventions)
    own = {index: column.votes() for index, column in columns.items()}
    whole: Votes = sum(own.values(), Counter())
    return {
        (row, index): value
        for index, column in columns.items()
        for row, value in _typed_column(column, roles(own[index], whole, conventions))
    }


def corrected(conventions: Conventions, tables: Iterable[Table]) -> Conventions:
    """Conventions told from Latin letters, or from none, as the unmistakable numbers of all tables correct them.

    German and French are written in the letters of English, but with a decimal comma.
    """
    if conventions.cyrillic:
        return conventions
    votes: Votes = Counter()
    for table in tables:
        sample = Table(table.rows, table.columns, table.cells[:_SAMPLE])
        votes += sum((column.votes() for column in _columns(sample, Conventions()).values()), Counter())
    marks = roles(votes, votes, Conventions())
    commas = marks[","] is Role.DECIMAL and marks["."] is not Role.DECIMAL
    points = marks["."] is Role.DECIMAL or marks[","] is Role.GROUP
    return replace(conventions, decimal="," if commas else "." if points else conventions.decimal)


def _columns(table: Table, conventions: Conventions) -> dict[int, Column]:
    headings, heading_rows = _headings(table)
    entries: dict[int, list[Entry]] = defaultdict(list)
    label = Cell(-1, 0)
    for cell in table.cells:
        text = cleaned(cell.text).strip()
        if not cell.header and cell.row not in heading_rows and text:
            before = label.text if label.row == cell.row else ""
            entries[cell.column].append(_entry(cell.row, text, before))
        label = cell if text else label
    kinds = {column: heading_of(" ".join(texts)) for column, texts in headings.items()}
    return {column: Column(kinds.get(column, Heading.OPEN), found, conventions) for column, found in entries.items()}


def _entry(row: int, text: str, before: str = "") -> Entry:
    """What `text` may be; `before` are the words before it in its row."""
    if not _DIGIT.search(text):
        return Entry(row, text)
    labelled = labels_identifier(before)
    if figure := figure_of(text):
        return Entry(row, text, labelled, figure)
    return Entry(row, text, labelled, date=date_of(text), short=short_date_of(text), either=either_date_of(text))


def _headings(table: Table) -> tuple[Mapping[int, list[str]], frozenset[int]]:
    """The heading texts over each column, and the first rows that hold headings without being marked so."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        if cell.row < _HEADING_ROWS and cell.text.strip():
            rows[cell.row].append(cell)
    marked = any(cell.header for cells in rows.values() for cell in cells)
    numbered = {row for row, cells in rows.items() if _counts_columns(cells)}
    unmarked = set() if marked or table.columns < 3 else set(_wordy_rows(rows, table.rows))
    headings: dict[int, list[str]] = defaultdict(list)
    for row, cells in sorted(rows.items()):
        for cell in cells:
            if (cell.header or row in unmarked) and row not in numbered:
                for column in range(cell.column, cell.column + cell.colspan):
                    headings[column].append(cleaned(cell.text))
    return headings, frozenset(numbered | unmarked)


def _wordy_rows(rows: Mapping[int, list[Cell]], count: int) -> Iterator[int]:
    """The first rows without any number or date, where others follow."""
    for row in range(min(_WORDY_ROWS, count - 1)):
        texts = [cleaned(cell.text).strip() for cell in rows.get(row, ())]
        if len(texts) < 2 or any(_entry(row, text) != Entry(row, text) for text in texts):
            return
        yield row


def _counts_columns(cells: list[Cell]) -> bool:
    """Whether a row numbers the columns: 1, 2, 3, or (1), (2), (3), letters for some of them."""
    texts = [cell.text.strip().strip("()") for cell in cells]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 4]
    rest = [text for text in texts if not _DIGIT.search(text)]
    ascending = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
    return ascending and len(numbers) > 2 and numbers[0] <= 3 and all(len(text) == 1 for text in rest)


def _typed_column(column: Column, marks: Mapping[str, Role]) -> Iterator[tuple[int, TypedValue]]:
    judge = _Judge(column, marks)
    figures = [(entry.row, figure) for entry in column.entries if (figure := judge.figure(entry))]
    # Beside 1 234,50 a 12,30 grows into 9 912,30 when it is edited.
    grouped = any(figure.group for _, figure in figures)
    for row, figure in figures:
        shown = bool(figure.group) or (grouped and len(figure.whole) <= 3)
        yield row, TypedValue(figure.value, figure.code(grouped=shown))
    for entry in column.entries:
        if printed := judge.date(entry):
            yield entry.row, TypedValue(printed.day, printed.code)


class _Judge:
    """Decides cell by cell; what depends on the column alone is asked once."""

    def __init__(self, column: Column, marks: Mapping[str, Role]) -> None:
        self._heading = column.heading
        self._marks = marks
        self._codes = column.holds_codes()
        self._long = column.holds_long_integers()
        self._brackets = column.brackets_are_minus()
        self._points = column.takes_loose_points()
        self._four = column.takes_four_decimals()
        self._short_dates = column.takes_short_dates()
        self._day_first = column.day_first()

    def figure(self, entry: Entry) -> Figure | None:
        """The number that the cell is, in the reading that holds; None where it stays text."""
        figure = entry.figure
        if figure is None or self._is_code(entry, figure):
            return None
        if figure.bare and figure.negative == "(" and not self._brackets:
            return None
        role = self._marks[figure.mark] if figure.open_mark else Role.DECIMAL
        if role is not Role.DECIMAL:
            return regrouped(figure) if role is Role.GROUP else None
        if loose(figure) and (not self._points or (is_month(figure) and not self._four)):
            return None
        return figure

    def _is_code(self, entry: Entry, figure: Figure) -> bool:
        amount = figure.has_unit or bool(figure.group and figure.fraction)
        if self._heading is Heading.IDENTIFIER or (entry.labelled and self._heading is not Heading.QUANTITY):
            return not amount
        if self._heading is Heading.NUMBERING:
            return not figure.bare
        return figure.bare and (self._codes or (len(figure.whole) >= LONG_INTEGER and not self._long))

    def date(self, entry: Entry) -> PrintedDate | None:
        """The date that the cell is; None where it stays text."""
        if entry.date:
            return entry.date
        if entry.short and self._short_dates:
            return entry.short
        if not entry.either or self._day_first is None:
            return None
        return entry.either.day_first if self._day_first else entry.either.month_first
