"""Running headers, footers and page numbers found by repetition over pages, whatever a page's reader called them.

The unit is a line at a margin: its height and its wording, numbers that count along with the pages taken for equal. A
block leaves the body when each of its lines stands on other pages too; letterheads that are pictures or tables leave
it when they stand in the same place. What was set apart and nothing confirms is left to `unconfirmed`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from docstation.document.model import FURNITURE, Block, Category, Page
from docstation.reading.assembly.continuation_words import says_continued
from docstation.reading.assembly.type_sizes import type_size, usual_size
from docstation.reading.layout.furniture import is_page_number
from docstation.reading.layout.marks import names_section, opens_caption, opens_item

EDGE_SHARE = 0.14
MAX_LENGTH = 240
"""Characters of a line."""
MAX_LINES = 6
OUTERMOST = 3
"""How many blocks from an edge inwards may be furniture."""
ALIKE = 85.0
"""Per cent of letters in which a line may be misread and still be the one that runs."""
LEAST_LETTERS = 8
"""Of a line that may be misread."""
OUTER_MARGIN = 3
"""Fiftieths of the page: above this only what runs is printed, in type of any size."""
TITLE_TYPE = 1.25
"""Headings in type this much larger than the text are no running headers, even if each page has the same."""

_HEADINGS = frozenset({Category.SECTION_HEADER, Category.TITLE})
_LETTERHEAD = frozenset({Category.PICTURE, Category.TABLE})
_MOVABLE = frozenset({Category.TEXT, Category.LIST_ITEM, Category.FOOTNOTE, *_HEADINGS, *_LETTERHEAD})
_NUMBER = re.compile(r"\d+")
_SIGNS = re.compile(r"[^\w№]+")
_MOST_NUMBERS = 3

Key = tuple[str, int, str]
"""Edge, height on the page in fiftieths, and the wording."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """What runs over the pages.

    Attributes:
        blocks: ids of all blocks that other pages confirm, those that were set apart already among them.
        heights: edge and height, in fiftieths of the page, at which anything runs.
    """

    blocks: frozenset[str]
    heights: frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line at a margin.

    Attributes:
        height: of its middle, in fiftieths of the page.
        text: its wording without case and punctuation.
        counts: whether its numbers may count along with the pages.
    """

    height: int
    text: str
    counts: bool

    def wordings(self, number: int) -> set[str]:
        """The wordings under which it meets its like: numbers as they stand, or as they count along."""
        numbers = _NUMBER.findall(self.text)
        if not numbers or not self.counts:
            return {self.text}
        if self.text.isdecimal():
            # A bare number repeated is no page number unless it counts along.
            return {_counted(self.text, (True,), number)}
        if len(numbers) <= _MOST_NUMBERS:
            return {_counted(self.text, choice, number) for choice in product((False, True), repeat=len(numbers))}
        last = len(numbers) - 1
        chosen = ((), (0,), (last,), (0, last))
        choices = (tuple(index in counting for index in range(last + 1)) for counting in chosen)
        return {_counted(self.text, choice, number) for choice in choices}


