"""Words of a text layer → lines: words that stand side by side on one baseline, cut at gutters and wide gaps.

Lines from OCR arrive finished; a PDF only has words in the order in which it draws them. That order is evidence (two
words that follow each other are rarely in different columns) but not trusted alone. Knows nothing of paragraphs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from docstation.document.geometry import Box
from docstation.document.text import Line, Word
from docstation.reading.layout.gutters import gutter_gaps
from docstation.reading.layout.marks import is_marker

REACH_EM = 8.0
"""Words further apart than this are never on one line."""
MARK_REACH_EM = 4.0
"""How far the text of a list item may stand from its mark."""
JOIN_EM = 0.8
"""A gap up to this joins pieces that the file draws apart."""


def lines_of_words(words: Sequence[Word]) -> tuple[Line, ...]:
    """Group the words of a text layer into lines; every word is in exactly one line (spaced-out letters joined).

    Args:
        words: in the file's order, in points of the upright frame.
    """
    turned = _turned(words)
    upright = [word for word, is_turned in zip(words, turned, strict=True) if not is_turned]
    lines = [Line(tuple(_spaced_letters_joined(part))) for part in _split(_joined(_runs(upright)))]
    return (*lines, *_vertical_lines(word for word, is_turned in zip(words, turned, strict=True) if is_turned))


def is_vertical(word: Word) -> bool:
    """Whether the word is written upwards or downwards: far taller than wide although it has several letters."""
    size = word.font_size or word.box.width
    return len(word.text) >= 2 and word.box.height > 1.7 * max(word.box.width, 0.1) and word.box.height > 1.6 * size


def _turned(words: Sequence[Word]) -> list[bool]:
    """For each word whether it belongs to turned text; single letters go with the turned words next to them."""
    turned = [is_vertical(word) for word in words]
    if any(turned):
        for order in (range(1, len(words)), range(len(words) - 2, -1, -1)):
            for i in order:
                neighbour = i - order.step
                turned[i] = turned[i] or (turned[neighbour] and _stacked(words[neighbour].box, words[i].box))
    return turned


def _stacked(a: Box, b: Box) -> bool:
    """Whether `b` stands straight above or below `a`, as the next word of turned text does."""
    narrow = max(min(a.width, b.width), 0.1)
    gap = max(a.y0, b.y0) - min(a.y1, b.y1)
    return a.overlap_x(b) >= 0.5 * narrow and b.width <= 1.5 * a.width and gap <= 1.5 * max(a.width, 1.0)


def em_of(word: Word) -> float:
    """The type size of a word in points: nominal where known, else its height."""
    return max(word.font_size or word.box.height, 1.0)


def _on_one_baseline(a: Box, b: Box) -> bool:
    """Whether two boxes share a line; a raised or lowered small word still does."""
    common = min(a.y1, b.y1) - max(a.y0, b.y0)
    return common >= 0.4 * max(min(a.height, b.height), 0.1)


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Stretches of the file's order that run to the right on one baseline."""
    runs: list[list[Word]] = []
    band: Word | None = None
    for word in words:
        if band is not None and _follows(runs[-1][-1], band, word):
            runs[-1].append(word)
            # The tallest word so far stands for the line: a superscript must not.
            band = word if em_of(word) > 1.15 * em_of(band) else band
        else:
            runs.append([word])
            band = word
    return runs


def _follows(last: Word, band: Word, word: Word) -> bool:
    em = max(em_of(last), em_of(word))
    gap = word.box.x0 - last.box.x1
    return -0.5 * em <= gap <= REACH_EM * em and word.box.x0 > last.box.x0 and _on_one_baseline(band.box, word.box)


def _joined(runs: list[list[Word]]) -> list[list[Word]]:
    """Join runs that the file draws apart although one continues the other within a normal word gap."""
    starts: dict[int, list[int]] = defaultdict(list)
    boxes = [Box.around(word.box for word in run) for run in runs]
    sizes = [max(em_of(word) for word in run) for run in runs]
    for index, box in enumerate(boxes):
        starts[_slot(box)].append(index)
    following: dict[int, int] = {}
    taken: set[int] = set()
    for index in sorted(range(len(runs)), key=lambda i: boxes[i].x0):
        near = [j for slot in range(_slot(boxes[index]) - 1, _slot(boxes[index]) + 2) for j in starts[slot]]
        best = _nearest(index, near, boxes, sizes)
        if best is not None and best not in taken:
            following[index] = best
            taken.add(best)
    return [_chain(index, following, runs) for index in range(len(runs)) if index not in taken]


