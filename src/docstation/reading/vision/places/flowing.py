"""Words of a text → the ink of each on rows of print: the cheapest way to share the ink out in order. Pure.

Words are told by their widths and by the gaps between them. Ink that no word claims (a stamp, a bullet) and words that
have no ink (a sign of markup) cost something; so does a word that is wider or narrower than it should be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from docstation.document.geometry import Box
from docstation.reading.vision.places.rows import Row, Run
from docstation.reading.vision.places.widths import SPACE, width

_TOLERANCE = 0.22
"""Share of a word's width by which typefaces differ, with `_ALWAYS` of a letter's height besides."""
_ALWAYS = 0.5
_WORST = 6.0
_SPACE_HEIGHTS = 0.32
"""Gaps between words are this wide at least, in letters' heights; narrower ones cost up to `_TIGHT`."""
_TIGHT = 1.5
_LOOSE = 0.55
"""Gaps in a word are narrower than this; wider ones cost by their width."""
_UNCLAIMED, _UNCLAIMED_HEIGHT = 0.6, 0.5
"""Of ink that no word claims: each run, and each letter's height of it."""
_NO_INK = 3.0
"""Of a word without ink."""
_BROKEN = 1.2
"""Of a word that goes on in the next row."""
_BEAM, _MOST_WAYS = 6.0, 24
"""Ways that cost so much more than the best one are given up, and those beyond so many."""
_MOST_SKIPPED = 12
"""Runs behind the farthest way that may stay unclaimed before the next word."""
_AGREEING = 0.6
"""Cost of an average word up to which nothing better is looked for."""
_ANOTHER_SIZE = 0.04
"""Share by which letters are larger or smaller than was thought, from which they are looked at again."""
_WIDEST = 2.2
"""Times its expected width that a word may take."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the words of a text stand.

    Attributes:
        boxes: of each word, with its row; None where it has no ink.
        cost: of an average word; below 1 the widths agree.
    """

    boxes: tuple[tuple[int, Box] | None, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to here: what it cost, the step before it, and the runs of the last word, an empty range for none."""

    cost: float
    before: _Way | None
    word: int
    start: int
    end: int


def placed(words: Sequence[str], rows: Sequence[Row]) -> Placed:
    """Where the words stand.

    The first and the last row may be a neighbour's, which a loose box reaches into: where the words do not agree with
    all rows, they are tried without those.

    Args:
        words: of the text, in order; not empty.
        rows: from the top, each read from the left; not empty.
    """
    best = _on_rows(words, rows, 0)
    for first, end in ((1, len(rows)), (0, len(rows) - 1), (1, len(rows) - 1)):
        if best.cost > _AGREEING and first < end:
            best = min(best, _on_rows(words, rows[first:end], first), key=lambda one: one.cost)
    return best


def _on_rows(words: Sequence[str], rows: Sequence[Row], first: int) -> Placed:
    em = _em(words, rows)
    if em <= 0:
        return Placed((None,) * len(words), _WORST)
    found = _Sharing(words, rows, em, first).best()
    if abs(found.em / em - 1) > _ANOTHER_SIZE:
        better = _Sharing(words, rows, found.em, first).best()
        found = min(found, better, key=lambda one: one.placed.cost)
    return found.placed


def _em(words: Sequence[str], rows: Sequence[Row]) -> float:
    """Points of an em, if all ink is these words'."""
    ems = sum(map(width, words)) + SPACE * max(len(words) - len(rows), 0)
    return sum(row.ink for row in rows) / ems if ems else 0.0


@dataclass(frozen=True, slots=True)
class _Shared:
    placed: Placed
    em: float


class _Sharing:
    """The search on some rows for words in letters of one size.

    Args:
        words: of the text.
        rows: where they stand.
        em: points.
        first: number of the first row.
    """

    def __init__(self, words: Sequence[str], rows: Sequence[Row], em: float, first: int) -> None:
        self.words, self.em = words, em
        self.widths = [width(word) * em for word in words]
        self.runs: list[Run] = [run for row in rows for run in row.runs]
        self.row_of = [index for index, row in enumerate(rows, first) for _ in row.runs]
        self.height = rows[0].height
        costs = (_UNCLAIMED + _UNCLAIMED_HEIGHT * (run.x1 - run.x0) / self.height for run in self.runs)
        self.unclaimed = [0.0, *accumulate(costs)]

    def best(self) -> _Shared:
        ways: dict[int, _Way] = {0: _Way(0.0, None, -1, 0, 0)}
        for index in range(len(self.words)):
            ways = self._with_word(index, self._kept(self._with_skipped(ways)))
        ended = min(
            (_Way(way.cost + self.unclaimed[-1] - self.unclaimed[at], way, -1, at, at) for at, way in ways.items()),
            key=lambda way: way.cost,
        )
        return self._told(ended)

    def _with_skipped(self, ways: dict[int, _Way]) -> dict[int, _Way]:
        """The ways and those that leave runs unclaimed from there."""
        more = dict(ways)
        for at in range(min(ways), min(max(ways) + _MOST_SKIPPED, len(self.runs))):
            way = more.get(at)
            if way is None:
                continue
            cost = way.cost + self.unclaimed[at + 1] - self.unclaimed[at]
            if at + 1 not in more or cost < more[at + 1].cost:
                more[at + 1] = _Way(cost, way, -1, at, at)
        return more

    @staticmethod
    def _kept(ways: dict[int, _Way]) -> dict[int, _Way]:
        least = min(way.cost for way in ways.values())
        good = sorted((at for at in ways if ways[at].cost <= least + _BEAM), key=lambda at: ways[at].cost)
        return {at: ways[at] for at in good[:_MOST_WAYS]}

    def _with_word(self, index: int, ways: dict[int, _Way]) -> dict[int, _Way]:
        found: dict[int, _Way] = {}

        def offer(at: int, way: _Way) -> None:
            if at not in found or way.cost < found[at].cost:
                found[at] = way

        for at, way in ways.items():
            offer(at, _Way(way.cost + _NO_INK, way, index, at, at))
            for end, cost in self._claims(index, at):
                offer(end, _Way(way.cost + cost, way, index, at, end))
        return found

    def _claims(self, index: int, start: int) -> Iterator[tuple[int, float]]:
        """Where a word that begins at a run may end, and what that costs."""
        if start >= len(self.runs):
            return
        expected = self.widths[index]
        room = _ALWAYS * self.height + _TOLERANCE * expected
        opening = self._opening(start)
        taken, inner, row = 0.0, 0.0, self.row_of[start]
        left = self.runs[start].x0
        for end in range(start + 1, len(self.runs) + 1):
            run = self.runs[end - 1]
            if self.row_of[end - 1] != row:
                if self.row_of[end - 1] != self.row_of[start] + 1 or len(self.words[index]) < 4:
                    return
                row, left = self.row_of[end - 1], run.x0
                taken += self.runs[end - 2].x1 - self.runs[start].x0
                inner += _BROKEN
            elif end - 1 > start:
                gap = (run.x0 - self.runs[end - 2].x1) / self.height
                inner += max(0.0, gap - _LOOSE)
            wide = taken + run.x1 - left
            if wide > _WIDEST * expected + self.height and end > start + 1:
                return
            off = (wide - expected) / room
            yield end, min(off * off, _WORST) + inner + opening

    def _opening(self, start: int) -> float:
        """What it costs that a word begins so near to the run before."""
        if start == 0 or self.row_of[start] != self.row_of[start - 1]:
            return 0.0
        gap = (self.runs[start].x0 - self.runs[start - 1].x1) / self.height
        return _TIGHT * max(0.0, 1.0 - gap / _SPACE_HEIGHTS)

    def _told(self, last: _Way) -> _Shared:
        boxes: list[tuple[int, Box] | None] = [None] * len(self.words)
        seen, expected = 0.0, 0.0
        way: _Way | None = last
        while way is not None:
            if way.word >= 0 and way.end > way.start:
                boxes[way.word] = found = self._box(way.start, way.end)
                if self.row_of[way.start] == self.row_of[way.end - 1]:
                    seen, expected = seen + found[1].width, expected + self.widths[way.word]
            way = way.before
        em = self.em * seen / expected if expected else self.em
        return _Shared(Placed(tuple(boxes), last.cost / len(self.words)), em)

    def _box(self, start: int, end: int) -> tuple[int, Box]:
        """Of a word; of one that goes on in the next row its longer part."""
        parts: dict[int, list[Run]] = {}
        for at in range(start, end):
            parts.setdefault(self.row_of[at], []).append(self.runs[at])
        row, runs = max(parts.items(), key=lambda part: part[1][-1].x1 - part[1][0].x0)
        box = Box(runs[0].x0, min(run.y0 for run in runs), runs[-1].x1, max(run.y1 for run in runs))
        return row, box
