"""Which column of a table is which field: headings, stacked or not, held against the fields' labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from docstation.document.table import Cell, Table
from docstation.extraction.evidence import labels_of
from docstation.extraction.folding import compact
from docstation.extraction.schema import Field

_TOTALS = tuple(map(compact, ("Итого", "Всего", "Total", "Subtotal", "Sub total", "Сумма НДС", "В том числе", "НДС")))
_MOST_HEAD_ROWS = 6
_LEAST = 0.55
_ALIKE = 87.0


@dataclass(frozen=True, slots=True)
class Heads:
    """The columns of a table.

    Attributes:
        columns: of each field, by its name; several where one heading spans them.
        below: number of the first row under the headings.
        score: how well they fit, the sum over the fields.
    """

    columns: dict[str, tuple[int, ...]]
    below: int
    score: float


def heads_of(table: Table, fields: Sequence[Field]) -> Heads | None:
    """The columns of `fields` in a table, None where fewer than two (or than all, for one) are there."""
    grid = table.grid
    best: Heads | None = None
    for top in range(min(table.rows, _MOST_HEAD_ROWS)):
        below = _below(table, grid, top)
        heads = [_pieces(grid, top, below, column) for column in range(table.columns)]
        assigned, score = _assigned(heads, fields)
        columns = {name: _spanned(column, heads, assigned) for name, column in assigned.items()}
        if len(columns) >= min(2, len(fields)) and (best is None or score > best.score + 1e-6):
            best = Heads(columns, below, score)
    return best


def _below(table: Table, grid: Sequence[Sequence[Cell]], top: int) -> int:
    """The first row under headings that begin in row `top`: marked ones, and rows that their spans reach."""
    marked = table.header_row_count()
    below = marked if marked > top else top + max(cell.row + cell.rowspan - top for cell in grid[top])
    below = min(below, table.rows)
    while below < table.rows and counts_columns([cell.text for cell in grid[below]]):
        below += 1
    return below


def counts_columns(texts: Sequence[str]) -> bool:
    """Whether a row numbers the columns: 1, 2, 3 or А, 1, 1а."""
    filled = [text.strip() for text in texts if text.strip()]
    short = all(len(text) <= 3 for text in filled)
    numbers = [int(text) for text in filled if text.isascii() and text.isdigit()]
    # One of them may be misread: 16 for 1б.
    falling = sum(one >= other for one, other in pairwise(numbers))
    return short and len(numbers) >= 3 and falling <= len(numbers) // 5 and numbers[0] <= 2


def _pieces(grid: Sequence[Sequence[Cell]], top: int, below: int, column: int) -> list[str]:
    """The heading texts over a column, and all of them together."""
    texts = list(dict.fromkeys(grid[row][column].text for row in range(top, below) if grid[row][column].text.strip()))
    return [*texts, " ".join(texts)] if len(texts) > 1 else texts


def _assigned(heads: Sequence[Sequence[str]], fields: Sequence[Field]) -> tuple[dict[str, int], float]:
    """Each field with the column that fits best; the best fitting pairs first, each column once."""
    pairs = [
        (_fit(field, pieces), -column, field.name, column) for field in fields for column, pieces in enumerate(heads)
    ]
    columns: dict[str, int] = {}
    total = 0.0
    for score, _order, name, column in sorted(pairs, reverse=True):
        if score >= _LEAST and name not in columns and column not in columns.values():
            columns[name] = column
            total += score
    return columns, total


def _spanned(column: int, heads: Sequence[Sequence[str]], assigned: dict[str, int]) -> tuple[int, ...]:
    """The column and those to its right under the same heading that are no other field's."""
    last = column + 1
    while last < len(heads) and heads[last] == heads[column] and last not in assigned.values():
        last += 1
    return tuple(range(column, last))


def _fit(field: Field, pieces: Sequence[str]) -> float:
    """How well a heading fits a field, 0 to 1; its first labels count a little more."""
    return max(
        (
            _alike(label, piece) - 0.01 * min(rank, 20)
            for piece in pieces
            for rank, label in enumerate(labels_of(field))
        ),
        default=0.0,
    )


def _alike(label: str, head: str) -> float:
    wanted, said = compact(label), compact(head)
    if not wanted or not said:
        return 0.0
    if wanted == said:
        return 1.0
    if said.startswith(wanted):
        return 0.75 + 0.2 * len(wanted) / len(said)
    if len(wanted) > 4 and wanted in said:
        return 0.6 + 0.2 * len(wanted) / len(said)
    ratio = fuzz.ratio(wanted, said) if min(len(wanted), len(said)) > 4 else 0.0
    return 0.9 * ratio / 100 if ratio >= _ALIKE else 0.0


def column_of(table: Table, labels: Sequence[str]) -> int | None:
    """The column under one of these headings."""
    found = heads_of(table, (Field("column", labels=tuple(labels)),))
    return found.columns["column"][0] if found else None


def totals_row(table: Table, labels: Sequence[str]) -> int | None:
    """The last row that begins with one of these labels."""
    wanted = tuple(map(compact, labels))
    for row in range(table.rows - 1, -1, -1):
        first = next((cell.text for cell in table.grid[row] if cell.text.strip()), "")
        if compact(first).startswith(wanted):
            return row
    return None


def is_total(texts: Sequence[str]) -> bool:
    """Whether a row sums up those before it, told by its first words."""
    first = next((text for text in texts if text.strip()), "")
    return compact(first).startswith(_TOTALS)
