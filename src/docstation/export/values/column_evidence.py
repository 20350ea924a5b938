"""What the cells of one column say about each other: decimal signs, codes, clause numbers, dates.

Pure: texts of a column in, judgements out. `typed_values` asks them for every cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from docstation.export.values.column_headings import Heading
from docstation.export.values.conventions import Conventions
from docstation.export.values.date_shapes import EitherDate, PrintedDate
from docstation.export.values.number_shapes import Figure

LONG_INTEGER = 9
"""Digits from which an integer without grouping is a code rather than a quantity."""

_CODE = re.compile(r"0[0-9]+|(?=[\w/.-]*[0-9])(?=[\w/.-]*[^\W\d_])[\w/.-]+")
_OUTLINE = re.compile(r"[1-9][0-9]?(?:\.[0-9]{1,2})*\.?")
_DEEP_OUTLINE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){2,}\.?")


class Role(StrEnum):
    """What a point or a comma is in a column. OPEN: not known, or both."""

    DECIMAL = "decimal"
    GROUP = "group"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell that is no heading.

    Attributes:
        row: its row.
        text: without white space around.
        labelled: the words before it in its row say that it is a code.
        figure: the number that it consists of.
        date: the date that it consists of.
        short: a date with a year of two digits.
        either: a date that may be read in two ways.
    """

    row: int
    text: str
    labelled: bool = False
    figure: Figure | None = None
    date: PrintedDate | None = None
    short: PrintedDate | None = None
    either: EitherDate | None = None


Votes = Counter[tuple[str, Role]]
"""How often a point or a comma can only be the one or the other."""


@dataclass(frozen=True, slots=True)
class Column:
    """The entries of a column, in their order, under what its heading says."""

    heading: Heading
    entries: Sequence[Entry]
    conventions: Conventions
    figures: Sequence[Figure] = field(init=False)

    def __post_init__(self) -> None:
        figures = [entry.figure for entry in self.entries if entry.figure]
        object.__setattr__(self, "figures", figures)

    def votes(self) -> Votes:
        """What the unmistakable numbers say about point and comma."""
        points = self.takes_loose_points()
        votes: Votes = Counter()
        for figure in self.figures:
            if figure.group in (".", ","):
                votes[figure.group, Role.GROUP] += 1
            if figure.mark and not figure.open_mark and (points or not loose(figure)):
                votes[figure.mark, Role.DECIMAL] += 1
        return votes

    def holds_codes(self) -> bool:
        """Whether integers are codes here: one begins with a zero, or many cells mix letters and digits."""
        codes = [entry.text for entry in self.entries if _CODE.fullmatch(entry.text)]
        return any(code.isdigit() for code in codes) or 2 * len(codes) > len(self.figures)

    def holds_long_integers(self) -> bool:
        """Whether an integer of many digits is a quantity: the heading says so, or most neighbours are shorter ones."""
        short = sum(not figure.bare or len(figure.whole) < LONG_INTEGER for figure in self.figures)
        return self.heading is Heading.QUANTITY or 2 * short >= len(self.entries)

    def brackets_are_minus(self) -> bool:
        """Whether "(123)" is a negative number: it stands among as many numbers without brackets."""
        bracketed = sum(figure.negative == "(" for figure in self.figures)
        return len(self.figures) >= 2 * bracketed

    def takes_loose_points(self) -> bool:
        """Whether "12.5" is a number here, and neither a clause number nor a day and month."""
        found = [figure for figure in self.figures if loose(figure)]
        if not found or self.heading in (Heading.NUMBERING, Heading.IDENTIFIER, Heading.DATE):
            return False
        if self.heading is Heading.QUANTITY:
            return True
        if self._is_outline():
            return False
        if self.conventions.decimal == ".":
            return True
        firm = any(figure.mark == "." and (not loose(figure) or _is_firm(figure)) for figure in self.figures)
        return firm or (len(found) > 1 and not all(map(_is_day_and_month, found)))

    def takes_four_decimals(self) -> bool:
        """Whether "1.2024" is a number rather than a month: others have four decimals and are no months."""
        return any(figure.mark == "." and len(figure.fraction) == 4 and not is_month(figure) for figure in self.figures)

    def takes_short_dates(self) -> bool:
        """Whether "05.03.24" is a date."""
        return self.heading is Heading.DATE or any(entry.date for entry in self.entries)

    def day_first(self) -> bool | None:
        """Whether the day comes first in dates such as "05/03/2024"; None where that stays open."""
        dates = [entry.either for entry in self.entries if entry.either]
        day = any(date.month_first is None for date in dates)
        month = any(date.day_first is None for date in dates)
        if day != month:
            return day
        return True if self.conventions.cyrillic and not day else None

    def _is_outline(self) -> bool:
        """Whether the numbers with points count clauses: 1.1, 1.2, 2, 2.1."""
        if any(_DEEP_OUTLINE.fullmatch(entry.text) for entry in self.entries if not entry.figure and not entry.short):
            return True
        texts = [entry.text.rstrip(".") for entry in self.entries if _OUTLINE.fullmatch(entry.text)]
        steps = pairwise(tuple(map(int, text.split("."))) for text in texts)
        follows = [_follows(before, after) for before, after in steps if len(before) > 1 or len(after) > 1]
        return bool(follows) and 2 * sum(follows) > len(follows)


