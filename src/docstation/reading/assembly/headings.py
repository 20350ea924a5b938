"""Heading levels over the whole document: numbering first, then type size, weight and capitals.

Pages are laid out one by one and cannot know what is a chapter and what a section; here all headings are seen.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from docstation.document.model import Block, Category, Page
from docstation.reading.layout.marks import is_capitals, title_depth

MAX_LEVEL = 6
SAME_SIZE = 0.93
"""Sizes within this ratio are one size; estimates from scans scatter more and meet in fewer classes."""
SAME_ESTIMATE = 0.8

_CHAPTER = re.compile(r"^(?:глава|раздел|часть|chapter|part|приложение|appendix)\b", re.IGNORECASE)
_TOP = re.compile(
    r"^(?:содержание|оглавление|введение|заключение|список \w+ (?:литературы|источников)|библиографический список|"
    r"литература|introduction|conclusions?|references|bibliography|abstract|contents)\W*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:статья|article|параграф|§)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a heading looks; a larger tuple is a higher heading."""

    size: int
    capitals: bool
    bold: bool

    @property
    def weight(self) -> tuple[int, bool, bool]:
        """For comparing: larger type first, then capitals, then bold."""
        return self.size, self.capitals, self.bold


def levelled(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages with each section heading's level set, 1 the highest; titles are level 1."""
    headings = [block for page in pages for block in page.blocks if block.category is Category.SECTION_HEADER]
    if not headings:
        return tuple(pages)
    classes = _size_classes(headings)
    styles = {block.id: _style(block, classes) for block in headings}
    ranks = _levels_of_styles(headings, styles)
    levels = {block.id: _level(block, ranks[styles[block.id]], headings) for block in headings}
    return tuple(_with_levels(page, levels) for page in pages)


def _with_levels(page: Page, levels: dict[str, int]) -> Page:
    if not any(block.id in levels for block in page.blocks):
        return page
    return replace(page, blocks=tuple(replace(b, level=levels.get(b.id, b.level)) for b in page.blocks))


def _size(block: Block) -> float:
    return median(line.font_size for line in block.lines) if block.lines else block.box.height


def _size_classes(headings: Sequence[Block]) -> dict[str, int]:
    """Block id → size class, larger type a larger class."""
    sizes = sorted((_size(block), block.id) for block in headings)
    exact = any(word.font_size for block in headings for line in block.lines for word in line.words)
    same = SAME_SIZE if exact else SAME_ESTIMATE
    classes: dict[str, int] = {}
    number, base = 0, sizes[0][0]
    for size, block_id in sizes:
        if base < same * size:
            number, base = number + 1, size
        classes[block_id] = number
    return classes


def _style(block: Block, classes: dict[str, int]) -> _Style:
    words = [word for line in block.lines for word in line.words]
    bold = sum(word.bold for word in words) > 0.6 * len(words) if words else False
    return _Style(classes[block.id], is_capitals(block.text), bold)


def _levels_of_styles(headings: Sequence[Block], styles: dict[str, _Style]) -> dict[_Style, int]:
    """A style that numbered headings use takes their depth; the others take their place among all styles."""
    depths: dict[_Style, Counter[int]] = defaultdict(Counter)
    for block in headings:
        depth = title_depth(block.text)
        if depth:
            depths[styles[block.id]][depth] += 1
    ordered = sorted(set(styles.values()), key=lambda style: style.weight, reverse=True)
    levels: dict[_Style, int] = {}
    level = 0
    for style in ordered:
        known = depths[style].most_common(1)
        level = known[0][0] if known else min(level + 1, MAX_LEVEL)
        levels[style] = level
    return levels


def _level(block: Block, rank: int, headings: Sequence[Block]) -> int:
    depth = title_depth(block.text)
    if depth:
        return min(depth, MAX_LEVEL)
    if _CHAPTER.match(block.text) or _TOP.match(block.text):
        return 1
    if _ARTICLE.match(block.text):
        return max(2, rank) if any(_CHAPTER.match(other.text) for other in headings[:200]) else 1
    return min(max(rank, 1), MAX_LEVEL)
