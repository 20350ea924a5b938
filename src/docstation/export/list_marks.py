"""The mark with which a list item begins, told from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_NUMBER = 32_767
"""The largest number that Word counts to."""

_SPACE = r"[ \u00a0]+(?=\S)"
_BULLET = re.compile(rf"[•◦▪▫‣⁃●○■□◆◊►▶∙·✓✔➤➢\uf0b7\uf0a7\uf0d8\uf02d*–—\u2212-]{_SPACE}")
_NUMBER = re.compile(rf"([0-9]{{1,9}})([.)]){_SPACE}")
_OWN = re.compile(
    rf"""
    ( \(?[0-9]+(?:\.[0-9]+)*[.)] | [0-9]+(?:\.[0-9]+)+ | \(?[IVXLCivxlc]+[.)] | [A-ZА-ЯЁ]\. ){_SPACE}
    | ( \(?[^\W\d_]\) | \[[0-9]{{1,3}}\] )[ \u00a0]*(?=\S)
    """,
    re.VERBOSE,
)
"""Letters in brackets and references are marks without a space behind them too."""


class Mark(StrEnum):
    """What stands before an item: a bullet, a number that lists count, or a mark of its own ("1.1.", "а)", "007.")."""

    BULLET = "bullet"
    NUMBER = "number"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Item:
    """A list item taken apart.

    Attributes:
        text: without its mark.
        mark: the kind of its mark; a bullet where none is printed.
        label: the mark as printed, empty for bullets.
        number: that lists count, 0 for other marks.
    """

    text: str
    mark: Mark = Mark.BULLET
    label: str = ""
    number: int = 0

    @property
    def delimiter(self) -> str:
        """What stands after the number, "." or ")"; empty for other marks."""
        return self.label[-1:] if self.mark is Mark.NUMBER else ""

    @property
    def labelled(self) -> str:
        """The text behind its mark, as it is printed; without a bullet."""
        return f"{self.label} {self.text}" if self.label else self.text


def item_of(text: str) -> Item:
    """Take `text` apart into mark and rest."""
    text = text.strip()
    if found := _NUMBER.match(text):
        number = int(found[1])
        # "007." would be counted as "7.".
        counted = number <= MAX_NUMBER and found[1] == str(number)
        label, rest = found[1] + found[2], text[found.end() :]
        return Item(rest, Mark.NUMBER, label, number) if counted else Item(rest, Mark.OWN, label)
    if found := _BULLET.match(text):
        text = text[found.end() :]
        # Models put Markdown's bullets before marks of other kinds; a printed bullet is the mark itself.
        if found[0][0] not in "-*":
            return Item(text)
    if found := _OWN.match(text):
        return Item(text[found.end() :], Mark.OWN, found[1] or found[2])
    return Item(text)
