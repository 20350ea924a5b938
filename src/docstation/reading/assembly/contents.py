"""Headings that the table of contents names: a block that says what an entry says, on a later page, is a heading.

Pages are read one by one; a numbered title in plain type looks like a list item there. The contents tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docstation.document.model import Block, Category, Page
from docstation.reading.layout.marks import title_depth

LEAST_ENTRIES = 3
"""On one page, for them to be contents."""
LEAST_LEADERS = 4
"""Dots between a title and its page."""
MAX_TITLE = 300

_LEADERS = "._… "
_MISTAKEN = frozenset({Category.TEXT, Category.LIST_ITEM})


def with_named_headings(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages with blocks that the contents name made section headings; levels are left to `headings`."""
    titles: set[str] = set()
    listed: set[int] = set()
    for page in pages:
        entries = [title for block in page.blocks for title in _entries(block)]
        if len(entries) >= LEAST_ENTRIES:
            titles.update(map(_normal, entries))
            listed.add(page.number)
    titles.discard("")
    if not titles:
        return tuple(pages)
    first = min(listed)
    return tuple(
        _with_headings(page, titles) if page.number > first and page.number not in listed else page for page in pages
    )


def _entries(block: Block) -> list[str]:
    """Titles of the entries that a block holds: one a line, or one on all of its lines."""
    if block.text[-1:].isdigit() and block.text.count("\n") <= 3 and _title(block.text.split("\n")[0]) is None:
        whole = _title(block.text)
        return [whole] if whole else []
    return [title for line in block.text.split("\n") if (title := _title(line))]


def _title(line: str) -> str | None:
    """What stands before leaders and a page number; None where there are none."""
    body = line.strip()
    before = body.rstrip("0123456789")
    if not 1 <= len(body) - len(before) <= 4:
        return None
    title = before.rstrip(_LEADERS)
    leaders = before[len(title) :]
    if leaders.count(".") + leaders.count("_") + 3 * leaders.count("…") < LEAST_LEADERS:
        return None
    return title if len(title) <= MAX_TITLE and any(map(str.isalpha, title)) else None


def _normal(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _with_headings(page: Page, titles: set[str]) -> Page:
    def is_named(block: Block) -> bool:
        return block.category in _MISTAKEN and len(block.text) <= MAX_TITLE and _normal(block.text) in titles

    if not any(map(is_named, page.blocks)):
        return page
    blocks = tuple(
        replace(block, category=Category.SECTION_HEADER, level=max(1, title_depth(block.text)))
        if is_named(block)
        else block
        for block in page.blocks
    )
    return replace(page, blocks=blocks)
