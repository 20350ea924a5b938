"""Repeats at the end of a text, found by comparing it with itself: exact ones, and those whose numbers count on.

Says what is there, not whether it is too much. Pure; works on slices, which cost little whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PROBE = 12
"""Characters at the end of a text that must have been there before; shorter pieces repeat within them."""
_DIGITS = re.compile(r"\d+")
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Run:
    """The end of a text that repeats itself.

    Attributes:
        period: characters of the repeated piece.
        length: characters of the repeating end; the first piece counts, and so does a last one that is not whole.
    """

    period: int
    length: int

    @property
    def count(self) -> int:
        """How many whole pieces there are."""
        return self.length // self.period


def runs(text: str) -> Iterator[Run]:
    """The repeats that `text` ends with, shortest period first; a piece may itself be made of repeats at its end."""
    size = _PROBE
    while size <= len(text) // 2:
        at = text.rfind(text[-size:], 0, len(text) - 1)
        if at < 0:
            return
        period = len(text) - size - at
        length = period + _common(text, period)
        yield Run(period, length)
        # What breaks the shorter period must have been there before for there to be a longer one.
        size = length + 1


def _common(text: str, period: int) -> int:
    """How many characters at the end of `text` equal those `period` before them."""
    end, most = len(text), len(text) - period

    def equal(count: int) -> bool:
        return text[end - count :] == text[end - count - period : end - period]

    sure, step = 0, _PROBE
    while sure + step <= most and equal(sure + step):
        sure += step
        step *= 2
    while step:
        if sure + step <= most and equal(sure + step):
            sure += step
        step //= 2
    return sure


@dataclass(frozen=True, slots=True)
class Numbers:
    """A text whose digits were taken out: what is left repeats even where numbers count on.

    Attributes:
        shape: the text with "0" for each run of digits.
        values: the runs of digits, in order.
        starts: where each stands in the text.
    """

    shape: str
    values: tuple[str, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Numbers:
        """Take the numbers out of `text`."""
        found = list(_DIGITS.finditer(text))
        return cls(_DIGITS.sub("0", text), tuple(match[0] for match in found), tuple(match.start() for match in found))

    def rows(self, run: Run) -> list[tuple[str, ...]]:
        """The numbers of each whole piece of a repeat of `shape`, the last piece first."""
        width = self.shape[len(self.shape) - run.period :].count("0")
        end = len(self.values)
        # The numbers of a piece at the very start of the text may be cut.
        count = run.count - (run.length == len(self.shape))
        return [self.values[end - width * (index + 1) : end - width * index] for index in range(count)]

    def place(self, at: int) -> int:
        """Where offset `at` of `shape` lies in the text."""
        before = self.shape.count("0", 0, at)
        return at + sum(len(value) - 1 for value in self.values[:before])


def counting_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many leading rows go on as the first two do, each column with its own constant step; at least 1 for any."""
    if len(rows) < 2:
        return len(rows)
    steps = _steps(rows[0], rows[1])
    if steps is None:
        return 1
    count = 2
    while count < len(rows) and _steps(rows[count - 1], rows[count]) == steps:
        count += 1
    return count


def equal_rows(rows: Sequence[Sequence[str]], columns: frozenset[int]) -> int:
    """How many leading rows have the same numbers in `columns`."""
    first = [rows[0][column] for column in columns] if rows else []
    count = 0
    while count < len(rows) and [rows[count][column] for column in columns] == first:
        count += 1
    return count


def _steps(row: Sequence[str], before: Sequence[str]) -> list[int] | None:
    """The differences, column by column; None where numbers are too long to be any."""
    if any(len(value) > _MOST_DIGITS for value in (*row, *before)):
        return None
    return [int(value) - int(earlier) for value, earlier in zip(row, before, strict=True)]
