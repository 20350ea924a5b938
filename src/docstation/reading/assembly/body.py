"""Pages → relabelled pages and the body: the one entrance of this room.

The body holds every block of the pages but their furniture: paragraphs and tables joined over columns and pages,
footnotes after the text of their page, list items nested by indent. Near linear in the number of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docstation.document.model import FURNITURE, Block, Category, Element, Page, PageStatus
from docstation.reading.assembly import tables
from docstation.reading.assembly.contents import with_named_headings
from docstation.reading.assembly.continuation_words import says_continued, says_to_be_continued, table_number
from docstation.reading.assembly.drafts import Draft, item_level
from docstation.reading.assembly.headings import levelled
from docstation.reading.assembly.paragraphs import are_alike, begins_inside, continues, note_continues
from docstation.reading.assembly.repeated import relabelled
from docstation.reading.assembly.unconfirmed import restored
from docstation.reading.layout.joining import join, vocabulary
from docstation.reading.layout.marks import caption_is_of_table, opens_caption

FLOATS = frozenset({Category.FOOTNOTE, Category.PICTURE, Category.TABLE, Category.CAPTION})
"""What may stand between two parts of a paragraph."""
_AT_FOOT = frozenset({Category.FOOTNOTE, Category.PAGE_FOOTER})
LOOKED_BACK = 40
"""Elements among which the paragraph that goes on is looked for."""
SHORT_LINE = 40
"""Characters of a line that may stand between «Продолжение таблицы» and the table: a unit, a repeated name."""


def assemble(pages: Sequence[Page]) -> tuple[tuple[Page, ...], tuple[Element, ...]]:
    """The pages with furniture and heading levels judged over the document, and the body assembled from them.

    Args:
        pages: those that were read, in the file's order; some of the file's pages may be missing.
    """
    apart, repetition = relabelled(pages)
    judged = levelled(with_named_headings(restored(apart, repetition)))
    return judged, body_of(judged)


def body_of(pages: Sequence[Page]) -> tuple[Element, ...]:
    """The body of pages whose blocks are judged already: by `assemble`, or by people who corrected them."""
    known = vocabulary(line.text for page in pages for block in page.blocks for line in block.lines)
    flow = _Flow(known)
    for page in pages:
        flow.take(page)
    return tuple(draft.element() for draft in flow.drafts)


class _Flow:
    """Takes pages one by one and keeps what may still go on."""

    def __init__(self, known: frozenset[str]) -> None:
        self.drafts: list[Draft] = []
        self._known = known
        self._indents: list[float] = []
        self._number = 0
        self._open: frozenset[int] = frozenset()

    def take(self, page: Page) -> None:
        """Append one page; its footnotes come after its other blocks."""
        if page.number != self._number + 1:
            self._open = frozenset()
        self._number = page.number
        body = [block for block in page.blocks if block.category not in FURNITURE]
        notes = _notes(body)
        ordered = [block for block in body if block.id not in notes]
        start = self._continued_table(ordered, page)
        for block in ordered[start:]:
            self._append(block, page)
        for block in (block for block in body if block.id in notes):
            self._append_note(block, page)
        self._open = self._still_open(page, body)

    def _still_open(self, page: Page, body: Sequence[Block]) -> frozenset[int]:
        """Pages whose last paragraph the next page may go on with: one of pictures alone hides none."""
        if page.status is PageStatus.FAILED:
            return frozenset()
        here = frozenset({page.number})
        return self._open | here if all(block.category in FLOATS for block in body) else here

    def _continued_table(self, blocks: Sequence[Block], page: Page) -> int:
        """Join the page's first table to the open one; how many blocks are used up by it."""
        draft = self._open_table()
        index = next((i for i, block in enumerate(blocks[:3]) if block.table is not None), -1)
        if draft is None or index < 0:
            return 0
        lead, below = blocks[:index], blocks[index]
        said = any(_says_so(block, draft) for block in lead)
        part = _part(below, page)
        if draft.part is None or part is None or not _may_lead(lead, draft, said=said):
            return 0
        if not tables.go_together(draft.tables[0], draft.part, part, said=said):
            return 0
        if not tables.fits(draft.tables, part.table):
            return 0
        draft.add_part(part, blocks[: index + 1], page.number)
        return index + 1

    def _open_table(self) -> Draft | None:
        """The table that ended the page before, with nothing but footnotes after it."""
        for draft in reversed(self.drafts):
            if draft.first.category is Category.FOOTNOTE:
                continue
            return draft if draft.tables and draft.page in self._open else None
        return None

    def _append(self, block: Block, page: Page) -> None:
        previous = self.drafts[-1] if self.drafts else None
        if previous is not None and previous.tables and says_to_be_continued(block.text) and block.table is None:
            previous.add(block, page.number, previous.text)
            return
        earlier = self._open_paragraph(block, page.number)
        if earlier is not None:
            earlier.add(block, page.number, join(earlier.text, block.text, self._known))
            return
        level = block.level
        if block.category is Category.LIST_ITEM:
            level = item_level(block, previous, self._indents)
        part = _part(block, page) if block.table is not None else None
        self.drafts.append(Draft.of(block, page.number, level, part, _number_above(previous)))

    def _append_note(self, block: Block, page: Page) -> None:
        """Append a footnote, or the rest of one: of the note before it, or of the last note of the page before."""
        for draft in reversed(self.drafts):
            near = draft.page == page.number or draft.page in self._open
            if draft.first.category is not Category.FOOTNOTE and draft.page == page.number:
                continue
            if draft.first.category is Category.FOOTNOTE and near and note_continues(draft.last, block):
                draft.add(block, page.number, join(draft.text, block.text, self._known))
                return
            break
        self.drafts.append(Draft.of(block, page.number, block.level, None, ""))

    def _open_paragraph(self, block: Block, number: int) -> Draft | None:
        if block.category is not Category.TEXT:
            return None
        inside = begins_inside(block.text)
        for draft in reversed(self.drafts[-LOOKED_BACK:]):
            if draft.page != number and draft.page not in self._open:
                break
            if draft.first.category in FLOATS:
                continue
            if continues(draft.last, block, same_page=draft.page == number):
                return draft
            # Words of pictures and notes of tables, in other type, may stand between as well.
            if not inside or are_alike(draft.last, block) or draft.first.category is not Category.TEXT:
                break
        return self._open_caption(block, number)

    def _open_caption(self, block: Block, number: int) -> Draft | None:
        """A caption of the page, the last one, that the block goes on with in the next column."""
        captions = (d for d in reversed(self.drafts[-LOOKED_BACK:]) if d.first.category is Category.CAPTION)
        draft = next(captions, None)
        return draft if draft and draft.page == number and note_continues(draft.last, block) else None


