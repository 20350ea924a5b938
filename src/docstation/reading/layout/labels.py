"""Labels and their values as one line: «Дата: 25.12.2018», «Итого 9,00», as forms and receipts set them apart.

The white between a label and its value looks like a gutter; read as columns, all labels would come before all values.
Pure: rows in, rows out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docstation.document.geometry import Box
from docstation.reading.layout.rows import Row, merged

_LABEL_WORDS = 5
_ALIGNED = 2.5
"""Points between edges that stand under one another."""
_SHARE = 0.3
"""Share of the rows under one another that must be values, lest a column of prose be torn apart."""
_NUMBER = re.compile(r"[$€£₽]?\s*[-+(−–]?\d[\d\s.,'’\u00a0]*\)?\s*(?:[%₽$€]|руб\.?|р\.)?", re.IGNORECASE)


def with_values(rows: Sequence[Row]) -> list[Row]:
    """`rows` with each label and the value beside it merged into one row, at the label's place in the order."""
    pairs = {
        label: value
        for label, row in enumerate(rows)
        if _may_be_label(row) and (value := _beside(rows, label)) is not None and _is_pair(row, rows[value])
    }
    values = set(pairs.values())
    sure = {label: value for label, value in pairs.items() if _stands_among_values(rows, value, values)}
    taken = set(sure.values())
    result = []
    for index in range(len(rows)):
        if index in taken:
            continue
        chain = [index]
        while chain[-1] in sure:
            chain.append(sure[chain[-1]])
        result.append(merged([rows[i] for i in chain]))
    return result


def _may_be_label(row: Row) -> bool:
    return len(row.line.words) <= _LABEL_WORDS and any(map(str.isalpha, row.text))


def _beside(rows: Sequence[Row], index: int) -> int | None:
    """The nearest row to the right at the same height; None where there is none, or two stand over one another."""
    row = rows[index]
    edge, top, bottom = row.box.x1, row.box.y0, row.box.y1
    near = [i for i, other in enumerate(rows) if other.box.x0 >= edge and other.box.y0 < bottom and other.box.y1 > top]
    right = [i for i in near if _level(row.core, rows[i].core)]
    if not right:
        return None
    nearest = min(right, key=lambda i: rows[i].box.x0)
    rivals = [i for i in right if i != nearest and rows[i].box.overlap_x(rows[nearest].box) > 0]
    return None if rivals else nearest


def _level(one: Box, other: Box) -> bool:
    return one.overlap_y(other) >= 0.5 * min(one.height, other.height)


def _is_pair(label: Row, value: Row) -> bool:
    if value.text.rstrip().endswith(":"):
        return False
    return label.text.rstrip().endswith(":") or _is_number(value.text)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _stands_among_values(rows: Sequence[Row], value: int, values: set[int]) -> bool:
    """Whether enough of the rows that begin, or end, under one another with this one are values or numbers too."""
    box = rows[value].box
    for edge in ("x0", "x1"):
        aligned = [i for i, row in enumerate(rows) if abs(getattr(row.box, edge) - getattr(box, edge)) < _ALIGNED]
        held = [i for i in aligned if i in values or _is_number(rows[i].text)]
        if len(held) >= _SHARE * len(aligned):
            return True
    return False