def _slot(box: Box) -> int:
    return int((box.y0 + box.y1) / 2 // 12)


def _nearest(index: int, others: list[int], boxes: list[Box], sizes: list[float]) -> int | None:
    box = boxes[index]
    best, shortest = None, float("inf")
    for other in others:
        gap = boxes[other].x0 - box.x1
        em = min(sizes[index], sizes[other])
        apart = boxes[other].x0 > box.x0 and boxes[other].x1 > box.x1
        if apart and -0.4 * em <= gap <= JOIN_EM * em and gap < shortest and _on_one_baseline(box, boxes[other]):
            best, shortest = other, gap
    return best


def _chain(index: int, following: dict[int, int], runs: list[list[Word]]) -> list[Word]:
    words = list(runs[index])
    while index in following:
        index = following[index]
        words.extend(runs[index])
    return words


def _split(runs: list[list[Word]]) -> Iterable[list[Word]]:
    """Cut runs at gutters and at gaps that are wide for their line."""
    in_gutter = gutter_gaps(runs)
    for number, run in enumerate(runs):
        start = 0
        if _is_stretched(run) and not any((number, i) in in_gutter for i in range(len(run))):
            yield run
            continue
        gaps = [b.box.x0 - a.box.x1 for a, b in pairwise(run)]
        for i, gap in enumerate(gaps):
            if _is_break(run[start : i + 1], run[i + 1], gap, gaps[:i] + gaps[i + 1 :], (number, i) in in_gutter):
                yield run[start : i + 1]
                start = i + 1
        yield run[start:]


def _is_break(left: list[Word], right: Word, gap: float, others: list[float], in_gutter: bool) -> bool:
    em = max(em_of(left[-1]), em_of(right))
    if gap <= 0.8 * em or (len(left) == 1 and is_marker(left[0].text) and gap <= MARK_REACH_EM * em):
        return False
    usual = max(median(others), 0.15 * em) if others else 0.3 * em
    if in_gutter:
        return gap > 1.3 * usual
    return gap > 1.2 * em and gap > 2.2 * usual and (len(others) >= 2 or gap > 1.8 * em)


def _is_stretched(run: list[Word]) -> bool:
    """Whether all gaps of a line are equally wide: it was stretched to both edges, not divided."""
    gaps = [b.box.x0 - a.box.x1 for a, b in pairwise(run)]
    return len(gaps) >= 2 and min(gaps) > 0 and max(gaps) <= 1.3 * min(gaps)


def _spaced_letters_joined(words: list[Word]) -> list[Word]:
    """Words whose letters are drawn far apart («С О Д Е Р Ж А Н И Е») put together again."""
    singles = sum(len(word.text) == 1 and word.text.isalpha() for word in words)
    if singles < 4 or singles < 0.8 * len(words):
        return words
    gaps = [b.box.x0 - a.box.x1 for a, b in pairwise(words)]
    limit = 1.8 * max(sorted(gaps)[len(gaps) // 3], 0.5)
    parts: list[list[Word]] = [words[:1]]
    for word, gap in zip(words[1:], gaps, strict=True):
        if gap <= limit:
            parts[-1].append(word)
        else:
            parts.append([word])
    return [_one_word(part) for part in parts]


def _one_word(letters: list[Word]) -> Word:
    text = "".join(word.text for word in letters)
    confidence = min(word.confidence for word in letters)
    return replace(letters[0], text=text, box=Box.around(word.box for word in letters), confidence=confidence)


def _vertical_lines(words: Iterable[Word]) -> list[Line]:
    """Lines of turned text, words in the file's order; a new one where the next word is not in the same column."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and lines[-1][-1].box.overlap_x(word.box) >= 0.5 * min(lines[-1][-1].box.width, word.box.width):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(tuple(line)) for line in lines]
