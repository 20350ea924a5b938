"""Pages → relabelled pages and the body: the one entrance of this room.

The body holds every block of the pages but their furniture: paragraphs and tables joined over columns and pages,
footnotes after the text of their page, list items nested by indent. Near linear in the number of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.document.model import FURNITURE, Block, Category, Element, Page
from docstation.document.table import Table
from docstation.reading.assembly import tables
from docstation.reading.assembly.headings import levelled
from docstation.reading.assembly.paragraphs import continues
from docstation.reading.assembly.repeated import relabelled
from docstation.reading.layout.joining import join, vocabulary

_PASSED_OVER = frozenset({Category.FOOTNOTE, Category.PICTURE, Category.TABLE, Category.CAPTION})
"""What may stand between two parts of a paragraph."""


def assemble(pages: Sequence[Page]) -> tuple[tuple[Page, ...], tuple[Element, ...]]:
    """The pages with furniture and heading levels judged over the document, and the body assembled from them.

    Args:
        pages: those that were read, in the file's order; some of the file's pages may be missing.
    """
    judged = levelled(relabelled(pages))
    return judged, body_of(judged)


def body_of(pages: Sequence[Page]) -> tuple[Element, ...]:
    """The body of pages whose blocks are judged already: by `assemble`, or by people who corrected them."""
    known = vocabulary(line.text for page in pages for block in page.blocks for line in block.lines)
    flow = _Flow(known)
    for page in pages:
        flow.take(page)
    return tuple(draft.element() for draft in flow.drafts)


@dataclass(slots=True)
class _Draft:
    """An element in the making; texts are joined as parts arrive."""

    first: Block
    last: Block
    page: int
    text: str
    blocks: list[str]
    pages: list[int]
    level: int = 0
    table: Table | None = None

    def element(self) -> Element:
        """The finished element."""
        return Element(
            category=self.first.category,
            text=self.table.to_text() if self.table else self.text,
            blocks=tuple(self.blocks),
            pages=tuple(dict.fromkeys(self.pages)),
            level=self.level,
            table=self.table,
            picture=self.first.picture,
        )


class _Flow:
    """Takes pages one by one and keeps what may still go on."""

    def __init__(self, known: frozenset[str]) -> None:
        self.drafts: list[_Draft] = []
        self._known = known
        self._indents: list[float] = []

    def take(self, page: Page) -> None:
        """Append one page; its footnotes come after its other blocks."""
        body = [block for block in page.blocks if block.category not in FURNITURE]
        ordered = [b for b in body if b.category is not Category.FOOTNOTE]
        ordered += [b for b in body if b.category is Category.FOOTNOTE]
        start = self._continued_table(ordered, page)
        for block in ordered[start:]:
            self._append(block, page)

    def _continued_table(self, blocks: Sequence[Block], page: Page) -> int:
        """Join the page's first table to the open one; how many blocks are used up by it."""
        said = bool(blocks) and tables.is_continuation(blocks[0].text) and blocks[0].table is None
        index = 1 if said else 0
        above = self._open_table(page.number)
        if index >= len(blocks) or above is None or above.table is None:
            return 0
        below = blocks[index]
        if below.table is None or not tables.go_together(above.table, below.table, above.last.box, below.box):
            return 0
        if not said and below.box.y0 > 0.4 * page.height:
            return 0
        above.table = tables.joined(above.table, below.table)
        above.last, above.page = below, page.number
        above.blocks.extend(block.id for block in blocks[: index + 1])
        above.pages.append(page.number)
        return index + 1

    def _open_table(self, number: int) -> _Draft | None:
        """The table that ended the page before, with nothing but footnotes after it."""
        for draft in reversed(self.drafts):
            if draft.first.category is Category.FOOTNOTE:
                continue
            return draft if draft.table is not None and draft.page == number - 1 else None
        return None

    def _append(self, block: Block, page: Page) -> None:
        earlier = self._open_paragraph(block, page.number)
        if earlier is not None:
            earlier.text = join(earlier.text, block.text, self._known)
            earlier.last, earlier.page = block, page.number
            earlier.blocks.append(block.id)
            earlier.pages.append(page.number)
            return
        level = self._item_level(block) if block.category is Category.LIST_ITEM else block.level
        self.drafts.append(
            _Draft(block, block, page.number, block.text, [block.id], [page.number], level, table=block.table)
        )

    def _open_paragraph(self, block: Block, number: int) -> _Draft | None:
        if block.category is not Category.TEXT:
            return None
        for draft in reversed(self.drafts[-12:]):
            if draft.first.category in _PASSED_OVER:
                continue
            near = number - draft.page <= 1
            return draft if near and continues(draft.last, block, same_page=draft.page == number) else None
        return None

    def _item_level(self, block: Block) -> int:
        """List depth: by numbering where it is deep, else by indent among the items of the same list."""
        previous = self.drafts[-1] if self.drafts else None
        if previous is None or previous.first.category is not Category.LIST_ITEM:
            self._indents = []
        if block.level > 1:
            return block.level
        em = max(block.lines[0].font_size, 1.0) if block.lines else 10.0
        x = block.box.x0
        while self._indents and x < self._indents[-1] - 0.7 * em:
            self._indents.pop()
        if not self._indents or x > self._indents[-1] + 0.7 * em:
            self._indents.append(x)
        return min(len(self._indents), 6)
