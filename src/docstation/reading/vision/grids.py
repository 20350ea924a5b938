"""Tables as models write them (HTML, or Markdown's pipes) → grids that are rectangles, and what had to be mended.

The grid itself is made by `docstation.document.table`, which trusts nothing in the HTML. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docstation.document.table import Cell, Table
from docstation.reading.vision.plain import cleaned_lines, plain_line

_CELL = re.compile(r"<t[dh](?=[\s>/])", re.IGNORECASE)
_NESTED = re.compile(r"<table(?=[\s>])", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HEAD = re.compile(r"<thead(?:\s[^<>]*)?>.*?</thead\s*>", re.IGNORECASE | re.DOTALL)
_TD = re.compile(r"(</?)td(?=[\s>/])", re.IGNORECASE)
_LAST_TAG = re.compile(r"<[^<>]*$")
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?")
_MOST_SIGNS = 2_000_000


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table and what was mended.

    Attributes:
        table: a rectangle; texts of cells are plain.
        filled: positions that no cell was written for; cells written over others count as well.
        cut: columns that only spans reached into, and that were taken off.
        nested: whether there were tables in cells; they are read as text.
    """

    table: Table
    filled: int = 0
    cut: int = 0
    nested: bool = False

    @property
    def is_ragged(self) -> bool:
        """Whether what was written was no rectangle."""
        return self.filled > 0 or self.cut > 0 or self.nested


def read_table(text: str) -> ReadTable | None:
    """The table that `text` spells; None where it spells none, or one beyond all bounds."""
    if len(text) > _MOST_SIGNS:
        return None
    try:
        return _of_html(text) if _CELL.search(text) else _of_pipes(text)
    except ValueError:
        return None


def _of_html(text: str) -> ReadTable:
    # A tag that the end of the answer cut would be read as text.
    table = Table.from_html(_HEAD.sub(_with_heading_cells, _LAST_TAG.sub("", text)))
    written = len(_CELL.findall(text))
    nested = len(_NESTED.findall(text)) > 1
    trimmed, cut = _without_empty_reach(table)
    filled = 0 if nested or cut else abs(len(table.cells) - written)
    return ReadTable(_with_plain_cells(trimmed), filled, cut, nested)


def _with_heading_cells(head: re.Match[str]) -> str:
    """Models write the head's cells as those of the body; the section alone says what they are."""
    return _TD.sub(r"\1th", head[0])


def _of_pipes(text: str) -> ReadTable | None:
    """Markdown's way: rows of cells between pipes, the rule below the head left out."""
    lines = [line.strip() for line in cleaned_lines(_BREAK.sub(" ", text)) if line.strip()]
    head = 1 if len(lines) > 1 and _RULE.fullmatch(lines[1]) else 0
    # Only the second line is a rule; further down, dashes are what the cells hold.
    rows = [_cells(line) for line in lines[:head] + lines[2 * head :] if _PIPE.search(line)]
    if len(rows) < 2 or len(rows) < len(lines) / 2:
        return None
    columns = max(map(len, rows))
    table = Table.from_rows(rows, header_rows=head)
    return ReadTable(_with_plain_cells(table), sum(columns - len(row) for row in rows))


def _cells(line: str) -> list[str]:
    parts = [part.strip() for part in _PIPE.split(line)]
    if not parts[0]:
        del parts[0]
    if parts and not parts[-1]:
        del parts[-1]
    return parts


def _without_empty_reach(table: Table) -> tuple[Table, int]:
    """The table without columns at its right end that hold nothing of their own; and how many those were.

    A heading cell that spans one column too many gives such a column; an empty one that is drawn has cells, but no
    span ends in it.
    """
    columns = table.columns
    while columns > 1 and _is_only_reached(table.cells, columns - 1):
        columns -= 1
    if columns == table.columns:
        return table, 0
    kept = [
        replace(cell, colspan=min(cell.colspan, columns - cell.column)) for cell in table.cells if cell.column < columns
    ]
    return Table.of_cells(kept), table.columns - columns


def _is_only_reached(cells: Sequence[Cell], column: int) -> bool:
    own = [cell for cell in cells if cell.column == column]
    reaching = [cell for cell in cells if cell.column < column < cell.column + cell.colspan]
    return bool(reaching) and not any(cell.text for cell in own)


def _with_plain_cells(table: Table) -> Table:
    return replace(table, cells=tuple(replace(cell, text=_plain(cell.text)) for cell in table.cells))


def _plain(text: str) -> str:
    return "\n".join(line for line in map(plain_line, cleaned_lines(text)) if line)
