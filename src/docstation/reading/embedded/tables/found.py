"""What table finding hands to layout: the table, where it stands, and which words it has taken.

Layout removes the taken words from the running text; it must not know how a table was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.table import Table
from docstation.document.text import Line

WordIndex = tuple[int, int]
"""Position of a word in the page's lines: (line, word in the line), both from 0."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table of a page.

    Attributes:
        box: points of the upright frame.
        table: the grid; its cells' boxes are points of the upright frame too.
        ruled: whether lines draw its grid (else the words' alignment gave it).
        words: the words that stand in its cells.
        confidence: that this is a table with this structure, 0 to 1.
    """

    box: Box
    table: Table
    ruled: bool
    words: frozenset[WordIndex]
    confidence: float = 1.0


def without_tables(lines: Sequence[Line], tables: Iterable[FoundTable]) -> tuple[Line, ...]:
    """The running text: `lines` less the words that stand in `tables`; lines that become empty are left out."""
    taken = frozenset[WordIndex]().union(*(table.words for table in tables))
    if not taken:
        return tuple(lines)
    kept = (tuple(w for j, w in enumerate(line.words) if (i, j) not in taken) for i, line in enumerate(lines))
    return tuple(Line(words) for words in kept if words)
