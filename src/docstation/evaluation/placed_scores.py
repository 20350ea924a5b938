"""Character errors by place: what stands on a true line is compared with what was read there, whatever the order.

Reading order of forms and tables is a matter of taste; this score leaves it out. Read words go to the true line that
holds their middle; words that stand on no line count as insertions, so inventing text is not free.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.document.text import Line, Word
from docstation.evaluation.text_scores import Ratio, characters


def characters_in_place(truth: Sequence[Line], found: Sequence[Word]) -> Ratio:
    """Character error rate line by line; both sides in points of the same page."""
    boxes = [line.box for line in truth]
    taken: list[list[Word]] = [[] for _ in truth]
    stray = 0
    for word in found:
        index = _line_of(word.box, boxes)
        if index is None:
            stray += len(word.text)
        else:
            taken[index].append(word)
    total = Ratio(stray, 0)
    for line, own in zip(truth, taken, strict=True):
        own.sort(key=lambda word: word.box.x0)
        total += characters(line.text, " ".join(word.text for word in own))
    return total


def _line_of(box: Box, lines: Sequence[Box]) -> int | None:
    """The line whose box holds the middle of `box` (a little outside is allowed); the nearest one by height."""
    x, y = box.center
    best: tuple[float, int] | None = None
    for index, line in enumerate(lines):
        slack = 0.25 * line.height
        if line.expanded(slack * 2, slack).contains(x, y):
            distance = abs(line.center[1] - y) / max(line.height, 1e-6)
            if best is None or distance < best[0]:
                best = distance, index
    return best[1] if best else None
