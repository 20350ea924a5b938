"""Numbers behind rows of dots, as in tables of contents: read apart from the dots.

A row of equal dots gives the recogniser nothing to hold on to, and the digits behind it are read short ("3" for "33").
The digits are found as the last tall ink of the strip and read as a strip of their own.
"""

from __future__ import annotations

import re

import numpy as np

from docstation.reading.embedded.line_reading import LineRecogniser, ReadLine
from docstation.reading.embedded.strips import HEIGHT, Strip

_LEADER = re.compile(r"(?:[.…·]\s?){2,}(?P<tail>[^.…·]{0,6})$")
_CONTRAST = 80
_GAP = 14
"""Pixels of a strip without tall ink that part the dots from the number."""
_MARGIN = 8
_WIDEST = 4 * HEIGHT


def with_tail(strip: Strip, line: ReadLine, reader: LineRecogniser) -> ReadLine:
    """`line` with what stands behind its row of dots read anew; the same line where there is no such row."""
    found = _LEADER.search(line.text)
    start = _tail_start(strip) if found else None
    if found is None or start is None or start <= line.positions[found.start()]:
        return line
    cut = max(0, start - _MARGIN)
    tail = reader.read([Strip(np.ascontiguousarray(strip.image[:, cut:]), strip.to_picture)])[0]
    kept = found.start("tail")
    if not tail.text.strip() or tail.confidence < line.confidence:
        return line
    gap = " " if kept and line.text[kept - 1] != " " else ""
    positions = (cut + position for position in tail.positions)
    return ReadLine(
        line.text[:kept] + gap + tail.text,
        (*line.confidences[:kept], *(1.0 for _ in gap), *tail.confidences),
        (*line.positions[:kept], *(float(cut) for _ in gap), *positions),
    )


def _tail_start(strip: Strip) -> int | None:
    """Pixel at which the strip's last piece with ink in its upper half begins; None where that is most of the line."""
    grey = strip.image.mean(axis=2)
    tall = np.flatnonzero((grey[: HEIGHT // 2] < grey.max() - _CONTRAST).any(axis=0))
    if tall.size == 0 or strip.image.shape[1] - tall[-1] > _WIDEST:
        return None
    breaks = np.flatnonzero(np.diff(tall) > _GAP)
    start = int(tall[breaks[-1] + 1] if breaks.size else tall[0])
    return start if strip.image.shape[1] - start <= _WIDEST else None
