"""From a read strip to words with boxes on the picture.

A network says roughly where each character stands; the ink of the strip says exactly where a word begins and ends.
Both together give boxes that hold the word's own ink and nothing of its neighbours.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from docstation.reading.embedded.line_reading import ReadLine
from docstation.reading.embedded.strips import HEIGHT, Strip
from docstation.reading.embedded.tesseract import Token

Flags = npt.NDArray[np.bool_]
LETTER = 8
"""Pixels of a strip to either side of a letter's middle within which its ink is looked for."""
LEAST_INK = 2
"""Pixels of ink that a column needs; fewer are dirt."""
WIDE_GAP = 16
"""Pixels of a strip without ink that no two letters of a word leave between them."""
WIDER_THAN_COMMON = 3.0
"""The same, times the line's median gap between letters: for text set with wide letter spacing."""
NARROWEST = 3
"""Pixels of a strip; the least width and height of a word's box."""


def tokens(strip: Strip, line: ReadLine) -> list[Token]:
    """The words of a read strip, from left to right."""
    if not line.text.strip():
        return []
    ink = ink_of(strip)
    line = spaced(line, np.asarray(ink.sum(axis=0) >= LEAST_INK))
    spans = word_spans(line.text)
    borders = _borders(line, spans, np.asarray(ink.any(axis=0)))
    return [_token(strip, line, span, between, ink) for span, between in zip(spans, pairwise(borders), strict=True)]


def spaced(line: ReadLine, inked: npt.NDArray[np.bool_]) -> ReadLine:
    """`line` with a space wherever neighbouring letters stand so far apart that the reader must have missed one.

    Networks drop the wide spaces of justified lines. `inked` tells which columns of the strip hold ink.
    """
    gaps = [_widest_gap(inked, round(left), round(right)) for left, right in pairwise(line.positions)]
    inky = [bool(inked[max(0, round(at) - LETTER) : round(at) + LETTER].any()) for at in line.positions]
    inner = sorted(gap for gap, (one, other) in zip(gaps, pairwise(line.text), strict=True) if " " not in (one, other))
    if not inner:
        return line
    wide = max(WIDE_GAP, WIDER_THAN_COMMON * inner[len(inner) // 2])
    text, confidences, positions = line.text[:1], list(line.confidences[:1]), list(line.positions[:1])
    for index, gap in enumerate(gaps, 1):
        between_letters = " " not in line.text[index - 1 : index + 1]
        if gap >= wide and between_letters and inky[index - 1] and inky[index]:
            text += " "
            confidences.append(min(line.confidences[index - 1 : index + 1]))
            positions.append((line.positions[index - 1] + line.positions[index]) / 2)
        text += line.text[index]
        confidences.append(line.confidences[index])
        positions.append(line.positions[index])
    return ReadLine(text, tuple(confidences), tuple(positions))


def _widest_gap(inked: npt.NDArray[np.bool_], left: int, right: int) -> int:
    """Columns of the longest stretch without ink from `left` to `right`."""
    filled = np.flatnonzero(inked[left : right + 1])
    edges = np.concatenate(([-1], filled, [right + 1 - left]))
    return int(np.diff(edges).max()) - 1


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each word of `text`, as indices."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for index, letter in enumerate(text + " "):
        if letter.isspace():
            if start is not None:
                spans.append((start, index))
            start = None
        elif start is None:
            start = index
    return spans


def ink_of(strip: Strip) -> Flags:
    """Which pixels of the strip are ink: the minority on the other side of Otsu's threshold.

    Rows that are ink almost all along (underlines, table borders) are no letters and are left out.
    """
    import cv2

    grey = cv2.cvtColor(strip.image, cv2.COLOR_RGB2GRAY)
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if bright.mean() < 0.5:
        grey = 255 - grey
    # Light that fades along the line would put one threshold on the wrong side of the paper at one of its ends.
    paper = cv2.blur(np.percentile(grey, 90, axis=0).astype(np.float32)[None], (2 * HEIGHT, 1))
    level = np.clip(grey * (230 / np.maximum(paper, 1)), 0, 255).astype(np.uint8)
    _, dark = cv2.threshold(level, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    flags: Flags = dark.astype(bool)
    rulings = flags.mean(axis=1) > 0.85
    flags[rulings] = False
    return flags


def _borders(line: ReadLine, spans: list[tuple[int, int]], inked: npt.NDArray[np.bool_]) -> list[int]:
    """Columns between the words: in the middle of the widest gap of ink between neighbouring characters."""
    inner = []
    for (_, end), (start, _) in pairwise(spans):
        left, right = line.positions[end - 1], line.positions[start]
        inner.append(_gap_middle(inked, round(left), round(right)))
    return [0, *inner, len(inked)]


def _gap_middle(inked: npt.NDArray[np.bool_], left: int, right: int) -> int:
    empty = np.flatnonzero(~inked[left : right + 1])
    if len(empty) == 0:
        return (left + right) // 2
    runs = np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1)
    widest = max(runs, key=len)
    return left + int(widest[0] + widest[-1] + 1) // 2


def _token(strip: Strip, line: ReadLine, span: tuple[int, int], between: tuple[int, int], ink: Flags) -> Token:
    start, end = span
    confidences = line.confidences[start:end]
    # The weakest character decides whether a word is right; the mean keeps long words from looking hopeless.
    confidence = (min(confidences) + sum(confidences) / len(confidences)) / 2
    box = strip.box(*_tight(ink, *between, line.positions[start], line.positions[end - 1]))
    return Token(line.text[start:end], box, confidence)


def _tight(ink: Flags, x0: int, x1: int, first: float, last: float) -> tuple[float, float, float, float]:
    """The ink between two columns, not further out than a letter's width beyond the outer characters."""
    reach = 0.75 * HEIGHT
    x0, x1 = max(x0, round(first - reach)), min(x1, round(last + reach))
    part = ink[:, x0:x1]
    columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if len(columns) < NARROWEST or len(rows) < NARROWEST:
        return max(x0, first - HEIGHT / 5), 0.1 * HEIGHT, min(x1, last + HEIGHT / 5), 0.9 * HEIGHT
    return x0 + columns[0], rows[0], x0 + columns[-1] + 1, rows[-1] + 1
