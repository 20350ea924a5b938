"""Scores of tables put together over pages: which parts were joined, and how like the whole they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from docstation.document.geometry import Affine
from docstation.document.model import Block, Page
from docstation.document.table import Table
from docstation.evaluation.teds import similarity
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.intake.page import PreparedPage
from docstation.reading.assembly import assemble
from docstation.reading.embedded.tables import TableFinder
from docstation.reading.layout import lay_out, lines_of_words
from docstation.testing.long_tables import LongTables


@dataclass(slots=True)
class Score:
    """Counts over documents.

    Attributes:
        right: joins of two parts that were found.
        missed: joins that were not.
        wrong: parts of different tables that were joined.
        unread: joins of which a part was not read as a table at all; they are among the missed.
        alike: TEDS of each table that stands on several pages.
        cases: kinds of table → joins missed or made wrongly.
    """

    right: int = 0
    missed: int = 0
    wrong: int = 0
    unread: int = 0
    alike: list[float] = field(default_factory=list)
    cases: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        """Of the joins that were made."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Of the joins that are to be made."""
        return self.right / max(self.right + self.missed, 1)

    @property
    def recall_of_read(self) -> float:
        """Of the joins whose parts were read as tables."""
        return self.right / max(self.right + self.missed - self.unread, 1)

    @property
    def teds(self) -> float:
        """Mean over the tables on several pages."""
        return sum(self.alike) / max(len(self.alike), 1)


def read_text_layer(pdf: Path) -> list[Page]:
    """The pages of a born-digital file as the embedded engine lays them out."""
    finder = TableFinder()
    pages: list[Page] = []
    with open_document(pdf, name=pdf.name, limits=Limits()) as source:
        for number in range(1, source.page_count + 1):
            raw = source.raw(number)
            size = (raw.width, raw.height)
            made = PreparedPage(
                number, size, size, None, 1.0, Affine(), words=raw.layer.words, rulings=raw.drawing.rulings
            )
            lines = lines_of_words(made.words)
            pages.append(Page(number, *size, blocks=lay_out(made, lines, finder.find(made, lines))))
    return pages


def score(drawn: LongTables, read: Sequence[Page], into: Score) -> None:
    """Assemble pages that were read and add what became of the drawn tables."""
    pages, body = assemble(read)
    blocks = {block.id: block for page in pages for block in page.blocks}
    truth = {block.id: block for page in drawn.pages for block in page.blocks}
    found = {part: _found(truth[part], blocks.values()) for table in drawn.tables for part in table.parts}
    owner = {name: element for element in body for name in element.blocks}
    holder = {part: owner.get(name) for part, name in found.items()}
    for table in drawn.tables:
        for above, below in pairwise(table.parts):
            joined = holder[above] is not None and holder[above] is holder[below]
            into.right += joined
            into.missed += not joined
            into.unread += not (found[above] and found[below])
            into.cases[table.kind] += not joined
        if len(table.parts) > 1:
            whole = holder[table.parts[0]]
            into.alike.append(_alike(whole.table, table.whole) if whole and whole.table else 0.0)
    for first, second in pairwise(drawn.tables):
        one, other = holder[first.parts[-1]], holder[second.parts[0]]
        if one is not None and one is other:
            into.wrong += 1
            into.cases[second.kind] += 1


def _alike(found: Table, whole: Table) -> float:
    """TEDS; the tree distance is only asked for where it is not plain."""
    if [(c.row, c.column, c.rowspan, c.colspan, c.text) for c in found.cells] == [
        (c.row, c.column, c.rowspan, c.colspan, c.text) for c in whole.cells
    ]:
        return 1.0
    return similarity(found, whole)


def _found(part: Block, blocks: Iterable[Block]) -> str:
    """Id of the table block that was read where the part stands; empty where there is none."""
    page = part.id.split("-")[0]
    here = [block for block in blocks if block.table is not None and block.id.split("-")[0] == page]
    best = max(here, key=lambda block: block.box.iou(part.box), default=None)
    return best.id if best is not None and best.box.iou(part.box) > 0.4 else ""