def roles(column: Votes, table: Votes, conventions: Conventions) -> dict[str, Role]:
    """What point and comma are in a column: by its own numbers, else by the table's, else by the readers' habit."""
    return {mark: _role(mark, column, table, conventions) for mark in (".", ",")}


def _role(mark: str, column: Votes, table: Votes, conventions: Conventions) -> Role:
    for votes in (column, table):
        decimal, group = votes[mark, Role.DECIMAL], votes[mark, Role.GROUP]
        if decimal or group:
            return Role.OPEN if decimal and group else Role.DECIMAL if decimal else Role.GROUP
    # Two decimal signs do not go together. But a point beside commas may be a comma badly read.
    if mark == "," and column[".", Role.DECIMAL]:
        return Role.GROUP
    if mark == "," and table[".", Role.DECIMAL]:
        return Role.OPEN if conventions.decimal == "," else Role.GROUP
    if conventions.decimal in (mark, ""):
        return Role.DECIMAL if conventions.decimal else Role.OPEN
    # Russian groups thousands by spaces: a point that is no decimal sign there has no other meaning.
    return Role.OPEN if mark == "." and conventions.cyrillic else Role.GROUP


def loose(figure: Figure) -> bool:
    """Whether nothing but a point makes it a decimal: it may number a clause, or be a day and month."""
    return figure.mark == "." and not (figure.group or figure.has_unit or figure.negative or figure.plus)


def is_month(figure: Figure) -> bool:
    """Whether it may be a month: "3.2024"."""
    year = figure.fraction if loose(figure) and len(figure.fraction) == 4 else "0"
    return 1900 <= int(year) < 2100 and 1 <= int(figure.whole) <= 12


def _is_day_and_month(figure: Figure) -> bool:
    return 1 <= int(figure.whole) <= 31 and len(figure.fraction) == 2 and 1 <= int(figure.fraction) <= 12


def _is_firm(figure: Figure) -> bool:
    """Whether no clause and no date would be written so."""
    decimals = len(figure.fraction)
    return (
        figure.whole == "0" or (decimals == 2 and int(figure.fraction) > 12) or (decimals > 3 and not is_month(figure))
    )


def _follows(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether the clause number `after` comes next after `before`: one further at any depth, or the first below."""
    if after == (*before, 1):
        return True
    depth = len(after)
    return depth <= len(before) and after[:-1] == before[: depth - 1] and after[-1] == before[depth - 1] + 1
