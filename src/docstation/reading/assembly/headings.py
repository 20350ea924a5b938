"""Heading levels over the whole document: numbering first, then named parts, type size, weight and capitals.

Pages are laid out one by one and cannot know what is a chapter and what a section; here all headings are seen. Where a
model read the page, its own level takes the place of the type.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from docstation.document.model import Block, Category, Page
from docstation.reading.assembly.type_sizes import is_bold, type_size
from docstation.reading.layout.marks import is_capitals, title_depth

MAX_LEVEL = 6
SAME_SIZE = 0.93
"""Sizes within this ratio are one size; estimates from scans scatter more and meet in fewer classes."""
SAME_ESTIMATE = 0.8

_PARTS = tuple(
    re.compile(rf"^(?:{words})", re.IGNORECASE)
    for words in (
        r"(?:часть|part)\b",
        r"раздел\b",
        r"(?:глава|chapter)\b",
        r"(?:параграф\b|§)",
        r"(?:статья|article)\b",
    )
)
"""Names of parts, the highest first; which of them a document uses decides their levels."""
_CHAPTERS = _PARTS[:3]
_APPENDIX = re.compile(r"^(?:приложение|appendix|annex)\b", re.IGNORECASE)
_TOP = re.compile(
    r"^(?:содержание|оглавление|введение|заключение|список \w+ (?:литературы|источников)|библиографический список|"
    r"литература|introduction|conclusions?|references|bibliography|abstract|contents)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a heading looks; a larger tuple is a higher heading.

    Attributes:
        drawn: whether its type is known; else `size` is the level that a model gave, negative.
        size: class of type sizes, larger type a larger class.
        capitals: whether it is in capitals.
        bold: whether it is bold.
    """

    drawn: bool
    size: int
    capitals: bool = False
    bold: bool = False

    @property
    def weight(self) -> tuple[int, bool, bool]:
        """For comparing: larger type first, then capitals, then bold."""
        return self.size, self.capitals, self.bold


def levelled(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages with each section heading's level set, 1 the highest; titles are level 1."""
    headings = [block for page in pages for block in page.blocks if block.category is Category.SECTION_HEADER]
    if not headings:
        return tuple(pages)
    classes = _size_classes([block for block in headings if block.lines])
    styles = {block.id: _style(block, classes) for block in headings}
    ranks = _levels_of_styles(headings, styles)
    parts = _levels_of_parts(headings)
    levels = {block.id: _level(block, ranks[styles[block.id]], parts) for block in headings}
    opening = _opening(pages)
    if opening is not None and not title_depth(opening.text):
        # What a document opens with is under no other heading.
        levels[opening.id] = 1
    return tuple(_with_levels(page, levels) for page in pages)


def _opening(pages: Sequence[Page]) -> Block | None:
    """The heading that stands before all text, on the first page of a file."""
    if pages[0].number != 1:
        return None
    for block in pages[0].blocks:
        if block.category in (Category.TITLE, Category.TEXT, Category.LIST_ITEM, Category.TABLE):
            return None
        if block.category is Category.SECTION_HEADER:
            return block
    return None


def _with_levels(page: Page, levels: dict[str, int]) -> Page:
    if not any(block.id in levels for block in page.blocks):
        return page
    return replace(page, blocks=tuple(replace(b, level=levels.get(b.id, b.level)) for b in page.blocks))


def _size_classes(headings: Sequence[Block]) -> dict[str, int]:
    """Block id → size class, larger type a larger class."""
    sizes = sorted((type_size(block), block.id) for block in headings)
    exact = any(word.font_size for block in headings for line in block.lines for word in line.words)
    same = SAME_SIZE if exact else SAME_ESTIMATE
    classes: dict[str, int] = {}
    number, base = 0, sizes[0][0] if sizes else 0.0
    for size, block_id in sizes:
        if base < same * size:
            number, base = number + 1, size
        classes[block_id] = number
    return classes


def _style(block: Block, classes: dict[str, int]) -> _Style:
    if not block.lines:
        return _Style(drawn=False, size=-block.level)
    return _Style(drawn=True, size=classes[block.id], capitals=is_capitals(block.text), bold=is_bold(block))


def _levels_of_styles(headings: Sequence[Block], styles: dict[str, _Style]) -> dict[_Style, int]:
    """A style that numbered headings use takes their depth; the others take their place among all of their kind."""
    depths: dict[_Style, Counter[int]] = defaultdict(Counter)
    for block in headings:
        depth = title_depth(block.text)
        if depth:
            depths[styles[block.id]][depth] += 1
    levels: dict[_Style, int] = {}
    for drawn in (True, False):
        level = 0
        kind = {style for style in styles.values() if style.drawn is drawn}
        for style in sorted(kind, key=lambda style: style.weight, reverse=True):
            known = depths[style].most_common(1)
            level = known[0][0] if known else min(level + 1, MAX_LEVEL)
            levels[style] = level
    return levels


def _levels_of_parts(headings: Sequence[Block]) -> Mapping[re.Pattern[str], int]:
    """Named parts → their level: those that the document uses, one under the other."""
    used = [part for part in _PARTS if any(part.match(block.text) for block in headings)]
    return {part: index for index, part in enumerate(used, start=1)}


def _level(block: Block, rank: int, parts: Mapping[re.Pattern[str], int]) -> int:
    depth = title_depth(block.text)
    if depth > 1:
        # «2.1» under «Глава 2» is one below the chapter, wherever that stands.
        chapter = max((level for part, level in parts.items() if part in _CHAPTERS), default=1)
        return min(depth + chapter - 1, MAX_LEVEL)
    if depth:
        return depth
    for part, level in parts.items():
        if part.match(block.text):
            return level
    if _APPENDIX.match(block.text) or _TOP.match(block.text):
        return 1
    return min(max(rank, 1), MAX_LEVEL)
