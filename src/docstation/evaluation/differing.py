"""Two readings of the same pages, neither of them the truth: how far they agree, and where they differ word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from docstation.document.model import Document, Page
from docstation.document.table import Table
from docstation.evaluation.block_scores import compare_blocks
from docstation.evaluation.table_scores import compare_tables
from docstation.evaluation.text_scores import characters, word_f1

Kind = Literal["same", "changed", "first", "second"]
MOST_WORDS = 20_000
"""Words of a page that are compared one by one; what comes behind is one difference."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that both have, or that one has where the other has others or none.

    Attributes:
        kind: ``same``, ``changed``, or the reading that alone has them.
        first: words of the first reading.
        second: words of the second reading.
    """

    kind: Kind
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Scores from 0 to 1, 1 where the readings are alike; None where there is nothing to compare.

    Attributes:
        characters: letters alike, in reading order.
        words: words alike, whatever their order (F1).
        blocks: letters of matching blocks alike, whatever their order.
        order: whether matching blocks stand in the same order.
        tables: mean TEDS of the tables, those that only one reading has counted as 0.
    """

    characters: float | None = None
    words: float | None = None
    blocks: float | None = None
    order: float | None = None
    tables: float | None = None


@dataclass(frozen=True, slots=True)
class PageDifference:
    """One page.

    Attributes:
        number: of it; a page that only one document has is compared with an empty one.
        agreement: of both readings.
        pieces: all words, in reading order.
    """

    number: int
    agreement: Agreement
    pieces: tuple[Piece, ...]

    @property
    def differences(self) -> int:
        """Places where they differ."""
        return sum(piece.kind != "same" for piece in self.pieces)


def compare_documents(first: Document, second: Document) -> tuple[PageDifference, ...]:
    """Both readings page by page."""
    ours, theirs = ({page.number: page for page in one.pages} for one in (first, second))
    empty = Page(1, 1, 1)
    return tuple(
        _compared(number, ours.get(number, empty), theirs.get(number, empty)) for number in sorted(ours | theirs)
    )


def mean(pages: Sequence[PageDifference]) -> Agreement:
    """The mean over the pages that have each score."""

    def of(name: str) -> float | None:
        scores = [score for page in pages if (score := getattr(page.agreement, name)) is not None]
        return sum(scores) / len(scores) if scores else None

    return Agreement(*map(of, Agreement.__slots__))


def _compared(number: int, first: Page, second: Page) -> PageDifference:
    return PageDifference(number, _agreement(first, second), tuple(_pieces(first.text.split(), second.text.split())))


def _agreement(first: Page, second: Page) -> Agreement:
    tables = _tables(first), _tables(second)
    of_tables = _of_tables(*tables) if any(tables) else None
    if not (first.text.strip() or second.text.strip()):
        return Agreement(tables=of_tables)
    # Errors over true letters may exceed 1: the longer reading stands for the truth.
    longer, shorter = sorted((first.text, second.text), key=len, reverse=True)
    blocks = compare_blocks(*([block.text for block in page.blocks if block.text] for page in (first, second)))
    return Agreement(
        max(0.0, 1.0 - characters(longer, shorter).value),
        word_f1(first.text, second.text),
        1.0 - blocks.text.value,
        1.0 - blocks.order.value,
        of_tables,
    )


def _tables(page: Page) -> list[Table]:
    return [block.table for block in page.blocks if block.table is not None]


def _of_tables(first: list[Table], second: list[Table]) -> float:
    more, fewer = (first, second) if len(first) >= len(second) else (second, first)
    return sum(score.teds for score in compare_tables(more, fewer)) / len(more)


def _pieces(first: Sequence[str], second: Sequence[str]) -> Iterator[Piece]:
    from rapidfuzz.distance import Levenshtein

    for step in Levenshtein.opcodes(first[:MOST_WORDS], second[:MOST_WORDS]):
        ours = " ".join(first[step.src_start : step.src_end])
        theirs = " ".join(second[step.dest_start : step.dest_end])
        yield Piece(_KINDS[step.tag], ours, theirs)
    ours, theirs = " ".join(first[MOST_WORDS:]), " ".join(second[MOST_WORDS:])
    if ours or theirs:
        yield Piece("same" if ours == theirs else _one_sided(ours, theirs), ours, theirs)


def _one_sided(first: str, second: str) -> Kind:
    return "changed" if first and second else "first" if first else "second"


_KINDS: dict[str, Kind] = {"equal": "same", "replace": "changed", "delete": "first", "insert": "second"}