def _notes(body: Sequence[Block]) -> frozenset[str]:
    """Ids of a page's footnotes, with pieces that its reader took for text."""
    found: set[str] = set()
    last: Block | None = None
    for block in body:
        if block.category is Category.FOOTNOTE or (last is not None and note_continues(last, block)):
            found.add(block.id)
            last = replace(block, category=Category.FOOTNOTE)
        else:
            last = None
    return frozenset(found)


def _says_so(block: Block, draft: Draft) -> bool:
    """Whether a block above a table says that it is the rest of the open one: in words, or by its caption again."""
    number = table_number(block.text)
    if says_continued(block.text):
        return not (number and draft.number) or number == draft.number
    return bool(number) and number == draft.number and opens_caption(block.text)


def _may_lead(lead: Sequence[Block], draft: Draft, *, said: bool) -> bool:
    """Whether blocks above a table leave it the page's first: nothing, or what says so and a short line."""
    others = [block for block in lead if not _says_so(block, draft)]
    if not others:
        return True
    short = len(others) == 1 and len(others[0].text) <= SHORT_LINE and others[0].category is not Category.SECTION_HEADER
    return said and short and not opens_caption(others[0].text)


def _number_above(previous: Draft | None) -> str:
    """The number of the table whose caption stands above."""
    if previous is None or not (opens_caption(previous.text) and caption_is_of_table(previous.text)):
        return ""
    return table_number(previous.text)


def _part(block: Block, page: Page) -> tables.Part | None:
    if block.table is None:
        return None
    below = [other.box.y0 for other in page.blocks if other.category in _AT_FOOT and other.box.y0 >= block.box.y1 - 2]
    return tables.Part(block.table, block.box, page.width, page.height, min(below, default=0.93 * page.height))
