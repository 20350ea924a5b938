"""Displayed formulas of a text layer: their scattered signs, indices and limits gathered into one piece.

A PDF draws a sum with its limits as many tiny lines; read one by one they are noise. Only lines without a real word are
gathered, and only around one that is a formula by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.reading.layout.categories import is_formula
from docstation.reading.layout.rows import Row

MAX_LENGTH = 60

_WORD = re.compile(r"[^\W\d_]{4,}")
_OPERATOR = re.compile(r"[∑∏∫]")


def formula_clusters(rows: Sequence[Row], em: float) -> list[list[int]]:
    """Groups of at least two rows, by index, that make up one displayed formula each."""
    fragments = [i for i, row in enumerate(rows) if row.exact and _is_fragment(row.text)]
    clusters: list[list[int]] = []
    for index in sorted(fragments, key=lambda i: rows[i].box.y0):
        near = [c for c in clusters if any(_touch(rows[i].box, rows[index].box, em) for i in c)]
        clusters = [c for c in clusters if c not in near]
        clusters.append([index, *(i for c in near for i in c)])
    return [c for c in clusters if len(c) > 1 and any(_is_core(rows[i].text) for i in c)]


def _is_fragment(text: str) -> bool:
    return len(text) <= MAX_LENGTH and (is_formula(text) or not _WORD.search(text))


def _is_core(text: str) -> bool:
    return is_formula(text) or bool(_OPERATOR.search(text))


def _touch(a: Box, b: Box, em: float) -> bool:
    """Whether two fragments belong to one formula: beside each other, or above each other almost without a gap."""
    return a.expanded(2.5 * em, 0.25 * em).intersection(b) is not None
