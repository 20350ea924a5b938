"""A case: one page to be read, and what is true about it. The common currency of corpora, runs and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docstation.document.model import Page
from docstation.document.table import Table
from docstation.document.text import Line
from docstation.evaluation.facts import Fact


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a page; whatever is empty is not scored.

    Attributes:
        text: whole text in reading order.
        lines: with boxes in points of the page as it is read.
        blocks: texts of blocks in reading order.
        tables: in reading order.
        facts: that a right reading fulfils.
        any_case: whether the truth was written in capitals only, so that case says nothing.
    """

    text: str = ""
    lines: tuple[Line, ...] = ()
    blocks: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[Fact, ...] = ()
    any_case: bool = False

    @classmethod
    def of_page(cls, page: Page) -> Truth:
        """Everything that a true page holds."""
        return cls(
            text=page.text,
            lines=tuple(line for block in page.blocks for line in block.lines),
            blocks=tuple(block.text for block in page.blocks if block.text),
            tables=tuple(block.table for block in page.blocks if block.table is not None),
        )

    @classmethod
    def of_lines(cls, lines: Sequence[Line]) -> Truth:
        """Lines alone: their order is that of the source, their blocks are not known."""
        return cls(text="\n".join(line.text for line in lines), lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class Case:
    """One page to be read.

    Attributes:
        name: unique in its corpus.
        kind: what it stands for in tables, such as ``scan-ru``.
        path: a file with this page alone, whose name is unique among the cases of a run.
        truth: about it.
    """

    name: str
    kind: str
    path: Path
    truth: Truth
