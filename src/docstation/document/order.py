"""Reading order of boxes: a recursive cut along white space, columns before rows where there are columns.

Works on geometry alone and knows neither text nor categories. The page is cut into horizontal bands; neighbouring
bands that share a vertical gutter are read column by column, so headings that span columns, footers and title blocks
need no special case. What no straight cut divides (text that flows around a picture) is sorted topologically after
T. Breuel, "High performance document layout analysis" (2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from docstation.document.geometry import Box

MIN_GUTTER_EM = 0.8
"""The narrowest white strip between columns, in line heights."""
THIN_COLUMN_EM = 3.5
"""A narrower column that keeps the rows of its neighbour (line numbers, bullets, amounts) is part of it."""
SPARSE_PITCH_EM = 2.6
"""Rows of a form stand at least this far apart; lines of running columns do not."""
MAX_TANGLE = 80
"""More boxes than this that no cut divides are noise: they are read row by row."""

Flow = tuple[int, ...]
"""Indices of boxes that follow each other in one column."""


def reading_order(boxes: Sequence[Box], *, em: float = 0.0) -> tuple[int, ...]:
    """The indices of `boxes` in the order in which one reads them: a permutation of ``range(len(boxes))``.

    Args:
        boxes: in points, the frame upright.
        em: height of a usual line in points; estimated from the boxes where it is 0.
    """
    return tuple(index for flow in flows(boxes, em=em) for index in flow)


def flows(boxes: Sequence[Box], *, em: float = 0.0) -> tuple[Flow, ...]:
    """Cut the page into stretches of one column each, in reading order; together they hold each index once."""
    if not boxes:
        return ()
    cutter = _Cutter(boxes, em or _usual_height(boxes))
    return tuple(tuple(flow) for flow in cutter.cut(list(range(len(boxes)))))


def rows(boxes: Sequence[Box], indices: Sequence[int]) -> list[list[int]]:
    """Group `indices` into rows from top to bottom, each from left to right: boxes that share most of their height."""
    grouped: list[list[int]] = []
    bottom = top = 0.0
    for index in sorted(indices, key=lambda i: (boxes[i].y0 + boxes[i].y1, boxes[i].x0)):
        box = boxes[index]
        common = min(bottom, box.y1) - max(top, box.y0)
        if grouped and common >= 0.5 * min(bottom - top, box.height) and common > 0:
            grouped[-1].append(index)
            continue
        grouped.append([index])
        top, bottom = box.y0, box.y1
    return [sorted(row, key=lambda i: boxes[i].x0) for row in grouped]


def _usual_height(boxes: Sequence[Box]) -> float:
    return max(1.0, median(box.height for box in boxes))


@dataclass(frozen=True, slots=True)
class _Band:
    """A horizontal band and the white strips inside it, clear of every box of the band."""

    indices: list[int]
    y0: float
    y1: float
    strips: list[tuple[float, float]]


class _Cutter:
    """Cuts one page; holds its boxes and its line height."""

    def __init__(self, boxes: Sequence[Box], em: float) -> None:
        self._boxes = boxes
        self._em = em
        self._gutter = MIN_GUTTER_EM * em

    def cut(self, indices: list[int]) -> list[list[int]]:
        """Flows of the region that holds `indices`."""
        if len(indices) <= 1:
            return [indices] if indices else []
        columns = self._columns(indices)
        if len(columns) > 1:
            return [flow for column in columns for flow in self.cut(column)]
        bands = self._bands(indices)
        if len(bands) == 1:
            return self._uncuttable(indices)
        found: list[list[int]] = []
        for run, divided in self._runs(bands):
            # A run that is the whole region has a gutter that is no column break: it is read row by row.
            found.extend(self.cut(run) if divided and len(run) < len(indices) else [self._in_rows(run)])
        return found

    def _in_rows(self, indices: list[int]) -> list[int]:
        return [index for row in rows(self._boxes, indices) for index in row]

    def _columns(self, indices: list[int]) -> list[list[int]]:
        """The region cut at every gutter, thin companions joined to their neighbour; one part where none is left."""
        parts: list[list[int]] = []
        edge = 0.0
        for index in sorted(indices, key=lambda i: self._boxes[i].x0):
            box = self._boxes[index]
            if parts and box.x0 - edge < self._gutter:
                parts[-1].append(index)
                edge = max(edge, box.x1)
            else:
                parts.append([index])
                edge = box.x1
        return self._without_companions(parts)

    def _without_companions(self, parts: list[list[int]]) -> list[list[int]]:
        kept = parts[:1]
        for part in parts[1:]:
            if self._keeps_rows(kept[-1], part):
                kept[-1] = kept[-1] + part
            else:
                kept.append(part)
        return kept

    def _keeps_rows(self, left: list[int], right: list[int]) -> bool:
        """Whether two parts are read row by row: a thin part whose lines stand beside the other's, or a sparse form."""
        fewer, more = sorted((left, right), key=len)
        thin = min(self._width(left), self._width(right)) < THIN_COLUMN_EM * self._em
        if len(fewer) < 2 and not thin:
            return False
        if not thin and self._pitch(fewer) < SPARSE_PITCH_EM * self._em:
            return False
        return sum(self._has_partner(index, more) for index in fewer) >= 0.7 * len(fewer)

    def _has_partner(self, index: int, others: list[int]) -> bool:
        box = self._boxes[index]
        for other in others:
            lower = min(box.height, self._boxes[other].height)
            similar = max(box.height, self._boxes[other].height) <= 2.5 * max(lower, 0.1)
            if similar and box.overlap_y(self._boxes[other]) >= 0.5 * lower:
                return True
        return False

    def _width(self, part: list[int]) -> float:
        return max(self._boxes[i].x1 for i in part) - min(self._boxes[i].x0 for i in part)

    def _pitch(self, part: list[int]) -> float:
        tops = sorted(self._boxes[i].y0 for i in part)
        return min((b - a for a, b in pairwise(tops)), default=0.0)

    def _bands(self, indices: list[int]) -> list[_Band]:
        """The region cut at every horizontal white line."""
        parts: list[list[int]] = []
        edge = 0.0
        for index in sorted(indices, key=lambda i: self._boxes[i].y0):
            box = self._boxes[index]
            if parts and box.y0 < edge:
                parts[-1].append(index)
                edge = max(edge, box.y1)
            else:
                parts.append([index])
                edge = box.y1
        left, right = min(self._boxes[i].x0 for i in indices), max(self._boxes[i].x1 for i in indices)
        return [self._band(part, left, right) for part in parts]

    def _band(self, part: list[int], left: float, right: float) -> _Band:
        strips = []
        edge = left
        for index in sorted(part, key=lambda i: self._boxes[i].x0):
            box = self._boxes[index]
            if box.x0 - edge >= self._gutter:
                strips.append((edge, box.x0))
            edge = max(edge, box.x1)
        if right - edge >= self._gutter:
            strips.append((edge, right))
        y0, y1 = min(self._boxes[i].y0 for i in part), max(self._boxes[i].y1 for i in part)
        return _Band(part, y0, y1, strips)

    def _runs(self, bands: list[_Band]) -> list[tuple[list[int], bool]]:
        """Join neighbouring bands that share a gutter; each run with whether it has one with boxes on both sides."""
        runs: list[tuple[list[int], bool]] = []
        start = 0
        while start < len(bands):
            end = self._run_end(bands, start)
            for part, divided in self._trimmed(bands[start:end], ended_by_page=end == len(bands)):
                inside = [i for band in part for i in band.indices]
                if runs and not divided and not runs[-1][1]:
                    runs[-1][0].extend(inside)
                else:
                    runs.append((inside, divided))
            start = end
        return runs

    def _run_end(self, bands: list[_Band], start: int) -> int:
        shared = bands[start].strips
        end = start + 1
        while end < len(bands):
            common = self._common(shared, bands[end].strips)
            if not self._is_divided(bands[start : end + 1], common) and (
                not common
                or self._is_divided(bands[start:end], shared)
                or self._is_divided(bands[end : end + 1], bands[end].strips)
            ):
                break
            shared = common
            end += 1
        return end

    def _is_divided(self, bands: list[_Band], strips: list[tuple[float, float]]) -> bool:
        return any(self._sides(bands, strip) == (True, True) for strip in strips)

    def _common(self, ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> list[tuple[float, float]]:
        both = ((max(a[0], b[0]), min(a[1], b[1])) for a in ours for b in theirs)
        return [strip for strip in both if strip[1] - strip[0] >= self._gutter]

    def _sides(self, bands: list[_Band], strip: tuple[float, float]) -> tuple[bool, bool]:
        middle = (strip[0] + strip[1]) / 2
        boxes = [self._boxes[i] for band in bands for i in band.indices]
        return any(b.x1 <= middle for b in boxes), any(b.x0 >= middle for b in boxes)

    def _trimmed(self, run: list[_Band], *, ended_by_page: bool) -> list[tuple[list[_Band], bool]]:
        """Split off bands at the ends of a divided run that stand on one side and apart from it."""
        strip = self._gutter_of(run)
        if strip is None or (len(run) == 1 and self._is_row(run[0])):
            return [(run, False)]
        first, last = 0, len(run)
        while first < last - 1 and self._sides(run[first : first + 1], strip) == (False, True):
            if run[first + 1].y0 - run[first].y1 <= 1.2 * self._em:
                break
            first += 1
        while not ended_by_page and last - 1 > first and self._sides(run[last - 1 : last], strip) == (True, False):
            if run[last - 1].y0 - run[last - 2].y1 <= 0.9 * self._em:
                break
            last -= 1
        parts = [(run[:first], False), (run[first:last], True), (run[last:], False)]
        return [part for part in parts if part[0]]

    def _is_row(self, band: _Band) -> bool:
        """Whether a band is one line of text: its parts stand side by side and are no columns."""
        boxes = [self._boxes[i] for i in band.indices]
        tallest = max(box.height for box in boxes)
        return tallest < 2 * self._em and band.y1 - band.y0 < 1.6 * tallest

    def _gutter_of(self, run: list[_Band]) -> tuple[float, float] | None:
        shared = run[0].strips
        for band in run[1:]:
            shared = self._common(shared, band.strips)
        return next((strip for strip in shared if self._sides(run, strip) == (True, True)), None)

    def _uncuttable(self, indices: list[int]) -> list[list[int]]:
        """Order boxes that no straight cut divides, and join those that continue straight below each other."""
        ordered = self._sorted_topologically(indices)
        found = [[ordered[0]]]
        for index in ordered[1:]:
            above, box = self._boxes[found[-1][-1]], self._boxes[index]
            common = above.overlap_x(box)
            if box.y0 + box.y1 > above.y0 + above.y1 and common >= 0.5 * min(above.width, box.width):
                found[-1].append(index)
            else:
                found.append([index])
        return found

    def _sorted_topologically(self, indices: list[int]) -> list[int]:
        left = self._in_rows(indices)
        if len(left) > MAX_TANGLE:
            return left
        before = {i: {j for j in left if j != i and self._precedes(j, i, left)} for i in left}
        ordered: list[int] = []
        while left:
            # The first box that nothing else has to precede; the top one where boxes overlap in a circle.
            nearest = next((i for i in left if not before[i].intersection(left)), left[0])
            ordered.append(nearest)
            left.remove(nearest)
        return ordered

    def _precedes(self, first: int, second: int, among: list[int]) -> bool:
        a, b = self._boxes[first], self._boxes[second]
        if a.overlap_x(b) > 0:
            return a.y0 + a.y1 < b.y0 + b.y1
        if a.x1 > b.x0 or a.overlap_y(b) <= 0:
            return False
        return not any(
            self._boxes[c].overlap_x(a) > 0 and self._boxes[c].overlap_x(b) > 0 and a.y1 <= self._boxes[c].y0 < b.y0
            for c in among
        )