def _counted(text: str, choice: tuple[bool, ...], number: int) -> str:
    flags = iter(choice)
    return _NUMBER.sub(lambda match: f"#{int(match[0][:9]) - number}" if next(flags) else match[0], text)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block near an edge of a page.

    Attributes:
        block: with its text.
        edge: top or bottom.
        number: of the page.
        lines: of the block.
        is_double: whether the page says the same in another block.
    """

    block: Block
    edge: str
    number: int
    lines: tuple[_Line, ...]
    is_double: bool


class _Seen:
    """Pages on which lines were seen, by edge, height and wording."""

    def __init__(self) -> None:
        self._pages: dict[Key, set[int]] = defaultdict(set)

    def add(self, candidate: _Candidate) -> None:
        """Remember each line of a block."""
        for line in candidate.lines:
            for wording in line.wordings(candidate.number):
                self._pages[candidate.edge, line.height, wording].add(candidate.number)

    def times(self, candidate: _Candidate, line: _Line) -> int:
        """On how many pages the line stands, a little higher or lower allowed."""
        return max(
            len(set().union(*(self._pages.get((candidate.edge, line.height + step, one), ()) for step in (-1, 0, 1))))
            for one in line.wordings(candidate.number)
        )

    def often(self, needed: int) -> Iterator[Key]:
        """Lines seen on at least so many pages."""
        return (key for key, numbers in self._pages.items() if len(numbers) >= needed)


def relabelled(pages: Sequence[Page]) -> tuple[tuple[Page, ...], Repetition]:
    """The pages with repeated blocks at their margins made headers and footers, and what was found to repeat."""
    candidates = [list(_candidates(page)) for page in pages]
    judge = _Judge([one for found in candidates for one in found], len(pages))
    confirmed: set[str] = set()
    heights: set[tuple[str, int]] = set()
    result = []
    for page, found in zip(pages, candidates, strict=True):
        usual = usual_size(page.blocks)
        running = [one for one in found if judge.runs(one, usual)]
        confirmed.update(one.block.id for one in running)
        heights.update((one.edge, line.height) for one in running for line in one.lines)
        result.append(_page_with(page, running))
    return tuple(result), Repetition(frozenset(confirmed), frozenset(heights))


def _candidates(page: Page) -> Iterator[_Candidate]:
    """Blocks near an edge of the page, short; those already set apart are witnesses."""
    texts = Counter(block.text for block in page.blocks)
    for edge in ("top", "bottom"):
        ordered = sorted(page.blocks, key=lambda block: block.box.y0, reverse=edge == "bottom")
        inner = 0
        for block in ordered:
            if block.category not in FURNITURE:
                inner += 1
                if inner > OUTERMOST or not _at_edge(block, page, edge):
                    break
                if block.category not in _MOVABLE or opens_caption(block.text) or says_continued(block.text):
                    continue
            elif not _at_edge(block, page, edge) or says_continued(block.text):
                continue
            lines = _lines(block, page)
            if lines:
                yield _Candidate(block, edge, page.number, lines, is_double=texts[block.text] > 1)


def _at_edge(block: Block, page: Page, edge: str) -> bool:
    if edge == "top":
        return block.box.y1 <= EDGE_SHARE * page.height
    return block.box.y0 >= (1 - EDGE_SHARE) * page.height


def _lines(block: Block, page: Page) -> tuple[_Line, ...]:
    """The block's lines; none where it is too long to be furniture."""
    scale = 50 / max(page.height, 1.0)
    if block.category in _LETTERHEAD:
        box = block.box
        place = f"{block.category} {round(scale * box.x0)} {round(scale * box.width)} {_normal(block.text)}"
        return (_Line(round(scale * box.center[1]), place, counts=False),)
    texts = [line.text for line in block.lines] or block.text.split("\n")
    if len(texts) > MAX_LINES or any(len(text) > MAX_LENGTH for text in texts):
        return ()
    step = block.box.height / len(texts)
    heights = [line.box.center[1] for line in block.lines]
    heights = heights or [block.box.y0 + step * (index + 0.5) for index in range(len(texts))]
    lines = (
        _Line(round(scale * height), _normal(text), _may_count(text, block.category))
        for height, text in zip(heights, texts, strict=True)
    )
    return tuple(line for line in lines if line.text)


def _normal(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text.casefold()).split())


def _may_count(text: str, category: Category) -> bool:
    """Whether numbers may be those of pages: captions, items and headings are numbered where each page has one."""
    return is_page_number(text) or not (names_section(text) or opens_item(text) or category in _HEADINGS)


class _Judge:
    """Whether what stands at an edge runs."""

    def __init__(self, candidates: Sequence[_Candidate], pages: int) -> None:
        self._seen, self._set_apart = _Seen(), _Seen()
        for one in candidates:
            self._seen.add(one)
            if one.block.category in FURNITURE:
                self._set_apart.add(one)
        self._needed = 2 if pages <= 4 else 3
        self._most = max(self._needed, round(0.6 * pages))
        self._known: dict[tuple[str, int], list[str]] = defaultdict(list)
        for edge, height, wording in self._seen.often(self._needed):
            if sum(map(str.isalpha, wording)) >= LEAST_LETTERS:
                self._known[edge, height].append(wording)

    def runs(self, candidate: _Candidate, usual: float) -> bool:
        """Whether all lines of the block stand on other pages; `usual` is the page's type size."""
        block = candidate.block
        if block.category in _LETTERHEAD:
            return self._seen.times(candidate, candidate.lines[0]) >= self._most
        larger = type_size(block) / usual if block.category in _HEADINGS and usual else 0.0
        if candidate.number == 1 and larger > 1 and not candidate.is_double:
            # The title that runs over the later pages.
            return False
        if larger >= TITLE_TYPE and candidate.lines[0].height > OUTER_MARGIN:
            # Each of many papers has the same title; what other pages' readers set apart is none.
            return all(self._set_apart.times(candidate, line) >= self._needed for line in candidate.lines)
        return all(self._repeats(candidate, line) for line in candidate.lines)

    def _repeats(self, candidate: _Candidate, line: _Line) -> bool:
        if self._seen.times(candidate, line) >= self._needed:
            return True
        if candidate.edge == "bottom" and line.text == str(candidate.number):
            return True
        known = (one for step in (-1, 0, 1) for one in self._known.get((candidate.edge, line.height + step), ()))
        return any(_is_misread(one, other) for other in known for one in line.wordings(candidate.number))


def _is_misread(one: str, other: str) -> bool:
    from rapidfuzz.fuzz import ratio

    return _NUMBER.findall(one) == _NUMBER.findall(other) and ratio(one, other, score_cutoff=ALIKE) > 0


def _page_with(page: Page, running: Sequence[_Candidate]) -> Page:
    changed = {
        one.block.id: Category.PAGE_HEADER if one.edge == "top" else Category.PAGE_FOOTER
        for one in running
        if one.block.category not in FURNITURE
    }
    if not changed:
        return page
    blocks = tuple(
        replace(block, category=changed[block.id], level=0) if block.id in changed else block for block in page.blocks
    )
    return replace(page, blocks=blocks)
