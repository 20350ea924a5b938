"""What a page's reader set apart at its top though no other page has it: titles, and the first lines of the body.

A page alone cannot tell a title above a letter from a running header; the document can. Page numbers, addresses of the
publisher and the like stay apart: they need no second page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from docstation.document.model import Block, Category, Page
from docstation.reading.assembly.continuation_words import says_continued
from docstation.reading.assembly.repeated import Repetition
from docstation.reading.assembly.type_sizes import is_bold, type_size, usual_size
from docstation.reading.layout.furniture import is_page_number
from docstation.reading.layout.marks import opens_caption, opens_item

TITLE_TYPE = 1.15
"""A title's type is larger than the text's by this factor at least; more where the size is only estimated."""
TITLE_ESTIMATE = 1.4
MAX_TITLE = 220
LEAST_LETTERS = 2

_HEADER = Category.PAGE_HEADER
_PUBLISHER = re.compile(
    r"https?:|www\.|©|\(c\)|copyright|\bdoi\b|\bissn\b|\bisbn\b|\bvol\.|arxiv|консультантплюс|гарант|\S@\S",
    re.IGNORECASE,
)


def restored(pages: Sequence[Page], repetition: Repetition) -> tuple[Page, ...]:
    """The pages with titles and body lines put back that were taken for headers."""
    usual = usual_size(block for page in pages for block in page.blocks)
    times = Counter(text for page in pages for text in {_letters(b) for b in page.blocks if b.category is _HEADER})
    said_again = {text for text, count in times.items() if count > 1}
    return tuple(_restored(page, repetition, said_again, usual) for page in pages)


def _letters(block: Block) -> str:
    return "".join(char for char in block.text.casefold() if char.isalpha())


def _restored(page: Page, repetition: Repetition, said_again: Collection[str], usual: float) -> Page:
    doubtful = [b for b in page.blocks if _is_doubtful(b, repetition) and _letters(b) not in said_again]
    if not doubtful:
        return page
    running = [b for b in page.blocks if b.category is _HEADER and b.id in repetition.blocks]
    depth = max((block.box.y1 for block in running), default=page.height)
    titled = any(block.category is Category.TITLE for block in page.blocks)
    own = max(usual_size(page.blocks), usual)
    changed: dict[str, Block] = {}
    for block in doubtful:
        category = _category(block, page, own)
        is_inside = block.box.center[1] > depth and not _is_at_height(block, page, repetition)
        if category is Category.TITLE and (page.number > 1 or titled):
            category = Category.SECTION_HEADER
        if category in (Category.TITLE, Category.SECTION_HEADER) or is_inside or category is Category.CAPTION:
            titled = titled or category is Category.TITLE
            heading = category in (Category.TITLE, Category.SECTION_HEADER)
            changed[block.id] = replace(block, category=category, level=int(heading or category is Category.LIST_ITEM))
    return replace(page, blocks=tuple(changed.get(block.id, block) for block in page.blocks)) if changed else page


def _is_doubtful(block: Block, repetition: Repetition) -> bool:
    text = block.text.strip()
    if block.category is not _HEADER or block.id in repetition.blocks:
        return False
    return sum(map(str.isalpha, text)) >= LEAST_LETTERS and not is_page_number(text) and not _PUBLISHER.search(text)


def _is_at_height(block: Block, page: Page, repetition: Repetition) -> bool:
    """Whether headers of other pages stand at this height: a chapter's name may run over a single page."""
    return ("top", round(50 * block.box.center[1] / max(page.height, 1.0))) in repetition.heights


def _category(block: Block, page: Page, usual: float) -> Category:
    """What the block is if it is no header."""
    if says_continued(block.text):
        return Category.CAPTION
    may_be_title = len(block.text) <= MAX_TITLE and block.box.y1 < 0.4 * page.height and not _has_neighbour(block, page)
    if may_be_title and _is_title_type(block, usual):
        return Category.TITLE
    if opens_caption(block.text):
        return Category.CAPTION
    return Category.LIST_ITEM if opens_item(block.text) else Category.TEXT


def _has_neighbour(block: Block, page: Page) -> bool:
    """Whether another header stands beside it, a page number as a rule: titles have their line for themselves."""
    others = (other for other in page.blocks if other.category is _HEADER and other is not block)
    return any(other.box.overlap_y(block.box) > 0.5 * min(other.box.height, block.box.height) for other in others)


def _is_title_type(block: Block, usual: float) -> bool:
    """Whether the block is set like a title beside text of the usual size."""
    size = type_size(block)
    if not usual or not size or block.box.height > block.box.width or block.text[:1].islower():
        return False
    if not block.lines:
        return size >= TITLE_ESTIMATE * usual
    return size >= TITLE_TYPE * usual or (is_bold(block) and size >= 1.05 * usual)
