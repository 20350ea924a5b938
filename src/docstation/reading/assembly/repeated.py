"""Running headers, footers and page numbers found by repetition over pages.

A single page's verdict stands; what it left in the body is set apart when it stands at the same margin of other pages
with the same words, or with a number that counts along with the pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from docstation.document.model import FURNITURE, Block, Category, Page
from docstation.reading.layout.marks import opens_caption

EDGE_SHARE = 0.14
MAX_LENGTH = 160
MAX_LINES = 3
OUTERMOST = 3
"""How many blocks from an edge inwards may be furniture."""

_MOVABLE = frozenset({Category.TEXT, Category.SECTION_HEADER, Category.TITLE, Category.LIST_ITEM, Category.FOOTNOTE})
_NUMBER = re.compile(r"\d+")

Key = tuple[str, int, str]
"""Edge, height on the page in fiftieths, and the wording."""


def relabelled(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages with repeated blocks at their margins made headers and footers."""
    seen: dict[Key, set[int]] = defaultdict(set)
    candidates = [_candidates(page) for page in pages]
    for page, blocks in zip(pages, candidates, strict=True):
        for block, edge in blocks.items():
            for key in _keys(block, edge, page, reach=1):
                seen[key].add(page.number)
    needed = 2 if len(pages) <= 4 else 3
    return tuple(_page_with(page, blocks, seen, needed) for page, blocks in zip(pages, candidates, strict=True))


def _candidates(page: Page) -> dict[Block, str]:
    """Blocks near an edge of the page, short, with the edge; those already set apart count as witnesses."""
    found: dict[Block, str] = {}
    for edge in ("top", "bottom"):
        ordered = sorted(page.blocks, key=lambda block: block.box.y0, reverse=edge == "bottom")
        inner = 0
        for block in ordered:
            if block.category in FURNITURE:
                found[block] = edge if _at_edge(block, page, edge) else found.get(block, "")
                continue
            inner += 1
            if inner > OUTERMOST or not _at_edge(block, page, edge):
                break
            if block.category in _MOVABLE and _is_short(block):
                found[block] = edge
    return {block: edge for block, edge in found.items() if edge}


def _at_edge(block: Block, page: Page, edge: str) -> bool:
    if edge == "top":
        return block.box.y1 <= EDGE_SHARE * page.height
    return block.box.y0 >= (1 - EDGE_SHARE) * page.height


def _is_short(block: Block) -> bool:
    text = block.text.strip()
    return 0 < len(text) <= MAX_LENGTH and len(block.lines) <= MAX_LINES and not opens_caption(text)


def _keys(block: Block, edge: str, page: Page, *, reach: int = 0) -> list[Key]:
    """Keys under which the block meets its like on other pages: the same words, or numbers that count along."""
    text = " ".join(block.text.casefold().split())
    counting = _NUMBER.sub(lambda match: f"#{int(match.group()[:9]) - page.number}", text)
    wordings = {text, counting} if counting != text else {text}
    if text.isdigit():
        # A bare number repeated is no page number unless it counts along.
        wordings = {counting}
    height = round(50 * block.box.center[1] / max(page.height, 1.0))
    return [(edge, height + step, wording) for wording in wordings for step in range(-reach, reach + 1)]


def _page_with(page: Page, candidates: dict[Block, str], seen: dict[Key, set[int]], needed: int) -> Page:
    changed: dict[str, Category] = {}
    for block, edge in candidates.items():
        if block.category in FURNITURE:
            continue
        if any(len(seen[key]) >= needed for key in _keys(block, edge, page)):
            changed[block.id] = Category.PAGE_HEADER if edge == "top" else Category.PAGE_FOOTER
    if not changed:
        return page
    blocks = tuple(
        replace(block, category=changed[block.id], level=0) if block.id in changed else block for block in page.blocks
    )
    return replace(page, blocks=blocks)
