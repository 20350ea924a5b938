"""The loop guard: tells, while a model writes, that it has begun to say the same over and over.

Models that read documents know two ways to run on: one piece of text again and again, exactly; and the same piece with
numbers that count on (rows with a running number, boxes that march down the page). Documents repeat as well, tables of
zeros and blank forms most of all, so how much must be repeated depends on what is. Works on characters, keeps only the
end of the text, and costs a few microseconds for every 64 characters. Knows nothing of pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docstation.inference.repeats import Numbers, Run, counting_rows, equal_rows, runs

_STRIDE = 64
"""Characters between two looks at the end of the text."""
_COUNTING_STRIDE = 192
"""The same for repeats with numbers that count on, which take a longer look."""
_REACH = 6000
"""Characters that are looked back."""

_TABLE = re.compile(r"<t[dhr]")
_MARKUP = re.compile(r"<[^<>]*>|&\w+;|\\.")
_SAID = re.compile(r"[^\W0_]")
"""What cells of forms not filled in, and of tables of nothing, do not hold: letters and digits but zeros."""
_BOX = re.compile(r'"b?box(?:_2d)?"\s*:\s*\[[\d\s.,]*')
_NAMES = re.compile(r'"(?:category|label)"\s*:\s*"[^"]*"|"\w+"\s*:')
_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Loop:
    """A repeat at the end of a text that will not end by itself.

    Attributes:
        start: offset, characters, at which the first of the repeated pieces begins.
        period: characters of one piece; the mean where its numbers grow.
        count: whole pieces so far.
    """

    start: int
    period: int
    count: int

    @property
    def keep(self) -> int:
        """Offset up to which the text is good: the first of the pieces may well be on the page."""
        return self.start + self.period


class LoopGuard:
    """Feed it the pieces of an answer in their order."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._waiting = 0
        self._tail = ""
        self._length = 0
        self._next_counting = _COUNTING_STRIDE
        self._loop: Loop | None = None

    def feed(self, delta: str) -> Loop | None:
        """Take the next piece; returns the loop once there is one, and the same for whatever comes after."""
        self._pieces.append(delta)
        self._waiting += len(delta)
        if self._waiting < _STRIDE or self._loop is not None:
            return self._loop
        return self._looked("".join(self._pieces))

    def _looked(self, news: str) -> Loop | None:
        """Take in what has gathered, in strides, so that long pieces are looked at as closely as short ones."""
        whole = len(news) - len(news) % _STRIDE
        for at in range(0, whole, _STRIDE):
            self._tail = (self._tail + news[at : at + _STRIDE])[-_REACH:]
            self._length += _STRIDE
            self._loop = self._look()
            if self._loop is not None:
                break
        self._pieces = [news[whole:]]
        self._waiting = len(news) - whole
        return self._loop

    def _look(self) -> Loop | None:
        for run in runs(self._tail):
            if _is_loop(self._tail[-run.period :], run):
                return Loop(self._length - run.length, run.period, run.count)
        if self._length < self._next_counting:
            return None
        self._next_counting = self._length + _COUNTING_STRIDE
        # A number at the very end may go on.
        text = self._tail.rstrip("0123456789")
        found = _counting(text)
        if found is None:
            return None
        start, count = found
        return Loop(self._length - len(self._tail) + start, (len(text) - start) // count, count)


def _is_loop(piece: str, run: Run) -> bool:
    """Whether an exact repeat is more than any document has: leaders, blanks, empty cells, rows of zeros."""
    if _TABLE.search(2 * piece):
        return _is_table_loop(piece, run)
    if run.period <= 4:
        least = 300
    elif run.period <= 12:
        least = 400
    else:
        least = min(max(500, 4 * run.period), 700)
    if 2 * len(_IDEOGRAPH.findall(piece)) > run.period:
        # A sign of these scripts is a token or nearly.
        least //= 2
    return run.count >= 3 and run.length >= least


def _is_table_loop(piece: str, run: Run) -> bool:
    at = piece.index("<")
    piece = piece[at:] + piece[:at]
    if "<tr" not in piece:
        # More cells in one row than the widest tables have columns.
        cells = run.count * (2 * piece).count("<t") // 2
        return run.count >= 4 and run.length >= 600 and (cells >= 50 or run.length >= 900)
    blank = not _SAID.search(_MARKUP.sub("", piece))
    return run.length >= 800 and run.count >= (12 if blank else 8)


def _counting(text: str) -> tuple[int, int] | None:
    """Where a loop whose numbers count on begins in `text`, and how many pieces it has; None where there is none."""
    numbers = Numbers.of(text)
    for run in runs(numbers.shape):
        if run.count < 6:
            continue
        piece = numbers.shape[-run.period :]
        rows = numbers.rows(run)
        count = _boxes_loop(text, numbers, piece, rows) if "box" in 2 * piece else _numbers_loop(rows, run)
        if count:
            return numbers.place(len(numbers.shape) - count * run.period), count
    return None


def _numbers_loop(rows: Sequence[Sequence[str]], run: Run) -> int:
    """How many pieces count on, where they are more than the lines of numbered forms; else 0."""
    count = counting_rows(rows)
    return count if count >= 40 and count * run.period >= 700 else 0


def _boxes_loop(text: str, numbers: Numbers, piece: str, rows: Sequence[Sequence[str]]) -> int:
    """How many blocks are one and the same in ever new boxes; else 0.

    Boxes of real lines are never quite regular, and blocks of a layout without text are all alike: only boxes that
    march in step tell there. Where the same words come again and again, boxes may be as they like.
    """
    at = piece.find("{")
    letters = len(_LETTER.findall(_NAMES.sub("", piece[at:] + piece[:at])))
    marching = counting_rows(rows)
    if marching >= (8 if letters else 12):
        return marching
    said = equal_rows(rows, _outside_boxes(text, numbers, len(rows[0])))
    return said if letters and said >= (8 if letters > 3 else 20) else 0


def _outside_boxes(text: str, numbers: Numbers, width: int) -> frozenset[int]:
    """Which of the last `width` numbers stand in no box, by their place among them."""
    spans = [match.span() for match in _BOX.finditer(text)]
    starts = numbers.starts[len(numbers.starts) - width :]
    return frozenset(i for i, start in enumerate(starts) if not any(a <= start < b for a, b in spans))
