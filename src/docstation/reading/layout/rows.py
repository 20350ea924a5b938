"""Measured lines: each line's box, text, type size and weight taken once, and what is usual on the page.

`Line` computes its properties anew at each use; layout asks for them thousands of times a page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from docstation.document.geometry import Box
from docstation.document.text import Line, Origin, Word, type_size

BODY_SHARE = 0.22
"""A size with this share of a page's letters may be the body's; a page can hold more footnotes than text."""
SIZE_CLASS = 0.05
"""Sizes this near to each other (in logarithms) are one size."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its measures.

    Attributes:
        line: itself.
        box: around its words.
        text: words joined by spaces.
        size: type size in points; estimated from the letters' heights where the layer does not say it.
        exact: whether the size comes from a text layer.
        weight: share of its letters that are bold, 0 to 1.
        italic: whether most letters are italic.
    """

    line: Line
    box: Box
    text: str
    size: float
    exact: bool
    weight: float
    italic: bool

    @property
    def bold(self) -> bool:
        """Whether most letters are bold."""
        return self.weight > 0.6

    @property
    def middle(self) -> float:
        """The height of its middle, y in points."""
        return (self.box.y0 + self.box.y1) / 2

    @property
    def core(self) -> Box:
        """The box without a fifth of its height above and below, so that tight lines do not touch."""
        slack = 0.2 * min(self.box.height, self.size)
        return Box(self.box.x0, self.box.y0 + slack, self.box.x1, self.box.y1 - slack)


def row_of(line: Line) -> Row:
    """Measure one line."""
    words = line.words
    letters = sum(len(word.text) for word in words) or 1
    exact = any(word.font_size > 0 and word.origin is not Origin.ENGINE for word in words)
    return Row(
        line=line,
        box=line.box,
        text=line.text,
        size=_nominal(words) if exact else _estimated(words),
        exact=exact,
        weight=sum(len(word.text) for word in words if word.bold) / letters,
        italic=sum(len(word.text) for word in words if word.italic) > 0.6 * letters,
    )


def steadied(rows: Sequence[Row]) -> list[Row]:
    """The rows, marked inexact where sizes change from line to line: an OCR left the layer and fitted type to words."""
    pairs = [(a.size, b.size) for a, b in pairwise(rows) if a.exact and b.exact]
    uneven = sum(1.02 < max(a, b) / max(min(a, b), 0.1) < 1.3 for a, b in pairs)
    if len(pairs) < 8 or uneven < 0.4 * len(pairs):
        return list(rows)
    return [replace(row, exact=False) for row in rows]


def merged(rows: Sequence[Row]) -> Row:
    """Rows that stand side by side as one, words from left to right."""
    if len(rows) == 1:
        return rows[0]
    ordered = sorted(rows, key=lambda row: row.box.x0)
    whole = row_of(Line(tuple(word for row in ordered for word in row.line.words)))
    longest = max(rows, key=lambda row: len(row.text))
    return replace(whole, size=longest.size, exact=longest.exact)


def _nominal(words: Sequence[Word]) -> float:
    sizes: Counter[float] = Counter()
    for word in words:
        if word.font_size > 0:
            sizes[round(word.font_size, 1)] += len(word.text)
    return max(sizes.items(), key=lambda item: (item[1], item[0]))[0]


def _estimated(words: Sequence[Word]) -> float:
    return max(1.0, median(type_size(replace(word, font_size=0.0)) for word in words))


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual among the lines of a page.

    Attributes:
        size: type size of most letters, points.
        pitch: distance between the middles of neighbouring lines, points.
        bold: whether most letters are bold.
        exact: whether sizes come from a text layer.
    """

    size: float
    pitch: float
    bold: bool
    exact: bool


def usual_of(rows: Sequence[Row]) -> Usual:
    """Measure a page; sizes are weighted by letters."""
    sizes: Counter[float] = Counter()
    bold = letters = exact = 0
    for row in rows:
        count = len(row.text)
        sizes[row.size] += count
        letters += count
        bold += count if row.bold else 0
        exact += count if row.exact else 0
    is_exact = exact > 0.5 * letters
    size = _body_size(sizes) if is_exact else _middle_of(sizes)
    return Usual(size, usual_pitch(rows, 1.25 * size), bold > 0.5 * letters, is_exact)


def _body_size(sizes: Counter[float]) -> float:
    """The largest size that a fair share of the letters has: references and notes are small, but not the body."""
    total = sum(sizes.values())
    classes: Counter[int] = Counter()
    for size, count in sizes.items():
        classes[round(math.log(max(size, 0.1)) / SIZE_CLASS)] += count
    large = [number for number, count in classes.items() if count >= BODY_SHARE * total]
    chosen = max(large) if large else classes.most_common(1)[0][0]
    members = {s: c for s, c in sizes.items() if round(math.log(max(s, 0.1)) / SIZE_CLASS) == chosen}
    return max(members, key=lambda size: members[size])


def _middle_of(sizes: Counter[float]) -> float:
    """The median by letters: estimates scatter too much for the most common value."""
    total, seen = sum(sizes.values()), 0
    for size, count in sorted(sizes.items()):
        seen += count
        if seen * 2 >= total:
            return size
    return 10.0


def usual_pitch(rows: Iterable[Row], default: float) -> float:
    """The most usual distance between the middles of lines that follow each other closely; `default` with too few."""
    steps = []
    for above, below in pairwise(rows):
        step = below.middle - above.middle
        alike = abs(above.size - below.size) < 0.25 * max(above.size, below.size)
        if alike and 0.7 * below.size < step < 2.6 * below.size and above.box.overlap_x(below.box) > 0:
            steps.append(step)
    if len(steps) < 3:
        return default
    steps.sort()
    # The lower half: paragraph spacing must not count as line spacing.
    return steps[int(len(steps) * 0.4)]
